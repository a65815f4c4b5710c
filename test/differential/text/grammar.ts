/**
 * Random text by a grammar: a rule is a name and what may stand for it, and `{name}` in a text stands for one of them.
 * `{name?}` may be missing, `{name*3}` is up to three of them with commas between, `{#16}` a number of up to 16 bits in
 * any base, `{x:4}` four hexadecimal digits. A choice that begins with `!` is a mistake.
 *
 * A confused grammar makes those, and now and then takes the text of another rule, so that words stand where they make no sense.
 */
import type { Dice } from '../dice.js';

export type Rules = Readonly<Record<string, readonly string[]>>;

/** Rules in rules, at most so deep; beyond it the first choice is taken, which must lead to an end. */
const MAX_DEPTH = 14;

export class Grammar {
  private readonly rules: Rules;
  private readonly names: readonly string[];
  private readonly dice: Dice;
  private readonly confusion: number;

  /** @param confusion how likely it is that a rule stands where another should */
  constructor(rules: Rules, dice: Dice, confusion = 0) {
    this.rules = rules;
    this.names = Object.keys(rules);
    this.dice = dice;
    this.confusion = confusion;
  }

  text(name: string, depth = 0): string {
    const taken = this.dice.chance(this.confusion) ? this.dice.pick(this.names) : name;
    const all = this.rules[taken];
    if (all === undefined) throw new Error(`no such rule: ${taken}`);
    const choices = this.confusion > 0 ? all : all.filter((choice) => !choice.startsWith('!'));
    const chosen = depth > MAX_DEPTH ? choices[0]! : this.dice.pick(choices);
    return this.expand(chosen.replace('!', ''), depth + 1);
  }

  private expand(template: string, depth: number): string {
    return template.replace(/\{([#\w:]+?)(\?|\*\d+)?\}/g, (_whole, name: string, how?: string) => {
      if (how === '?' && this.dice.chance(0.6)) return '';
      if (how?.startsWith('*') !== true) return this.one(name, depth);
      const count = this.dice.between(0, Number(how.slice(1)));
      return Array.from({ length: count }, () => this.one(name, depth)).join(',');
    });
  }

  private one(name: string, depth: number): string {
    if (name.startsWith('#')) return this.number(Number(name.slice(1)));
    if (name.startsWith('x:')) return this.hex(Number(name.slice(2)));
    return this.text(name, depth);
  }

  private hex(digits: number): string {
    return Array.from({ length: digits }, () => this.dice.below(16).toString(16)).join('');
  }

  /** Small numbers, the ends of the range, and any; sometimes a bit too many. */
  private number(bits: number): string {
    const width = this.dice.chance(this.confusion) ? bits + 1 : bits;
    const limit = 1n << BigInt(width);
    const value = this.dice.pick([
      () => BigInt(this.dice.below(10)),
      () => BigInt(this.dice.below(300)),
      () => limit - 1n - BigInt(this.dice.below(3)),
      () => BigInt(`0x${this.hex(Math.ceil(width / 4))}`),
    ])();
    const inRange = BigInt.asUintN(width, value);
    const shape = this.dice.below(12);
    if (shape === 0) return `0${inRange.toString(8)}`;
    if (shape === 1) return `0X${inRange.toString(16).toUpperCase()}`;
    return shape < 6 ? `0x${inRange.toString(16)}` : String(inRange);
  }
}
