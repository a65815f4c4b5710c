/** Small charts in text: a value over time as one line of blocks, and a share as a bar. */

const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/** One character for each value, the highest block for the greatest; nothing at all is a space. */
export const sparkline = (values: readonly number[]): string => {
  const top = values.reduce((most, value) => Math.max(most, value), 0);
  return values
    .map((value) => (value <= 0 ? ' ' : BLOCKS[Math.min(BLOCKS.length - 1, Math.floor((value / top) * BLOCKS.length))]))
    .join('');
};

/** A bar of `width` characters for the share of a whole; whatever is more than nothing shows. */
export const bar = (part: number, whole: number, width: number): string => {
  if (whole <= 0 || part <= 0) return '';
  return '█'.repeat(Math.max(1, Math.min(width, Math.round((part / whole) * width))));
};
