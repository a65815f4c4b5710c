/**
 * TCP's sockets: which connection or listener a segment is for, and resets for those that are for none (RFC 9293
 * §3.10.7.1; Linux: net/ipv4/tcp_ipv4.c).
 */
import { readU16, writeU16 } from '#datapath/packet/byte-order.js';
import { IP_PROTO_TCP } from '#datapath/packet/ipv4.js';
import {
  buildTcp,
  parseTcp,
  TCP_ACK,
  TCP_FIN,
  TCP_HEADER_SIZE,
  TCP_OFF_CHECKSUM,
  TCP_RST,
  TCP_SYN,
} from '#datapath/packet/tcp.js';
import { addressKey, type IpAddress, isMulticast, isSame } from './address.js';
import { ICMP_PORT_UNREACHABLE, ICMP_PROTOCOL_UNREACHABLE, ICMP_NET_UNREACHABLE } from './icmp.js';
import { ICMPV6_NO_ROUTE, ICMPV6_PORT_UNREACHABLE } from './icmpv6.js';
import type { IcmpError } from './icmp-error.js';
import type { IncomingPacket } from './packet.js';
import { EphemeralPorts } from './ports.js';
import type { IpStack } from './stack.js';
import {
  TcpConnection,
  type TcpConnectionHost,
  type TcpEndpoints,
  type TcpError,
  type TcpSegment,
} from './tcp-connection.js';
import { transportChecksum } from './transport-checksum.js';

export interface TcpListener {
  readonly port: number;
  close(): void;
}

interface Listening {
  readonly port: number;
  readonly address: IpAddress | null;
  /** Called when a handshake is complete; set the connection's handlers in it. */
  readonly onConnection: (connection: TcpConnection) => void;
  readonly halfOpen: Set<TcpConnection>;
}

/** Half-open connections of a listener (net.ipv4.tcp_max_syn_backlog). */
const MAX_HALF_OPEN = 128;
const TCP_OPTION_END = 0;
const TCP_OPTION_NOP = 1;
const TCP_OPTION_MSS = 2;

const keyOf = (endpoints: TcpEndpoints): string =>
  `${addressKey(endpoints.localAddress)}:${endpoints.localPort}:${addressKey(endpoints.remoteAddress)}:${endpoints.remotePort}`;

export class Tcp {
  private readonly stack: IpStack;
  private readonly listeners = new Map<number, Listening[]>();
  private readonly connections = new Map<
    string,
    { readonly connection: TcpConnection; readonly listener: Listening | null }
  >();
  private readonly portUse = new Map<number, number>();
  private readonly ephemeral: EphemeralPorts;
  private readonly host: TcpConnectionHost;

  constructor(stack: IpStack) {
    this.stack = stack;
    this.ephemeral = new EphemeralPorts(
      stack.surroundings.rng,
      (port) => this.listeners.has(port) || this.portUse.has(port),
    );
    this.host = {
      scheduler: stack.surroundings.scheduler,
      transmit: (connection, segment) => this.transmit(connection.endpoints, segment),
      closed: (connection) => this.forget(connection),
      established: (connection) => {
        const listener = this.connections.get(keyOf(connection.endpoints))?.listener;
        listener?.halfOpen.delete(connection);
        listener?.onConnection(connection);
      },
    };
  }

  /** Starts a connection; its handlers are to be set at once. A reason where there is no way to begin. */
  connect(
    destination: IpAddress,
    port: number,
    local: { readonly address?: IpAddress | null; readonly port?: number } = {},
  ): TcpConnection | 'no-route' | 'address-in-use' {
    const path = this.stack.path(destination, { source: local.address ?? null });
    if (path === 'no-route') return path;
    const localPort = local.port ?? this.ephemeral.take();
    if (localPort === null) return 'address-in-use';
    const endpoints: TcpEndpoints = {
      localAddress: path.source,
      localPort,
      remoteAddress: destination,
      remotePort: port,
    };
    if (this.connections.has(keyOf(endpoints))) return 'address-in-use';
    const connection = this.create(endpoints, null, this.mssOf(path.device.mtu, destination));
    // The SYN leaves as an event of its own, so that the caller can set its handlers first.
    this.stack.surroundings.scheduler.after(0, () => {
      if (this.connections.has(keyOf(endpoints))) connection.open();
    });
    return connection;
  }

