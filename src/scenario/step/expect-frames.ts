/**
 * `expect: frames`: what went in or out by a device, field by field. A frame that is not as expected is shown as the
 * difference of its fields.
 */
import { z } from 'zod';
import { expectedFrame } from '../file/frame-schema.js';
import { checkCount } from '../count-check.js';
import { countRange, map, place } from '../file/values.js';
import {
  compareFrame,
  type ExpectedFrame,
  expectedFields,
  frameMatches,
  listFields,
  mismatchCount,
  renderComparison,
} from '../frame/compare-frame.js';
import { describeFrame } from '../frame/describe-frame.js';
import type { FrameParts } from '../frame/dissect.js';
import { renderPairs } from '../../report/table.js';
import type { Sighting } from '../witness.js';
import { defineExpectation } from './expectation.js';
import { type Check, failed, passed, refer, type StepContext } from './step-kind.js';

const KIND_OF = { in: 'receive', out: 'transmit' } as const;
/** Frames that are listed when they are the wrong ones. */
const MAX_LISTED = 20;

export const expectFrames = defineExpectation({
  name: 'frames',
  schema: map(
    {
      at: place.describe('The device or datapath port'),
      direction: z
        .enum(['in', 'out', 'both'])
        .optional()
        .describe('What came in by it, went out, or both, as when not given'),
      since: z
        .enum(['last step', 'start'])
        .optional()
        .describe('From when on: since the last step that was no expectation (when not given), or the start'),
      where: expectedFrame.optional().describe('Only frames with these fields are looked at'),
      count: countRange.optional().describe('How many there are'),
      each: expectedFrame.optional().describe('What each of them must be; there must be at least one'),
      some: expectedFrame.optional().describe('What at least one of them must be'),
      sequence: z
        .array(expectedFrame, { error: 'expected a list of frames' })
        .optional()
        .describe('What they must be, one after the other, no more and no fewer'),
    },
    'a map of at and what to expect',
  ).describe('Frames at a device'),
  references: ({ at }) => refer('place', at, 'at'),
  check({ at, direction = 'both', since = 'last step', where, count, each, some, sequence }, context) {
    const missing = missingPlace(at, context);
    if (missing !== null) return [failed(missing)];
    const mark = since === 'start' ? 0 : context.lastStepMark;
    const forgotten = context.world.witness.forgottenSince(mark);
    if (forgotten > 0) return [failed(`frames at ${at}: ${forgotten} events are forgotten, there were too many`)];
    const [host, device] = at.split(':');
    const frames = context.world.witness
      .since(mark)
      .filter(
        ({ place: seenAt, kind }) => seenAt.host === host && seenAt.device === device && isWanted(kind, direction),
      )
      .map(({ parts }) => parts);
    const considered = where === undefined ? frames : frames.filter((frame) => frameMatches(frame, asExpected(where)));
    const way = direction === 'both' ? '' : ` ${direction}`;
    const what = `frames${way} at ${at}${where === undefined ? '' : ` (${describeExpected(asExpected(where))})`}`;

    const checks: Check[] = [];
    if (count !== undefined) checks.push(checkCount(what, considered.length, count, list(considered, frames)));
    if (each !== undefined) checks.push(checkEach(what, considered, frames, asExpected(each)));
    if (some !== undefined) checks.push(checkSome(what, considered, frames, asExpected(some)));
    if (sequence !== undefined) checks.push(checkSequence(what, considered, sequence.map(asExpected)));
    return checks;
  },
});

const asExpected = (value: object): ExpectedFrame => value as ExpectedFrame;

/** `ip_dst 10.0.0.2, inner.icmp_type 8`. */
const describeExpected = (expected: ExpectedFrame): string =>
  expectedFields(expected)
    .map(([name, wanted]) => `${name} ${wanted}`)
    .join(', ');

const isWanted = (kind: Sighting['kind'], direction: 'in' | 'out' | 'both'): boolean =>
  direction === 'both' ? kind === 'receive' || kind === 'transmit' : kind === KIND_OF[direction];

