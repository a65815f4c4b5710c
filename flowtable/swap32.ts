/** Swaps the bytes of a 32-bit word: a host number becomes what a little-endian word of a flow key holds. // hot path */
export function swap32(value: number): number {
  const turned = (value << 16) | (value >>> 16);
  return ((turned & 0x00ff_00ff) << 8) | ((turned >>> 8) & 0x00ff_00ff);
}
