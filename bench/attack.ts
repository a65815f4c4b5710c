/**
 * A tuple space explosion (CVE-2019-25076) and what its victim feels: the victim's packets go through the switch all the
 * time, then an attacker's come too, each of which makes a megaflow with another mask by real translation; then the
 * attacker stops, and its megaflows go idle. The same with tuple space search and with the search that the switch has.
 *
 * Both share a core: while it lasts, the attacker sends one packet for ten of the victim's, and what those take is the
 * victim's loss. (Its own packets suffer little by themselves: tuple space search looks into busy masks first.)
 *
 * The microflow cache is off, as an attacker who floods it would have it. Invariant: each step's counters say that every
 * packet of the victim was a hit and was sent, and at the height of the attack there are as many masks as it aims at.
 */
import type { FlowSearch } from '#flowtable/megaflow-table.js';
import { type Panel, renderPlot } from '#src/report/svg-plot.js';
import { renderTable } from '#src/report/table.js';
import { formatRate } from '#src/report/units.js';
import { BenchSwitch } from './bench-switch.js';
import { type Environment, heading } from './environment.js';
import { makeFrames, numberedFlow } from './frames.js';
import { quantile } from './statistics.js';
import { explodingFlow, explosionPlan, maskCountOf } from './workload/masks.js';
import { SelfCheckError } from './workload/workload.js';

export const ATTACK = 'attack';
const SEARCHES: readonly FlowSearch[] = ['tuple-space', 'auto'];
const EXPLOSION = { source: 32, destinationPort: 16, sourcePort: 16 };
const ATTACK_FLOWS = maskCountOf(EXPLOSION);
const VICTIM_ADDRESS = 0x0a_00_00_0a;
const VICTIM_FLOWS = 1000;
const VICTIM_PACKETS = 4096;
/** Packets of the attacker for each of the victim's, once its megaflows are there. */
const ATTACK_SHARE = 0.1;
/** Steps before the attack, while it comes, and after; each is a second. */
const BEFORE = 10;
const DURING = 16;
const AFTER = 24;
const SECOND_NS = 1e9;

export type Phase = 'before' | 'during' | 'after';

export interface AttackStep {
  readonly phase: Phase;
  /** Seconds of the switch's clock since the beginning. */
  readonly second: number;
  /** For each packet of the victim's, those of the attacker that come meanwhile included; on a processor. */
  readonly ns: number;
  readonly masks: number;
}

export interface AttackResult {
  readonly search: FlowSearch;
  readonly steps: readonly AttackStep[];
}

/** Both searches side by side, step by step. */
export function runAttack(): readonly AttackResult[] {
  const runs = SEARCHES.map((search) => new Run(search));
  for (let second = 0; second < BEFORE + DURING + AFTER; second++) for (const run of runs) run.step(second);
  return runs.map(({ search, steps }) => ({ search, steps }));
}

class Run {
  readonly search: FlowSearch;
  readonly steps: AttackStep[] = [];
  private readonly target: BenchSwitch;
  private readonly victim;
  private readonly attacker;

  constructor(search: FlowSearch) {
    this.search = search;
    this.target = new BenchSwitch(explosionPlan('udp', EXPLOSION), { flowSearch: search });
    const port = this.target.portNumber('p1');
    const flowOf = (i: number) => ({ ...numberedFlow(i), source: VICTIM_ADDRESS });
    this.victim = makeFrames({ kind: 'udp', flowCount: VICTIM_FLOWS, port, flowOf });
    const attack = (i: number) => explodingFlow('udp', i, EXPLOSION);
    this.attacker = makeFrames({ kind: 'udp', flowCount: ATTACK_FLOWS, port, flowOf: attack });
    // Compiled code, and the victim's megaflow.
    for (let i = 0; i < 20; i++) this.target.send(this.victim, VICTIM_PACKETS);
  }

