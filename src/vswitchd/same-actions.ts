/** Are two lists of datapath actions the same? */
import type { DpAction } from '#datapath/dpif.js';

export function sameActions(a: readonly DpAction[], b: readonly DpAction[]): boolean {
  return a.length === b.length && a.every((action, i) => sameAction(action, b[i]!));
}

function sameAction(a: DpAction, b: DpAction): boolean {
  if (a.kind === 'set' && b.kind === 'set') {
    return (
      a.attribute === b.attribute &&
      a.value.equals(b.value) &&
      (a.mask === null ? b.mask === null : b.mask !== null && a.mask.equals(b.mask))
    );
  }
  return canonical(a) === canonical(b);
}

const canonical = (action: DpAction): string =>
  JSON.stringify(action, (_, value) => (typeof value === 'bigint' ? `${value}n` : value));
