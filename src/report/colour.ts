/**
 * Colour for people: only on a terminal, and never where NO_COLOR is set (https://no-color.org). Those who print are
 * handed a Palette, and a plain one gives the text back as it is.
 */
import picocolors from 'picocolors';

export interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warning: (text: string) => string;
}

const plain = (text: string): string => text;

export const PLAIN: Palette = { bold: plain, dim: plain, good: plain, bad: plain, warning: plain };

/** The palette for a stream: colours when it is a terminal and the environment does not forbid them. */
export const paletteFor = (
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): Palette => {
  const forbidden = (environment.NO_COLOR ?? '') !== '' || environment.TERM === 'dumb';
  if (stream.isTTY !== true || forbidden) return PLAIN;
  const colours = picocolors.createColors(true);
  return { bold: colours.bold, dim: colours.dim, good: colours.green, bad: colours.red, warning: colours.yellow };
};

const ESCAPE = String.fromCharCode(27);
const COLOUR_CODE = new RegExp(`${ESCAPE}\\[[0-9;]*m`, 'g');

/** Characters that are seen. */
export const visibleWidth = (text: string): number =>
  text.includes(ESCAPE) ? [...text.replace(COLOUR_CODE, '')].length : [...text].length;
