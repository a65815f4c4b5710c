/**
 * The fused way of plain frames: parse, hash, probe, compare, count and send in a few loops over a batch. // hot path
 *
 * It takes runs of IPv4 and IPv6 frames with TCP or UDP, without options, extension headers or fragments, untagged or
 * with one tag: what almost all traffic is. Any other frame ends the run and goes the reference way (Datapath.receiveFrames), as does a frame
 * whose flow does more than output, once it is parsed. A property test holds both ways together: same frames, same
 * flows, same counters.
 *
 * Two ways to the same handles: while the microflow cache in use fits the processor's second level cache, one loop
 * parses and probes; beyond that, parsing comes first, then loops that only touch what the lookups will read, so that
 * many cache misses are under way at once. Words are raw little-endian, as in a flow key; nothing is swapped. What a
 * frame leaves behind and the microflow cache lie in one array, which spares the loops bases and lengths. Array
 * elements are known to be there, hence the `!`.
 *
 * Invariant: between two frames nothing is remembered but parses and handles, and a handle is checked when it is
 * used, since sending a frame may change flows and ports.
 */
import { BASE_WORDS, SHAPE_WORD } from '#flowtable/flow-key.js';
import { microflowHash } from '#flowtable/hash.js';
import { NO_HANDLE, slotOf } from '#flowtable/megaflow-table.js';
import { ENTRY_MASK, MicroflowCache, NOT_PLAIN_TAG, TAG_MASK } from '#flowtable/microflow-cache.js';
import { L2_5_WORD, L3_WORD, L4_WORD, PAD_WORD, ROW_WORDS } from './flow-extract.js';
import { extractPlainIpv6 } from './fast-path-ipv6.js';
import type { FlowLookup } from './flow-lookup.js';
import { type FlowStore, STAT_STRIDE } from './flow-store.js';
import { type FrameArena, type FrameBatch, makeFrameArena, type Packet } from './packet-buffer.js';
import { COUNTER_COUNT, RX_BYTES, RX_DROPPED, RX_PACKETS, TX_BYTES, TX_PACKETS, type Vport } from './vport/vport.js';
import type { VportTable } from './vport-table.js';

/** Frames parsed ahead of what is done with them. */
const RUN = 128;
/** Words kept of a parsed frame: hash; words 5, 6 and 7 of the key; where IPv4 begins; the handle that was found. */
const PARSED = 8;
const P_HASH = 0;
const P_WORD5 = 1;
const P_WORD6 = 2;
const P_WORD7 = 3;
const P_IP = 4;
const P_HANDLE = 5;
/** Words that a fast path keeps at the start of the array that the microflow cache follows in. */
const FAST_PATH_WORDS = RUN * PARSED;
/** Entries of the microflow cache from which on it is worth touching them ahead. */
const TOUCH_ENTRIES = 16384;

const LE_8021Q = 0x0081;
const LE_8021AD = 0xa888;
const VLAN_PRESENT = 0x0010_0000;
const LE_IPV6 = 0xdd86;
/** In place of where IPv4 begins: the frame has been looked up already, by the key of an IPv6 frame. */
const IS_IPV6 = -1;
/** EtherType 0x0800, then version 4 with a header of 20 bytes. */
const LE_IPV4_PLAIN = 0x45_0008;

/** What the fast path asks of its datapath. */
export interface FastPathHost {
  readonly flows: FlowStore;
  readonly lookup: FlowLookup;
  readonly vports: VportTable;
  readonly nowNs: number;
  /** Counts a frame whose port has gone. */
  countGone(): void;
  /** The reference way of a frame. */
  receiveFrame(arena: FrameArena, start: number, length: number, port: number): void;
  /** A packet for a frame; null, and counted, when no buffer is free. Its row still holds another key. */
  openParsed(arena: FrameArena, start: number, length: number, vport: Vport): Packet | null;
  /** Takes over a packet whose row is its key: runs flow `slot`, or sends a miss up when it is -1. */
  finishParsed(packet: Packet, slot: number): void;
}

