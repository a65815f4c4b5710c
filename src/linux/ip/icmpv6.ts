/**
 * ICMPv6: echo, errors, and neighbour discovery (RFC 4443, RFC 4861 §7; Linux: net/ipv6/icmp.c, ndisc.c).
 * Differs from Linux: errors are not limited in rate, and there are no routers to discover.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import { writeU16 } from '#datapath/packet/byte-order.js';
import { ETH_HEADER_SIZE } from '#datapath/packet/ethernet.js';
import { echoRest, readEcho } from '#datapath/packet/icmp.js';
import {
  buildIcmpv6,
  buildNeighbor,
  ICMPV6_ECHO_REPLY,
  ICMPV6_ECHO_REQUEST,
  ICMPV6_HEADER_SIZE,
  ICMPV6_NEIGHBOR_ADVERT,
  ICMPV6_NEIGHBOR_SOLICIT,
  ICMPV6_OFF_CHECKSUM,
  ICMPV6_PACKET_TOO_BIG,
  ICMPV6_TIME_EXCEEDED,
  ICMPV6_UNREACHABLE,
  ND_FLAG_OVERRIDE,
  ND_FLAG_SOLICITED,
  ND_MESSAGE_SIZE,
  ND_OPTION_SIZE,
  type NeighborMessage,
  parseIcmpv6,
  parseNeighbor,
} from '#datapath/packet/icmpv6.js';
import { IP_PROTO_ICMPV6 } from '#datapath/packet/ipv4.js';
import { findIpv6Transport, IPV6_HEADER_SIZE, parseIpv6 } from '#datapath/packet/ipv6.js';
import type { NetDevice } from '../device/net-device.js';
import { formatAddress, type IpAddress, isMulticast, isUnspecified, solicitedNode } from './address.js';
import { type EchoRequest, EchoSockets } from './echo.js';
import { type IcmpError, reportIcmpError } from './icmp-error.js';
import type { FragmentPolicy, IncomingPacket, Path } from './packet.js';
import type { IpStack } from './stack.js';
import { transportChecksum } from './transport-checksum.js';

export const ICMPV6_NO_ROUTE = 0;
export const ICMPV6_ADDRESS_UNREACHABLE = 3;
export const ICMPV6_PORT_UNREACHABLE = 4;
const ICMPV6_PARAMETER_PROBLEM = 4;
const UNRECOGNIZED_NEXT_HEADER = 1;
const MAX_ERROR_SIZE = 1280;
/** Neighbour discovery proves by its hop limit that no router has passed it on (RFC 4861 §7.1). */
const ND_HOP_LIMIT = 255;

export class Icmpv6 {
  private readonly stack: IpStack;
  readonly echoes: EchoSockets;

  constructor(stack: IpStack) {
    this.stack = stack;
    this.echoes = new EchoSockets(stack.surroundings.rng.next32(), (request) => this.sendEchoRequest(request));
  }

