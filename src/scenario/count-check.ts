/** A figure held against the range that it should be in. */
import { type CountRange, formatRange, isInRange } from './file/values.js';
import { type Check, failed, passed } from './step/step-kind.js';

/** `what` names the figure; `details` says more of it where it is wrong. */
export function checkCount(what: string, found: number, range: CountRange, details: readonly string[] = []): Check {
  if (!isInRange(found, range)) return failed(`${what}: expected ${formatRange(range)}, found ${found}`, details);
  return passed(range.min === range.max ? `${what}: ${found}` : `${what}: ${found} (${formatRange(range)})`);
}
