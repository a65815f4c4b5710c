/**
 * Reads classic pcap: micro- and nanoseconds, both byte orders. The format is in `pcap-format.ts`.
 *
 * Invariant: no record header is believed beyond MAX_RECORD_SIZE, and no more than one record is ever buffered.
 * Deliberately like Wireshark and unlike libpcap, a record longer than the file's own snap length is read: writers get
 * that field wrong.
 */
import { ByteQueue } from './byte-queue.js';
import {
  type CaptureDamage,
  type CaptureDecoder,
  type CaptureInterface,
  type CaptureRecord,
  MAX_RECORD_SIZE,
} from './capture-record.js';
import {
  PCAP_FILE_HEADER_SIZE,
  PCAP_RECORD_HEADER_SIZE,
  type PcapFileHeader,
  parsePcapFileHeader,
} from './pcap-format.js';

/** The sentence for a file that ends inside a record; both decoders of the format say the same. */
export const describeCutRecord = (number: number, offset: number, there: number, wanted: number): string =>
  `record ${number} at byte offset ${offset} is cut: ${there} of its ${wanted} bytes are there`;

export const describeImpossibleRecord = (number: number, offset: number, size: number): string =>
  `record ${number} at byte offset ${offset} claims ${size} bytes, and no frame has more than ${MAX_RECORD_SIZE}`;

export class PcapDecoder implements CaptureDecoder {
  readonly format = 'pcap';
  readonly interfaces: CaptureInterface[] = [];
  private readonly queue = new ByteQueue();
  private header: PcapFileHeader | null = null;
  private damage: CaptureDamage | null = null;
  private recordCount = 0;

  get stopped(): boolean {
    return this.damage !== null;
  }

  get begun(): boolean {
    return this.header !== null;
  }

  push(chunk: Uint8Array): void {
    this.queue.push(chunk);
  }

  next(): CaptureRecord | null {
    if (this.damage !== null) return null;
    const header = this.header ?? this.readFileHeader();
    if (header === null) return null;
    const queue = this.queue;
    const head = queue.peek(PCAP_RECORD_HEADER_SIZE);
    if (head === null) return null;
    const view = new DataView(head.buffer, head.byteOffset, PCAP_RECORD_HEADER_SIZE);
    const capturedLength = view.getUint32(8, header.littleEndian);
    if (capturedLength > MAX_RECORD_SIZE) {
      const message = describeImpossibleRecord(this.recordCount + 1, queue.offset, capturedLength);
      this.damage = { kind: 'damaged', offset: queue.offset, message };
      return null;
    }
    const whole = queue.peek(PCAP_RECORD_HEADER_SIZE + capturedLength);
    if (whole === null) return null;
    queue.skip(whole.length);
    this.recordCount++;
    const unitsPerSecond = header.nanoseconds ? 1e9 : 1e6;
    const fraction = view.getUint32(4, header.littleEndian);
    // Some writers let the fraction run over a second.
    const carry = Math.floor(fraction / unitsPerSecond);
    return {
      seconds: view.getUint32(0, header.littleEndian) + carry,
      nanoseconds: (fraction - carry * unitsPerSecond) * (1e9 / unitsPerSecond),
      linkType: header.linkType,
      capturedLength,
      originalLength: view.getUint32(12, header.littleEndian),
      bytes: whole.subarray(PCAP_RECORD_HEADER_SIZE),
      interfaceId: 0,
      comment: undefined,
    };
  }

  end(): CaptureDamage | null {
    if (this.damage !== null) return this.damage;
    const { size, offset } = this.queue;
    if (this.header === null) {
      return { kind: 'cut', offset: 0, message: `the file header is cut: ${size} of ${PCAP_FILE_HEADER_SIZE} bytes` };
    }
    if (size === 0) return null;
    const head = this.queue.peek(PCAP_RECORD_HEADER_SIZE);
    let wanted = PCAP_RECORD_HEADER_SIZE;
    if (head !== null) {
      wanted += new DataView(head.buffer, head.byteOffset, head.length).getUint32(8, this.header.littleEndian);
    }
    return { kind: 'cut', offset, message: describeCutRecord(this.recordCount + 1, offset, size, wanted) };
  }

  private readFileHeader(): PcapFileHeader | null {
    const bytes = this.queue.peek(PCAP_FILE_HEADER_SIZE);
    if (bytes === null) return null;
    const header = parsePcapFileHeader(bytes);
    if (header === null || header.majorVersion !== 2) {
      const message =
        header === null
          ? 'the file does not begin with a pcap magic number'
          : `pcap version ${header.majorVersion}.${header.minorVersion} is not one this program reads (2.x)`;
      this.damage = { kind: 'damaged', offset: 0, message };
      return null;
    }
    this.queue.skip(PCAP_FILE_HEADER_SIZE);
    this.header = header;
    this.interfaces.push({ linkType: header.linkType, snapLength: header.snapLength, name: undefined });
    return header;
  }
}
