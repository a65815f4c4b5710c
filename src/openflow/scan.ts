/**
 * OVS's own scanf: numbers with white space and a sign before them and any number of digits, taken modulo their width.
 * Mirrors ovs_scan() of lib/util.c, of which this has the integers.
 *
 * A format is text to be found as it stands, a space for any white space, and conversions: `%d` and `%u` decimal, `%x`
 * hexadecimal, `%i` in C's bases; `hh`, `h` and `ll` before the letter say how wide the number is, as in C.
 */

export interface Scanned {
  readonly values: readonly bigint[];
  /** How many characters it took. */
  readonly length: number;
}

const WIDTHS: Readonly<Record<string, number>> = { hh: 8, h: 16, '': 32, l: 64, ll: 64 };
const DIGITS: Readonly<Record<string, string>> = {
  d: '\\d+',
  u: '\\d+',
  x: '(?:0[xX])?[0-9a-fA-F]+',
  i: '(?:0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\\d*)',
};

interface Conversion {
  readonly letter: string;
  readonly bits: number;
}

interface Format {
  readonly pattern: RegExp;
  readonly conversions: readonly Conversion[];
}

const formats = new Map<string, Format>();

function compile(format: string): Format {
  const known = formats.get(format);
  if (known !== undefined) return known;
  const conversions: Conversion[] = [];
  const pattern = format.replace(/%(hh|h|ll|l|)([duxi])|\s+|[^%\s]/g, (text, width?: string, letter?: string) => {
    if (letter === undefined) return /\s/.test(text) ? '\\s*' : text.replace(/[^\w]/, '\\$&');
    conversions.push({ letter, bits: WIDTHS[width ?? '']! });
    return `\\s*([+-]?${DIGITS[letter]})`;
  });
  const compiled = { pattern: new RegExp(`^${pattern}`), conversions };
  formats.set(format, compiled);
  return compiled;
}

function numberOf(text: string, { letter, bits }: Conversion): bigint {
  const [, sign, digits] = /^([+-]?)(.*)$/.exec(text)!;
  const isOctal = letter === 'i' && /^0\d/.test(digits!);
  const isHex = letter === 'x' && !/^0[xX]/.test(digits!);
  const magnitude = BigInt(`${isOctal ? '0o' : isHex ? '0x' : ''}${digits}`);
  const value = sign === '-' ? -magnitude : magnitude;
  return letter === 'd' ? BigInt.asIntN(bits, value) : BigInt.asUintN(bits, value);
}

/** What the text begins with, by the format; null where it does not. */
export function scan(text: string, format: string): Scanned | null {
  const { pattern, conversions } = compile(format);
  const found = pattern.exec(text);
  if (found === null) return null;
  const values = conversions.map((conversion, i) => numberOf(found[i + 1]!, conversion));
  return { values, length: found[0].length };
}
