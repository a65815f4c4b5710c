/** Options of records (columns that map words to words), read as smap_get_int() and smap_get_bool() of lib/smap.c do. */

export type RowOptions = ReadonlyMap<string, string>;

const MAX_INT = 0x7fff_ffff;

/** smap_get_int(): text that is no number, or too large, is as good as none. */
export function integerOption(options: RowOptions, name: string, preset: number): number {
  const text = options.get(name);
  if (text === undefined || !/^[\s]*[-+]?\d+$/.test(text)) return preset;
  const value = Number(text);
  return Math.abs(value) > MAX_INT ? preset : value;
}

/** smap_get_bool(), of a preset that is false. */
export const isOptionTrue = (options: RowOptions, name: string): boolean => options.get(name)?.toLowerCase() === 'true';