/** A sentence where frames at a place can not be seen. */
function missingPlace(at: string, { world }: StepContext): string | null {
  const [host = '', device = ''] = at.split(':');
  const machine = world.host(host);
  if (machine.device(device) !== undefined) return null;
  const dpif = machine.hasSwitch
    ? [...machine.vswitchd.datapaths().values()].find((dp) => dp.portDump().some(({ name }) => name === device))
    : undefined;
  if (dpif === undefined) {
    const names = [...machine.root.devices.keys()].join(', ');
    return `${host} has no device or datapath port ${device}: it has ${names}`;
  }
  return dpif.observe === undefined
    ? `frames at ${at} cannot be seen: it is no device, and ${dpif.name} does not tell`
    : null;
}

function checkEach(
  what: string,
  frames: readonly FrameParts[],
  all: readonly FrameParts[],
  expected: ExpectedFrame,
): Check {
  const expectation = `${what}: each as written`;
  if (frames.length === 0) return failed(`${expectation}: there are none`, list(frames, all));
  const index = frames.findIndex((frame) => !frameMatches(frame, expected));
  if (index < 0) return passed(`${expectation}, ${frames.length} of them`);
  const frame = frames[index]!;
  const wrong = frames.filter((candidate) => !frameMatches(candidate, expected)).length;
  return failed(`${expectation}: ${wrong} of ${frames.length} ${wrong === 1 ? 'is' : 'are'} not`, [
    `frame ${index + 1}: ${describeFrame(frame)}`,
    ...renderComparison(compareFrame(frame, expected)),
  ]);
}

function checkSome(
  what: string,
  frames: readonly FrameParts[],
  all: readonly FrameParts[],
  expected: ExpectedFrame,
): Check {
  const expectation = `${what}: one as written`;
  if (frames.some((frame) => frameMatches(frame, expected))) return passed(expectation);
  if (frames.length === 0) return failed(`${expectation}: there are none`, list(frames, all));
  const closest = frames.reduce((best, frame) =>
    mismatchCount(frame, expected) < mismatchCount(best, expected) ? frame : best,
  );
  return failed(`${expectation}: none of ${frames.length} is`, [
    `the closest: ${describeFrame(closest)}`,
    ...renderComparison(compareFrame(closest, expected)),
  ]);
}

function checkSequence(what: string, frames: readonly FrameParts[], expected: readonly ExpectedFrame[]): Check {
  const expectation = `${what}: ${expected.length} in order as written`;
  const details: string[] = [];
  for (let i = 0; i < Math.max(frames.length, expected.length); i++) {
    const frame = frames[i];
    const wanted = expected[i];
    if (frame === undefined) {
      details.push(`frame ${i + 1} is missing: expected ${describeExpected(wanted!)}`);
    } else if (wanted === undefined) {
      details.push(
        `frame ${i + 1} is one too many: ${describeFrame(frame)}`,
        ...indent(renderPairs(listFields(frame))),
      );
    } else if (!frameMatches(frame, wanted)) {
      details.push(`frame ${i + 1}: ${describeFrame(frame)}`, ...indent(renderComparison(compareFrame(frame, wanted))));
    }
    if (details.length > 100) break;
  }
  return details.length === 0 ? passed(expectation) : failed(`${expectation}: they are not`, details);
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => `  ${line}`);

/** What was seen instead, one line each. */
function list(frames: readonly FrameParts[], all: readonly FrameParts[]): readonly string[] {
  const shown = frames.length > 0 ? frames : all;
  if (shown.length === 0) return ['no frame was seen there at all'];
  const head = frames.length > 0 ? [] : ['seen there instead:'];
  const lines = shown.slice(0, MAX_LISTED).map((frame) => describeFrame(frame));
  return [...head, ...lines, ...(shown.length > MAX_LISTED ? [`… and ${shown.length - MAX_LISTED} more`] : [])];
}
