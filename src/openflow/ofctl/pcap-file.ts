/**
 * A capture as ovs-ofctl reads one: classic pcap of Ethernet or Linux cooked frames. Mirrors lib/pcap-file.c, and says
 * what it says of files that are damaged; `src/capture` reads far more.
 *
 * Like the original it takes the byte order of a record from its length, which is below 65,536 in its own order only.
 */
import {
  PCAP_FILE_HEADER_SIZE,
  PCAP_MAGIC_MICROSECONDS,
  PCAP_MAGIC_NANOSECONDS,
  PCAP_RECORD_HEADER_SIZE,
} from '../../capture/pcap-format.js';
import { formatHexDump } from '../hex-bytes.js';

const MAX_RECORD_SIZE = 0xffff;

const LINK_ETHERNET = 1;
const LINK_LINUX_SLL = 113;

/** Linux cooked header: packet type, device type, address length, source address, 2 bytes unused, protocol. */
const SLL_SIZE = 16;
const SLL_ADDRESS_LENGTH = 4;
const SLL_SOURCE = 6;
const SLL_PROTOCOL = 14;

export const EPROTO = { code: 71, text: 'Protocol error' } as const;
/** EOF, where the system gave no error. */
export const END_OF_FILE = { code: -1, text: 'End of file' } as const;

export type PcapError = typeof EPROTO | typeof END_OF_FILE;

/** The end of a file that is wrong. */
export interface PcapFailure {
  readonly error: PcapError;
  readonly warning: string;
  /** Bytes that are shown in hexadecimal. */
  readonly dump?: string;
}

export interface PcapFile {
  /** What is wrong with the file's own header. */
  readonly unreadable: PcapFailure | null;
  readonly frames: readonly Uint8Array[];
  /** What came after the frames, unless the file just ended. */
  readonly failure: PcapFailure | null;
}

const protocolError = (warning: string, dump?: string): PcapFailure => ({
  error: EPROTO,
  warning,
  ...(dump === undefined ? {} : { dump }),
});

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

export function readPcapFile(bytes: Uint8Array): PcapFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const unreadable = (failure: PcapFailure): PcapFile => ({ unreadable: failure, frames: [], failure: null });
  if (bytes.length < PCAP_FILE_HEADER_SIZE) {
    return unreadable({ error: END_OF_FILE, warning: 'failed to read pcap header: End of file' });
  }
  const isMagic = (littleEndian: boolean): boolean =>
    [PCAP_MAGIC_MICROSECONDS, PCAP_MAGIC_NANOSECONDS].includes(view.getUint32(0, littleEndian));
  if (!isMagic(true) && !isMagic(false)) {
    const expected = '0xa1b2c3d4, 0xa1b23c4d, 0xd4c3b2a1, or 0x4d3cb2a1';
    return unreadable(
      protocolError(`bad magic ${hex(view.getUint32(0, true))} reading pcap file (expected ${expected})`),
    );
  }
  const linkType = view.getUint32(20, isMagic(true));
  if (linkType !== LINK_ETHERNET && linkType !== LINK_LINUX_SLL) {
    return unreadable(protocolError(`unknown network type ${linkType} reading pcap file`));
  }
  const frames: Uint8Array[] = [];
  const ended = (failure: PcapFailure | null): PcapFile => ({ unreadable: null, frames, failure });
  for (let at = PCAP_FILE_HEADER_SIZE; at + PCAP_RECORD_HEADER_SIZE <= bytes.length; ) {
    const size = [view.getUint32(at + 8, true), view.getUint32(at + 8)] as const;
    const length = size[0] <= MAX_RECORD_SIZE ? size[0] : size[1];
    if (length > MAX_RECORD_SIZE) {
      return ended(protocolError(`bad packet length ${size[1]} or ${size[0]} reading pcap file`));
    }
    at += PCAP_RECORD_HEADER_SIZE;
    const record = bytes.subarray(at, at + length);
    // An empty record cannot be read as one item, and so seems to be cut.
    if (record.length < length || length === 0) {
      return ended({ error: END_OF_FILE, warning: 'failed to read pcap packet: End of file' });
    }
    at += length;
    const frame = linkType === LINK_LINUX_SLL ? fromCooked(record) : record;
    if (!(frame instanceof Uint8Array)) return ended(frame);
    frames.push(frame);
  }
  return ended(null);
}

/** With an Ethernet header in place of the cooked one, which has no destination. */
function fromCooked(record: Uint8Array): Uint8Array | PcapFailure {
  if (record.length < SLL_SIZE) return protocolError('pcap packet too short for SLL header');
  const addressLength = (record[SLL_ADDRESS_LENGTH]! << 8) | record[SLL_ADDRESS_LENGTH + 1]!;
  if (addressLength !== 6) return protocolError('bad SLL header', formatHexDump(record.subarray(0, SLL_SIZE), false));
  const source = record.subarray(SLL_SOURCE, SLL_SOURCE + 6);
  return Uint8Array.of(...new Uint8Array(6), ...source, ...record.subarray(SLL_PROTOCOL));
}
