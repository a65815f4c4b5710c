/**
 * Connection tracking of fragments: they are held until the packet is whole, the whole is tracked, and then each
 * fragment goes on with what was found.
 *
 * Mirrors lib/ipf.c, which OVS's userspace datapath puts in front of its connection tracker. Fragments that are too
 * small (a way around filters), overlap or come too many are not gathered, and so are invalid. What stays incomplete
 * for 15 seconds goes on as invalid, one packet's fragments with each packet that is tracked, and is dropped after 25.
 *
 * Invariant: a fragment is held once or not at all, and no more than `maxFragments` are.
 *
 * Deliberately different: nothing wakes by itself. What OVS's thread drops once a minute is dropped here, one packet's
 * fragments at a time, when other packets come; a datapath without traffic holds its last fragments longer.
 */
import type { Clock } from '../environment.js';
import { L3_WORD, L4_WORD, PAD_WORD, ROW_WORDS } from '../flow-extract.js';
import { readU16, writeU16 } from '../packet/byte-order.js';
import { updateChecksum16, updateChecksum32 } from '../packet/checksum.js';
import { findIpv6Transport } from '../packet/ipv6.js';
import { HEADROOM, type Packet, PacketPool } from '../packet-buffer.js';
import type { ConnectionTracker } from './connection-tracker.js';
import { copyCtMetadata, readEtherType, updateMetaShape, writeCtStateAndZone, readCtZone } from './ct-metadata.js';
import { ETH_TYPE_IPV4, ETH_TYPE_IPV6 } from './connection-key.js';
import type { CtRequest } from './ct-request.js';
import { CS_INVALID } from './ct-state.js';
import {
  type Fragment,
  FragmentList,
  type FragmentPlace,
  ipv4FragmentPlace,
  ipv6FragmentPlace,
} from './fragment-list.js';

const TIMEOUT_MS = 15_000;
const PURGE_MS = 10_000;
const MAX_IP_SIZE = 65535;
const MAX_IPV4_HEADER = 60;
/** A slot that the largest packet fits in, with some tags in front. */
const WHOLE_SIZE = 66_048;
/** Where word 6 of a key says that the packet is a fragment. */
const FRAGMENT_BITS = 0x0003_0000;

/** dpctl/ipf-set-*: settings of one family. */
export interface FragmentFamily {
  isEnabled: boolean;
  /** A fragment other than the last must have at least so many bytes of IP packet. */
  minSize: number;
  readonly counts: {
    accepted: number;
    completedSent: number;
    expiredSent: number;
    tooSmall: number;
    overlapping: number;
    purged: number;
  };
}

/** A fragment that goes on: load the frame into a packet, copy the row, and execute the rest of the actions. */
export type FragmentRelease = (frame: Uint8Array, row: Int32Array) => void;

const makeFamily = (minSize: number): FragmentFamily => ({
  isEnabled: true,
  minSize,
  counts: { accepted: 0, completedSent: 0, expiredSent: 0, tooSmall: 0, overlapping: 0, purged: 0 },
});

export class FragmentTracker {
  readonly ipv4 = makeFamily(1200);
  readonly ipv6 = makeFamily(1280);
  maxFragments = 1000;

  private readonly tracker: ConnectionTracker;
  private readonly clock: Clock;
  /** In the order in which they were begun, which is the order in which they expire. */
  private readonly lists = new Map<string, FragmentList>();
  private held = 0;
  private whole: { readonly pool: PacketPool; readonly packet: Packet } | null = null;

  constructor(tracker: ConnectionTracker, clock: Clock) {
    this.tracker = tracker;
    this.clock = clock;
  }

  /** Fragments that are held now. */
  get count(): number {
    return this.held;
  }

  /** The packets of which fragments are held. */
  gathering(): Iterable<FragmentList> {
    return this.lists.values();
  }

  /** Is there nothing to do here for the packet but to track it? */
  isPlain(packet: Packet): boolean {
    return this.held === 0 && (packet.words[packet.row + 6]! & FRAGMENT_BITS) === 0;
  }

