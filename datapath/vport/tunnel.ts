/**
 * What tunnel ports have in common: the outer header comes from, and goes into, the tunnel section of the flow key, and
 * the host's stack carries the packets. Each type says how its header is built and parsed.
 *
 * Mirrors net/openvswitch/vport.c with the kernel's tunnel devices in external mode. Routes, neighbours and fragments
 * are the stack's affair. The UDP source port tells flows apart for the network's load balancing, 32768..60999 as OVS
 * and Linux choose it; the hash behind it is ours, so the port of a flow is not the one that another switch would pick.
 */
import { TUN_F_CSUM, TUN_F_DF, TUN_F_KEY } from '#flowtable/flow-key.js';
import { flowHash } from '#flowtable/hash.js';
import { sourcePortOf } from '../action/tnl-push.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay } from '../environment.js';
import { TUNNEL_OPTIONS_WORD, TUNNEL_WORD } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import type { Packet } from '../packet-buffer.js';
import { RX_ERRORS, Vport } from './vport.js';

/** Words of the tunnel section, from its first. */
const TUN_ID_LOW = 1;
const TUN_SRC = 2;
const TUN_DST = 3;
const TUN_IPV6_SRC = 4;
const TUN_IPV6_DST = 8;
const TUN_FLAGS_TOS_TTL = 12;
const TUN_GBP = 13;
const TUN_PORTS = 14;
const TUNNEL_WORDS = TUNNEL_OPTIONS_WORD - TUNNEL_WORD;

const PKT_MARK_WORD = 13;

/** Takes an inner frame that came in by the port, with the outer header as the words of a tunnel section, and options. */
export type TunnelReceiver = (port: Vport, tunnel: Int32Array, frame: Uint8Array, options: Uint8Array | null) => void;

/** The outer headers of a packet that leaves, as its key wants them. Addresses are 4 or 16 bytes. */
export interface OuterWanted {
  readonly source: Uint8Array | null;
  readonly destination: Uint8Array;
  readonly tos: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly checksum: boolean;
  readonly mark: number;
}

/** The outer headers of a packet that came. Ports are 0 without UDP. */
export interface OuterSeen {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tos: number;
  readonly ttl: number;
}

/** What the tunnel's own header said. key: null where it had none. flags: TUN_F_* beside KEY. */
export interface TunnelSeen {
  readonly key: number | null;
  readonly flags: number;
  readonly gbp: { readonly id: number; readonly flags: number } | null;
  readonly payloadOffset: number;
  /** Of Geneve. */
  readonly options?: Uint8Array;
}

export abstract class TunnelVport extends Vport {
  override readonly takesFrames = false;
  protected readonly underlay: Underlay | null;
  private readonly deliver: TunnelReceiver;
  /** Scratch: the tunnel section of what comes in. */
  private readonly tunnel = new Int32Array(TUNNEL_WORDS);

  constructor(port: number, name: string, mtu: number, underlay: Underlay | null, deliver: TunnelReceiver) {
    super(port, name, mtu);
    this.underlay = underlay;
    this.deliver = deliver;
  }

  /** Bytes of the header in front of the frame, and the frame: handed to the stack. */
  protected abstract encapsulate(packet: Packet, outer: OuterWanted, underlay: Underlay): DropReason | null;

  protected transmit(packet: Packet): DropReason | null {
    if (this.underlay === null) return 'no-underlay';
    const words = packet.words;
    const at = packet.row + TUNNEL_WORD;
    const isIpv4 = words[at + TUN_DST] !== 0;
    let isIpv6 = 0;
    for (let i = 0; i < 4; i++) isIpv6 |= words[at + TUN_IPV6_DST + i]!;
    if (!isIpv4 && isIpv6 === 0) return 'no-tunnel-route';
    const count = isIpv4 ? 1 : 4;
    const source = addressBytes(words, at + (isIpv4 ? TUN_SRC : TUN_IPV6_SRC), count);
    const word = words[at + TUN_FLAGS_TOS_TTL]!;
    const flags = swap32(word) >>> 16;
    const outer: OuterWanted = {
      source: source.every((byte) => byte === 0) ? null : source,
      destination: addressBytes(words, at + (isIpv4 ? TUN_DST : TUN_IPV6_DST), count),
      tos: (word >>> 16) & 0xff,
      ttl: word >>> 24,
      dontFragment: (flags & TUN_F_DF) !== 0,
      checksum: (flags & TUN_F_CSUM) !== 0,
      mark: swap32(words[packet.row + PKT_MARK_WORD]!) >>> 0,
    };
    return this.encapsulate(packet, outer, this.underlay);
  }