export class FastPath {
  private readonly host: FastPathHost;
  private readonly cache: MicroflowCache | null;
  /** FAST_PATH_WORDS for parsed frames, then the microflow cache, if there is one. */
  private readonly memory: Int32Array;
  /** A packet row for lookups in the megaflow table. Words beyond the first section stay zero. */
  private readonly row = new Int32Array(ROW_WORDS);
  private readonly row6 = new Int32Array(ROW_WORDS);
  /** Keeps the touching loops from being optimised away. */
  touched = 0;

  constructor(host: FastPathHost) {
    this.host = host;
    const { cache } = host.lookup;
    this.cache = cache;
    this.memory = cache === null ? new Int32Array(FAST_PATH_WORDS) : cache.memory;
  }

  /** Handles frames from `first` on, up to the first that is not plain; returns the frame to go on with. */
  run(arena: FrameArena, batch: FrameBatch, first: number, end: number): number {
    let at = first;
    while (at < end) {
      const wanted = Math.min(end - at, RUN);
      const { cache } = this;
      const isLarge = cache === null || cache.entryCount > TOUCH_ENTRIES;
      const count = this.parse(arena.view, batch, at, wanted, !isLarge);
      if (cache !== null && isLarge) {
        this.touch(cache, count);
        this.probe(cache, arena.view, batch, at, count);
      }
      this.finish(arena, batch, at, count);
      at += count;
      if (count < wanted) return at;
    }
    return at;
  }

  /**
   * Parses up to `limit` frames and returns how many are plain before the first that is not. With withProbe, also
   * looks each up in the microflow cache.
   */
  private parse(view: DataView, batch: FrameBatch, first: number, limit: number, withProbe: boolean): number {
    const { starts, lengths, ports } = batch;
    const { memory } = this;
    const { ports: vports } = this.host.vports;
    const indexAt = this.cache === null ? 0 : this.cache.indexAt;
    const indexMask = this.cache === null ? 0 : this.cache.indexMask;
    const entriesAt = this.cache === null ? 0 : this.cache.entriesAt;
    let port = -1;
    let portWord = 0;
    for (let n = 0; n < limit; n++) {
      const i = first + n;
      if (ports[i] !== port) {
        port = ports[i]!;
        const vport = vports[port];
        if (vport === undefined) return n;
        portWord = vport.portWord;
      }
      const start = starts[i]!;
      const length = lengths[i]!;
      if (length < 42) return n;
      let word5 = 0;
      let type = view.getInt32(start + 12, true);
      let ip = start + 14;
      if ((type & 0xffff) === LE_8021Q || (type & 0xffff) === LE_8021AD) {
        if (length < 46) return n;
        word5 = type | VLAN_PRESENT;
        type = view.getInt32(start + 16, true);
        ip = start + 18;
      }
      if ((type & 0xff_ffff) !== LE_IPV4_PLAIN) {
        if ((type & 0xffff) !== LE_IPV6 || !this.parseIpv6(view, start, ip, start + length, portWord, word5, n))
          return n;
        continue;
      }
      const sizes = view.getInt32(ip, false);
      const totalSize = sizes & 0xffff;
      const size = start + length - ip;
      const ttlWord = view.getInt32(ip + 6, true);
      const protocol = ttlWord >>> 24;
      // More bytes than there are; more fragments to come, or an offset.
      if (totalSize > size || size - totalSize > 0xffff || (ttlWord & 0xff3f) !== 0) return n;
      let flags = 0;
      if (protocol === 6) {
        if (totalSize < 40) return n;
        const control = view.getUint16(ip + 32, true);
        const headerSize = ((control >>> 4) & 0x0f) * 4;
        if (headerSize < 20 || headerSize > totalSize - 20) return n;
        // The control word: data offset and four flags, then eight flags.
        flags = (control & 0xff0f) << 16;
      } else if (protocol !== 17 || totalSize < 28) return n;
      const word6 = (type & 0xffff) | (protocol << 24);
      const word7 = ((sizes >>> 16) & 0xff) | ((ttlWord >>> 8) & 0xff00) | flags;
      const word2 = view.getInt32(start, true);
      const word4 = view.getInt32(start + 8, true);
      const word8 = view.getInt32(ip + 12, true);
      const word9 = view.getInt32(ip + 16, true);
      const word10 = view.getInt32(ip + 20, true);

      // The same hash as microflowHash() of a plain key.
      let h =
        Math.imul(portWord ^ (portWord >>> 15), 0x2c1b3c6d) +
        Math.imul(word2 ^ (word2 >>> 15), 0x297a2d39) +
        Math.imul(word4 ^ (word4 >>> 15), 0x1b56c4e9) +
        Math.imul(word5 ^ (word5 >>> 15), 0x7feb352d) +
        Math.imul(word8 ^ (word8 >>> 15), 0x846ca68b) +
        Math.imul(word9 ^ (word9 >>> 15), 0x68bc6d3f) +
        Math.imul(word10 ^ (word10 >>> 15), 0x5bd1e995);
      h ^= h >>> 16;
      h = Math.imul(h, 0x85ebca6b);
      h ^= h >>> 13;
      h = Math.imul(h, 0xc2b2ae35);
      h ^= h >>> 16;
      const base = n * PARSED;
      memory[base + P_HASH] = h;
      memory[base + P_WORD5] = word5;
      memory[base + P_WORD6] = word6;
      memory[base + P_WORD7] = word7;
      memory[base + P_IP] = ip;
      let handle = NO_HANDLE;
      if (withProbe) {
        let indexed = memory[indexAt + (h & indexMask)]!;
        if (((indexed ^ h) & TAG_MASK) !== 0) indexed = memory[indexAt + ((h & indexMask) ^ 1)]!;
        if ((indexed & NOT_PLAIN_TAG) === 0 && (indexed & ENTRY_MASK) !== 0) {
          const e = entriesAt + ((indexed & ENTRY_MASK) - 1) * BASE_WORDS;
          const differs =
            (memory[e]! ^ portWord) |
            (memory[e + 2]! ^ word2) |
            (memory[e + 3]! ^ view.getInt32(start + 4, true)) |
            (memory[e + 4]! ^ word4) |
            (memory[e + 5]! ^ word5) |
            (memory[e + 6]! ^ word6) |
            (memory[e + 7]! ^ word7) |
            (memory[e + 8]! ^ word8) |
            (memory[e + 9]! ^ word9) |
            (memory[e + 10]! ^ word10);
          if (differs === 0) handle = memory[e + SHAPE_WORD]!;
        }
      }
      memory[base + P_HANDLE] = handle;
    }
    return limit;
  }

