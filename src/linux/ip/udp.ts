/**
 * UDP sockets (RFC 768; Linux: net/ipv4/udp.c). A datagram goes to the socket that is bound most narrowly; one that
 * nobody wants is answered with "port unreachable".
 */
import type { DropReason } from '#datapath/drop-reason.js';
import { writeU16 } from '#datapath/packet/byte-order.js';
import { udpWireChecksum } from '#datapath/packet/checksum.js';
import { IP_PROTO_UDP } from '#datapath/packet/ipv4.js';
import { buildUdp, parseUdp, UDP_HEADER_SIZE, UDP_OFF_CHECKSUM } from '#datapath/packet/udp.js';
import type { NetDevice } from '../device/net-device.js';
import { type IpAddress, isMulticast, isSame } from './address.js';
import type { IcmpError } from './icmp-error.js';
import type { FragmentPolicy, IncomingPacket } from './packet.js';
import { EphemeralPorts } from './ports.js';
import type { IpStack } from './stack.js';
import { transportChecksum } from './transport-checksum.js';

export interface UdpDatagram {
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tos: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
  /** Whether the sender had put a checksum in. */
  readonly checksum: boolean;
  readonly device: NetDevice;
}

/** `payload` is valid during the call. */
export type UdpReceiver = (datagram: UdpDatagram, payload: Uint8Array) => void;

export interface UdpSendOptions {
  readonly source?: IpAddress | null;
  readonly ttl?: number;
  readonly tos?: number;
  readonly fragment?: FragmentPolicy;
  /** Send without a checksum (IPv4 only), as VXLAN does. */
  readonly withoutChecksum?: boolean;
  /** Another source port than the socket's own, as tunnels choose for entropy. */
  readonly sourcePort?: number;
  readonly unresolved?: DropReason;
}

export interface UdpSocket {
  readonly port: number;
  send(destination: IpAddress, port: number, payload: Uint8Array, options?: UdpSendOptions): DropReason | null;
  close(): void;
}

interface Bound {
  readonly port: number;
  readonly address: IpAddress | null;
  readonly receiver: UdpReceiver;
  readonly onError: ((error: IcmpError) => void) | null;
}

export class Udp {
  private readonly stack: IpStack;
  private readonly sockets = new Map<number, Bound[]>();
  private readonly ephemeral: EphemeralPorts;

  constructor(stack: IpStack) {
    this.stack = stack;
    this.ephemeral = new EphemeralPorts(stack.surroundings.rng, (port) => this.sockets.has(port));
  }

  /** Binds a socket; port 0 is any free one. Null when the port is taken. */
  bind(
    local: { readonly port: number; readonly address?: IpAddress | null },
    receiver: UdpReceiver,
    onError: ((error: IcmpError) => void) | null = null,
  ): UdpSocket | null {
    const port = local.port === 0 ? this.ephemeral.take() : local.port;
    const address = local.address ?? null;
    const others = port === null ? [] : (this.sockets.get(port) ?? []);
    const isTaken = others.some(
      (other) => other.address === null || address === null || isSame(other.address, address),
    );
    if (port === null || isTaken) return null;
    const bound: Bound = { port, address, receiver, onError };
    this.sockets.set(port, [...others, bound]);
    return {
      port,
      send: (destination, destinationPort, payload, options = {}) =>
        this.send(
          options.source ?? address,
          options.sourcePort ?? port,
          destination,
          destinationPort,
          payload,
          options,
        ),
      close: () => {
        const left = (this.sockets.get(port) ?? []).filter((other) => other !== bound);
        if (left.length === 0) this.sockets.delete(port);
        else this.sockets.set(port, left);
      },
    };
  }

  send(
    source: IpAddress | null,
    sourcePort: number,
    destination: IpAddress,
    destinationPort: number,
    payload: Uint8Array,
    options: UdpSendOptions = {},
  ): DropReason | null {
    const path = this.stack.path(destination, { source });
    if (path === 'no-route') return path;
    const size = UDP_HEADER_SIZE + payload.length;
    if (size > 65_535) return 'frame-too-long';
    const bytes = new Uint8Array(size);
    buildUdp(bytes, 0, { sourcePort, destinationPort, size, checksum: 0 });
    bytes.set(payload, UDP_HEADER_SIZE);
    if (!(options.withoutChecksum ?? false)) {
      const sum = transportChecksum(path.source, destination, IP_PROTO_UDP, bytes);
      writeU16(bytes, UDP_OFF_CHECKSUM, udpWireChecksum(sum));
    }
    return this.stack.output({
      path,
      source: path.source,
      destination,
      protocol: IP_PROTO_UDP,
      payload: bytes,
      ttl: options.ttl ?? 64,
      tos: options.tos ?? 0,
      fragment: options.fragment ?? 'want',
      unresolved: options.unresolved ?? 'no-neighbour',
    });
  }

  receive(packet: IncomingPacket): void {
    const { frame, device, transportOffset } = packet;
    const parsed = parseUdp(frame, transportOffset, packet.end);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', 'UDP');
      return;
    }
    const { header } = parsed;
    const hasChecksum = header.checksum !== 0;
    const message = frame.subarray(transportOffset, transportOffset + header.size);
    if (hasChecksum && transportChecksum(packet.source, packet.destination, IP_PROTO_UDP, message) !== 0) {
      this.stack.drop(frame, device, 'bad-checksum', 'UDP');
      return;
    }
    const isToAll = isMulticast(packet.destination) || this.stack.isBroadcast(packet.destination);
    const bound = this.find(header.destinationPort, isToAll ? null : packet.destination);
    if (bound === undefined) {
      this.stack.drop(frame, device, 'no-socket', `UDP port ${header.destinationPort}`);
      if (packet.destination.length === 4) this.stack.icmp.sendPortUnreachable(packet);
      else this.stack.icmpv6.sendPortUnreachable(packet);
      return;
    }
    this.stack.delivered(frame, device, `UDP port ${header.destinationPort}`);
    bound.receiver(
      {
        source: packet.source,
        destination: packet.destination,
        sourcePort: header.sourcePort,
        destinationPort: header.destinationPort,
        tos: packet.tos,
        ttl: packet.ttl,
        dontFragment: packet.dontFragment,
        checksum: hasChecksum,
        device,
      },
      message.subarray(UDP_HEADER_SIZE),
    );
  }

  error(error: IcmpError, sourcePort: number, _destinationPort: number): void {
    this.find(sourcePort, error.source)?.onError?.(error);
  }

  /** Sockets that are bound, for `ss`. */
  bound(): readonly { readonly port: number; readonly address: IpAddress | null }[] {
    return [...this.sockets.values()].flat();
  }

  private find(port: number, address: IpAddress | null): Bound | undefined {
    const candidates = this.sockets.get(port);
    const exact =
      address === null
        ? undefined
        : candidates?.find((bound) => bound.address !== null && isSame(bound.address, address));
    return exact ?? candidates?.find((bound) => bound.address === null);
  }
}