  step(second: number): void {
    const { target } = this;
    const phase = second < BEFORE ? 'before' : second < BEFORE + DURING ? 'during' : 'after';
    if (phase === 'during') this.attack(second - BEFORE);
    target.rewind();
    const before = target.counts();
    const own = target.send(this.victim, VICTIM_PACKETS);
    const after = target.counts();
    const hits = after.stats.hits - before.stats.hits;
    const sent = after.sentFrames - before.sentFrames;
    if (hits !== VICTIM_PACKETS || sent !== VICTIM_PACKETS) {
      throw new SelfCheckError(ATTACK, [`${hits} of the victim's ${VICTIM_PACKETS} packets hit, ${sent} were sent`]);
    }
    const { masks } = after.stats;
    // The victim's own mask is one more.
    if (second === BEFORE + DURING - 1 && masks < ATTACK_FLOWS) {
      throw new SelfCheckError(ATTACK, [`masks is ${masks}, not at least ${ATTACK_FLOWS}`]);
    }
    // The attacker's packets take their time of the same core.
    let onCpuNs = own.onCpuNs;
    if (phase === 'during') {
      target.rewind();
      onCpuNs += target.send(this.attacker, Math.round(VICTIM_PACKETS * ATTACK_SHARE)).onCpuNs;
    }
    this.steps.push({ phase, second, ns: onCpuNs / VICTIM_PACKETS, masks });
    target.advance(SECOND_NS);
  }

  /** Packets of the attack so far come again, which keeps their megaflows, and a part of new ones. */
  private attack(step: number): void {
    this.target.rewind();
    this.target.send(this.attacker, Math.ceil((ATTACK_FLOWS * (step + 1)) / DURING));
  }
}

const PHASES: readonly Phase[] = ['before', 'during', 'after'];

const median = (values: readonly number[]): number =>
  quantile(
    [...values].sort((a, b) => a - b),
    0.5,
  );

/** The second half of a phase: the height of the attack, and its end. */
function ofPhase({ steps }: AttackResult, phase: Phase): { readonly ns: number; readonly masks: number } {
  const own = steps.filter((step) => step.phase === phase);
  const late = own.slice(-Math.ceil(own.length / 4));
  return { ns: median(late.map(({ ns }) => ns)), masks: late.at(-1)!.masks };
}

export function renderAttack(results: readonly AttackResult[], machine: Environment): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = results.flatMap((result) =>
    PHASES.map((phase) => {
      const { ns, masks } = ofPhase(result, phase);
      return [result.search, phase, ns.toFixed(1), formatRate(1e9 / ns, 'pps'), String(masks)];
    }),
  );
  const columns = [{ title: 'search' }, { title: 'attack' }, right('victim ns/packet'), right('rate'), right('masks')];
  return `${[heading(machine), '', ...renderTable(columns, rows)].join('\n')}\n`;
}

export const attackToJson = (results: readonly AttackResult[], machine: Environment): readonly object[] =>
  results.map((result) => ({ name: `${ATTACK}/${result.search}`, settings: machine, ...result }));

export function plotAttack(results: readonly AttackResult[], machine: Environment): string {
  const phases = [
    { from: 0, to: BEFORE, label: 'before' },
    { from: BEFORE, to: BEFORE + DURING, label: 'attack' },
    { from: BEFORE + DURING, to: BEFORE + DURING + AFTER, label: 'after' },
  ];
  const panel = (title: string, yTitle: string, value: (step: AttackStep) => number): Panel => ({
    kind: 'lines',
    title,
    xTitle: "seconds of the switch's clock",
    yTitle,
    yScale: 'log',
    phases,
    lines: results.map(({ search, steps }) => ({
      label: search,
      points: steps.map((step) => [step.second, value(step)] as const),
    })),
  });
  return renderPlot("A tuple space explosion and its victim's rate", heading(machine), [
    panel("The victim's rate", 'packets per second', ({ ns }) => 1e9 / ns),
    panel('Masks', 'masks', ({ masks }) => masks),
  ]);
}
