/**
 * Writes classic pcap (the format is in `pcap-format.ts`): microseconds as ovs-vswitchd's tx_pcap and tcpdump do, or
 * nanoseconds. The file header is written by the constructor, so that a capture of nothing is a capture.
 *
 * Deliberately little-endian on every machine: the same run gives the same bytes everywhere.
 */
import type { ByteSink } from './byte-sink.js';
import { MAX_RECORD_SIZE } from './capture-record.js';
import { LINKTYPE_ETHERNET } from './link-type.js';
import {
  PCAP_FILE_HEADER_SIZE,
  PCAP_MAGIC_MICROSECONDS,
  PCAP_MAGIC_NANOSECONDS,
  PCAP_RECORD_HEADER_SIZE,
} from './pcap-format.js';

export interface PcapWriterOptions {
  readonly linkType?: number;
  readonly resolution?: 'us' | 'ns';
  /** What the header states and frames are cut to; ovs-vswitchd states 1518 and cuts nothing: see cut. */
  readonly snapLength?: number;
  /** False to keep frames whole whatever snapLength states. */
  readonly cut?: boolean;
  readonly littleEndian?: boolean;
}

export class PcapWriter {
  private readonly sink: ByteSink;
  private readonly nanoseconds: boolean;
  private readonly littleEndian: boolean;
  private readonly maxLength: number;
  private readonly header = new Uint8Array(PCAP_RECORD_HEADER_SIZE);
  private readonly view = new DataView(this.header.buffer);

  constructor(sink: ByteSink, options: PcapWriterOptions = {}) {
    this.sink = sink;
    this.nanoseconds = options.resolution === 'ns';
    this.littleEndian = options.littleEndian ?? true;
    const snapLength = options.snapLength ?? MAX_RECORD_SIZE;
    this.maxLength = options.cut === false ? MAX_RECORD_SIZE : Math.min(snapLength, MAX_RECORD_SIZE);
    const bytes = new Uint8Array(PCAP_FILE_HEADER_SIZE);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.nanoseconds ? PCAP_MAGIC_NANOSECONDS : PCAP_MAGIC_MICROSECONDS, this.littleEndian);
    view.setUint16(4, 2, this.littleEndian);
    view.setUint16(6, 4, this.littleEndian);
    view.setUint32(16, snapLength, this.littleEndian);
    view.setUint32(20, options.linkType ?? LINKTYPE_ETHERNET, this.littleEndian);
    sink.write(bytes);
  }

  /** originalLength is what the frame measured on the wire, where that is more than there is of it. */
  write(seconds: number, nanoseconds: number, frame: Uint8Array, originalLength = frame.length): void {
    const length = Math.min(frame.length, this.maxLength);
    const view = this.view;
    view.setUint32(0, seconds, this.littleEndian);
    view.setUint32(4, this.nanoseconds ? nanoseconds : Math.floor(nanoseconds / 1000), this.littleEndian);
    view.setUint32(8, length, this.littleEndian);
    view.setUint32(12, originalLength, this.littleEndian);
    this.sink.write(this.header);
    this.sink.write(length === frame.length ? frame : frame.subarray(0, length));
  }
}
