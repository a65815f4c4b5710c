/**
 * IPv6 (RFC 8200; Linux: net/ipv6/ip6_input.c, ip6_output.c).
 *
 * Differs from Linux: extension headers other than fragments are walked over, not acted upon, and a routing header
 * with segments left ends the packet.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import { writeU16, writeU32 } from '#datapath/packet/byte-order.js';
import { ETH_HEADER_SIZE } from '#datapath/packet/ethernet.js';
import {
  buildIpv6,
  findIpv6Transport,
  IPV6_FRAGMENT_SIZE,
  IPV6_HEADER_SIZE,
  IPV6_NEXT_FRAGMENT,
  IPV6_OFF_HOP_LIMIT,
  type Ipv6Header,
  type Ipv6Transport,
  parseIpv6,
} from '#datapath/packet/ipv6.js';
import type { NetDevice } from '../device/net-device.js';
import {
  addressKey,
  formatAddress,
  type IpAddress,
  isLinkLocalIpv6,
  isLoopbackAddress,
  isMulticast,
} from './address.js';
import type { OutgoingPacket } from './packet.js';
import { Reassembly } from './reassembly.js';
import type { IpStack } from './stack.js';

const MIN_MTU = 1280;
const MAX_PATH_MTUS = 1024;
const PATH_MTU_NS = 600e9;

export class Ipv6 {
  private readonly stack: IpStack;
  private readonly reassembly: Reassembly;
  private readonly pathMtus = new Map<string, { readonly mtu: number; readonly untilNs: number }>();
  private nextFragmentId: number;

  constructor(stack: IpStack) {
    this.stack = stack;
    this.reassembly = new Reassembly(stack.surroundings.scheduler, (frame, device) =>
      stack.drop(frame, device, 'reassembly-timeout'),
    );
    this.nextFragmentId = stack.surroundings.rng.next32();
  }

  receive(device: NetDevice, frame: Uint8Array): void {
    const parsed = parseIpv6(frame, ETH_HEADER_SIZE);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', `IPv6: ${parsed.problem}`);
      return;
    }
    const { header } = parsed;
    const { destination } = header;
    const isMartian =
      device.kind !== 'loopback' && (isLoopbackAddress(destination) || isLoopbackAddress(header.source));
    if (!isMartian && (this.stack.isLocal(destination) || this.stack.isMember(destination))) {
      this.deliver(device, frame, header);
    } else if (!isMartian && this.stack.sysctls.forwardIpv6 && (frame[0]! & 1) === 0 && !isMulticast(destination)) {
      this.forward(device, frame, header);
    } else this.stack.drop(frame, device, 'not-for-us', formatAddress(destination));
  }

  output(packet: OutgoingPacket): DropReason | null {
    const { path, payload } = packet;
    if (payload.length > 65_535) return 'frame-too-long';
    const mtu = this.mtuTo(packet.destination, path.device);
    const isWhole = IPV6_HEADER_SIZE + payload.length <= mtu;
    if (!isWhole && packet.fragment === 'do') return 'fragmentation-needed';
    const header = (payloadSize: number, nextHeader: number): Ipv6Header => ({
      trafficClass: packet.tos,
      flowLabel: 0,
      payloadSize,
      nextHeader,
      hopLimit: packet.ttl,
      source: packet.source,
      destination: packet.destination,
    });
    if (isWhole) {
      const frame = new Uint8Array(ETH_HEADER_SIZE + IPV6_HEADER_SIZE + payload.length);
      const at = buildIpv6(frame, ETH_HEADER_SIZE, header(payload.length, packet.protocol));
      frame.set(payload, at);
      this.stack.linkOutput(frame, path, packet.destination, packet.unresolved);
      return null;
    }
    const id = this.nextFragmentId;
    this.nextFragmentId = (this.nextFragmentId + 1) >>> 0;
    const step = (mtu - IPV6_HEADER_SIZE - IPV6_FRAGMENT_SIZE) & ~7;
    for (let offset = 0; offset < payload.length; offset += step) {
      const piece = payload.subarray(offset, offset + step);
      const frame = new Uint8Array(ETH_HEADER_SIZE + IPV6_HEADER_SIZE + IPV6_FRAGMENT_SIZE + piece.length);
      const at = buildIpv6(frame, ETH_HEADER_SIZE, header(IPV6_FRAGMENT_SIZE + piece.length, IPV6_NEXT_FRAGMENT));
      frame[at] = packet.protocol;
      writeU16(frame, at + 2, offset | (offset + piece.length < payload.length ? 1 : 0));
      writeU32(frame, at + 4, id);
      frame.set(piece, at + IPV6_FRAGMENT_SIZE);
      this.stack.linkOutput(frame, path, packet.destination, packet.unresolved);
    }
    return null;
  }

  learnPathMtu(destination: IpAddress, mtu: number): void {
    const key = addressKey(destination);
    this.pathMtus.delete(key);
    if (this.pathMtus.size >= MAX_PATH_MTUS) this.pathMtus.delete(this.pathMtus.keys().next().value!);
    const untilNs = this.stack.surroundings.scheduler.nowNs() + PATH_MTU_NS;
    this.pathMtus.set(key, { mtu: Math.max(mtu, MIN_MTU), untilNs });
  }

  mtuTo(destination: IpAddress, device: NetDevice): number {
    const learned = this.pathMtus.get(addressKey(destination));
    if (learned === undefined || learned.untilNs <= this.stack.surroundings.scheduler.nowNs()) return device.mtu;
    return Math.min(learned.mtu, device.mtu);
  }

  private deliver(device: NetDevice, frame: Uint8Array, header: Ipv6Header): void {
    const end = ETH_HEADER_SIZE + IPV6_HEADER_SIZE + header.payloadSize;
    const found = findIpv6Transport(frame, ETH_HEADER_SIZE, end);
    if (!found.ok || found.header.isRouted) {
      this.stack.drop(frame, device, 'bad-header', 'IPv6 extension header');
      return;
    }
    const { fragment } = found.header;
    if (fragment !== null && (fragment.offset !== 0 || fragment.moreFragments)) {
      this.reassemble(device, frame, header, end, fragment);
      return;
    }
    this.stack.deliver({
      frame,
      device,
      ipOffset: ETH_HEADER_SIZE,
      transportOffset: found.header.offset,
      end,
      source: header.source,
      destination: header.destination,
      protocol: found.header.protocol,
      ttl: header.hopLimit,
      tos: header.trafficClass,
      dontFragment: true,
    });
  }

  private reassemble(
    device: NetDevice,
    frame: Uint8Array,
    header: Ipv6Header,
    end: number,
    fragment: NonNullable<Ipv6Transport['fragment']>,
  ): void {
    const whole = this.reassembly.add({
      key: `${addressKey(header.source)}${addressKey(header.destination)}${fragment.id}`,
      frame: frame.subarray(0, end),
      device,
      headerSize: fragment.headerOffset + IPV6_FRAGMENT_SIZE,
      offset: fragment.offset,
      moreFragments: fragment.moreFragments,
    });
    if (whole === null) return;
    if (typeof whole === 'string') {
      this.stack.drop(frame, device, whole, 'fragments');
      return;
    }
    const payloadSize = whole.length - ETH_HEADER_SIZE - IPV6_HEADER_SIZE;
    if (payloadSize > 65_535) {
      this.stack.drop(frame, device, 'frame-too-long', 'fragments');
      return;
    }
    // The fragment header stays, as that of an only fragment: the first's, whose offset is 0, without more to follow.
    writeU16(whole, fragment.headerOffset + 2, 0);
    const rebuilt: Ipv6Header = { ...header, payloadSize };
    buildIpv6(whole, ETH_HEADER_SIZE, { ...rebuilt, nextHeader: whole[ETH_HEADER_SIZE + 6]! });
    this.deliver(device, whole, rebuilt);
  }

  private forward(device: NetDevice, frame: Uint8Array, header: Ipv6Header): void {
    const { icmpv6 } = this.stack;
    if (header.hopLimit <= 1) {
      this.stack.drop(frame, device, 'ttl-exceeded');
      icmpv6.sendTimeExceeded(frame, device);
      return;
    }
    const route = isLinkLocalIpv6(header.destination) ? null : this.stack.routes.lookup(header.destination);
    if (route === null) {
      this.stack.drop(frame, device, 'no-route', formatAddress(header.destination));
      icmpv6.sendNoRoute(frame, device);
      return;
    }
    const size = IPV6_HEADER_SIZE + header.payloadSize;
    if (size > route.device.mtu) {
      this.stack.drop(frame, device, 'fragmentation-needed', `MTU ${route.device.mtu}`);
      icmpv6.sendPacketTooBig(frame, device, route.device.mtu);
      return;
    }
    const copy = frame.slice(0, ETH_HEADER_SIZE + size);
    copy[ETH_HEADER_SIZE + IPV6_OFF_HOP_LIMIT] = header.hopLimit - 1;
    this.stack.linkOutput(
      copy,
      { device: route.device, nextHop: route.gateway ?? header.destination, source: header.source },
      header.destination,
      'no-neighbour',
    );
  }
}
