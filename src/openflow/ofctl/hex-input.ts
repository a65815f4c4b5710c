/** What the commands share that read bytes as text from standard input and write them back (utilities/ovs-ofctl.c). */

/** The lines without their comments that hold something; mirrors ds_get_preprocessed_line(). */
export function inputLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.replace(/#.*$/, ''))
    .filter((line) => /[^ \t]/.test(line));
}

const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/** One line for each byte that differs; mirrors print_differences(). */
export function formatDifferences(before: Uint8Array, after: Uint8Array, prefix = ''): string {
  let text = '';
  const size = Math.max(before.length, after.length);
  for (let at = 0; at < size; at++) {
    const [from, to] = [before[at], after[at]];
    if (from === to) continue;
    const [left, right] = [from, to].map((byte) => (byte === undefined ? '(none)' : hex(byte)));
    text += `${prefix}${String(at).padStart(2)}: ${left} -> ${right}\n`;
  }
  return text;
}
