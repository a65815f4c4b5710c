/**
 * Reads pcapng: several sections of either byte order, several interfaces with their own link type, snap length, time
 * resolution and offset; enhanced, simple and obsolete packet blocks. Other blocks are passed over without being
 * buffered. The format is in `pcapng-format.ts`.
 *
 * Invariant: a block is read only when both of its lengths agree and its contents lie within it, and no more than one
 * block of MAX_BLOCK_SIZE is ever buffered. Interfaces of all sections share one list, so that an id is never reused.
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
  BLOCK_ENHANCED_PACKET,
  BLOCK_INTERFACE_DESCRIPTION,
  BLOCK_OVERHEAD,
  BLOCK_PACKET,
  BLOCK_SECTION_HEADER,
  BLOCK_SIMPLE_PACKET,
  BYTE_ORDER_MAGIC,
  findOption,
  OPTION_COMMENT,
  OPTION_IF_NAME,
  OPTION_IF_TSOFFSET,
  OPTION_IF_TSRESOL,
  padTo4,
} from './pcapng-format.js';

/** Blocks that are read whole: a frame of the longest kind and generous options. */
const MAX_BLOCK_SIZE = MAX_RECORD_SIZE + 4 * 1024 * 1024;
/** A file made of interface blocks alone must not fill memory. */
const MAX_INTERFACES = 65_536;

interface Interface extends CaptureInterface {
  /** Time units in a second. */
  readonly resolution: bigint;
  readonly offsetSeconds: number;
}

const utf8 = new TextDecoder();

/** if_tsresol (§4.2): a negative power of ten, or of two when the upper bit is set. */
const parseResolution = (option: Uint8Array | null): bigint => {
  const value = option?.[0];
  if (value === undefined) return 1_000_000n;
  return (value & 0x80 ? 2n : 10n) ** BigInt(value & 0x7f);
};

export class PcapngDecoder implements CaptureDecoder {
  readonly format = 'pcapng';
  readonly interfaces: Interface[] = [];
  private readonly queue = new ByteQueue();
  private damage: CaptureDamage | null = null;
  private littleEndian = true;
  private inSection = false;
  /** Where this section's interfaces begin in the list. */
  private firstInterface = 0;
  /** Bytes of a block of no interest that are still to be passed over. */
  private skipSize = 0;
  private skippedBlockOffset = 0;
  private lastSeconds = 0;
  private lastNanoseconds = 0;

  get stopped(): boolean {
    return this.damage !== null;
  }

  get begun(): boolean {
    return this.inSection;
  }

  push(chunk: Uint8Array): void {
    this.queue.push(chunk);
  }

  next(): CaptureRecord | null {
    while (this.damage === null) {
      if (this.skipSize > 0) {
        this.skipSize -= this.queue.skip(this.skipSize);
        if (this.skipSize > 0) return null;
      }
      const start = this.queue.offset;
      const head = this.queue.peek(BLOCK_OVERHEAD);
      if (head === null) return null;
      const headView = new DataView(head.buffer, head.byteOffset, BLOCK_OVERHEAD);
      const type = headView.getUint32(0, this.littleEndian);
      // The section header's type reads the same in both byte orders, and its own magic decides for what follows.
      if (type === BLOCK_SECTION_HEADER && !this.chooseByteOrder(headView)) break;
      if (!this.inSection && type !== BLOCK_SECTION_HEADER) {
        this.fail('the first block is not a section header');
        break;
      }
      const size = headView.getUint32(4, this.littleEndian);
      if (size < BLOCK_OVERHEAD || size % 4 !== 0) {
        this.fail(`the block at byte offset ${start} gives ${size} as its length`);
        break;
      }
      if (!isRead(type)) {
        this.skippedBlockOffset = start;
        this.skipSize = size;
        continue;
      }
      if (size > MAX_BLOCK_SIZE) {
        this.fail(`the block at byte offset ${start} claims ${size} bytes, more than any packet needs`);
        break;
      }
      const block = this.queue.peek(size);
      if (block === null) return null;
      const view = new DataView(block.buffer, block.byteOffset, size);
      if (view.getUint32(size - 4, this.littleEndian) !== size) {
        this.fail(`the block at byte offset ${start} has two different lengths`);
        break;
      }
      const record = this.readBlock(type, block, view);
      if (this.stopped) break;
      this.queue.skip(size);
      if (record !== null) return record;
    }
    return null;
  }

  end(): CaptureDamage | null {
    if (this.damage !== null) return this.damage;
    const { size, offset } = this.queue;
    if (this.skipSize > 0) {
      const at = this.skippedBlockOffset;
      return { kind: 'cut', offset: at, message: `the block at byte offset ${at} is cut` };
    }
    if (size === 0) return null;
    return {
      kind: 'cut',
      offset,
      message: `the block at byte offset ${offset} is cut: only ${size} of its bytes are there`,
    };
  }

  private fail(message: string): null {
    this.damage = { kind: 'damaged', offset: this.queue.offset, message };
    return null;
  }

  private chooseByteOrder(head: DataView): boolean {
    if (head.getUint32(8, true) === BYTE_ORDER_MAGIC) this.littleEndian = true;
    else if (head.getUint32(8, false) === BYTE_ORDER_MAGIC) this.littleEndian = false;
    else {
      this.fail(`the section header at byte offset ${this.queue.offset} has no byte-order magic`);
      return false;
    }
    return true;
  }

