/** Small mistakes in a text, as a person or a program makes them. */
import type { Dice } from '../dice.js';

type Mutation = (text: string, dice: Dice) => string;

/** Replaces one match of the pattern, chosen by chance. */
function replaceOne(text: string, dice: Dice, pattern: RegExp, by: (found: string) => string): string {
  const found = [...text.matchAll(pattern)];
  if (found.length === 0) return text;
  const { 0: whole, index } = dice.pick(found);
  return text.slice(0, index) + by(whole) + text.slice(index + whole.length);
}

const WORD = /[A-Za-z_]\w*/g;
const NUMBER = /0x[0-9a-f]+|\d+/g;
const TERM = /[^,]+,?/g;

const MUTATIONS: readonly Mutation[] = [
  function dropCharacter(text, dice) {
    const at = dice.below(text.length + 1);
    return text.slice(0, at) + text.slice(at + 1);
  },
  function doubleCharacter(text, dice) {
    const at = dice.below(text.length + 1);
    return text.slice(0, at + 1) + text.slice(at);
  },
  function swapCharacters(text, dice) {
    const at = dice.below(text.length + 1);
    return text.slice(0, at) + (text[at + 1] ?? '') + (text[at] ?? '') + text.slice(at + 2);
  },
  function insertCharacter(text, dice) {
    const at = dice.below(text.length + 1);
    return text.slice(0, at) + dice.pick([...' ,=:()[]/-+*.>_x0129aF\t"']) + text.slice(at);
  },
  function dropBracket(text, dice) {
    return replaceOne(text, dice, /[()[\]{}]/g, () => '');
  },
  function dropDelimiter(text, dice) {
    return replaceOne(text, dice, /[,=:>/-]/g, () => '');
  },
  function changeDelimiter(text, dice) {
    return replaceOne(text, dice, /[,=:>/-]/g, () => dice.pick([',', '=', ':', '/', '-', ' ', '(', '->']));
  },
  function cutOff(text, dice) {
    return text.slice(0, dice.below(text.length + 1));
  },
  function tooLarge(text, dice) {
    return replaceOne(text, dice, NUMBER, (found) => found + dice.pick(['0', '99999', 'f', '000000000000000000000']));
  },
  function otherNumber(text, dice) {
    return replaceOne(text, dice, NUMBER, () =>
      dice.pick(['-1', '0', '256', '65536', '4294967296', '1.5', 'x', '1e3', '']),
    );
  },
  function misspell(text, dice) {
    return replaceOne(text, dice, WORD, (found) => found.slice(0, -1));
  },
  function unknownWord(text, dice) {
    return replaceOne(text, dice, WORD, () => dice.pick(['foo', 'reg16', 'NXM_NX_REG99', 'tcp', 'all', 'output']));
  },
  function upperCase(text, dice) {
    return replaceOne(text, dice, WORD, (found) => found.toUpperCase());
  },
  function dropTerm(text, dice) {
    return replaceOne(text, dice, TERM, () => '');
  },
  function doubleTerm(text, dice) {
    return replaceOne(text, dice, TERM, (found) => (found.endsWith(',') ? found + found : `${found},${found}`));
  },
  function moveTerm(text, dice) {
    let moved = '';
    const rest = replaceOne(text, dice, TERM, (found) => {
      moved = found;
      return '';
    });
    return moved.endsWith(',') ? moved + rest : `${rest},${moved}`;
  },
  function emptyValue(text, dice) {
    return replaceOne(text, dice, /[=:][^,()]*/g, (found) => found[0]!);
  },
];

/** The text with so many mistakes. */
export function mutate(text: string, count: number, dice: Dice): string {
  let mutated = text;
  for (let i = 0; i < count; i++) mutated = dice.pick(MUTATIONS)(mutated, dice);
  return mutated;
}
