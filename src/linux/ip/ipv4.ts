/**
 * IPv4 (RFC 791, RFC 1812 §5 for forwarding; Linux: net/ipv4/ip_input.c, ip_forward.c, ip_output.c).
 *
 * Differs from Linux: options are neither honoured nor answered, and identifications count up from a seeded start.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import { updateChecksum16 } from '#datapath/packet/checksum.js';
import { readU16, writeU16 } from '#datapath/packet/byte-order.js';
import { ETH_HEADER_SIZE } from '#datapath/packet/ethernet.js';
import {
  buildIpv4,
  IPV4_HEADER_SIZE,
  IPV4_OFF_CHECKSUM,
  IPV4_OFF_TTL,
  type Ipv4Header,
  isIpv4ChecksumRight,
  parseIpv4,
} from '#datapath/packet/ipv4.js';
import type { NetDevice } from '../device/net-device.js';
import { addressKey, formatAddress, type IpAddress, isMulticast } from './address.js';
import { Reassembly } from './reassembly.js';
import type { OutgoingPacket, Path } from './packet.js';
import type { IpStack } from './stack.js';

const MAX_PACKET_SIZE = 65_535;
/** How long a learned path MTU is believed (net.ipv4.route.mtu_expires). */
const PATH_MTU_NS = 600e9;
/** Path MTUs kept; the oldest go first. */
const MAX_PATH_MTUS = 1024;

export class Ipv4 {
  private readonly stack: IpStack;
  private readonly reassembly: Reassembly;
  private readonly pathMtus = new Map<string, { readonly mtu: number; readonly untilNs: number }>();
  private nextId: number;

  constructor(stack: IpStack) {
    this.stack = stack;
    this.reassembly = new Reassembly(stack.surroundings.scheduler, (frame, device) =>
      stack.drop(frame, device, 'reassembly-timeout'),
    );
    this.nextId = stack.surroundings.rng.next32() & 0xffff;
  }

