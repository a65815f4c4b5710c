/**
 * ICMP for IPv4: echo, and the errors that hosts and routers send (RFC 792, RFC 1122 §3.2.2, RFC 1812 §4.3, RFC 1191;
 * Linux: net/ipv4/icmp.c). Differs from Linux: errors are not limited in rate.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import { ETH_HEADER_SIZE } from '#datapath/packet/ethernet.js';
import {
  buildIcmp,
  echoRest,
  ICMP_ECHO_REPLY,
  ICMP_ECHO_REQUEST,
  ICMP_HEADER_SIZE,
  ICMP_TIME_EXCEEDED,
  ICMP_UNREACHABLE,
  isIcmpChecksumRight,
  parseIcmp,
  readEcho,
  writeIcmpChecksum,
} from '#datapath/packet/icmp.js';
import { IP_PROTO_ICMP, IPV4_HEADER_SIZE, parseIpv4 } from '#datapath/packet/ipv4.js';
import type { NetDevice } from '../device/net-device.js';
import { type IpAddress, isMulticast, isUnspecified } from './address.js';
import { type EchoRequest, EchoSockets } from './echo.js';
import { type IcmpError, reportIcmpError } from './icmp-error.js';
import type { FragmentPolicy, IncomingPacket } from './packet.js';
import type { IpStack } from './stack.js';

export const ICMP_NET_UNREACHABLE = 0;
export const ICMP_HOST_UNREACHABLE = 1;
export const ICMP_PROTOCOL_UNREACHABLE = 2;
export const ICMP_PORT_UNREACHABLE = 3;
export const ICMP_FRAGMENTATION_NEEDED = 4;
const ICMP_PARAMETER_PROBLEM = 12;

/** An error quotes so much of the packet that it is 576 bytes long at most (RFC 1812 §4.3.2.3). */
const MAX_ERROR_SIZE = 576;

export class Icmp {
  private readonly stack: IpStack;
  readonly echoes: EchoSockets;

  constructor(stack: IpStack) {
    this.stack = stack;
    this.echoes = new EchoSockets(stack.surroundings.rng.next32(), (request) => this.sendEchoRequest(request));
  }

