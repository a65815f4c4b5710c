/** The difference of two rule sets as text and as JSON. */
import type { Palette } from '#src/report/colour.js';
import type { Change, RuleSetDiff } from './diff-rule-sets.js';

/** Flows that are named for each change; the rest is counted. */
const MAX_SHOWN = 10;

export function renderDiff(diff: RuleSetDiff, names: readonly [string, string], palette: Palette): string {
  const { frames, changedFrames, changes, framesBeyond } = diff;
  if (changes.length === 0) return `${palette.good(`all ${frames} frames have the same fate`)}\n`;
  const lines = [`A is ${names[0]}, B is ${names[1]}`];
  for (const change of changes) lines.push('', ...changeLines(change, palette));
  if (framesBeyond > 0) lines.push('', `and ${framesBeyond} frames of flows beyond those that are kept apart`);
  lines.push('', palette.bold(`${changedFrames} of ${frames} frames have another fate`));
  return `${lines.join('\n')}\n`;
}

function changeLines({ from, to, frames, flows, explanation }: Change, palette: Palette): readonly string[] {
  const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
  const { a, b, details } = explanation;
  return [
    `${palette.bad(from)} -> ${palette.good(to)}: ${plural(flows.length, 'flow')}, ${plural(frames, 'frame')}`,
    ...flows
      .slice(0, MAX_SHOWN)
      .map((flow) => `  ${flow.flow} (${plural(flow.frames, 'frame')}, first is ${flow.firstFrame})`),
    ...(flows.length > MAX_SHOWN ? [`  and ${flows.length - MAX_SHOWN} more`] : []),
    `  A: ${a}`,
    `  B: ${b}`,
    ...details.map((detail) => `  ${detail}`),
  ];
}

export function diffToJson(diff: RuleSetDiff, names: readonly [string, string]): object {
  return { a: names[0], b: names[1], ...diff };
}
