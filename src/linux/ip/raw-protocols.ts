/**
 * IP protocols that others than the stack itself take: tunnels' (Linux: inet_add_protocol(), and raw sockets with their
 * own protocol number to send).
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { UnderlayIpReceiver, UnderlayPacket } from '#datapath/environment.js';
import type { IncomingPacket } from './packet.js';
import type { IpStack } from './stack.js';

const DEFAULT_TTL = 64;

export class RawProtocols {
  private readonly stack: IpStack;
  private readonly receivers = new Map<number, UnderlayIpReceiver>();

  constructor(stack: IpStack) {
    this.stack = stack;
  }

  /** Takes what arrives for the protocol; null where somebody does already. Returns the function that stops. */
  listen(protocol: number, receiver: UnderlayIpReceiver): (() => void) | null {
    if (this.receivers.has(protocol)) return null;
    this.receivers.set(protocol, receiver);
    return () => this.receivers.delete(protocol);
  }

  send(packet: UnderlayPacket, payload: Uint8Array): DropReason | null {
    const { source, destination, protocol, tos, ttl, dontFragment } = packet;
    const path = this.stack.path(destination, { source });
    if (path === 'no-route') return 'no-tunnel-route';
    return this.stack.output({
      path,
      source: path.source,
      destination,
      protocol,
      payload: payload.slice(),
      ttl: ttl === 0 ? DEFAULT_TTL : ttl,
      tos,
      fragment: dontFragment ? 'do' : 'dont',
      unresolved: 'no-tunnel-neighbour',
    });
  }

  /** False where nobody takes the packet's protocol. */
  receive({ protocol, source, destination, tos, ttl, frame, transportOffset, end }: IncomingPacket): boolean {
    const receiver = this.receivers.get(protocol);
    receiver?.({ source, destination, tos, ttl }, frame.subarray(transportOffset, end));
    return receiver !== undefined;
  }
}