  /** Null when the port is taken. */
  listen(
    local: { readonly port: number; readonly address?: IpAddress | null },
    onConnection: (connection: TcpConnection) => void,
  ): TcpListener | null {
    const address = local.address ?? null;
    const port = local.port === 0 ? this.ephemeral.take() : local.port;
    const others = port === null ? [] : (this.listeners.get(port) ?? []);
    const isTaken = others.some(
      (other) => other.address === null || address === null || isSame(other.address, address),
    );
    if (port === null || isTaken) return null;
    const listening: Listening = { port, address, onConnection, halfOpen: new Set() };
    this.listeners.set(port, [...others, listening]);
    return {
      port,
      close: () => {
        const left = (this.listeners.get(port) ?? []).filter((other) => other !== listening);
        if (left.length === 0) this.listeners.delete(port);
        else this.listeners.set(port, left);
        for (const connection of [...listening.halfOpen]) connection.abort();
      },
    };
  }

  receive(packet: IncomingPacket): void {
    const { frame, device, transportOffset, end } = packet;
    const parsed = parseTcp(frame, transportOffset, end);
    if (!parsed.ok) {
      this.stack.drop(frame, device, 'bad-header', 'TCP');
      return;
    }
    const message = frame.subarray(transportOffset, end);
    if (transportChecksum(packet.source, packet.destination, IP_PROTO_TCP, message) !== 0) {
      this.stack.drop(frame, device, 'bad-checksum', 'TCP');
      return;
    }
    const { header } = parsed;
    const segment: TcpSegment = {
      sequence: header.sequence,
      acknowledgement: header.acknowledgement,
      flags: header.flags,
      window: header.window,
      mss: mssOption(header.options),
      data: frame.slice(parsed.payloadOffset, end),
    };
    const endpoints: TcpEndpoints = {
      localAddress: packet.destination,
      localPort: header.destinationPort,
      remoteAddress: packet.source,
      remotePort: header.sourcePort,
    };
    const known = this.connections.get(keyOf(endpoints));
    if (known !== undefined) {
      this.stack.delivered(frame, device, `TCP port ${header.destinationPort}`);
      known.connection.receive(segment);
      return;
    }
    const listener = isMulticast(packet.destination) ? undefined : this.findListener(endpoints);
    const isOpening = (header.flags & (TCP_SYN | TCP_ACK | TCP_RST)) === TCP_SYN;
    if (listener === undefined || !isOpening) {
      this.stack.drop(frame, device, 'no-socket', `TCP port ${header.destinationPort}`);
      this.reset(endpoints, segment);
      return;
    }
    if (listener.halfOpen.size >= MAX_HALF_OPEN) {
      this.stack.drop(frame, device, 'no-socket', `TCP port ${header.destinationPort}: too many half-open connections`);
      return;
    }
    this.stack.delivered(frame, device, `TCP port ${header.destinationPort}`);
    const connection = this.create(endpoints, listener, this.mssOf(device.mtu, packet.source));
    listener.halfOpen.add(connection);
    connection.accept(segment);
  }

  error(error: IcmpError, sourcePort: number, destinationPort: number): void {
    const entry = this.connections.get(
      keyOf({
        localAddress: error.source,
        localPort: sourcePort,
        remoteAddress: error.destination,
        remotePort: destinationPort,
      }),
    );
    if (entry === undefined) return;
    const { connection } = entry;
    if (error.kind === 'too-big') {
      connection.limitMss(this.mssOf(error.mtu, error.destination));
      return;
    }
    // An established connection outlives unreachability until it times out (RFC 5461).
    const isOpening = connection.state === 'SYN-SENT' || connection.state === 'SYN-RECEIVED';
    if (error.kind === 'unreachable' && isOpening) connection.fail(errorOf(error));
  }

  /** Connections and their states, for `ss`. */
  list(): readonly TcpConnection[] {
    return [...this.connections.values()].map(({ connection }) => connection);
  }

  listening(): readonly { readonly port: number; readonly address: IpAddress | null }[] {
    return [...this.listeners.values()].flat();
  }

  private create(endpoints: TcpEndpoints, listener: Listening | null, mss: number): TcpConnection {
    const connection = new TcpConnection(this.host, endpoints, this.stack.surroundings.rng.next32(), mss);
    this.connections.set(keyOf(endpoints), { connection, listener });
    this.portUse.set(endpoints.localPort, (this.portUse.get(endpoints.localPort) ?? 0) + 1);
    return connection;
  }