  receive(packet: IncomingPacket): void {
    const { frame, device, transportOffset, end } = packet;
    const parsed = parseIcmpv6(frame, transportOffset, end);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', 'ICMPv6');
      return;
    }
    const message = frame.subarray(transportOffset, end);
    if (transportChecksum(packet.source, packet.destination, IP_PROTO_ICMPV6, message) !== 0) {
      this.stack.drop(frame, device, 'bad-checksum', 'ICMPv6');
      return;
    }
    const { type, code, rest } = parsed.header;
    const payload = frame.subarray(parsed.payloadOffset, end);
    switch (type) {
      case ICMPV6_ECHO_REQUEST: {
        this.stack.delivered(frame, device, 'ICMPv6 echo request');
        const source = isMulticast(packet.destination) ? null : packet.destination;
        this.send(packet.source, source, { type: ICMPV6_ECHO_REPLY, code: 0, rest, payload, device });
        return;
      }
      case ICMPV6_ECHO_REPLY: {
        const { identifier, sequence } = readEcho(rest);
        this.stack.delivered(frame, device, 'ICMPv6 echo reply');
        const size = message.length;
        this.echoes.reply(identifier, { kind: 'reply', from: packet.source, sequence, ttl: packet.ttl, size, payload });
        return;
      }
      case ICMPV6_NEIGHBOR_SOLICIT:
      case ICMPV6_NEIGHBOR_ADVERT:
        this.receiveNeighbor(packet);
        return;
      case ICMPV6_UNREACHABLE:
      case ICMPV6_PACKET_TOO_BIG:
      case ICMPV6_TIME_EXCEEDED:
      case ICMPV6_PARAMETER_PROBLEM:
        this.stack.delivered(frame, device, 'ICMPv6 error');
        this.receiveError(packet, type, code, rest, payload.slice());
        return;
      default:
        this.stack.drop(frame, device, 'unknown-protocol', `ICMPv6 type ${type}`);
    }
  }

  /** Asks for a neighbour's Ethernet address. */
  solicit(device: NetDevice, target: IpAddress, unicastTo: Uint8Array | null): void {
    const source = this.stack.sourceAddress(device, target);
    if (source === null) return;
    const destination = unicastTo === null ? solicitedNode(target) : target;
    this.sendNeighbor(device, source, destination, unicastTo, {
      type: ICMPV6_NEIGHBOR_SOLICIT,
      flags: 0,
      target,
      sourceLink: device.mac,
      targetLink: null,
    });
  }

  sendPortUnreachable(packet: IncomingPacket): void {
    this.sendError(packet.frame, packet.device, ICMPV6_UNREACHABLE, ICMPV6_PORT_UNREACHABLE, 0);
  }
  sendUnknownNextHeader(packet: IncomingPacket): void {
    this.sendError(packet.frame, packet.device, ICMPV6_PARAMETER_PROBLEM, UNRECOGNIZED_NEXT_HEADER, 6);
  }
  sendTimeExceeded(frame: Uint8Array, device: NetDevice): void {
    this.sendError(frame, device, ICMPV6_TIME_EXCEEDED, 0, 0);
  }
  sendNoRoute(frame: Uint8Array, device: NetDevice): void {
    this.sendError(frame, device, ICMPV6_UNREACHABLE, ICMPV6_NO_ROUTE, 0);
  }
  sendPacketTooBig(frame: Uint8Array, device: NetDevice, mtu: number): void {
    this.sendError(frame, device, ICMPV6_PACKET_TOO_BIG, 0, mtu);
  }
  sendUnresolved(frame: Uint8Array, device: NetDevice): void {
    this.sendError(frame, device, ICMPV6_UNREACHABLE, ICMPV6_ADDRESS_UNREACHABLE, 0);
  }

  private receiveNeighbor(packet: IncomingPacket): void {
    const { frame, device } = packet;
    const parsed = parseNeighbor(frame, packet.transportOffset, packet.end);
    if (!parsed.ok || packet.ttl !== ND_HOP_LIMIT || isMulticast(parsed.header.target)) {
      this.stack.drop(frame, device, 'bad-header', 'neighbour discovery');
      return;
    }
    const message = parsed.header;
    if (message.type === ICMPV6_NEIGHBOR_ADVERT) {
      this.stack.delivered(frame, device, 'neighbour advertisement');
      if (message.targetLink === null) return;
      this.stack.neighbours.learn(device, message.target, message.targetLink, {
        solicited: (message.flags & ND_FLAG_SOLICITED) !== 0,
        override: (message.flags & ND_FLAG_OVERRIDE) !== 0,
        create: false,
      });
      return;
    }
    const isOurs = this.stack
      .addressesOf(device)
      .some((own) => Buffer.compare(own.prefix.address, message.target) === 0);
    if (!isOurs) {
      this.stack.drop(frame, device, 'not-for-us', `solicitation for ${formatAddress(message.target)}`);
      return;
    }
    this.stack.delivered(frame, device, 'neighbour solicitation');
    const isProbe = isUnspecified(packet.source);
    if (!isProbe && message.sourceLink !== null) {
      this.stack.neighbours.learn(device, packet.source, message.sourceLink, { solicited: false, create: true });
    }
    this.sendNeighbor(
      device,
      message.target,
      isProbe ? ALL_NODES : packet.source,
      isProbe ? null : message.sourceLink,
      {
        type: ICMPV6_NEIGHBOR_ADVERT,
        flags: (ND_FLAG_OVERRIDE | (isProbe ? 0 : ND_FLAG_SOLICITED)) >>> 0,
        target: message.target,
        sourceLink: null,
        targetLink: device.mac,
      },
    );
  }

  private sendNeighbor(
    device: NetDevice,
    source: IpAddress,
    destination: IpAddress,
    mac: Uint8Array | null,
    message: NeighborMessage,
  ): void {
    const bytes = new Uint8Array(ND_MESSAGE_SIZE + ND_OPTION_SIZE);
    buildNeighbor(bytes, 0, message);
    writeU16(bytes, ICMPV6_OFF_CHECKSUM, transportChecksum(source, destination, IP_PROTO_ICMPV6, bytes));
    const nextHop = isMulticast(destination) ? null : destination;
    // A unicast solicitation goes to the address in doubt itself, past the cache that asks for it.
    if (mac !== null && nextHop !== null)
      this.stack.neighbours.learn(device, nextHop, mac, { solicited: false, create: false });
    const path: Path = { device, nextHop, source };
    this.stack.output({
      path,
      source,
      destination,
      protocol: IP_PROTO_ICMPV6,
      payload: bytes,
      ttl: ND_HOP_LIMIT,
      tos: 0,
      fragment: 'do',
      unresolved: 'no-neighbour',
    });
  }

  private sendEchoRequest(request: EchoRequest): DropReason | null {
    return this.send(request.destination, request.source ?? null, {
      type: ICMPV6_ECHO_REQUEST,
      code: 0,
      rest: echoRest(request.identifier, request.sequence),
      payload: request.payload,
      ttl: request.ttl ?? 64,
      tos: request.tos ?? 0,
      device: request.device ?? null,
      fragment: request.fragment ?? 'want',
    });
  }

  private send(
    destination: IpAddress,
    source: IpAddress | null,
    message: {
      readonly type: number;
      readonly code: number;
      readonly rest: number;
      readonly payload: Uint8Array;
      readonly tos?: number;
      readonly ttl?: number;
      readonly device?: NetDevice | null;
      readonly fragment?: FragmentPolicy;
    },
  ): DropReason | null {
    // A device says where to look for a destination that is on every link; others are routed.
    const path = this.stack.path(destination, {
      source,
      device: destination[0] === 0xfe || isMulticast(destination) ? (message.device ?? null) : null,
    });
    if (path === 'no-route') return path;
    const bytes = new Uint8Array(ICMPV6_HEADER_SIZE + message.payload.length);
    buildIcmpv6(bytes, 0, message);
    bytes.set(message.payload, ICMPV6_HEADER_SIZE);
    writeU16(bytes, ICMPV6_OFF_CHECKSUM, transportChecksum(path.source, destination, IP_PROTO_ICMPV6, bytes));
    return this.stack.output({
      path,
      source: path.source,
      destination,
      protocol: IP_PROTO_ICMPV6,
      payload: bytes,
      ttl: message.ttl ?? 64,
      tos: message.tos ?? 0,
      fragment: message.fragment ?? 'want',
      unresolved: 'no-neighbour',
    });
  }

  /** Answers the packet in the frame with an error, unless it must not be answered (RFC 4443 §2.4 e). */
  private sendError(frame: Uint8Array, device: NetDevice, type: number, code: number, rest: number): void {
    const parsed = parseIpv6(frame, ETH_HEADER_SIZE);
    if (!parsed.ok) return;
    const { header } = parsed;
    const end = ETH_HEADER_SIZE + IPV6_HEADER_SIZE + header.payloadSize;
    const transport = findIpv6Transport(frame, ETH_HEADER_SIZE, end);
    if (!transport.ok) return;
    const isIcmpError =
      transport.header.protocol === IP_PROTO_ICMPV6 && (frame[transport.header.offset] ?? 0) < ICMPV6_ECHO_REQUEST;
    const isToAll = isMulticast(header.destination) && type !== ICMPV6_PACKET_TOO_BIG;
    if (isIcmpError || isToAll || isUnspecified(header.source) || isMulticast(header.source)) return;
    const room = MAX_ERROR_SIZE - IPV6_HEADER_SIZE - ICMPV6_HEADER_SIZE;
    const payload = frame.slice(ETH_HEADER_SIZE, Math.min(end, ETH_HEADER_SIZE + room));
    const source = this.stack.isLocal(header.destination)
      ? header.destination
      : this.stack.sourceAddress(device, header.source);
    this.send(header.source, source, { type, code, rest, payload, device });
  }

  private receiveError(packet: IncomingPacket, type: number, code: number, rest: number, quoted: Uint8Array): void {
    if (quoted.length < IPV6_HEADER_SIZE || quoted[0]! >>> 4 !== 6) return;
    const transport = findIpv6Transport(quoted, 0, quoted.length);
    if (!transport.ok) return;
    const error: IcmpError = {
      kind:
        type === ICMPV6_PACKET_TOO_BIG
          ? 'too-big'
          : type === ICMPV6_UNREACHABLE
            ? 'unreachable'
            : type === ICMPV6_TIME_EXCEEDED
              ? 'time-exceeded'
              : 'parameter-problem',
      code,
      from: packet.source,
      mtu: type === ICMPV6_PACKET_TOO_BIG ? rest : 0,
      source: quoted.slice(8, 24),
      destination: quoted.slice(24, 40),
    };
    if (error.kind === 'too-big') this.stack.ipv6.learnPathMtu(error.destination, error.mtu);
    reportIcmpError(this.stack, error, transport.header.protocol, quoted.subarray(transport.header.offset));
  }
}

const ALL_NODES: IpAddress = new Uint8Array([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
