/**
 * Which rules cost the megaflow table most over a capture: each frame that no megaflow made so far matches is
 * translated, and the bits of the new megaflow's mask are charged to the rules that asked for them.
 *
 * Rules that share a mask are searched together, so they are charged together. The figure that counts is how many
 * megaflows there would be without the bits they asked for: that many fewer, where the actions are the same.
 * Invariant: every megaflow is made by translation as the switch itself would make it; MAC addresses are learned on
 * the way. Deliberately simple: nothing expires.
 */
import { extractFlow } from '#datapath/flow-extract.js';
import { applyMask } from '#flowtable/flow-mask.js';
import { FlowKey, KEY_WORDS, OFF_IN_PORT } from '#flowtable/flow-key.js';
import type { CapturedFrames } from '#src/capture/capture-arena.js';
import { renderTable } from '#src/report/table.js';
import { formatOdpActions } from '#src/vswitchd/odp/odp-actions-format.js';
import { blame, type BlamedBits, fieldNames } from './blame.js';
import { PortSpread } from './capture-frames.js';
import type { PreparedSwitch } from './switch-setup.js';
import { type Cause, watchTranslation } from './watched-translation.js';

export interface CacheCulprit {
  /** The rules, as one line. */
  readonly text: string;
  readonly bridge: string;
  readonly table: number;
  /** Fields whose bits it asked for. */
  readonly fields: readonly string[];
  /** Megaflows in whose mask it has bits. */
  readonly megaflows: number;
  /** Distinct masks among those. */
  readonly masks: number;
  /** Megaflows and masks that would not be there without its bits. */
  readonly megaflowsSaved: number;
  readonly masksSaved: number;
}

export interface CacheCost {
  readonly frames: number;
  readonly megaflows: number;
  readonly masks: number;
  /** The capture would have made more megaflows than are looked at. */
  readonly isCut: boolean;
  /** The dearest first. */
  readonly culprits: readonly CacheCulprit[];
}

interface Megaflow {
  readonly key: FlowKey;
  readonly mask: FlowKey;
  readonly place: string;
  /** By culprit: the bits that it asked for. */
  readonly charged: ReadonlyMap<string, FlowKey>;
}

interface Culprit {
  readonly text: string;
  readonly bridge: string;
  readonly table: number;
  readonly fields: Set<string>;
  megaflows: number;
  readonly masks: Set<string>;
}

const MAX_MEGAFLOWS = 20_000;
/** Culprits for which the megaflows saved are counted. */
const MAX_CULPRITS = 30;

export function cacheCost(prepared: PreparedSwitch, frames: CapturedFrames, inPort: string | undefined): CacheCost {
  const spread = new PortSpread(prepared, inPort);
  const { scheduler } = prepared.machine;
  const startNs = scheduler.nowNs();
  const cache = new SearchedMegaflows();
  const megaflows: Megaflow[] = [];
  const culprits = new Map<string, Culprit>();
  let taken = 0;
  for (; taken < frames.count && megaflows.length < MAX_MEGAFLOWS; taken++) {
    const offset = frames.offsets[taken]!;
    const frame = frames.bytes.subarray(offset, offset + frames.lengths[taken]!);
    if (frame.length < 14) continue;
    scheduler.runUntil(Math.max(scheduler.nowNs(), startNs + frames.timesNs[taken]!));
    const port = spread.portFor(frame);
    const metadata = new FlowKey();
    metadata.setU32(OFF_IN_PORT, port.ofPort);
    const key = extractFlow(frame, metadata, prepared.vswitchd.vlanLimit);
    if (cache.has(port.bridge.name, key)) continue;
    const watched = watchTranslation({ bridge: port.bridge, flow: key, packet: frame, allowSideEffects: true });
    port.bridge.backer.recirculation.unref(watched.outcome.recircIds);
    const mask = watched.outcome.wc.clone();
    cache.add(port.bridge.name, key, mask);
    const charged = charge(blame(watched), mask, culprits);
    applyMask(key, mask);
    const place = `${port.bridge.name}|${formatOdpActions(watched.outcome.actions, {})}`;
    megaflows.push({ key, mask, place, charged });
  }
  return summarize(megaflows, culprits, taken, taken < frames.count);
}

/** Megaflows by mask, as the datapath searches them. */
class SearchedMegaflows {
  private readonly tables = new Map<string, { readonly mask: FlowKey; readonly keys: Set<string> }>();

  has(bridge: string, key: FlowKey): boolean {
    for (const { mask, keys } of this.tables.values()) if (keys.has(`${bridge}|${maskedText(key, mask)}`)) return true;
    return false;
  }

  add(bridge: string, key: FlowKey, mask: FlowKey): void {
    const id = textOf(mask);
    let table = this.tables.get(id);
    if (table === undefined) {
      table = { mask, keys: new Set() };
      this.tables.set(id, table);
    }
    table.keys.add(`${bridge}|${maskedText(key, mask)}`);
  }
}

