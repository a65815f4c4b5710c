/**
 * Writes pcapng (the format is in `pcapng-format.ts`): one section, as many interfaces as are asked for, nanosecond
 * times, and a comment with any packet; for files that must say something of each frame, such as why it was dropped.
 *
 * Deliberately little-endian on every machine: the same run gives the same bytes everywhere.
 */
import type { ByteSink } from './byte-sink.js';
import { MAX_RECORD_SIZE } from './capture-record.js';
import { LINKTYPE_ETHERNET } from './link-type.js';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE_DESCRIPTION,
  BLOCK_SECTION_HEADER,
  BYTE_ORDER_MAGIC,
  OPTION_COMMENT,
  OPTION_IF_NAME,
  OPTION_IF_TSRESOL,
  padTo4,
} from './pcapng-format.js';

const utf8 = new TextEncoder();
/** An option's length has 16 bits. */
const MAX_OPTION_SIZE = 0xffff;

export class PcapngWriter {
  private readonly sink: ByteSink;
  private interfaceCount = 0;

  constructor(sink: ByteSink) {
    this.sink = sink;
    const body = new DataView(new ArrayBuffer(16));
    body.setUint32(0, BYTE_ORDER_MAGIC, true);
    body.setUint16(4, 1, true);
    // The section's length is left unsaid: -1.
    body.setBigInt64(8, -1n, true);
    this.writeBlock(BLOCK_SECTION_HEADER, [new Uint8Array(body.buffer)]);
  }

  /** Describes an interface; its id is for write(). */
  addInterface(name: string, linkType = LINKTYPE_ETHERNET): number {
    const body = new DataView(new ArrayBuffer(8));
    body.setUint16(0, linkType, true);
    const end = new Uint8Array(4);
    const options = [option(OPTION_IF_NAME, utf8.encode(name)), option(OPTION_IF_TSRESOL, Uint8Array.of(9)), end];
    this.writeBlock(BLOCK_INTERFACE_DESCRIPTION, [new Uint8Array(body.buffer), ...options]);
    return this.interfaceCount++;
  }

  write(
    interfaceId: number,
    seconds: number,
    nanoseconds: number,
    frame: Uint8Array,
    about: { readonly comment?: string; readonly originalLength?: number } = {},
  ): void {
    if (interfaceId >= this.interfaceCount) throw new Error(`no interface ${interfaceId} was described`);
    const length = Math.min(frame.length, MAX_RECORD_SIZE);
    const head = new DataView(new ArrayBuffer(20));
    const units = BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds);
    head.setUint32(0, interfaceId, true);
    head.setUint32(4, Number((units >> 32n) & 0xffff_ffffn), true);
    head.setUint32(8, Number(units & 0xffff_ffffn), true);
    head.setUint32(12, length, true);
    head.setUint32(16, about.originalLength ?? frame.length, true);
    const parts = [new Uint8Array(head.buffer), frame.subarray(0, length), new Uint8Array(padTo4(length) - length)];
    if (about.comment !== undefined) {
      parts.push(option(OPTION_COMMENT, utf8.encode(about.comment)), new Uint8Array(4));
    }
    this.writeBlock(BLOCK_ENHANCED_PACKET, parts);
  }

  private writeBlock(type: number, parts: readonly Uint8Array[]): void {
    let size = 12;
    for (const part of parts) size += part.length;
    const frame = new DataView(new ArrayBuffer(12));
    frame.setUint32(0, type, true);
    frame.setUint32(4, size, true);
    frame.setUint32(8, size, true);
    const edges = new Uint8Array(frame.buffer);
    this.sink.write(edges.subarray(0, 8));
    for (const part of parts) this.sink.write(part);
    this.sink.write(edges.subarray(8));
  }
}

const option = (code: number, value: Uint8Array): Uint8Array => {
  const size = Math.min(value.length, MAX_OPTION_SIZE);
  const bytes = new Uint8Array(4 + padTo4(size));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, true);
  view.setUint16(2, size, true);
  bytes.set(value.subarray(0, size), 4);
  return bytes;
};
