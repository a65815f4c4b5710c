/**
 * Frames for tests, written as they are stacked:
 *
 *   eth().vlan(10).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).bytes()
 *
 * Types, protocols, lengths and checksums come out right by themselves; an option overrides what a test wants wrong.
 * Two-ended layers take the source first. Defaults: source 02:00:00:00:00:01, destination 02:00:00:00:00:02.
 */
import { buildArp } from '#datapath/packet/arp.js';
import { writeU16 } from '#datapath/packet/byte-order.js';
import { addToSum, finishSum, pseudoHeaderSum4, pseudoHeaderSum6, udpWireChecksum } from '#datapath/packet/checksum.js';
import { buildEthernet } from '#datapath/packet/ethernet.js';
import { buildIcmp, echoRest, writeIcmpChecksum } from '#datapath/packet/icmp.js';
import { buildIcmpv6, buildNeighbor } from '#datapath/packet/icmpv6.js';
import { buildIpv4 } from '#datapath/packet/ipv4.js';
import { buildIpv6 } from '#datapath/packet/ipv6.js';
import { buildSctp, writeSctpChecksum } from '#datapath/packet/sctp.js';
import { buildTcp, TCP_ACK } from '#datapath/packet/tcp.js';
import { buildUdp } from '#datapath/packet/udp.js';
import { tciOf } from '#datapath/packet/vlan.js';
import { buildVxlan } from '#datapath/packet/vxlan.js';

/** Six bytes of a MAC written with colons. */
export function mac(text: string): Uint8Array {
  return Uint8Array.from(text.split(':'), (part) => Number.parseInt(part, 16));
}

/** Four bytes of a dotted address. */
export function ip4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}

/** Sixteen bytes of an IPv6 address, `::` and a dotted tail allowed. */
export function ip6(address: string): Uint8Array {
  const text = address.replace(/[\d.]*\.\d+$/, (dotted) => {
    const digits = toHex(ip4(dotted));
    return `${digits.slice(0, 4)}:${digits.slice(4)}`;
  });
  const [head = '', tail] = text.split('::');
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((g) => Number.parseInt(g, 16)));
  const front = groups(head);
  const back = tail === undefined ? [] : groups(tail);
  const all = [...front, ...new Array<number>(8 - front.length - back.length).fill(0), ...back];
  return Uint8Array.from(all.flatMap((group) => [group >>> 8, group & 0xff]));
}

