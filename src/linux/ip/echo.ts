/**
 * Echo requests and who waits for the answers (RFC 792, RFC 4443 §4): what ping's socket is to Linux
 * (net/ipv4/ping.c). One set of sockets for each family, told apart by the identifier.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { NetDevice } from '../device/net-device.js';
import type { IpAddress } from './address.js';
import type { IcmpError } from './icmp-error.js';
import type { FragmentPolicy } from './packet.js';

export type EchoEvent =
  | {
      readonly kind: 'reply';
      readonly from: IpAddress;
      readonly sequence: number;
      readonly ttl: number;
      /** Size of the ICMP message. */
      readonly size: number;
      /** Valid during the call. */
      readonly payload: Uint8Array;
    }
  | { readonly kind: 'error'; readonly sequence: number; readonly error: IcmpError };

export interface EchoRequest {
  readonly identifier: number;
  readonly sequence: number;
  readonly destination: IpAddress;
  readonly source?: IpAddress | null;
  readonly device?: NetDevice | null;
  readonly ttl?: number;
  readonly tos?: number;
  readonly fragment?: FragmentPolicy;
  readonly payload: Uint8Array;
}

export interface EchoSocket {
  readonly identifier: number;
  send(request: Omit<EchoRequest, 'identifier'>): DropReason | null;
  close(): void;
}

export class EchoSockets {
  private readonly sockets = new Map<number, (event: EchoEvent) => void>();
  private readonly sendRequest: (request: EchoRequest) => DropReason | null;
  private nextIdentifier: number;

  constructor(firstIdentifier: number, sendRequest: (request: EchoRequest) => DropReason | null) {
    this.nextIdentifier = firstIdentifier & 0xffff;
    this.sendRequest = sendRequest;
  }

  open(listener: (event: EchoEvent) => void): EchoSocket {
    if (this.sockets.size >= 0x10000) throw new Error('all echo identifiers are in use');
    while (this.sockets.has(this.nextIdentifier)) this.nextIdentifier = (this.nextIdentifier + 1) & 0xffff;
    const identifier = this.nextIdentifier;
    this.nextIdentifier = (this.nextIdentifier + 1) & 0xffff;
    this.sockets.set(identifier, listener);
    return {
      identifier,
      send: (request) => this.sendRequest({ ...request, identifier }),
      close: () => {
        this.sockets.delete(identifier);
      },
    };
  }

  /** False when nobody waits. */
  reply(identifier: number, event: Extract<EchoEvent, { kind: 'reply' }>): boolean {
    const listener = this.sockets.get(identifier);
    listener?.(event);
    return listener !== undefined;
  }

  error(error: IcmpError, identifier: number, sequence: number): void {
    this.sockets.get(identifier)?.({ kind: 'error', sequence, error });
  }
}