  /**
   * Tracks the packet, whose key is its row. False when it is a fragment that is now held: the caller is done with it.
   * Whatever goes on in its place, or besides it, is given to `release`.
   */
  execute(packet: Packet, request: CtRequest, release: FragmentRelease): boolean {
    const nowMs = Math.floor(this.clock.nowNs() / 1e6);
    const isIpv6 = readEtherType(packet.words, packet.row) === ETH_TYPE_IPV6;
    const place = this.placeOf(packet);
    const completed = place === null ? 'refused' : this.hold(packet, place, request.zone, nowMs);
    const isHeld = completed !== 'refused';
    if (!isHeld) this.tracker.execute(packet, packet, request);
    else if (completed !== null) this.trackWhole(completed, request, release);
    if (this.held > 0) this.releaseExpired(nowMs, isIpv6, release);
    return !isHeld;
  }

  private placeOf(packet: Packet): FragmentPlace | null {
    const ip = packet.layer(L3_WORD);
    const transport = packet.layer(L4_WORD);
    // The key says which packets are fragments; the rest is not looked at twice.
    if (ip < 0 || transport < 0 || (packet.words[packet.row + 6]! & FRAGMENT_BITS) === 0) return null;
    const end = transport + packet.transportSize();
    const etherType = readEtherType(packet.words, packet.row);
    if (etherType === ETH_TYPE_IPV4) return ipv4FragmentPlace(packet.bytes, ip, end);
    return etherType === ETH_TYPE_IPV6 ? ipv6FragmentPlace(packet.bytes, ip, transport, end) : null;
  }

  private familyOf(isIpv6: boolean): FragmentFamily {
    return isIpv6 ? this.ipv6 : this.ipv4;
  }

  /** Holds the fragment; the list when that makes it complete, null when not yet. */
  private hold(packet: Packet, place: FragmentPlace, zone: number, nowMs: number): FragmentList | null | 'refused' {
    const family = this.familyOf(place.isIpv6);
    if (!place.isLast && place.size < family.minSize) {
      family.counts.tooSmall++;
      return 'refused';
    }
    if (!family.isEnabled || this.held >= this.maxFragments) return 'refused';
    const identity = `${place.identity} ${zone} ${packet.words[packet.row + 1]}`;
    let list = this.lists.get(identity);
    if (list === undefined) {
      list = new FragmentList(identity, place.isIpv6, zone, nowMs + TIMEOUT_MS);
      this.lists.set(identity, list);
    }
    if (list.state !== 'gathering' || list.fragments.length >= this.maxListSize(place.isIpv6)) return 'refused';
    if (list.overlaps(place)) {
      family.counts.overlapping++;
      return 'refused';
    }
    const { words, row } = packet;
    const fragment: Fragment = {
      frame: packet.copyBytes(),
      row: words.slice(row, row + ROW_WORDS),
      first: place.first,
      last: place.last,
    };
    this.held++;
    family.counts.accepted++;
    return list.add(fragment, place) ? list : null;
  }

  private maxListSize(isIpv6: boolean): number {
    if (isIpv6) return MAX_IP_SIZE;
    return Math.ceil((MAX_IP_SIZE - MAX_IPV4_HEADER) / (this.ipv4.minSize - MAX_IPV4_HEADER));
  }

  private trackWhole(list: FragmentList, request: CtRequest, release: FragmentRelease): void {
    const whole = this.assemble(list);
    if (whole === null) {
      list.state = 'failed';
      return;
    }
    list.state = 'complete';
    this.tracker.execute(whole, whole, request);
    this.copyBack(list, whole);
    this.lists.delete(list.identity);
    for (const fragment of list.fragments) {
      this.held--;
      this.familyOf(list.isIpv6).counts.completedSent++;
      release(fragment.frame, fragment.row);
    }
  }