/** Bytes of hex digits; blanks are skipped. */
export function hex(text: string): Uint8Array {
  return Uint8Array.from(text.replaceAll(/\s/g, '').match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}

interface IpEnds {
  readonly version: 4 | 6;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** One layer: turns what it carries into itself and what it carries. */
interface Layer {
  readonly etherType?: number;
  readonly protocol?: number;
  /** What the layer says of those above it, for pseudo-headers. */
  readonly ends?: IpEnds;
  /** `above` is the layer carried, `ends` the IP header below. */
  wrap(payload: Uint8Array, above: Layer | undefined, ends: IpEnds | undefined): Uint8Array;
}

const EMPTY = new Uint8Array();

function concat(header: Uint8Array, payload: Uint8Array): Uint8Array {
  const whole = new Uint8Array(header.length + payload.length);
  whole.set(header);
  whole.set(payload, header.length);
  return whole;
}

/** Builds a header into fresh bytes in front of the payload. */
function withHeader(payload: Uint8Array, build: (bytes: Uint8Array) => number): Uint8Array {
  const header = new Uint8Array(512);
  return concat(header.subarray(0, build(header)), payload);
}

function pseudoSum(ends: IpEnds | undefined, protocol: number, size: number): number {
  if (ends === undefined) return 0;
  const header = new Uint8Array(40);
  if (ends.version === 4) {
    header.set(ends.source, 12);
    header.set(ends.destination, 16);
    return pseudoHeaderSum4(header, 0, protocol, size);
  }
  header.set(ends.source, 8);
  header.set(ends.destination, 24);
  return pseudoHeaderSum6(header, 0, protocol, size);
}

export interface Ipv4Options {
  readonly tos?: number;
  readonly ttl?: number;
  readonly id?: number;
  readonly protocol?: number;
  readonly dontFragment?: boolean;
  readonly moreFragments?: boolean;
  readonly fragmentOffset?: number;
  readonly options?: Uint8Array;
  readonly totalSize?: number;
}

export interface Ipv6Options {
  readonly trafficClass?: number;
  readonly flowLabel?: number;
  readonly hopLimit?: number;
  readonly nextHeader?: number;
  readonly payloadSize?: number;
}

export interface TcpOptions {
  readonly flags?: number;
  readonly sequence?: number;
  readonly acknowledgement?: number;
  readonly window?: number;
  readonly options?: Uint8Array;
}

export class PacketBuilder {
  private readonly layers: readonly Layer[];

  constructor(layers: readonly Layer[] = []) {
    this.layers = layers;
  }

  private with(layer: Layer): PacketBuilder {
    return new PacketBuilder([...this.layers, layer]);
  }

  /** An Ethernet header; again after vxlan() for the inner frame. */
  eth(source = '02:00:00:00:00:01', destination = '02:00:00:00:00:02', type?: number): PacketBuilder {
    return this.with({
      wrap: (payload, above) =>
        withHeader(payload, (bytes) =>
          buildEthernet(bytes, 0, {
            destination: mac(destination),
            source: mac(source),
            type: type ?? above?.etherType ?? 0xffff,
          }),
        ),
    });
  }

  vlan(vid: number, options: { pcp?: number; dei?: boolean; tpid?: number } = {}): PacketBuilder {
    const tpid = options.tpid ?? 0x8100;
    return this.with({
      etherType: tpid,
      // The TPID is written by the layer below, as its type; the type of what is carried follows the TCI.
      wrap: (payload, above) => {
        const bytes = new Uint8Array(4);
        writeU16(bytes, 0, tciOf({ pcp: options.pcp ?? 0, dei: options.dei ?? false, vid }));
        writeU16(bytes, 2, above?.etherType ?? 0xffff);
        return concat(bytes, payload);
      },
    });
  }

  /** A label stack entry. */
  mpls(label: number, options: { tc?: number; ttl?: number; bottom?: boolean } = {}): PacketBuilder {
    return this.with({
      etherType: 0x8847,
      wrap: (payload, above) => {
        const isBottom = options.bottom ?? above?.etherType !== 0x8847;
        const entry = new Uint8Array(4);
        writeU16(entry, 0, label >>> 4);
        entry[2] = ((label & 15) << 4) | ((options.tc ?? 0) << 1) | (isBottom ? 1 : 0);
        entry[3] = options.ttl ?? 64;
        return concat(entry, payload);
      },
    });
  }

  arp(
    opcode: 'request' | 'reply' | number,
    senderIp: string,
    targetIp: string,
    options: { senderMac?: string; targetMac?: string } = {},
  ): PacketBuilder {
    return this.with({
      etherType: 0x0806,
      wrap: (payload) =>
        withHeader(payload, (bytes) =>
          buildArp(bytes, 0, {
            opcode: opcode === 'request' ? 1 : opcode === 'reply' ? 2 : opcode,
            senderMac: mac(options.senderMac ?? '02:00:00:00:00:01'),
            senderIp: ip4(senderIp),
            targetMac: mac(options.targetMac ?? '00:00:00:00:00:00'),
            targetIp: ip4(targetIp),
          }),
        ),
    });
  }

  ipv4(source: string, destination: string, options: Ipv4Options = {}): PacketBuilder {
    return this.with({
      etherType: 0x0800,
      protocol: 4,
      ends: { version: 4, source: ip4(source), destination: ip4(destination) },
      wrap: (payload, above) =>
        withHeader(payload, (bytes) => {
          const extra = options.options ?? EMPTY;
          return buildIpv4(bytes, 0, {
            tos: options.tos ?? 0,
            totalSize: options.totalSize ?? 20 + ((extra.length + 3) & ~3) + payload.length,
            id: options.id ?? 0,
            dontFragment: options.dontFragment ?? false,
            moreFragments: options.moreFragments ?? false,
            fragmentOffset: options.fragmentOffset ?? 0,
            ttl: options.ttl ?? 64,
            protocol: options.protocol ?? above?.protocol ?? 255,
            source: ip4(source),
            destination: ip4(destination),
            options: extra,
          });
        }),
    });
  }

  ipv6(source: string, destination: string, options: Ipv6Options = {}): PacketBuilder {
    return this.with({
      etherType: 0x86dd,
      protocol: 41,
      ends: { version: 6, source: ip6(source), destination: ip6(destination) },
      wrap: (payload, above) =>
        withHeader(payload, (bytes) =>
          buildIpv6(bytes, 0, {
            trafficClass: options.trafficClass ?? 0,
            flowLabel: options.flowLabel ?? 0,
            payloadSize: options.payloadSize ?? payload.length,
            nextHeader: options.nextHeader ?? above?.protocol ?? 59,
            hopLimit: options.hopLimit ?? 64,
            source: ip6(source),
            destination: ip6(destination),
          }),
        ),
    });
  }

  /** An IPv6 extension header of 8 bytes: hop-by-hop (0), routing (43) with segments left, destination (60). */
  extension(number: 0 | 43 | 60, segmentsLeft = 0): PacketBuilder {
    return this.with({
      protocol: number,
      wrap: (payload, above) => {
        const header = new Uint8Array(8);
        header[0] = above?.protocol ?? 59;
        header[3] = number === 43 ? segmentsLeft : 0;
        return concat(header, payload);
      },
    });
  }

  /** An IPv6 fragment header; the offset is in bytes. */
  fragment(offset: number, moreFragments: boolean, id = 1): PacketBuilder {
    return this.with({
      protocol: 44,
      wrap: (payload, above) => {
        const header = new Uint8Array(8);
        header[0] = above?.protocol ?? 59;
        writeU16(header, 2, (offset & 0xfff8) | (moreFragments ? 1 : 0));
        writeU16(header, 6, id);
        return concat(header, payload);
      },
    });
  }

  tcp(sourcePort: number, destinationPort: number, options: TcpOptions = {}): PacketBuilder {
    return this.with({
      protocol: 6,
      wrap: (payload, _above, ends) => {
        const segment = withHeader(payload, (bytes) =>
          buildTcp(bytes, 0, {
            sourcePort,
            destinationPort,
            sequence: options.sequence ?? 0,
            acknowledgement: options.acknowledgement ?? 0,
            flags: options.flags ?? TCP_ACK,
            window: options.window ?? 0xffff,
            urgent: 0,
            options: options.options ?? EMPTY,
          }),
        );
        writeU16(segment, 16, finishSum(addToSum(pseudoSum(ends, 6, segment.length), segment, 0, segment.length)));
        return segment;
      },
    });
  }

  /** checksum: 0 sends none. */
  udp(sourcePort: number, destinationPort: number, options: { checksum?: number } = {}): PacketBuilder {
    return this.with({
      protocol: 17,
      wrap: (payload, _above, ends) => {
        const size = 8 + payload.length;
        const segment = withHeader(payload, (bytes) =>
          buildUdp(bytes, 0, { sourcePort, destinationPort, size, checksum: 0 }),
        );
        const right = udpWireChecksum(finishSum(addToSum(pseudoSum(ends, 17, size), segment, 0, size)));
        writeU16(segment, 6, options.checksum ?? right);
        return segment;
      },
    });
  }

  sctp(sourcePort: number, destinationPort: number, verificationTag = 1): PacketBuilder {
    return this.with({
      protocol: 132,
      wrap: (payload) => {
        const packet = withHeader(payload, (bytes) =>
          buildSctp(bytes, 0, { sourcePort, destinationPort, verificationTag }),
        );
        writeSctpChecksum(packet, 0, packet.length);
        return packet;
      },
    });
  }

  icmp(type: number, code = 0, rest = echoRest(1, 1)): PacketBuilder {
    return this.with({
      protocol: 1,
      wrap: (payload) => {
        const message = withHeader(payload, (bytes) => buildIcmp(bytes, 0, { type, code, rest }));
        writeIcmpChecksum(message, 0, message.length);
        return message;
      },
    });
  }

  igmp(type: number, group: string): PacketBuilder {
    return this.with({
      protocol: 2,
      wrap: (payload) => {
        const message = concat(Uint8Array.of(type, 0, 0, 0, ...ip4(group)), payload);
        writeIcmpChecksum(message, 0, message.length);
        return message;
      },
    });
  }

  icmpv6(type: number, code = 0, rest = echoRest(1, 1)): PacketBuilder {
    return this.with({
      protocol: 58,
      wrap: (payload, _above, ends) => {
        const message = withHeader(payload, (bytes) => buildIcmpv6(bytes, 0, { type, code, rest }));
        return withIcmpv6Checksum(message, ends);
      },
    });
  }

  /** A neighbour solicitation (sll option) or advertisement (tll option). */
  nd(
    kind: 'solicit' | 'advert',
    target: string,
    options: { sll?: string; tll?: string; flags?: number } = {},
  ): PacketBuilder {
    return this.with({
      protocol: 58,
      wrap: (payload, _above, ends) => {
        const message = withHeader(payload, (bytes) =>
          buildNeighbor(bytes, 0, {
            type: kind === 'solicit' ? 135 : 136,
            flags: options.flags ?? 0,
            target: ip6(target),
            sourceLink: options.sll === undefined ? null : mac(options.sll),
            targetLink: options.tll === undefined ? null : mac(options.tll),
          }),
        );
        return withIcmpv6Checksum(message, ends);
      },
    });
  }

  vxlan(vni: number, gbp: { id: number; flags: number } | null = null): PacketBuilder {
    return this.with({
      wrap: (payload) => withHeader(payload, (bytes) => buildVxlan(bytes, 0, { vni, gbp })),
    });
  }

  /** Bytes as they are: text, numbers, or a count of bytes that count up. */
  payload(content: string | number | Uint8Array): PacketBuilder {
    const bytes =
      typeof content === 'string'
        ? new TextEncoder().encode(content)
        : typeof content === 'number'
          ? Uint8Array.from({ length: content }, (_, i) => i)
          : content;
    return this.with({ wrap: (inner) => concat(bytes, inner) });
  }

  bytes(): Uint8Array {
    let whole: Uint8Array = EMPTY;
    for (let i = this.layers.length - 1; i >= 0; i--) {
      let ends: IpEnds | undefined;
      for (let below = i - 1; below >= 0 && ends === undefined; below--) ends = this.layers[below]!.ends;
      whole = this.layers[i]!.wrap(whole, this.layers[i + 1], ends);
    }
    return whole;
  }

  /** The frame with zeros to a size, as a NIC pads short ones. */
  padded(size = 60): Uint8Array {
    const frame = this.bytes();
    return frame.length >= size ? frame : concat(frame, new Uint8Array(size - frame.length));
  }
}

function withIcmpv6Checksum(message: Uint8Array, ends: IpEnds | undefined): Uint8Array {
  writeU16(message, 2, finishSum(addToSum(pseudoSum(ends, 58, message.length), message, 0, message.length)));
  return message;
}

/** Begins a frame: the source first. */
export function eth(source?: string, destination?: string, type?: number): PacketBuilder {
  return new PacketBuilder().eth(source, destination, type);
}
