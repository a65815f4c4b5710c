/** Runs cases on two switches, counts the steps on which they agree, and cuts a case that they do not down to its core. */
import { parseOdpFlow } from '#src/vswitchd/odp/odp-parse.js';
import type { BridgeCase, Step } from './case.js';
import { effectsOf } from './effects.js';
import { type Answer, caseAsScript, runCase } from './run.js';
import type { SwitchUnderTest } from './switch.js';

export interface Disagreement {
  readonly step: Step;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
}

export interface Outcome {
  readonly steps: number;
  readonly agreed: number;
  /** How many of those that agreed give their outputs in another order. */
  readonly reordered: number;
  readonly first: Disagreement | null;
}

/** What a switch says to a case, or why it refuses it. */
type Told = { readonly ok: true; readonly answers: readonly Answer[] } | { readonly ok: false; readonly error: string };

async function tell(target: SwitchUnderTest, given: BridgeCase): Promise<Told> {
  try {
    return { ok: true, answers: await runCase(target, given) };
  } catch (error) {
    return { ok: false, error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

export async function compare(theirs: SwitchUnderTest, ours: SwitchUnderTest, given: BridgeCase): Promise<Outcome> {
  const [real, own] = [await tell(theirs, given), await tell(ours, given)];
  const [step] = given.steps;
  if (!real.ok || !own.ok) {
    // A case that real OVS refuses is the generator's mistake.
    const words = (told: Told): readonly string[] => (told.ok ? ['accepted'] : [`refused: ${told.error}`]);
    return {
      steps: given.steps.length,
      agreed: 0,
      reordered: 0,
      first: { step: step!, theirs: words(real), ours: words(own) },
    };
  }
  let agreed = 0;
  let reordered = 0;
  let first: Disagreement | null = null;
  real.answers.forEach(({ step: asked, lines }, i) => {
    const ownLines = own.answers[i]!.lines;
    if (lines.join('\n') === ownLines.join('\n')) {
      agreed++;
    } else if (sameButForOrder(asked, lines, ownLines)) {
      agreed++;
      reordered++;
    } else {
      first ??= { step: asked, theirs: lines, ours: ownLines };
    }
  });
  return { steps: real.answers.length, agreed, reordered, first };
}

const ACTIONS = 'Datapath actions: ';

/** The same frames out of the same ports, and in a trace the same megaflow. */
function sameButForOrder(step: Step, theirs: readonly string[], ours: readonly string[]): boolean {
  if (theirs.length !== ours.length || step.kind === 'ask') return false;
  if (step.kind === 'receive') return [...theirs].sort().join('\n') === [...ours].sort().join('\n');
  const packet = parseOdpFlow(step.packet, { wantMask: false, vlanLimit: 2 }).key;
  return theirs.every((line, i) => {
    const other = ours[i]!;
    if (line === other) return true;
    if (!line.startsWith(ACTIONS) || !other.startsWith(ACTIONS)) return false;
    const effects = (text: string): string => effectsOf(text.slice(ACTIONS.length), packet).join('\n');
    return effects(line) === effects(other);
  });
}

export interface Smallest {
  readonly given: BridgeCase;
  readonly first: Disagreement;
  /** False when the switches agreed at the second try. */
  readonly isRepeatable: boolean;
}

const isRefusal = ({ theirs }: Disagreement): boolean => theirs[0]?.startsWith('refused: ') === true;

/** The smallest case found, by leaving out one thing at a time, on which the switches still disagree. */
export async function minimize(
  theirs: SwitchUnderTest,
  ours: SwitchUnderTest,
  given: BridgeCase,
  seen: Disagreement,
): Promise<Smallest> {
  const again = await compare(theirs, ours, given);
  if (again.first === null) return { given, first: seen, isRepeatable: false };
  let best = given;
  let first: Disagreement = again.first;
  const attempt = async (candidate: BridgeCase): Promise<boolean> => {
    const outcome = await compare(theirs, ours, candidate);
    if (outcome.first === null) return false;
    // What real OVS would not even take says nothing of the difference that is looked for.
    if (isRefusal(outcome.first) && !isRefusal(again.first!)) return false;
    best = candidate;
    first = outcome.first;
    return true;
  };
  const failing = best.steps.indexOf(first.step);
  if (failing >= 0) await attempt({ ...best, steps: best.steps.slice(0, failing + 1) });
  for (let i = best.steps.length - 2; i >= 0; i--) await attempt({ ...best, steps: without(best.steps, i) });
  for (let i = best.flows.length - 1; i >= 0; i--) await attempt({ ...best, flows: without(best.flows, i) });
  for (let i = (best.groups?.length ?? 0) - 1; i >= 0; i--) {
    await attempt({ ...best, groups: without(best.groups!, i) });
  }
  for (let i = best.settings.length - 1; i >= 0; i--) await attempt({ ...best, settings: without(best.settings, i) });
  for (let i = 0; i < best.flows.length; i++) {
    const { bridge, flow } = best.flows[i]!;
    const [head, tail] = flow.split('actions=') as [string, string];
    const actions = splitActions(tail);
    for (let k = actions.length - 1; k >= 0 && actions.length > 1; k--) {
      const shorter = without(actions, k);
      const flows = [...best.flows];
      flows[i] = { bridge, flow: `${head}actions=${shorter.join(',')}` };
      if (await attempt({ ...best, flows })) actions.splice(k, 1);
    }
  }
  return { given: best, first, isRepeatable: true };
}

function without<T>(things: readonly T[], index: number): readonly T[] {
  return things.filter((_, i) => i !== index);
}

/** Splits at commas outside parentheses. */
function splitActions(text: string): string[] {
  return text.match(/(?:[^,(]|\([^()]*(?:\([^()]*\)[^()]*)*\))+/g) ?? [];
}

export function describeDisagreement({ given, first, isRepeatable }: Smallest): string {
  return [
    `seed ${given.seed} disagrees${isRepeatable ? '' : ' (but not at the second try)'}:`,
    caseAsScript(given),
    `last step: ${JSON.stringify(first.step)}`,
    'real OVS:',
    ...first.theirs.map((line) => `  ${line}`),
    'Upcall:',
    ...first.ours.map((line) => `  ${line}`),
  ].join('\n');
}
