/**
 * A flow-based VXLAN port: the outer header comes from, and goes into, the tunnel section of the flow key.
 *
 * Mirrors net/openvswitch/vport-vxlan.c with the kernel's vxlan device in external mode, and RFC 7348 with the group
 * based policy extension. The host's stack carries the datagrams: routes, neighbours and fragments are its affair.
 * The source port tells flows apart for the network's load balancing, 32768..60999 as OVS and Linux choose it; the
 * hash behind it is ours, so the port of a flow is not the one that another switch would pick.
 */
import { TUN_F_CSUM, TUN_F_DF, TUN_F_KEY } from '#flowtable/flow-key.js';
import { flowHash } from '#flowtable/hash.js';
import type { VportInfo } from '../dpif.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay, UnderlayReceiver } from '../environment.js';
import { TUNNEL_WORD } from '../flow-extract.js';
import { swap32 } from '../packet/byte-order.js';
import { buildVxlan, parseVxlan, VXLAN_HEADER_SIZE } from '../packet/vxlan.js';
import type { Packet } from '../packet-buffer.js';
import { RX_ERRORS, Vport } from './vport.js';

const SOURCE_PORT_MIN = 32768;
const SOURCE_PORT_MAX = 61000;

/** Words of the tunnel section, from its first. */
const TUN_ID_LOW = TUNNEL_WORD + 1;
const TUN_SRC = TUNNEL_WORD + 2;
const TUN_DST = TUNNEL_WORD + 3;
const TUN_IPV6_SRC = TUNNEL_WORD + 4;
const TUN_IPV6_DST = TUNNEL_WORD + 8;
const TUN_FLAGS_TOS_TTL = TUNNEL_WORD + 12;
const TUN_GBP = TUNNEL_WORD + 13;
const TUN_PORTS = TUNNEL_WORD + 14;

/** Takes an inner frame that came in by the port, with the outer header as the words of a tunnel section. */
export type TunnelReceiver = (port: VxlanVport, tunnel: Int32Array, frame: Uint8Array) => void;

export class VxlanVport extends Vport {
  readonly type = 'vxlan';
  override readonly takesFrames = false;
  readonly udpPort: number;
  private readonly gbp: boolean;
  private readonly underlay: Underlay | null;
  private readonly stopListening: () => void;
  /** Scratch: addresses as bytes, and the tunnel section of what comes in. */
  private readonly tunnel = new Int32Array(15);

  constructor(
    port: number,
    name: string,
    options: { readonly mtu: number; readonly udpPort: number; readonly gbp: boolean },
    underlay: Underlay | null,
    receive: TunnelReceiver,
  ) {
    super(port, name, options.mtu);
    this.udpPort = options.udpPort;
    this.gbp = options.gbp;
    this.underlay = underlay;
    const receiver: UnderlayReceiver = (outer, payload) => this.receive(outer, payload, receive);
    this.stopListening = underlay === null ? () => {} : underlay.listenUdp(this.udpPort, receiver);
  }

  override close(): void {
    this.stopListening();
  }

  override info(): VportInfo {
    return { ...super.info(), udpPort: this.udpPort };
  }

  protected transmit(packet: Packet): DropReason | null {
    const { words, row } = packet;
    if (this.underlay === null) return 'no-underlay';
    const word = (index: number): number => words[row + index]!;
    const isIpv4 = word(TUN_DST) !== 0;
    const isIpv6 =
      (word(TUN_IPV6_DST) | word(TUN_IPV6_DST + 1) | word(TUN_IPV6_DST + 2) | word(TUN_IPV6_DST + 3)) !== 0;
    if (!isIpv4 && !isIpv6) return 'no-tunnel-route';

    const flags = swap32(word(TUN_FLAGS_TOS_TTL)) >>> 16;
    const gbpWord = swap32(word(TUN_GBP));
    const gbp = this.gbp && gbpWord !== 0 ? { id: gbpWord >>> 16, flags: (gbpWord >>> 8) & 0xff } : null;
    const payload = new Uint8Array(VXLAN_HEADER_SIZE + packet.length);
    buildVxlan(payload, 0, { vni: swap32(word(TUN_ID_LOW)) & 0xffffff, gbp });
    payload.set(packet.bytes.subarray(packet.start, packet.start + packet.length), VXLAN_HEADER_SIZE);

    const addressWords = isIpv4 ? 1 : 4;
    const source = addressBytes(words, row + (isIpv4 ? TUN_SRC : TUN_IPV6_SRC), addressWords);
    return this.underlay.sendUdp(
      {
        source: source.every((byte) => byte === 0) ? null : source,
        destination: addressBytes(words, row + (isIpv4 ? TUN_DST : TUN_IPV6_DST), addressWords),
        sourcePort: sourcePortOf(flowHash(words, row)),
        destinationPort: this.udpPort,
        tos: (word(TUN_FLAGS_TOS_TTL) >>> 16) & 0xff,
        ttl: word(TUN_FLAGS_TOS_TTL) >>> 24,
        dontFragment: (flags & TUN_F_DF) !== 0,
        checksum: (flags & TUN_F_CSUM) !== 0,
        mark: swap32(word(13)) >>> 0,
      },
      payload,
    );
  }

  private receive(outer: Parameters<UnderlayReceiver>[0], payload: Uint8Array, deliver: TunnelReceiver): void {
    const parsed = parseVxlan(payload, 0, payload.length, this.gbp);
    if (!parsed.ok) {
      this.dropOnReceive('tunnel-bad-header', RX_ERRORS);
      return;
    }
    const tunnel = this.tunnel.fill(0);
    const set = (word: number, value: number): void => {
      tunnel[word - TUNNEL_WORD] = value;
    };
    set(TUN_ID_LOW, swap32(parsed.header.vni));
    if (outer.source.length === 4) {
      set(TUN_SRC, wordOf(outer.source, 0));
      set(TUN_DST, wordOf(outer.destination, 0));
    } else {
      for (let i = 0; i < 4; i++) {
        set(TUN_IPV6_SRC + i, wordOf(outer.source, 4 * i));
        set(TUN_IPV6_DST + i, wordOf(outer.destination, 4 * i));
      }
    }
    // OVS_TUNNEL_KEY and, where the outer UDP header had one, OVS_TUNNEL_CSUM; DF is not told on reception.
    const flags = TUN_F_KEY | (outer.checksum ? TUN_F_CSUM : 0);
    set(TUN_FLAGS_TOS_TTL, swap32(((flags << 16) | (outer.tos << 8) | outer.ttl) >>> 0));
    const gbp = parsed.header.gbp;
    if (gbp !== null) set(TUN_GBP, swap32(((gbp.id << 16) | (gbp.flags << 8)) >>> 0));
    set(TUN_PORTS, swap32(((outer.sourcePort << 16) | outer.destinationPort) >>> 0));
    deliver(this, tunnel, payload.subarray(parsed.payloadOffset));
  }
}

/** The source port of a flow with an unsigned hash, as OVS scales it. */
function sourcePortOf(hash: number): number {
  return SOURCE_PORT_MIN + Math.floor((hash * (SOURCE_PORT_MAX - SOURCE_PORT_MIN)) / 0x1_0000_0000);
}

function addressBytes(words: Int32Array, at: number, count: number): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset + 4 * at, 4 * count).slice();
}

function wordOf(bytes: Uint8Array, offset: number): number {
  return bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24);
}
