/** Times as sleep and timeout take them (coreutils): `1.5`, `2m`, `1h`. */
const UNITS: Readonly<Record<string, number>> = { '': 1, s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds, or null where the text is no time. */
export function parseDuration(text: string): number | null {
  const match = /^(\d*\.?\d+(?:[eE][+-]?\d+)?|\d+\.)([smhd]?)$/.exec(text);
  return match === null ? null : Number(match[1]) * UNITS[match[2]!]!;
}
