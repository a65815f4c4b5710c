/**
 * Packets in flight: a fixed number of slots in one arena that is made once and never grows. // hot path
 *
 * Mirrors the mempool and `struct dp_packet` of lib/dp-packet.h. A slot is headroom, room for a frame, and a packet
 * row (the flow key and where the layers begin). A Packet is the slot's standing record; none is made per frame.
 *
 * A frame may also lie in somebody else's arena (a capture, a benchmark): then `isOwned` is false, the bytes are only
 * read, and the first action that changes the frame moves it into the slot. Output never copies.
 *
 * A frame that is longer than a slot (none of any wire's is, but a dummy device takes any) gets memory of its own for the
 * time that it is in flight: the one case in which something is allocated for a packet.
 *
 * Invariant: each slot is free or held by exactly one packet; a slot's own bytes are written by its packet only.
 */
import { DATAPATH_WORDS, SHAPE_WORD } from '#flowtable/flow-key.js';
import { hash5Tuple } from './flow-hash.js';
import { L2_5_WORD, type L3_WORD, L4_WORD, PAD_WORD, ROW_WORDS } from './flow-extract.js';

/** Room in front of a frame for headers that actions push: VLAN tags, VXLAN. */
export const HEADROOM = 128;
export const DEFAULT_BUFFER_SIZE = 16384;
export const DEFAULT_BUFFER_COUNT = 32;
/** No frame is longer than this. */
export const MAX_FRAME_SIZE = 1 << 20;

/**
 * The hash of the flow that a packet belonged to when it came in, which goes with it whatever becomes of its headers:
 * that of the key in the row, not computed yet; kept in `flowHash`; or lost.
 */
export const FLOW_HASH_OF_ROW = 0;
export const FLOW_HASH_KEPT = 1;
export const FLOW_HASH_NONE = 2;

/** Bytes with the one DataView that reads them. */
export interface FrameArena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Frames that lie one after another in an arena: where, how long, and the port that each comes in by. */
export interface FrameBatch {
  readonly starts: Int32Array;
  readonly lengths: Int32Array;
  readonly ports: Int32Array;
}

/** Node has it; the ES libraries of TypeScript do not say so. */
declare const WebAssembly: {
  readonly Memory: new (size: { initial: number; maximum: number }) => { readonly buffer: ArrayBuffer };
};

/** Memory for frames: page aligned, so that cache lines are, and of a size that never changes. */
export function makeFrameArena(size: number): FrameArena {
  const pages = Math.max(1, Math.ceil(size / 65536));
  const { buffer } = new WebAssembly.Memory({ initial: pages, maximum: pages });
  return { bytes: new Uint8Array(buffer), view: new DataView(buffer) };
}

export class Packet {
  readonly slot: number;
  /** First byte of the slot in the pool's arena. */
  readonly slotStart: number;
  /** Bytes of the memory that the packet may write, and where it begins: its slot, or that of a long frame. */
  ownStart: number;
  ownSize = 0;
  /** First word of the packet row in `words`. */
  readonly row: number;
  readonly words: Int32Array;
  /** Where the frame lies now. */
  bytes: Uint8Array;
  view: DataView;
  start = 0;
  length = 0;
  isOwned = false;
  /** Headers were changed since the key was extracted. */
  isChanged = false;
  /** Port that the packet came in by, for counting drops. */
  inPort = 0;
  /** FLOW_HASH_*. */
  flowHashState: number = FLOW_HASH_OF_ROW;
  flowHash = 0;

  constructor(slot: number, slotStart: number, row: number, words: Int32Array, arena: FrameArena) {
    this.slot = slot;
    this.slotStart = slotStart;
    this.ownStart = slotStart;
    this.row = row;
    this.words = words;
    this.bytes = arena.bytes;
    this.view = arena.view;
  }

  /** The hash that the packet came in with: to be called before its key is extracted anew. */
  takeFlowHash(): number {
    if (this.flowHashState === FLOW_HASH_OF_ROW) {
      this.flowHash = hash5Tuple(this.words, this.row, 0);
      this.flowHashState = FLOW_HASH_KEPT;
    }
    return this.flowHash;
  }

  /** Offsets in the arena of the layers, -1 where there is none. */
  layer(word: typeof L2_5_WORD | typeof L3_WORD | typeof L4_WORD): number {
    const offset = this.words[this.row + word]!;
    return offset < 0 ? -1 : this.start + offset;
  }

  /** Bytes of the transport layer, without padding; 0 where there is none. */
  transportSize(): number {
    const offset = this.words[this.row + L4_WORD]!;
    return offset < 0 ? 0 : this.length - this.words[this.row + PAD_WORD]! - offset;
  }

  /** The layers have moved by `change` bytes against the start of the frame. */
  shiftLayers(change: number): void {
    for (let word = L2_5_WORD; word <= L4_WORD; word++) {
      const offset = this.words[this.row + word]!;
      if (offset >= 0) this.words[this.row + word] = offset + change;
    }
  }

  /** Makes the row ready for a key that has a first section only. */
  clearLaterSections(): void {
    const { words, row } = this;
    if (words[row + SHAPE_WORD] !== 0) words.fill(0, row + SHAPE_WORD, row + DATAPATH_WORDS);
  }

  /** The frame as an array of its own. */
  copyBytes(): Uint8Array {
    return this.bytes.slice(this.start, this.start + this.length);
  }
}