  receive(packet: IncomingPacket): void {
    const { frame, device, transportOffset, end } = packet;
    const parsed = parseIcmp(frame, transportOffset, end);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', 'ICMP');
      return;
    }
    if (!isIcmpChecksumRight(frame, transportOffset, end - transportOffset)) {
      this.stack.drop(frame, device, 'bad-checksum', 'ICMP');
      return;
    }
    const { type, code, rest } = parsed.header;
    switch (type) {
      case ICMP_ECHO_REQUEST: {
        // net.ipv4.icmp_echo_ignore_broadcasts is on by default.
        if (isMulticast(packet.destination) || this.stack.isBroadcast(packet.destination)) {
          this.stack.drop(frame, device, 'not-for-us', 'broadcast echo request');
          return;
        }
        this.stack.delivered(frame, device, 'ICMP echo request');
        const payload = frame.subarray(parsed.payloadOffset, end);
        this.send(packet.source, packet.destination, {
          type: ICMP_ECHO_REPLY,
          code: 0,
          rest,
          payload,
          tos: packet.tos,
        });
        return;
      }
      case ICMP_ECHO_REPLY: {
        const { identifier, sequence } = readEcho(rest);
        const payload = frame.subarray(parsed.payloadOffset, end);
        const size = end - transportOffset;
        this.stack.delivered(frame, device, 'ICMP echo reply');
        this.echoes.reply(identifier, { kind: 'reply', from: packet.source, sequence, ttl: packet.ttl, size, payload });
        return;
      }
      case ICMP_UNREACHABLE:
      case ICMP_TIME_EXCEEDED:
      case ICMP_PARAMETER_PROBLEM:
        this.stack.delivered(frame, device, 'ICMP error');
        this.receiveError(packet, type, code, rest, parsed.payloadOffset);
        return;
      default:
        this.stack.drop(frame, device, 'unknown-protocol', `ICMP type ${type}`);
    }
  }

  sendPortUnreachable(packet: IncomingPacket): void {
    this.sendError(packet.frame, packet.device, ICMP_UNREACHABLE, ICMP_PORT_UNREACHABLE, 0);
  }
  sendProtocolUnreachable(packet: IncomingPacket): void {
    this.sendError(packet.frame, packet.device, ICMP_UNREACHABLE, ICMP_PROTOCOL_UNREACHABLE, 0);
  }
  sendTimeExceeded(frame: Uint8Array, device: NetDevice): void {
    this.sendError(frame, device, ICMP_TIME_EXCEEDED, 0, 0);
  }
  sendNetUnreachable(frame: Uint8Array, device: NetDevice): void {
    this.sendError(frame, device, ICMP_UNREACHABLE, ICMP_NET_UNREACHABLE, 0);
  }
  sendFragmentationNeeded(frame: Uint8Array, device: NetDevice, mtu: number): void {
    this.sendError(frame, device, ICMP_UNREACHABLE, ICMP_FRAGMENTATION_NEEDED, mtu);
  }
  /** The next hop of a packet, of this host's own or a forwarded one, did not answer. */
  sendUnresolved(frame: Uint8Array, device: NetDevice): void {
    this.sendError(frame, device, ICMP_UNREACHABLE, ICMP_HOST_UNREACHABLE, 0);
  }

  private sendEchoRequest(request: EchoRequest): DropReason | null {
    const { destination, identifier, sequence, payload } = request;
    return this.send(destination, request.source ?? null, {
      type: ICMP_ECHO_REQUEST,
      code: 0,
      rest: echoRest(identifier, sequence),
      payload,
      tos: request.tos ?? 0,
      ttl: request.ttl ?? 64,
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
      readonly tos: number;
      readonly ttl?: number;
      readonly device?: NetDevice | null;
      readonly fragment?: FragmentPolicy;
    },
  ): DropReason | null {
    const path = this.stack.path(destination, { source, device: message.device ?? null });
    if (path === 'no-route') return path;
    const bytes = new Uint8Array(ICMP_HEADER_SIZE + message.payload.length);
    buildIcmp(bytes, 0, message);
    bytes.set(message.payload, ICMP_HEADER_SIZE);
    writeIcmpChecksum(bytes, 0, bytes.length);
    return this.stack.output({
      path,
      source: path.source,
      destination,
      protocol: IP_PROTO_ICMP,
      payload: bytes,
      ttl: message.ttl ?? 64,
      tos: message.tos,
      fragment: message.fragment ?? 'dont',
      unresolved: 'no-neighbour',
    });
  }

  /** Answers the packet in the frame with an error, unless it is one that must not be answered (RFC 1122 §3.2.2). */
  private sendError(frame: Uint8Array, device: NetDevice, type: number, code: number, rest: number): void {
    const parsed = parseIpv4(frame, ETH_HEADER_SIZE);
    if (!parsed.ok) return;
    const { header, payloadOffset } = parsed;
    const isError =
      header.protocol === IP_PROTO_ICMP &&
      frame[payloadOffset] !== ICMP_ECHO_REQUEST &&
      frame[payloadOffset] !== ICMP_ECHO_REPLY;
    const isToAll = isMulticast(header.destination) || this.stack.isBroadcast(header.destination) || frame[0] === 0xff;
    if (isError || isToAll || header.fragmentOffset !== 0) return;
    if (isUnspecified(header.source) || isMulticast(header.source)) return;
    const end = Math.min(
      ETH_HEADER_SIZE + header.totalSize,
      ETH_HEADER_SIZE + MAX_ERROR_SIZE - IPV4_HEADER_SIZE - ICMP_HEADER_SIZE,
    );
    const isOurDestination = this.stack.isLocal(header.destination);
    const source = isOurDestination ? header.destination : this.stack.sourceAddress(device, header.source);
    const payload = frame.slice(ETH_HEADER_SIZE, end);
    this.send(header.source, source, { type, code, rest, payload, tos: (header.tos & 0x1e) | 0xc0 });
  }

  private receiveError(packet: IncomingPacket, type: number, code: number, rest: number, offset: number): void {
    // The quoted packet is cut short, so its length is not to be believed.
    const quoted = packet.frame.slice(offset, packet.end);
    const headerSize = quoted.length > 0 ? (quoted[0]! & 0x0f) * 4 : 0;
    if (quoted.length < IPV4_HEADER_SIZE || quoted[0]! >>> 4 !== 4 || headerSize < IPV4_HEADER_SIZE) return;
    const isTooBig = type === ICMP_UNREACHABLE && code === ICMP_FRAGMENTATION_NEEDED;
    const error: IcmpError = {
      kind: isTooBig
        ? 'too-big'
        : type === ICMP_UNREACHABLE
          ? 'unreachable'
          : type === ICMP_TIME_EXCEEDED
            ? 'time-exceeded'
            : 'parameter-problem',
      code,
      from: packet.source,
      mtu: isTooBig ? rest & 0xffff : 0,
      source: quoted.slice(12, 16),
      destination: quoted.slice(16, 20),
    };
    if (isTooBig && error.mtu > 0) this.stack.ipv4.learnPathMtu(error.destination, error.mtu);
    reportIcmpError(this.stack, error, quoted[9]!, quoted.subarray(headerSize));
  }
}