  /** The packet that the fragments make, with the key of the first; null when it would be too long. */
  private assemble(list: FragmentList): Packet | null {
    const first = list.fragments[0]!;
    const headerSize = first.row[L4_WORD]!;
    const payloadSize = list.fragments.reduce((sum, { first: from, last }) => sum + last - from + 1, 0);
    const ip = first.row[L3_WORD]!;
    const ipSize = headerSize - ip + payloadSize - (list.isIpv6 ? 48 : 0);
    const frame = new Uint8Array(headerSize + payloadSize);
    if (ipSize > MAX_IP_SIZE || frame.length > WHOLE_SIZE - HEADROOM) return null;
    frame.set(first.frame.subarray(0, headerSize));
    let at = headerSize;
    for (const { frame: from, row, first: begin, last } of list.fragments) {
      const payload = row[L4_WORD]!;
      frame.set(from.subarray(payload, payload + last - begin + 1), at);
      at += last - begin + 1;
    }
    if (list.isIpv6) {
      const found = findIpv6Transport(frame, ip, frame.length);
      if (!found.ok || found.header.fragment === null) return null;
      // As OVS leaves it: the fragment header says nothing, and the first header names the transport.
      writeU16(frame, found.header.fragment.headerOffset + 2, 0);
      writeU16(frame, ip + 4, ipSize);
      frame[ip + 6] = found.header.protocol;
    } else {
      const field = readU16(frame, ip + 6);
      let sum = updateChecksum16(readU16(frame, ip + 10), field, field & ~0x2000);
      sum = updateChecksum16(sum, readU16(frame, ip + 2), ipSize);
      writeU16(frame, ip + 10, sum);
      writeU16(frame, ip + 6, field & ~0x2000);
      writeU16(frame, ip + 2, ipSize);
    }
    return this.loadWhole(frame, first.row);
  }

  private loadWhole(frame: Uint8Array, row: Int32Array): Packet {
    if (this.whole === null) {
      const pool = new PacketPool(1, WHOLE_SIZE);
      this.whole = { pool, packet: pool.acquire()! };
    }
    const { pool, packet } = this.whole;
    pool.load(packet, frame);
    packet.words.set(row, packet.row);
    packet.words[packet.row + PAD_WORD] = 0;
    return packet;
  }

  /** What tracking found, and what NAT changed, becomes that of each fragment. */
  private copyBack(list: FragmentList, whole: Packet): void {
    const [first] = list.fragments;
    const wholeIp = whole.layer(L3_WORD);
    const transport = whole.layer(L4_WORD);
    const size = first!.last - first!.first + 1;
    first!.frame.set(whole.bytes.subarray(transport, transport + size), first!.row[L4_WORD]!);
    for (const { frame, row } of list.fragments) {
      copyCtMetadata(whole.words, whole.row, row, 0);
      const ip = row[L3_WORD]!;
      if (list.isIpv6) {
        frame.set(whole.bytes.subarray(wholeIp + 8, wholeIp + 40), ip + 8);
        continue;
      }
      const view = new DataView(frame.buffer, frame.byteOffset);
      for (const at of [12, 16]) {
        const to = whole.view.getInt32(wholeIp + at, true);
        const sum = updateChecksum32(view.getUint16(ip + 10, true), view.getInt32(ip + at, true), to);
        view.setUint16(ip + 10, sum, true);
        view.setInt32(ip + at, to, true);
      }
    }
  }

  /**
   * The fragments of at most one packet that stayed incomplete. As in OVS, they count as sent for the family of the
   * packet that comes now.
   */
  private releaseExpired(nowMs: number, isIpv6: boolean, release: FragmentRelease): void {
    const [oldest] = this.lists.values();
    if (oldest === undefined || nowMs <= oldest.expirationMs) return;
    const isPurged = nowMs >= oldest.expirationMs + PURGE_MS;
    this.lists.delete(oldest.identity);
    for (const { frame, row } of oldest.fragments) {
      this.held--;
      if (isPurged) {
        this.familyOf(oldest.isIpv6).counts.purged++;
        continue;
      }
      this.familyOf(isIpv6).counts.expiredSent++;
      writeCtStateAndZone(row, 0, CS_INVALID, readCtZone(row, 0));
      updateMetaShape(row, 0);
      release(frame, row);
    }
  }
}
