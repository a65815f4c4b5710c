/**
 * Which kind of file begins like this: the magic numbers of captures, of gzip around one, and of things that people
 * take for a capture, so that the refusal can say what they have.
 */
import { PCAP_MAGIC_MICROSECONDS, PCAP_MAGIC_MODIFIED, PCAP_MAGIC_NANOSECONDS } from './pcap-format.js';
import { BLOCK_SECTION_HEADER } from './pcapng-format.js';

export type CaptureKind =
  | { readonly kind: 'pcap'; readonly nanoseconds: boolean }
  | { readonly kind: 'pcapng' }
  | { readonly kind: 'gzip' }
  /** What it is instead, as the end of the sentence "is not a capture: it …". */
  | { readonly kind: 'other'; readonly description: string };

/** Bytes that sniffing wants, where the file has as many. */
export const SNIFF_SIZE = 4;

const OTHERS: readonly (readonly [magic: number, description: string])[] = [
  [PCAP_MAGIC_MODIFIED, "has the record format of Kuznetsov's modified libpcap; `editcap` converts it"],
  [0x34cdb2a1, "has the record format of Kuznetsov's modified libpcap; `editcap` converts it"],
  [0x736e6f6f, 'is a snoop file; `editcap` converts it'],
  [0x28b52ffd, 'is compressed by zstd; uncompress it first'],
  [0x04224d18, 'is compressed by lz4; uncompress it first'],
  [0xfd377a58, 'is compressed by xz; uncompress it first'],
  [0x425a6839, 'is compressed by bzip2; uncompress it first'],
  [0x504b0304, 'is a zip archive; unpack it first'],
];

export const sniffCapture = (bytes: Uint8Array): CaptureKind => {
  if (bytes.length === 0) return { kind: 'other', description: 'is empty' };
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return { kind: 'gzip' };
  if (bytes.length < SNIFF_SIZE) return { kind: 'other', description: `has only ${bytes.length} bytes` };
  const view = new DataView(bytes.buffer, bytes.byteOffset, SNIFF_SIZE);
  const magic = view.getUint32(0);
  for (const number of [magic, view.getUint32(0, true)]) {
    if (number === PCAP_MAGIC_MICROSECONDS) return { kind: 'pcap', nanoseconds: false };
    if (number === PCAP_MAGIC_NANOSECONDS) return { kind: 'pcap', nanoseconds: true };
  }
  if (magic === BLOCK_SECTION_HEADER) return { kind: 'pcapng' };
  const other = OTHERS.find(([known]) => known === magic);
  if (other !== undefined) return { kind: 'other', description: other[1] };
  return { kind: 'other', description: `begins with the bytes ${Buffer.from(bytes.subarray(0, 4)).toString('hex')}` };
};
