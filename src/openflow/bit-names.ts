/** Sets of bits as words, those without a name as a number behind them. Mirrors ofp_print_bit_names(). */

/** `names[i]` is the name of bit i. `0` where no bit is set. */
export function formatBitNames(bits: number, names: readonly (string | null | undefined)[], separator = ' '): string {
  if (bits === 0) return '0';
  const words: string[] = [];
  let rest = bits;
  names.forEach((name, bit) => {
    if (name == null || ((bits >>> bit) & 1) === 0) return;
    words.push(name);
    rest &= ~(1 << bit);
  });
  if (rest !== 0) words.push(`0x${(rest >>> 0).toString(16)}`);
  return words.join(separator);
}
