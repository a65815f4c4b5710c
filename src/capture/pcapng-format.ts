/**
 * The pcapng format (draft-ietf-opsawg-pcapng): block types, option codes and the walk through a block's options; for
 * the decoder and the writer.
 *
 * ```
 *  every block:  0 type   4 total length   8 body, padded to 4 bytes   …   total length once more
 *  an option:    0 code   2 length         4 value, padded to 4 bytes
 * ```
 * Integers are in the byte order of the section, which the section header's byte-order magic tells.
 */
export const BLOCK_SECTION_HEADER = 0x0a0d0d0a;
export const BLOCK_INTERFACE_DESCRIPTION = 1;
/** Obsolete, yet in old files. */
export const BLOCK_PACKET = 2;
export const BLOCK_SIMPLE_PACKET = 3;
export const BLOCK_ENHANCED_PACKET = 6;

export const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
/** Type, length and length again. */
export const BLOCK_OVERHEAD = 12;

export const OPTION_END = 0;
export const OPTION_COMMENT = 1;
export const OPTION_IF_NAME = 2;
export const OPTION_IF_TSRESOL = 9;
export const OPTION_IF_TSOFFSET = 14;

export const padTo4 = (size: number): number => (size + 3) & ~3;

/**
 * The value of the first option with this code, or null. Options that run over the end of `options` are not there:
 * they are remarks, and a packet is not lost for one.
 */
export const findOption = (options: Uint8Array, code: number, littleEndian: boolean): Uint8Array | null => {
  const view = new DataView(options.buffer, options.byteOffset, options.byteLength);
  let at = 0;
  while (at + 4 <= options.length) {
    const found = view.getUint16(at, littleEndian);
    const size = view.getUint16(at + 2, littleEndian);
    if (found === OPTION_END || at + 4 + size > options.length) return null;
    if (found === code) return options.subarray(at + 4, at + 4 + size);
    at += 4 + padTo4(size);
  }
  return null;
};
