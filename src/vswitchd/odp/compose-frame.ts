/**
 * Builds the frame that a flow key describes, for netdev-dummy/receive and `ofproto/trace -generate`.
 *
 * Mirrors flow_compose() and packet_expand() of lib/flow.c byte for byte: what the key does not say is zero, the payload
 * counts up from zero, checksums are right, except SCTP's, which OVS leaves zero.
 * Headers per IEEE 802.3, 802.1Q, RFC 826, 791, 8200, 9293, 768, 9260, 792, 4443, 4861, 3032.
 */
import {
  FRAG_ANY,
  FRAG_LATER,
  type FlowKey,
  OFF_ARP_SHA,
  OFF_ARP_THA,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IPV6_DST,
  OFF_IPV6_LABEL,
  OFF_IPV6_SRC,
  OFF_MPLS,
  OFF_ND_TARGET,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  VLAN_CFI,
} from '#flowtable/flow-key.js';

export interface ComposeOptions {
  /** Bytes after the transport header, where the protocol carries any; 64 when absent. */
  readonly payloadSize?: number;
  /** The payload itself, in place of bytes that count up. */
  readonly payload?: Uint8Array;
  /** The whole frame is to have this many bytes: no payload, and zeros up to here. */
  readonly size?: number;
}

const DL_TYPE_NONE = 0x5ff;
const MPLS_BOS = 0x100;
const TCP_FIN_SYN_RST = 0x007;

/** The frame, or null when it is longer than the size asked for. */
export function composeFrame(key: FlowKey, options: ComposeOptions = {}): Uint8Array | null {
  const payloadSize = options.size !== undefined ? 0 : (options.payload?.length ?? options.payloadSize ?? 64);
  const composer = new Composer(key, payloadSize, options.payload ?? null);
  composer.compose();
  if (options.size !== undefined) {
    if (composer.bytes.length > options.size) return null;
    if (composer.bytes.length < options.size) composer.expand(options.size);
  }
  return Uint8Array.from(composer.bytes);
}

class Composer {
  readonly bytes: number[] = [];
  private readonly key: FlowKey;
  private readonly payloadSize: number;
  private readonly payload: Uint8Array | null;
  private l3 = 0;
  private l4 = 0;

  constructor(key: FlowKey, payloadSize: number, payload: Uint8Array | null) {
    this.key = key;
    this.payloadSize = payloadSize;
    this.payload = payload;
  }

  compose(): void {
    const { key } = this;
    const type = key.u16(OFF_ETH_TYPE);
    this.copy(OFF_ETH_DST, 6);
    this.copy(OFF_ETH_SRC, 6);
    if (type === DL_TYPE_NONE) {
      // Not Ethernet II: the field is the frame's length, IEEE 802.3 §3.2.6.
      this.u16(this.bytes.length + 2);
      return;
    }
    this.tag(OFF_VLAN_TPID, OFF_VLAN_TCI);
    this.tag(OFF_VLAN1_TPID, OFF_VLAN1_TCI);
    this.u16(type);
    this.l3 = this.bytes.length;
    if (type === 0x0800) this.ipv4();
    else if (type === 0x86dd) this.ipv6();
    else if (type === 0x0806 || type === 0x8035) this.arp();
    else if (type === 0x8847 || type === 0x8848) this.mpls();
  }

  /** Zeros at the end, with the lengths and checksums before them made right. */
  expand(size: number): void {
    const { key, bytes } = this;
    const extra = size - bytes.length;
    while (bytes.length < size) bytes.push(0);
    const type = key.u16(OFF_ETH_TYPE);
    if (type === DL_TYPE_NONE) {
      this.putU16(12, size);
      return;
    }
    if (type !== 0x0800 && type !== 0x86dd) return;
    const length = bytes.length - this.l4;
    if (type === 0x0800) this.finishIpv4();
    else this.putU16(this.l3 + 4, length);
    // OVS counts the added bytes twice here; so do we, for the same bytes.
    if (this.hasTransport() && key.u8(OFF_NW_PROTO) === 17) this.putU16(this.l4 + 4, length + extra);
    this.transportChecksum();
  }

  private copy(offset: number, size: number): void {
    for (let i = 0; i < size; i++) this.bytes.push(this.key.bytes[offset + i]!);
  }

  private u8(...values: readonly number[]): void {
    for (const value of values) this.bytes.push(value & 0xff);
  }

  private u16(value: number): void {
    this.u8(value >> 8, value);
  }

  private zeros(count: number): void {
    for (let i = 0; i < count; i++) this.bytes.push(0);
  }

  private putU16(offset: number, value: number): void {
    this.bytes[offset] = (value >> 8) & 0xff;
    this.bytes[offset + 1] = value & 0xff;
  }

  private tag(tpidOffset: number, tciOffset: number): void {
    const tci = this.key.u16(tciOffset);
    if ((tci & VLAN_CFI) === 0) return;
    this.u16(this.key.u16(tpidOffset));
    this.u16(tci & ~VLAN_CFI);
  }

  private ipv4(): void {
    const { key } = this;
    const frag = key.u8(OFF_NW_FRAG);
    this.u8(0x45, key.u8(OFF_NW_TOS));
    this.zeros(4);
    // More fragments, and for a later one an offset of 100 * 8 bytes.
    this.u16((frag & FRAG_ANY) === 0 ? 0 : 0x2000 | ((frag & FRAG_LATER) === 0 ? 0 : 100));
    this.u8(key.u8(OFF_NW_TTL), key.u8(OFF_NW_PROTO), 0, 0);
    this.copy(OFF_NW_SRC, 4);
    this.copy(OFF_NW_DST, 4);
    this.l4 = this.bytes.length;
    this.transport();
    this.finishIpv4();
    this.transportChecksum();
  }

