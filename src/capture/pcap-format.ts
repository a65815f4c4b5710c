/**
 * The classic capture format, as draft-ietf-opsawg-pcap and pcap-savefile(5) lay it down; for the decoder, the writer
 * and the guard before pcap-parser.
 *
 * ```
 *  file header, 24 bytes                      record header, 16 bytes
 *   0 magic a1b2c3d4 (us), a1b23c4d (ns)       0 seconds
 *   4 version major 2, minor 4                 4 micro- or nanoseconds
 *   8 reserved, 12 reserved                    8 captured length
 *  16 snap length                             12 original length
 *  20 FCS length and link type
 * ```
 * Integers are in the byte order of the machine that wrote the file; the magic tells which.
 */
export const PCAP_MAGIC_MICROSECONDS = 0xa1b2c3d4;
export const PCAP_MAGIC_NANOSECONDS = 0xa1b23c4d;
/** Kuznetsov's modification: record headers are 8 bytes longer. */
export const PCAP_MAGIC_MODIFIED = 0xa1b2cd34;
export const PCAP_FILE_HEADER_SIZE = 24;
export const PCAP_RECORD_HEADER_SIZE = 16;

/** The upper bits of the link type field tell of a frame check sequence. */
const LINK_TYPE_BITS = 0x03ff_ffff;

export interface PcapFileHeader {
  readonly littleEndian: boolean;
  readonly nanoseconds: boolean;
  readonly majorVersion: number;
  readonly minorVersion: number;
  readonly snapLength: number;
  readonly linkType: number;
}

/** Reads the file header; null when the magic is another. `bytes` holds at least 24. */
export const parsePcapFileHeader = (bytes: Uint8Array): PcapFileHeader | null => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const littleEndian of [true, false]) {
    const magic = view.getUint32(0, littleEndian);
    if (magic !== PCAP_MAGIC_MICROSECONDS && magic !== PCAP_MAGIC_NANOSECONDS) continue;
    return {
      littleEndian,
      nanoseconds: magic === PCAP_MAGIC_NANOSECONDS,
      majorVersion: view.getUint16(4, littleEndian),
      minorVersion: view.getUint16(6, littleEndian),
      snapLength: view.getUint32(16, littleEndian),
      linkType: view.getUint32(20, littleEndian) & LINK_TYPE_BITS,
    };
  }
  return null;
};
