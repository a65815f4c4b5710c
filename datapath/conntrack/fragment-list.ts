/**
 * The fragments of one IP packet, while they are gathered (RFC 791 §3.2, RFC 8200 §4.5), and what tells that two
 * belong together.
 *
 * Mirrors `struct ipf_list` and its state machine in lib/ipf.c.
 *
 * Invariant: no two fragments of a list overlap at their ends; a list that is `complete` has every byte from the first
 * fragment to the last.
 */
import { L3_WORD } from '../flow-extract.js';
import { readU16, readU32, swap32 } from '../packet/byte-order.js';
import { checksum } from '../packet/checksum.js';
import { findIpv6Transport } from '../packet/ipv6.js';

/** What a fragment says of its place. */
export interface FragmentPlace {
  readonly isIpv6: boolean;
  /** First and last byte of the payload that it carries. */
  readonly first: number;
  readonly last: number;
  readonly isFirst: boolean;
  readonly isLast: boolean;
  /** Fragments with the same text, zone and recirculation are of one packet. */
  readonly identity: string;
  /** Bytes of the IP packet. */
  readonly size: number;
}

export interface Fragment {
  readonly frame: Uint8Array;
  /** The packet row: key and layers. */
  readonly row: Int32Array;
  readonly first: number;
  readonly last: number;
}

export type FragmentListState = 'gathering' | 'complete' | 'failed';

export class FragmentList {
  readonly identity: string;
  readonly isIpv6: boolean;
  readonly zone: number;
  readonly expirationMs: number;
  state: FragmentListState = 'gathering';
  readonly fragments: Fragment[] = [];
  private hasFirst = false;
  private hasLast = false;

  constructor(identity: string, isIpv6: boolean, zone: number, expirationMs: number) {
    this.identity = identity;
    this.isIpv6 = isIpv6;
    this.zone = zone;
    this.expirationMs = expirationMs;
  }

  /** Which of the ends have come, in OVS's words. */
  get seen(): string {
    const ends = [this.hasFirst ? 'first' : '', this.hasLast ? 'last' : ''].filter((end) => end !== '');
    return `${ends.length === 0 ? 'other' : ends.join('/')} frag`;
  }

  /** What the fragments have in common, read from one of them. */
  describe(): {
    readonly source: Uint8Array;
    readonly destination: Uint8Array;
    readonly recircId: number;
    readonly id: number;
    /** 0 for IPv6, of whose fragments it is not asked. */
    readonly protocol: number;
  } {
    const { frame, row } = this.fragments[0]!;
    const ip = row[L3_WORD]!;
    const recircId = swap32(row[1]!) >>> 0;
    if (!this.isIpv6) {
      return {
        source: frame.subarray(ip + 12, ip + 16),
        destination: frame.subarray(ip + 16, ip + 20),
        recircId,
        id: readU16(frame, ip + 4),
        protocol: frame[ip + 9]!,
      };
    }
    const found = findIpv6Transport(frame, ip, frame.length);
    return {
      source: frame.subarray(ip + 8, ip + 24),
      destination: frame.subarray(ip + 24, ip + 40),
      recircId,
      id: (found.ok ? found.header.fragment?.id : 0) ?? 0,
      protocol: 0,
    };
  }

  overlaps(place: FragmentPlace): boolean {
    const isIn = (byte: number, { first, last }: Fragment): boolean => byte >= first && byte <= last;
    return this.fragments.some((fragment) => isIn(place.first, fragment) || isIn(place.last, fragment));
  }

  /** Takes a fragment in; true when it was the one that was missing. The fragments are then in order. */
  add(fragment: Fragment, place: FragmentPlace): boolean {
    this.fragments.push(fragment);
    this.hasFirst ||= place.isFirst;
    this.hasLast ||= place.isLast;
    if (!this.hasFirst || !this.hasLast) return false;
    this.fragments.sort((a, b) => a.first - b.first);
    return this.fragments.every((one, i) => i === 0 || this.fragments[i - 1]!.last + 1 === one.first);
  }
}

/** The place of an IPv4 fragment, or null when the packet is none or is malformed. */
export function ipv4FragmentPlace(bytes: Uint8Array, ip: number, end: number): FragmentPlace | null {
  const size = end - ip;
  if (size < 20) return null;
  const field = readU16(bytes, ip + 6);
  const headerSize = (bytes[ip]! & 0x0f) * 4;
  if ((field & 0x3fff) === 0 || headerSize < 20 || size <= headerSize || readU16(bytes, ip + 2) !== size) return null;
  if (checksum(bytes, ip, headerSize) !== 0) return null;
  const first = (field & 0x1fff) * 8;
  const hasMore = (field & 0x2000) !== 0;
  return {
    isIpv6: false,
    first,
    last: first + size - headerSize - 1,
    isFirst: first === 0 && hasMore,
    isLast: first !== 0 && !hasMore,
    identity: `4 ${readU16(bytes, ip + 4)} ${bytes[ip + 9]} ${readU32(bytes, ip + 12)} ${readU32(bytes, ip + 16)}`,
    size,
  };
}

/** The place of an IPv6 fragment whose transport (what follows the headers) begins at `transport`. */
export function ipv6FragmentPlace(bytes: Uint8Array, ip: number, transport: number, end: number): FragmentPlace | null {
  if (end - ip < 40 || readU16(bytes, ip + 4) + 40 !== end - ip || transport >= end) return null;
  const found = findIpv6Transport(bytes, ip, end);
  const fragment = found.ok ? found.header.fragment : null;
  if (fragment === null || (fragment.offset === 0 && !fragment.moreFragments)) return null;
  const first = fragment.offset + 8;
  return {
    isIpv6: true,
    first,
    last: first + (end - transport) - 1,
    isFirst: fragment.offset === 0,
    isLast: fragment.offset !== 0 && !fragment.moreFragments,
    identity: `6 ${fragment.id} ${Buffer.from(bytes.subarray(ip + 8, ip + 40)).toString('hex')}`,
    size: end - ip,
  };
}
