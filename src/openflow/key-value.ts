/**
 * Splits flows and action lists into `key`, `key=value`, `key:value` and `key(value)` pairs, which commas or white
 * space separate. Mirrors ofputil_parse_key_value() and ofp_extract_actions() (lib/ofp-parse.c); never fails.
 */

export interface KeyValue {
  readonly key: string;
  /** Empty when there is none. */
  readonly value: string;
  /** Where what follows the pair begins. */
  readonly end: number;
}

const SEPARATORS = ', \t\r\n';
const KEY_ENDS = ':=(, \t\r\n';

/** Characters up to the first delimiter outside parentheses, or to the end. */
function valueLength(text: string, start: number, delimiters: string): number {
  let at = start;
  while (at < text.length && !delimiters.includes(text[at]!)) {
    if (text[at] !== '(') {
      at++;
      continue;
    }
    let level = 0;
    do {
      if (at >= text.length) return at - start;
      if (text[at] === '(') level++;
      else if (text[at] === ')') level--;
      at++;
    } while (level > 0);
  }
  return at - start;
}

export function splitKeyValues(text: string): readonly KeyValue[] {
  const pairs: KeyValue[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && SEPARATORS.includes(text[at]!)) at++;
    if (at >= text.length) return pairs;
    const keyStart = at;
    while (at < text.length && !KEY_ENDS.includes(text[at]!)) at++;
    const key = text.slice(keyStart, at);
    const delimiter = at < text.length ? text[at]! : '';
    if (delimiter !== '') at++;
    if (delimiter !== ':' && delimiter !== '=' && delimiter !== '(') {
      pairs.push({ key, value: '', end: at });
      continue;
    }
    const valueStart = at;
    at += valueLength(text, at, delimiter === '(' ? ')' : SEPARATORS);
    // `key(value)->destination` is one pair whose value is `value)->destination`.
    if (delimiter === '(' && text.startsWith(')->', at)) at += valueLength(text, at, SEPARATORS);
    const value = text.slice(valueStart, at);
    if (at < text.length) at++;
    pairs.push({ key, value, end: at });
  }
}

export interface SplitFlow {
  readonly match: string;
  /** What follows `actions=`, or null when the flow has no such part. */
  readonly actions: string | null;
}

/** Cuts a flow at the first `action`: all after the next `=` is the actions. */
export function splitActions(text: string): SplitFlow {
  const keyword = text.indexOf('action');
  if (keyword < 0) return { match: text, actions: null };
  const equals = text.indexOf('=', keyword);
  return { match: text.slice(0, keyword), actions: equals < 0 ? null : text.slice(equals + 1) };
}