  /** Parses and probes a plain IPv6 frame; false for another. Less fused: its key is written out and looked up. */
  private parseIpv6(
    view: DataView,
    start: number,
    ip: number,
    end: number,
    portWord: number,
    tag: number,
    n: number,
  ): boolean {
    const { cache, memory, row6 } = this;
    if (cache === null || !extractPlainIpv6(view, start, ip, end, portWord, tag, row6)) return false;
    const hash = microflowHash(row6, 0);
    const base = n * PARSED;
    memory[base + P_HASH] = hash;
    memory[base + P_WORD7] = row6[7]!;
    memory[base + P_IP] = IS_IPV6;
    memory[base + P_HANDLE] = cache.lookupHandle(row6, 0, hash);
    return true;
  }

  /** Reads what the lookups will read, so that the cache lines are on their way. */
  private touch(cache: MicroflowCache, count: number): void {
    const { memory, indexAt, indexMask, entriesAt } = cache;
    let touched = 0;
    for (let n = 0; n < count; n++) touched |= memory[indexAt + (memory[n * PARSED]! & indexMask)]!;
    for (let n = 0; n < count; n++) {
      const hash = memory[n * PARSED]!;
      let indexed = memory[indexAt + (hash & indexMask)]!;
      if (((indexed ^ hash) & TAG_MASK) !== 0) indexed = memory[indexAt + ((hash & indexMask) ^ 1)]!;
      const entry = (indexed & ENTRY_MASK) - 1;
      if (entry >= 0) touched |= memory[entriesAt + entry * BASE_WORDS]!;
    }
    this.touched = touched;
  }

