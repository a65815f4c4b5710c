/**
 * Reads classic microsecond pcap by the npm package pcap-parser; `upcall replay -` takes this way.
 *
 * The package trusts what it reads: a captured length of four gigabytes makes it buffer for ever, a file cut in a record
 * ends silently, and its buffer is copied for every chunk. So a guard walks the record headers first, stops at an
 * impossible one, keeps the offsets that warnings need, and hands on whole records only: the package never has to wait
 * for the rest of one. The package is driven by a stand-in for a stream, which makes it answer within push().
 *
 * Invariant: `PcapDecoder` gives the same records, damage and interfaces for the same bytes; one test suite holds both.
 */
import { EventEmitter } from 'node:events';
import parser from 'pcap-parser';
import { ByteQueue } from './byte-queue.js';
import {
  type CaptureDamage,
  type CaptureDecoder,
  type CaptureInterface,
  type CaptureRecord,
  MAX_RECORD_SIZE,
} from './capture-record.js';
import { describeCutRecord, describeImpossibleRecord } from './pcap-decoder.js';
import {
  PCAP_FILE_HEADER_SIZE,
  PCAP_RECORD_HEADER_SIZE,
  type PcapFileHeader,
  parsePcapFileHeader,
} from './pcap-format.js';

/** As much of a readable stream as pcap-parser uses. */
class PushedStream extends EventEmitter {
  pause(): void {}
  resume(): void {}
}

export class PcapParserDecoder implements CaptureDecoder {
  readonly format = 'pcap';
  readonly interfaces: CaptureInterface[] = [];
  private readonly queue = new ByteQueue();
  private readonly stream = new PushedStream();
  private readonly records: CaptureRecord[] = [];
  private nextRecord = 0;
  private header: PcapFileHeader | null = null;
  private damage: CaptureDamage | null = null;
  private recordCount = 0;
  /** Bytes that must be queued before the next record can be whole: small chunks are not looked at in vain. */
  private wantedSize = 0;

  constructor() {
    parser
      .parse(this.stream)
      .on('globalHeader', (header) => {
        // The upper bits of the field are flags, which the package leaves in.
        const linkType = this.header?.linkType ?? header.linkLayerType;
        this.interfaces.push({ linkType, snapLength: header.snapshotLength, name: undefined });
      })
      .on('packet', ({ header, data }) => {
        const carry = Math.floor(header.timestampMicroseconds / 1_000_000);
        this.records.push({
          seconds: header.timestampSeconds + carry,
          nanoseconds: (header.timestampMicroseconds - carry * 1_000_000) * 1000,
          linkType: this.interfaces[0]!.linkType,
          capturedLength: header.capturedLength,
          originalLength: header.originalLength,
          bytes: data,
          interfaceId: 0,
          comment: undefined,
        });
      })
      .on('error', (error) => {
        this.damage ??= { kind: 'damaged', offset: 0, message: error.message };
      });
  }

  /** True once nothing more can come; records that were read before are still given by next(). */
  get stopped(): boolean {
    return this.damage !== null && this.nextRecord === this.records.length;
  }

  get begun(): boolean {
    return this.header !== null;
  }

  push(chunk: Uint8Array): void {
    if (this.damage !== null) return;
    this.queue.push(chunk);
    if (this.header === null && !this.passFileHeader()) return;
    if (this.queue.size >= this.wantedSize) this.passRecords();
  }

  next(): CaptureRecord | null {
    const record = this.records[this.nextRecord];
    if (record === undefined) {
      this.records.length = 0;
      this.nextRecord = 0;
      return null;
    }
    this.nextRecord++;
    return record;
  }

  end(): CaptureDamage | null {
    if (this.damage !== null) return this.damage;
    const { size, offset } = this.queue;
    if (this.header === null) {
      return { kind: 'cut', offset: 0, message: `the file header is cut: ${size} of ${PCAP_FILE_HEADER_SIZE} bytes` };
    }
    if (size === 0) return null;
    const captured = this.capturedLengthAt(this.queue.peek(size)!, 0);
    const wanted = PCAP_RECORD_HEADER_SIZE + (captured ?? 0);
    return { kind: 'cut', offset, message: describeCutRecord(this.recordCount + 1, offset, size, wanted) };
  }

  private passFileHeader(): boolean {
    const bytes = this.queue.peek(PCAP_FILE_HEADER_SIZE);
    if (bytes === null) return false;
    const header = parsePcapFileHeader(bytes);
    if (header === null || header.majorVersion !== 2 || header.nanoseconds) {
      const message =
        header === null
          ? 'the file does not begin with a pcap magic number'
          : header.nanoseconds
            ? 'pcap-parser does not read nanosecond files'
            : `pcap version ${header.majorVersion}.${header.minorVersion} is not one this program reads (2.x)`;
      this.damage = { kind: 'damaged', offset: 0, message };
      return false;
    }
    this.header = header;
    this.pass(PCAP_FILE_HEADER_SIZE);
    return true;
  }

  /** Hands on all whole records at the head of the queue in one piece. */
  private passRecords(): void {
    const bytes = this.queue.peek(this.queue.size)!;
    let end = 0;
    let impossible: number | null = null;
    for (;;) {
      const capturedLength = this.capturedLengthAt(bytes, end);
      if (capturedLength === null) {
        this.wantedSize = PCAP_RECORD_HEADER_SIZE;
        break;
      }
      if (capturedLength > MAX_RECORD_SIZE) {
        impossible = capturedLength;
        break;
      }
      this.wantedSize = PCAP_RECORD_HEADER_SIZE + capturedLength;
      if (end + this.wantedSize > bytes.length) break;
      end += this.wantedSize;
      this.recordCount++;
    }
    if (end > 0) this.pass(end);
    if (impossible !== null) {
      const offset = this.queue.offset;
      const message = describeImpossibleRecord(this.recordCount + 1, offset, impossible);
      this.damage = { kind: 'damaged', offset, message };
    }
  }

  private pass(size: number): void {
    const bytes = this.queue.peek(size)!;
    this.stream.emit('data', Buffer.from(bytes.buffer, bytes.byteOffset, size));
    this.queue.skip(size);
  }

  private capturedLengthAt(bytes: Uint8Array, at: number): number | null {
    if (at + PCAP_RECORD_HEADER_SIZE > bytes.length) return null;
    return new DataView(bytes.buffer, bytes.byteOffset + at, PCAP_RECORD_HEADER_SIZE).getUint32(
      8,
      this.header!.littleEndian,
    );
  }
}
