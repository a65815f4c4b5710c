/** What bfd/set-forwarding and cfm/set-fault set in place of what was found out; null: nothing any more. */
const OVERRIDES: ReadonlyMap<string, boolean | null> = new Map([
  ['true', true],
  ['false', false],
  ['normal', null],
]);

export const overrideNamed = (word: string): boolean | null | undefined => OVERRIDES.get(word.toLowerCase());