  receive(device: NetDevice, frame: Uint8Array): void {
    const parsed = parseIpv4(frame, ETH_HEADER_SIZE);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', `IPv4: ${parsed.problem}`);
      return;
    }
    if (!isIpv4ChecksumRight(frame, ETH_HEADER_SIZE)) {
      this.stack.drop(frame, device, 'bad-checksum', 'IPv4');
      return;
    }
    const { header, payloadOffset } = parsed;
    const { destination } = header;
    // Loopback addresses exist inside the host only.
    const isMartian = device.kind !== 'loopback' && (destination[0] === 127 || header.source[0] === 127);
    const isForUs =
      !isMartian &&
      (this.stack.isLocal(destination) || this.stack.isBroadcast(destination) || this.stack.isMember(destination));
    if (isForUs) this.deliver(device, frame, header, payloadOffset);
    else if (!isMartian && this.stack.sysctls.forwardIpv4 && (frame[0]! & 1) === 0 && !isMulticast(destination)) {
      this.forward(device, frame, header, payloadOffset);
    } else this.stack.drop(frame, device, 'not-for-us', formatAddress(destination));
  }

  output(packet: OutgoingPacket): DropReason | null {
    const size = IPV4_HEADER_SIZE + packet.payload.length;
    if (size > MAX_PACKET_SIZE) return 'frame-too-long';
    const mtu = this.mtuTo(packet.destination, packet.path.device);
    if (size > mtu && packet.fragment === 'do') return 'fragmentation-needed';
    const header: Omit<Ipv4Header, 'checksum'> = {
      tos: packet.tos,
      totalSize: size,
      id: this.nextId,
      dontFragment: packet.fragment !== 'dont' && size <= mtu,
      moreFragments: false,
      fragmentOffset: 0,
      ttl: packet.ttl,
      protocol: packet.protocol,
      source: packet.source,
      destination: packet.destination,
      options: NO_OPTIONS,
    };
    this.nextId = (this.nextId + 1) & 0xffff;
    this.sendFragments(header, packet.payload, mtu, packet.path, packet.unresolved);
    return null;
  }

  /** A router said that packets to the destination must not be longer. */
  learnPathMtu(destination: IpAddress, mtu: number): void {
    const key = addressKey(destination);
    this.pathMtus.delete(key);
    if (this.pathMtus.size >= MAX_PATH_MTUS) this.pathMtus.delete(this.pathMtus.keys().next().value!);
    this.pathMtus.set(key, {
      mtu: Math.max(mtu, 552),
      untilNs: this.stack.surroundings.scheduler.nowNs() + PATH_MTU_NS,
    });
  }

  mtuTo(destination: IpAddress, device: NetDevice): number {
    const learned = this.pathMtus.get(addressKey(destination));
    if (learned === undefined || learned.untilNs <= this.stack.surroundings.scheduler.nowNs()) return device.mtu;
    return Math.min(learned.mtu, device.mtu);
  }

  private deliver(device: NetDevice, frame: Uint8Array, header: Ipv4Header, payloadOffset: number): void {
    const end = ETH_HEADER_SIZE + header.totalSize;
    const packet = {
      frame,
      device,
      ipOffset: ETH_HEADER_SIZE,
      transportOffset: payloadOffset,
      end,
      source: header.source,
      destination: header.destination,
      protocol: header.protocol,
      ttl: header.ttl,
      tos: header.tos,
      dontFragment: header.dontFragment,
    };
    if (!header.moreFragments && header.fragmentOffset === 0) {
      this.stack.deliver(packet);
      return;
    }
    const whole = this.reassembly.add({
      key: `${addressKey(header.source)}${addressKey(header.destination)}${header.protocol} ${header.id}`,
      frame: frame.subarray(0, end),
      device,
      headerSize: payloadOffset,
      offset: header.fragmentOffset,
      moreFragments: header.moreFragments,
    });
    if (whole === null) return;
    if (typeof whole === 'string') {
      this.stack.drop(frame, device, whole, 'fragments');
      return;
    }
    const rebuilt = parseIpv4(whole, ETH_HEADER_SIZE);
    buildIpv4(whole, ETH_HEADER_SIZE, {
      ...(rebuilt.ok ? rebuilt.header : header),
      totalSize: whole.length - ETH_HEADER_SIZE,
      moreFragments: false,
      fragmentOffset: 0,
    });
    const headerSize = (whole[ETH_HEADER_SIZE]! & 0x0f) * 4;
    this.stack.deliver({
      ...packet,
      frame: whole,
      transportOffset: ETH_HEADER_SIZE + headerSize,
      end: whole.length,
    });
  }

  private forward(device: NetDevice, frame: Uint8Array, header: Ipv4Header, payloadOffset: number): void {
    const { icmp } = this.stack;
    if (header.ttl <= 1) {
      this.stack.drop(frame, device, 'ttl-exceeded');
      icmp.sendTimeExceeded(frame, device);
      return;
    }
    const route = this.stack.routes.lookup(header.destination);
    if (route === null) {
      this.stack.drop(frame, device, 'no-route', formatAddress(header.destination));
      icmp.sendNetUnreachable(frame, device);
      return;
    }
    if (header.dontFragment && header.totalSize > route.device.mtu) {
      this.stack.drop(frame, device, 'fragmentation-needed', `MTU ${route.device.mtu}`);
      icmp.sendFragmentationNeeded(frame, device, route.device.mtu);
      return;
    }
    const path: Path = { device: route.device, nextHop: route.gateway ?? header.destination, source: header.source };
    if (header.totalSize > route.device.mtu) {
      const payload = frame.subarray(payloadOffset, ETH_HEADER_SIZE + header.totalSize);
      this.sendFragments({ ...header, ttl: header.ttl - 1 }, payload, route.device.mtu, path, 'no-neighbour');
      return;
    }
    const copy = frame.slice(0, ETH_HEADER_SIZE + header.totalSize);
    copy[ETH_HEADER_SIZE + IPV4_OFF_TTL] = header.ttl - 1;
    const checksumAt = ETH_HEADER_SIZE + IPV4_OFF_CHECKSUM;
    const protocol = header.protocol;
    writeU16(
      copy,
      checksumAt,
      updateChecksum16(readU16(copy, checksumAt), (header.ttl << 8) | protocol, ((header.ttl - 1) << 8) | protocol),
    );
    this.stack.linkOutput(copy, path, header.destination, 'no-neighbour');
  }

  /** Sends the payload behind the header, in as many pieces as the MTU demands (RFC 791 §3.2). */
  private sendFragments(
    header: Omit<Ipv4Header, 'checksum'>,
    payload: Uint8Array,
    mtu: number,
    path: Path,
    unresolved: DropReason,
  ): void {
    const headerSize = IPV4_HEADER_SIZE + ((header.options.length + 3) & ~3);
    const isWhole = headerSize + payload.length <= mtu;
    const step = isWhole ? Math.max(payload.length, 1) : (mtu - headerSize) & ~7;
    for (let offset = 0; offset === 0 || offset < payload.length; offset += step) {
      const piece = payload.subarray(offset, offset + step);
      const frame = new Uint8Array(ETH_HEADER_SIZE + headerSize + piece.length);
      const at = buildIpv4(frame, ETH_HEADER_SIZE, {
        ...header,
        totalSize: headerSize + piece.length,
        fragmentOffset: header.fragmentOffset + offset,
        moreFragments: header.moreFragments || offset + piece.length < payload.length,
      });
      frame.set(piece, at);
      this.stack.linkOutput(frame, path, header.destination, unresolved);
    }
  }
}

const NO_OPTIONS = new Uint8Array(0);