  /** The lookup of parse() as a loop of its own. */
  private probe(cache: MicroflowCache, view: DataView, batch: FrameBatch, first: number, count: number): void {
    const { starts, ports } = batch;
    const { memory, indexAt, indexMask, entriesAt } = cache;
    for (let n = 0; n < count; n++) {
      const base = n * PARSED;
      const ip = memory[base + P_IP]!;
      if (ip === IS_IPV6) continue;
      const hash = memory[base + P_HASH]!;
      let indexed = memory[indexAt + (hash & indexMask)]!;
      if (((indexed ^ hash) & TAG_MASK) !== 0) indexed = memory[indexAt + ((hash & indexMask) ^ 1)]!;
      if ((indexed & NOT_PLAIN_TAG) !== 0 || (indexed & ENTRY_MASK) === 0) continue;
      const e = entriesAt + ((indexed & ENTRY_MASK) - 1) * BASE_WORDS;
      const start = starts[first + n]!;
      const port = ports[first + n]!;
      const differs =
        (memory[e]! ^ (((port & 0xff) << 24) | ((port & 0xff00) << 8))) |
        (memory[e + 2]! ^ view.getInt32(start, true)) |
        (memory[e + 3]! ^ view.getInt32(start + 4, true)) |
        (memory[e + 4]! ^ view.getInt32(start + 8, true)) |
        (memory[e + 5]! ^ memory[base + P_WORD5]!) |
        (memory[e + 6]! ^ memory[base + P_WORD6]!) |
        (memory[e + 7]! ^ memory[base + P_WORD7]!) |
        (memory[e + 8]! ^ view.getInt32(ip + 12, true)) |
        (memory[e + 9]! ^ view.getInt32(ip + 16, true)) |
        (memory[e + 10]! ^ view.getInt32(ip + 20, true));
      if (differs === 0) memory[base + P_HANDLE] = memory[e + SHAPE_WORD]!;
    }
  }

  /** Counts and sends the parsed frames, in order. */
  private finish(arena: FrameArena, batch: FrameBatch, first: number, count: number): void {
    const { lengths, ports } = batch;
    const { memory } = this;
    const end = first + count;
    let at = first;
    while (at < end) {
      // A run of frames of one flow from one port, out of a port that only counts: added up, then counted once.
      const port = ports[at]!;
      const handle = memory[(at - first) * PARSED + P_HANDLE]!;
      const limit = this.soleLimit(port, handle);
      let bytes = 0;
      let flags = 0;
      let i = at;
      while (
        i < end &&
        ports[i] === port &&
        memory[(i - first) * PARSED + P_HANDLE] === handle &&
        lengths[i]! <= limit
      ) {
        bytes += lengths[i]!;
        flags |= memory[(i - first) * PARSED + P_WORD7]!;
        i++;
      }
      if (i > at) {
        this.countRun(port, slotOf(handle), i - at, bytes, flags);
        at = i;
      } else {
        this.finishOne(arena, batch, at, (at - first) * PARSED);
        at++;
      }
    }
  }

  /** The longest frame that this flow's only output counts without asking anybody; -1 where there is more to do. */
  private soleLimit(port: number, handle: number): number {
    const { flows, vports } = this.host;
    const slot = slotOf(handle);
    if (handle === NO_HANDLE || flows.table.handles[slot] !== handle || vports.limits[port]! < 0) return -1;
    const out = flows.soleOutputs[slot]!;
    return out < 0 || vports.sinks[out] !== null ? -1 : vports.limits[out]!;
  }

  private countRun(port: number, slot: number, packets: number, bytes: number, word7: number): void {
    const { flows, vports, nowNs } = this.host;
    const { counters } = vports;
    const received = port * COUNTER_COUNT;
    counters[received + RX_PACKETS] = counters[received + RX_PACKETS]! + packets;
    counters[received + RX_BYTES] = counters[received + RX_BYTES]! + bytes;
    const sent = flows.soleOutputs[slot]! * COUNTER_COUNT;
    counters[sent + TX_PACKETS] = counters[sent + TX_PACKETS]! + packets;
    counters[sent + TX_BYTES] = counters[sent + TX_BYTES]! + bytes;
    const { stats, tcpFlags } = flows;
    const stat = slot * STAT_STRIDE;
    stats[stat] = stats[stat]! + packets;
    stats[stat + 1] = stats[stat + 1]! + bytes;
    stats[stat + 2] = nowNs;
    tcpFlags[slot] = tcpFlags[slot]! | ((word7 >>> 8) & 0x0f00) | (word7 >>> 24);
    this.cache!.hits += packets;
  }