  private forget(connection: TcpConnection): void {
    const key = keyOf(connection.endpoints);
    this.connections.get(key)?.listener?.halfOpen.delete(connection);
    if (!this.connections.delete(key)) return;
    const { localPort } = connection.endpoints;
    const left = (this.portUse.get(localPort) ?? 1) - 1;
    if (left === 0) this.portUse.delete(localPort);
    else this.portUse.set(localPort, left);
  }

  private mssOf(mtu: number, destination: IpAddress): number {
    return Math.min(mtu, 65_535) - TCP_HEADER_SIZE - (destination.length === 4 ? 20 : 40);
  }

  private findListener(endpoints: TcpEndpoints): Listening | undefined {
    const candidates = this.listeners.get(endpoints.localPort);
    return (
      candidates?.find((listener) => listener.address !== null && isSame(listener.address, endpoints.localAddress)) ??
      candidates?.find((listener) => listener.address === null)
    );
  }

  private reset(endpoints: TcpEndpoints, segment: TcpSegment): void {
    if ((segment.flags & TCP_RST) !== 0) return;
    const size =
      segment.data.length + ((segment.flags & TCP_SYN) !== 0 ? 1 : 0) + ((segment.flags & TCP_FIN) !== 0 ? 1 : 0);
    const isAcknowledged = (segment.flags & TCP_ACK) !== 0;
    this.transmit(endpoints, {
      sequence: isAcknowledged ? segment.acknowledgement : 0,
      acknowledgement: isAcknowledged ? 0 : (segment.sequence + size) >>> 0,
      flags: isAcknowledged ? TCP_RST : TCP_RST | TCP_ACK,
      window: 0,
      mss: null,
      data: segment.data.subarray(0, 0),
    });
  }

  private transmit(endpoints: TcpEndpoints, segment: TcpSegment): void {
    const { localAddress, remoteAddress } = endpoints;
    const path = this.stack.path(remoteAddress, { source: localAddress });
    if (path === 'no-route') return;
    const options =
      segment.mss === null
        ? new Uint8Array(0)
        : new Uint8Array([TCP_OPTION_MSS, 4, segment.mss >>> 8, segment.mss & 0xff]);
    const headerSize = TCP_HEADER_SIZE + options.length;
    const bytes = new Uint8Array(headerSize + segment.data.length);
    buildTcp(bytes, 0, {
      sourcePort: endpoints.localPort,
      destinationPort: endpoints.remotePort,
      sequence: segment.sequence,
      acknowledgement: segment.acknowledgement,
      flags: segment.flags,
      window: segment.window,
      urgent: 0,
      options,
    });
    bytes.set(segment.data, headerSize);
    writeU16(bytes, TCP_OFF_CHECKSUM, transportChecksum(localAddress, remoteAddress, IP_PROTO_TCP, bytes));
    this.stack.output({
      path,
      source: localAddress,
      destination: remoteAddress,
      protocol: IP_PROTO_TCP,
      payload: bytes,
      ttl: 64,
      tos: 0,
      fragment: 'want',
      unresolved: 'no-neighbour',
    });
  }
}

function mssOption(options: Uint8Array): number | null {
  for (let at = 0; at < options.length; ) {
    const kind = options[at]!;
    if (kind === TCP_OPTION_END) return null;
    if (kind === TCP_OPTION_NOP) {
      at++;
      continue;
    }
    const size = options[at + 1] ?? 0;
    if (size < 2 || at + size > options.length) return null;
    if (kind === TCP_OPTION_MSS && size === 4) return Math.max(readU16(options, at + 2), 88);
    at += size;
  }
  return null;
}

function errorOf(error: IcmpError): TcpError {
  if (error.from.length === 4) {
    if (error.code === ICMP_PORT_UNREACHABLE || error.code === ICMP_PROTOCOL_UNREACHABLE) return 'ECONNREFUSED';
    return error.code === ICMP_NET_UNREACHABLE ? 'ENETUNREACH' : 'EHOSTUNREACH';
  }
  if (error.code === ICMPV6_PORT_UNREACHABLE) return 'ECONNREFUSED';
  return error.code === ICMPV6_NO_ROUTE ? 'ENETUNREACH' : 'EHOSTUNREACH';
}