  private readBlock(type: number, block: Uint8Array, view: DataView): CaptureRecord | null {
    switch (type) {
      case BLOCK_SECTION_HEADER:
        return this.readSectionHeader(view);
      case BLOCK_INTERFACE_DESCRIPTION:
        return this.readInterface(block, view);
      case BLOCK_ENHANCED_PACKET:
        return this.readPacket(block, view, view.byteLength >= 32 ? view.getUint32(8, this.littleEndian) : 0);
      case BLOCK_PACKET:
        return this.readPacket(block, view, view.byteLength >= 32 ? view.getUint16(8, this.littleEndian) : 0);
      default:
        return this.readSimplePacket(block, view);
    }
  }

  private readSectionHeader(view: DataView): null {
    if (view.byteLength < 28) return this.fail(`the section header at byte offset ${this.queue.offset} is too short`);
    const major = view.getUint16(12, this.littleEndian);
    if (major !== 1) return this.fail(`pcapng version ${major} is not one this program reads (1)`);
    this.inSection = true;
    this.firstInterface = this.interfaces.length;
    return null;
  }

  private readInterface(block: Uint8Array, view: DataView): null {
    if (view.byteLength < 20) {
      return this.fail(`the interface block at byte offset ${this.queue.offset} is too short`);
    }
    if (this.interfaces.length === MAX_INTERFACES) {
      return this.fail(`byte offset ${this.queue.offset} begins interface ${MAX_INTERFACES + 1}, one too many`);
    }
    const little = this.littleEndian;
    const options = block.subarray(16, block.length - 4);
    const name = findOption(options, OPTION_IF_NAME, little);
    const offset = findOption(options, OPTION_IF_TSOFFSET, little);
    this.interfaces.push({
      linkType: view.getUint16(8, little),
      snapLength: view.getUint32(12, little),
      name: name === null ? undefined : utf8.decode(name),
      resolution: parseResolution(findOption(options, OPTION_IF_TSRESOL, little)),
      offsetSeconds:
        offset === null || offset.length < 8
          ? 0
          : Number(new DataView(offset.buffer, offset.byteOffset, 8).getBigInt64(0, little)),
    });
    return null;
  }

  /** The enhanced and the obsolete packet block differ in their third word only. */
  private readPacket(block: Uint8Array, view: DataView, interfaceNumber: number): CaptureRecord | null {
    const little = this.littleEndian;
    if (view.byteLength < 32) return this.fail(`the packet block at byte offset ${this.queue.offset} is too short`);
    const from = this.interfaceAt(interfaceNumber);
    if (from === null) return null;
    const capturedLength = view.getUint32(20, little);
    const optionsAt = 28 + padTo4(capturedLength);
    if (capturedLength > MAX_RECORD_SIZE || optionsAt > block.length - 4) {
      return this.fail(`the packet block at byte offset ${this.queue.offset} holds fewer bytes than it claims`);
    }
    const units = (BigInt(view.getUint32(12, little)) << 32n) | BigInt(view.getUint32(16, little));
    this.lastSeconds = Number(units / from.resolution) + from.offsetSeconds;
    this.lastNanoseconds = Number(((units % from.resolution) * 1_000_000_000n) / from.resolution);
    let comment: string | undefined;
    if (optionsAt < block.length - 4) {
      const found = findOption(block.subarray(optionsAt, block.length - 4), OPTION_COMMENT, little);
      if (found !== null) comment = utf8.decode(found);
    }
    return {
      seconds: this.lastSeconds,
      nanoseconds: this.lastNanoseconds,
      linkType: from.linkType,
      capturedLength,
      originalLength: view.getUint32(24, little),
      bytes: block.subarray(28, 28 + capturedLength),
      interfaceId: this.firstInterface + interfaceNumber,
      comment,
    };
  }

  private readSimplePacket(block: Uint8Array, view: DataView): CaptureRecord | null {
    if (view.byteLength < 16) return this.fail(`the packet block at byte offset ${this.queue.offset} is too short`);
    const from = this.interfaceAt(0);
    if (from === null) return null;
    const originalLength = view.getUint32(8, this.littleEndian);
    const limit = from.snapLength === 0 ? originalLength : Math.min(originalLength, from.snapLength);
    const room = block.length - 16;
    // The block does not say how much was kept: the snap length does, and the padding hides the last three bytes.
    if (limit > room || limit > MAX_RECORD_SIZE) {
      return this.fail(`the packet block at byte offset ${this.queue.offset} holds fewer bytes than it claims`);
    }
    return {
      seconds: this.lastSeconds,
      nanoseconds: this.lastNanoseconds,
      linkType: from.linkType,
      capturedLength: limit,
      originalLength,
      bytes: block.subarray(12, 12 + limit),
      interfaceId: this.firstInterface,
      comment: undefined,
    };
  }

  private interfaceAt(number: number): Interface | null {
    const found = this.interfaces[this.firstInterface + number];
    if (found !== undefined) return found;
    const there = this.interfaces.length - this.firstInterface;
    return this.fail(
      `the packet block at byte offset ${this.queue.offset} names interface ${number}, and the section has ${there}`,
    );
  }
}

const isRead = (type: number): boolean =>
  type === BLOCK_SECTION_HEADER ||
  type === BLOCK_INTERFACE_DESCRIPTION ||
  type === BLOCK_PACKET ||
  type === BLOCK_SIMPLE_PACKET ||
  type === BLOCK_ENHANCED_PACKET;