  /** A frame that goes to a sink, is not known to the microflow cache, or has actions other than one output. */
  private finishOne(arena: FrameArena, batch: FrameBatch, i: number, base: number): void {
    const { memory, cache, host } = this;
    const { flows, vports } = host;
    const port = batch.ports[i]!;
    const start = batch.starts[i]!;
    const length = batch.lengths[i]!;
    const vport = vports.ports[port];
    // A sink may have taken the port away, or down, since the frame was parsed.
    if (vport === undefined) {
      host.countGone();
      return;
    }
    if (!vport.isUp) {
      vport.dropOnReceive('vport-down', RX_DROPPED);
      return;
    }
    const handle = memory[base + P_HANDLE]!;
    let slot = slotOf(handle);
    const isCached = handle !== NO_HANDLE && flows.table.handles[slot] === handle;
    const isIpv6 = memory[base + P_IP] === IS_IPV6;
    if (isIpv6 && !(isCached && this.isSole(slot, length))) {
      host.receiveFrame(arena, start, length, port);
      return;
    }
    vport.countReceived(length);
    if (isCached) cache!.hits++;
    else {
      this.fillRow(arena.view, start, length, vport.portWord, base, this.row, 0);
      slot = host.lookup.findInTable(this.row, 0, memory[base]!);
    }
    if (slot < 0 || !this.isSole(slot, length)) {
      const packet = host.openParsed(arena, start, length, vport);
      if (packet === null) return;
      packet.clearLaterSections();
      this.fillRow(arena.view, start, length, vport.portWord, base, packet.words, packet.row);
      host.finishParsed(packet, slot);
      return;
    }
    const out = flows.soleOutputs[slot]!;
    const word7 = memory[base + P_WORD7]!;
    flows.credit(slot, length, host.nowNs, ((word7 >>> 8) & 0x0f00) | (word7 >>> 24));
    const sink = vports.sinks[out];
    if (sink !== null) sink!(arena.bytes, start, length);
    const { counters } = vports;
    const sent = out * COUNTER_COUNT;
    counters[sent + TX_PACKETS] = counters[sent + TX_PACKETS]! + 1;
    counters[sent + TX_BYTES] = counters[sent + TX_BYTES]! + length;
  }

  /** Is one output all that the flow does, and may a frame of this length leave by that port? */
  private isSole(slot: number, length: number): boolean {
    const { flows, vports } = this.host;
    const out = flows.soleOutputs[slot]!;
    return out >= 0 && length <= vports.limits[out]!;
  }

  /** Writes the key and the layers of a parsed IPv4 frame into a row whose later sections are zero. */
  private fillRow(
    view: DataView,
    start: number,
    length: number,
    portWord: number,
    base: number,
    words: Int32Array,
    row: number,
  ): void {
    const { memory } = this;
    const ip = memory[base + P_IP]!;
    words[row] = portWord;
    words[row + 1] = 0;
    words[row + 2] = view.getInt32(start, true);
    words[row + 3] = view.getInt32(start + 4, true);
    words[row + 4] = view.getInt32(start + 8, true);
    words[row + 5] = memory[base + P_WORD5]!;
    words[row + 6] = memory[base + P_WORD6]!;
    words[row + 7] = memory[base + P_WORD7]!;
    words[row + 8] = view.getInt32(ip + 12, true);
    words[row + 9] = view.getInt32(ip + 16, true);
    words[row + 10] = view.getInt32(ip + 20, true);
    words[row + 11] = 0;
    words[row + 12] = 0;
    words[row + 13] = 0;
    words[row + 14] = 0;
    words[row + L2_5_WORD] = -1;
    words[row + L3_WORD] = ip - start;
    words[row + L4_WORD] = ip - start + 20;
    words[row + PAD_WORD] = start + length - ip - view.getUint16(ip + 2);
  }
}

/** A microflow cache in memory aligned to cache lines, behind the words that a fast path keeps. */
export function makeMicroflowCache(capacity: number): MicroflowCache {
  const { bytes } = makeFrameArena(4 * (FAST_PATH_WORDS + MicroflowCache.wordCount(capacity)));
  return new MicroflowCache(capacity, new Int32Array(bytes.buffer), FAST_PATH_WORDS);
}