  /** The tunnel key that the packet is to carry, as 32 bits. */
  protected keyOf(packet: Packet): number {
    return swap32(packet.words[packet.row + TUNNEL_WORD + TUN_ID_LOW]!) >>> 0;
  }

  /** TUN_F_* of the packet. */
  protected flagsOf(packet: Packet): number {
    return swap32(packet.words[packet.row + TUNNEL_WORD + TUN_FLAGS_TOS_TTL]!) >>> 16;
  }

  /** Is the packet to carry a key, although it be 0? */
  protected hasKey(packet: Packet): boolean {
    return (this.flagsOf(packet) & TUN_F_KEY) !== 0;
  }

  protected gbpOf(packet: Packet): TunnelSeen['gbp'] {
    const word = swap32(packet.words[packet.row + TUNNEL_WORD + TUN_GBP]!);
    return word === 0 ? null : { id: word >>> 16, flags: (word >>> 8) & 0xff };
  }

  protected sendUdp(
    packet: Packet,
    outer: OuterWanted,
    underlay: Underlay,
    destinationPort: number,
    payload: Uint8Array,
  ): DropReason | null {
    const sourcePort = sourcePortOf(flowHash(packet.words, packet.row));
    return underlay.sendUdp({ ...outer, sourcePort, destinationPort }, payload);
  }

  /** Hands the inner frame to the datapath; a null header was malformed. */
  protected accept(outer: OuterSeen, seen: TunnelSeen | null, payload: Uint8Array): void {
    if (seen === null) {
      this.dropOnReceive('tunnel-bad-header', RX_ERRORS);
      return;
    }
    const tunnel = this.tunnel.fill(0);
    tunnel[TUN_ID_LOW] = swap32(seen.key ?? 0);
    if (outer.source.length === 4) {
      tunnel[TUN_SRC] = wordOf(outer.source, 0);
      tunnel[TUN_DST] = wordOf(outer.destination, 0);
    } else {
      for (let i = 0; i < 4; i++) {
        tunnel[TUN_IPV6_SRC + i] = wordOf(outer.source, 4 * i);
        tunnel[TUN_IPV6_DST + i] = wordOf(outer.destination, 4 * i);
      }
    }
    // DF is not told on reception.
    const flags = seen.flags | (seen.key === null ? 0 : TUN_F_KEY);
    tunnel[TUN_FLAGS_TOS_TTL] = swap32(((flags << 16) | (outer.tos << 8) | outer.ttl) >>> 0);
    if (seen.gbp !== null) tunnel[TUN_GBP] = swap32(((seen.gbp.id << 16) | (seen.gbp.flags << 8)) >>> 0);
    tunnel[TUN_PORTS] = swap32(((outer.sourcePort << 16) | outer.destinationPort) >>> 0);
    this.deliver(this, tunnel, payload.subarray(seen.payloadOffset), seen.options ?? null);
  }
}

/** A payload with room for a header in front of the packet's frame. */
export function frameBehind(packet: Packet, headerSize: number): Uint8Array {
  const payload = new Uint8Array(headerSize + packet.length);
  payload.set(packet.bytes.subarray(packet.start, packet.start + packet.length), headerSize);
  return payload;
}

function addressBytes(words: Int32Array, at: number, count: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + 4 * at, 4 * count).slice();
}

function wordOf(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
}