  private finishIpv4(): void {
    this.putU16(this.l3 + 2, this.bytes.length - this.l3);
    this.putU16(this.l3 + 10, 0);
    this.putU16(this.l3 + 10, finishSum(this.sum(this.l3, this.l3 + 20)));
  }

  private ipv6(): void {
    const { key } = this;
    const tos = key.u8(OFF_NW_TOS);
    const label = key.u32(OFF_IPV6_LABEL);
    this.u16(0x6000 | (tos << 4) | (label >>> 16));
    this.u16(label & 0xffff);
    this.zeros(2);
    this.u8(key.u8(OFF_NW_PROTO), key.u8(OFF_NW_TTL));
    this.copy(OFF_IPV6_SRC, 16);
    this.copy(OFF_IPV6_DST, 16);
    this.l4 = this.bytes.length;
    this.transport();
    this.putU16(this.l3 + 4, this.bytes.length - this.l4);
    this.transportChecksum();
  }

  private arp(): void {
    const { key } = this;
    const opcode = key.u8(OFF_NW_PROTO);
    this.u16(1);
    this.u16(0x0800);
    this.u8(6, 4);
    this.u16(opcode);
    if (opcode !== 1 && opcode !== 2) {
      this.zeros(20);
      return;
    }
    this.copy(OFF_ARP_SHA, 6);
    this.copy(OFF_NW_SRC, 4);
    this.copy(OFF_ARP_THA, 6);
    this.copy(OFF_NW_DST, 4);
  }

  private mpls(): void {
    for (let i = 0; i < 3; i++) {
      this.copy(OFF_MPLS + 4 * i, 4);
      if ((this.key.u32(OFF_MPLS + 4 * i) & MPLS_BOS) !== 0) break;
    }
  }

  /** All but later fragments have a transport header. */
  private hasTransport(): boolean {
    const frag = this.key.u8(OFF_NW_FRAG);
    return (frag & FRAG_ANY) === 0 || (frag & FRAG_LATER) === 0;
  }

  private transport(): void {
    if (!this.hasTransport()) return;
    const { key } = this;
    const source = key.u16(OFF_TP_SRC);
    const destination = key.u16(OFF_TP_DST);
    switch (key.u8(OFF_NW_PROTO)) {
      case 6: {
        const flags = key.u16(OFF_TCP_FLAGS);
        this.u16(source);
        this.u16(destination);
        this.zeros(8);
        this.u16((5 << 12) | (flags & 0xfff));
        this.zeros(6);
        if ((flags & TCP_FIN_SYN_RST) === 0) this.putPayload();
        return;
      }
      case 17:
        this.u16(source);
        this.u16(destination);
        this.u16(8 + this.payloadSize);
        this.zeros(2);
        this.putPayload();
        return;
      case 132:
        this.u16(source);
        this.u16(destination);
        this.zeros(8);
        return;
      case 1:
        this.u8(source, destination);
        this.zeros(6);
        if ((source === 0 || source === 8) && destination === 0) this.putPayload();
        return;
      case 2:
        this.u8(source, destination, 0, 0);
        this.copy(OFF_IGMP_GROUP, 4);
        return;
      case 58:
        this.icmpv6(source, destination);
        return;
    }
  }

  private icmpv6(type: number, code: number): void {
    this.u8(type, code, 0, 0);
    this.copy(OFF_IGMP_GROUP, 4);
    if (code !== 0) return;
    if (type === 135 || type === 136) {
      this.copy(OFF_ND_TARGET, 16);
      this.linkAddressOption(1, OFF_ARP_SHA);
      this.linkAddressOption(2, OFF_ARP_THA);
    } else if (type === 128 || type === 129) {
      this.putPayload();
    }
  }

  private linkAddressOption(kind: number, offset: number): void {
    if (this.key.isZero(offset, 6)) return;
    this.u8(kind, 1);
    this.copy(offset, 6);
  }

  private putPayload(): void {
    for (let i = 0; i < this.payloadSize; i++) this.bytes.push(this.payload === null ? i & 0xff : this.payload[i]!);
  }

  /** Where the checksum stands in the transport header, and whether the pseudo header is part of it. */
  private transportChecksum(): void {
    if (!this.hasTransport()) return;
    const protocol = this.key.u8(OFF_NW_PROTO);
    const places: Readonly<Record<number, readonly [offset: number, pseudo: boolean]>> = {
      6: [16, true],
      17: [6, true],
      1: [2, false],
      2: [2, false],
      58: [2, true],
    };
    const place = places[protocol];
    if (place === undefined) return;
    const at = this.l4 + place[0];
    this.putU16(at, 0);
    const checksum = finishSum(this.sum(this.l4, this.bytes.length) + (place[1] ? this.pseudoHeaderSum() : 0));
    this.putU16(at, protocol === 17 && checksum === 0 ? 0xffff : checksum);
  }

  /** Sum of 16-bit words, an odd last byte padded (RFC 1071). */
  private sum(start: number, end: number): number {
    let total = 0;
    for (let i = start; i < end; i += 2) total += (this.bytes[i]! << 8) | (i + 1 < end ? this.bytes[i + 1]! : 0);
    return total;
  }

  private pseudoHeaderSum(): number {
    const isIpv4 = this.key.u16(OFF_ETH_TYPE) === 0x0800;
    const addresses = isIpv4 ? this.sum(this.l3 + 12, this.l3 + 20) : this.sum(this.l3 + 8, this.l3 + 40);
    return addresses + this.key.u8(OFF_NW_PROTO) + (this.bytes.length - this.l4);
  }
}

function finishSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