export class PacketPool {
  private readonly arena: FrameArena;
  private readonly packets: Packet[] = [];
  /** Slots that are free, as a stack. */
  private readonly free: Int32Array;
  private freeCount: number;
  /** The longest frame that fits into a slot. */
  private readonly frameCapacity: number;
  private readonly slotSize: number;

  constructor(count = DEFAULT_BUFFER_COUNT, size = DEFAULT_BUFFER_SIZE) {
    if (size % 64 !== 0 || size <= HEADROOM || count < 1) {
      throw new Error(`packet buffers: ${count} of ${size} bytes; want a multiple of 64 above ${HEADROOM}`);
    }
    const rowsStart = count * size;
    this.arena = makeFrameArena(rowsStart + count * ROW_WORDS * 4);
    this.frameCapacity = size - HEADROOM;
    this.slotSize = size;
    const words = new Int32Array(this.arena.bytes.buffer, rowsStart, count * ROW_WORDS);
    this.free = new Int32Array(count);
    this.freeCount = count;
    for (let slot = 0; slot < count; slot++) {
      this.packets.push(new Packet(slot, slot * size, slot * ROW_WORDS, words, this.arena));
      this.free[slot] = count - 1 - slot;
    }
  }

  get inUseCount(): number {
    return this.packets.length - this.freeCount;
  }

  /** A free packet, or null. It holds no frame yet, and its row still holds the last key. */
  acquire(): Packet | null {
    if (this.freeCount === 0) return null;
    return this.packets[this.free[--this.freeCount]!]!;
  }

  release(packet: Packet): void {
    packet.isOwned = false;
    packet.bytes = this.arena.bytes;
    packet.view = this.arena.view;
    this.free[this.freeCount++] = packet.slot;
  }

  /** Copies a frame into memory of the packet's own; false when it is longer than any. */
  load(packet: Packet, frame: Uint8Array): boolean {
    if (!this.takeMemory(packet, frame.length)) return false;
    packet.start = packet.ownStart + HEADROOM;
    packet.length = frame.length;
    packet.isOwned = true;
    packet.isChanged = false;
    packet.flowHashState = FLOW_HASH_OF_ROW;
    packet.bytes.set(frame, packet.start);
    return true;
  }

  /** Points the packet at memory that it may write: its slot, or for a long frame some that is made for it. */
  private takeMemory(packet: Packet, length: number): boolean {
    if (length <= this.frameCapacity) {
      packet.bytes = this.arena.bytes;
      packet.view = this.arena.view;
      packet.ownStart = packet.slotStart;
      packet.ownSize = this.slotSize;
      return true;
    }
    if (length > MAX_FRAME_SIZE) return false;
    packet.ownStart = 0;
    packet.ownSize = HEADROOM + length;
    packet.bytes = new Uint8Array(packet.ownSize);
    packet.view = new DataView(packet.bytes.buffer);
    return true;
  }

  /** Points the packet at a frame in another arena; nothing is copied. */
  borrow(packet: Packet, arena: FrameArena, start: number, length: number): void {
    packet.bytes = arena.bytes;
    packet.view = arena.view;
    packet.start = start;
    packet.length = length;
    packet.isOwned = false;
    packet.isChanged = false;
    packet.flowHashState = FLOW_HASH_OF_ROW;
  }

  /** Sees to it that the frame lies in memory of the packet's own; false when it is longer than any. */
  own(packet: Packet): boolean {
    if (packet.isOwned) return true;
    const { view, start, length } = packet;
    if (!this.takeMemory(packet, length)) return false;
    packet.start = packet.ownStart + HEADROOM;
    copyFrame(view, start, packet.view, packet.start, length);
    packet.isOwned = true;
    return true;
  }

  /** Sees to it that so many bytes in front of a frame in its own memory are free; false when they cannot be. */
  makeHeadroom(packet: Packet, size: number): boolean {
    if (packet.start - size >= packet.ownStart) return true;
    // The frame goes as far back as it can: another header may follow.
    const start = packet.ownStart + packet.ownSize - packet.length;
    if (start - size < packet.ownStart) return false;
    packet.bytes.copyWithin(start, packet.start, packet.start + packet.length);
    packet.start = start;
    return true;
  }

  /** A packet with a copy of the frame and the row, or null when none is free. */
  clone(packet: Packet): Packet | null {
    const copy = this.acquire();
    if (copy === null) return null;
    copy.words.copyWithin(copy.row, packet.row, packet.row + ROW_WORDS);
    copy.inPort = packet.inPort;
    copy.isChanged = packet.isChanged;
    copy.flowHashState = packet.flowHashState;
    copy.flowHash = packet.flowHash;
    copy.bytes = packet.bytes;
    copy.view = packet.view;
    copy.start = packet.start;
    copy.length = packet.length;
    copy.isOwned = false;
    // A borrowed frame stays borrowed: nobody changes its bytes.
    if (packet.isOwned) this.own(copy);
    return copy;
  }
}

/** Copies a frame between arenas. A loop, because a subarray for set() would be garbage for every packet. */
function copyFrame(from: DataView, start: number, to: DataView, target: number, length: number): void {
  let i = 0;
  for (; i + 8 <= length; i += 8) {
    const low = from.getInt32(start + i, true);
    const high = from.getInt32(start + i + 4, true);
    to.setInt32(target + i, low, true);
    to.setInt32(target + i + 4, high, true);
  }
  for (; i < length; i++) to.setUint8(target + i, from.getUint8(start + i));
}
