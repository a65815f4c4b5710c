/**
 * Where exporters send to: collectors, each behind a UDP socket of the host. Mirrors ofproto/collectors.c; a target is
 * `HOST:PORT`, with an IPv6 address in brackets (inet_parse_active() of lib/socket-util.c).
 *
 * Deliberately different: a host is an address, not a name, as a simulated machine asks no name server.
 */
import { ipv4Of, isMapped, parseHost } from '../native-tunnel/address.js';

export interface ExportSocket {
  /** False when the datagram did not leave. */
  send(payload: Uint8Array): boolean;
  close(): void;
}

/** The host's stack as exporters see it. Addresses are 4 or 16 bytes. */
export interface ExportHost {
  /** A UDP socket that sends to the address; null when no route leads there. */
  connect(address: Uint8Array, port: number): ExportSocket | null;
  /** An address of the device. */
  addressOf(device: string): Uint8Array | null;
  /** The address that packets to the destination leave with. */
  sourceFor(destination: Uint8Array): Uint8Array | null;
}

export interface Target {
  readonly address: Uint8Array;
  readonly port: number;
}

/** Null where the text is none; without a default the port must be there. */
export function parseTarget(text: string, defaultPort: number | null): Target | null {
  const match = /^(?:\[([^\]]*)\]|([^:[\]]*))(?::(\d+))?$/.exec(text);
  if (match === null) return null;
  const address = parseAddress(match[1] ?? match[2] ?? '');
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  return address === null || port === null || port > 0xffff ? null : { address, port };
}

export function parseAddress(text: string): Uint8Array | null {
  const ip = parseHost(text, !text.includes(':'));
  if (ip === null) return null;
  return isMapped(ip) ? ipv4Of(ip) : ip;
}

export class Collectors {
  private readonly sockets: readonly ExportSocket[];

  private constructor(sockets: readonly ExportSocket[]) {
    this.sockets = sockets;
  }

  /** Null when none of the targets can be had. */
  static open(host: ExportHost | null, targets: readonly string[], defaultPort: number | null): Collectors | null {
    const opened = [...new Set(targets)].flatMap((text) => {
      const target = parseTarget(text, defaultPort);
      const socket = target === null ? null : (host?.connect(target.address, target.port) ?? null);
      return socket === null ? [] : [socket];
    });
    return opened.length === 0 ? null : new Collectors(opened);
  }

  get count(): number {
    return this.sockets.length;
  }

  /** Sends to all; returns to how many it could not. */
  send(payload: Uint8Array): number {
    return this.sockets.reduce((errors, socket) => errors + (socket.send(payload) ? 0 : 1), 0);
  }

  close(): void {
    for (const socket of this.sockets) socket.close();
  }
}

export const sameTargets = (a: readonly string[], b: readonly string[]): boolean =>
  new Set(a).size === new Set(b).size && a.every((target) => b.includes(target));