const textOf = (key: FlowKey): string => Buffer.from(key.bytes).toString('latin1');

function maskedText(key: FlowKey, mask: FlowKey): string {
  const masked = key.clone();
  applyMask(masked, mask);
  return textOf(masked);
}

function charge(
  bits: readonly BlamedBits[],
  mask: FlowKey,
  culprits: Map<string, Culprit>,
): ReadonlyMap<string, FlowKey> {
  const charged = new Map<string, FlowKey>();
  for (const { part, mask: own, cause } of bits) {
    const named = nameOf(cause);
    if (named === null) continue;
    let culprit = culprits.get(named.id);
    if (culprit === undefined) {
      culprit = { ...named, fields: new Set(), megaflows: 0, masks: new Set() };
      culprits.set(named.id, culprit);
    }
    culprit.fields.add(part.name);
    let all = charged.get(named.id);
    if (all === undefined) {
      all = new FlowKey();
      charged.set(named.id, all);
      culprit.megaflows++;
      culprit.masks.add(textOf(mask));
    }
    for (let i = 0; i < KEY_WORDS; i++) all.words[i]! |= own.words[i]!;
  }
  return charged;
}

function nameOf(
  cause: Cause,
): { readonly id: string; readonly text: string; readonly bridge: string; readonly table: number } | null {
  switch (cause.kind) {
    case 'always':
    case 'end':
      return null;
    case 'action': {
      const { bridge, table, action } = cause;
      const priority = cause.rule === null ? '' : ` of a rule of priority ${cause.rule.priority}`;
      return {
        id: `${bridge}|${table}|${cause.rule?.priority}|${action}`,
        text: `action ${action}${priority}`,
        bridge,
        table,
      };
    }
    case 'lookup': {
      const { bridge, table, rules, mask } = cause;
      const highest = rules[0]?.priority ?? 0;
      const count = rules.length === 1 ? '1 rule' : `${rules.length} rules`;
      const text = `${count} on ${fieldNames(mask)}, priority ${rules.length > 1 ? 'up to ' : ''}${highest}`;
      return { id: `${bridge}|${table}|${textOf(mask)}`, text, bridge, table };
    }
  }
}

function summarize(
  megaflows: readonly Megaflow[],
  culprits: ReadonlyMap<string, Culprit>,
  frames: number,
  isCut: boolean,
): CacheCost {
  const maskCount = new Set(megaflows.map(({ mask }) => textOf(mask))).size;
  const all = [...culprits].sort(([, a], [, b]) => b.megaflows - a.megaflows).slice(0, MAX_CULPRITS);
  const counted = all.map(([id, culprit]): CacheCulprit => {
    const flowsLeft = new Set<string>();
    const masksLeft = new Set<string>();
    for (const { key, mask, place, charged } of megaflows) {
      const left = mask.clone();
      const own = charged.get(id);
      if (own !== undefined) for (let i = 0; i < KEY_WORDS; i++) left.words[i]! &= ~own.words[i]!;
      masksLeft.add(textOf(left));
      flowsLeft.add(`${place}|${textOf(left)}|${maskedText(key, left)}`);
    }
    const { text, bridge, table } = culprit;
    return {
      text,
      bridge,
      table,
      fields: [...culprit.fields],
      megaflows: culprit.megaflows,
      masks: culprit.masks.size,
      megaflowsSaved: megaflows.length - flowsLeft.size,
      masksSaved: maskCount - masksLeft.size,
    };
  });
  counted.sort(
    (a, b) => b.megaflowsSaved - a.megaflowsSaved || b.masksSaved - a.masksSaved || b.megaflows - a.megaflows,
  );
  return { frames, megaflows: megaflows.length, masks: maskCount, isCut, culprits: counted };
}

export function renderCacheCost({ frames, megaflows, masks, isCut, culprits }: CacheCost): string {
  const right = { align: 'right' } as const;
  const table = renderTable(
    [
      { title: 'megaflows', ...right },
      { title: 'masks', ...right },
      { title: 'fewer flows', ...right },
      { title: 'fewer masks', ...right },
      { title: 'bridge' },
      { title: 'table', ...right },
      { title: 'because of' },
    ],
    culprits.map((culprit) => [
      String(culprit.megaflows),
      String(culprit.masks),
      String(culprit.megaflowsSaved),
      String(culprit.masksSaved),
      culprit.bridge,
      String(culprit.table),
      `${culprit.text} (bits of ${culprit.fields.join(', ')})`,
    ]),
  );
  const cut = isCut ? ` (looking at the first ${MAX_MEGAFLOWS} megaflows only)` : '';
  return `${frames} frames made ${megaflows} megaflows with ${masks} masks${cut}.\n\n${table.join('\n')}\n`;
}

export const cacheCostToJson = (cost: CacheCost): object => cost;
