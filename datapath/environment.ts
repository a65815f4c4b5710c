/**
 * What a datapath needs from outside. `src/sim`, `src/linux` and `src/daemon` implement it; nothing below this line
 * reads a wall clock, rolls dice or knows a route.
 */
import type { ConnectionTracker } from './conntrack/connection-tracker.js';
import type { DropReason } from './drop-reason.js';

export interface Clock {
  /** Monotonic time in nanoseconds since the simulation (or process) began. */
  nowNs(): number;
}

export interface Rng {
  /** The next 32 random bits, as an unsigned integer. */
  next32(): number;
}

/** A UDP datagram that a tunnel wants carried by its host's stack. Addresses are 4 or 16 bytes, network order. */
export interface UnderlayDatagram {
  readonly source: Uint8Array | null;
  readonly destination: Uint8Array;
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly tos: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly checksum: boolean;
  readonly mark: number;
}

/** Receives what arrives on a UDP port that a tunnel vport listens on. `payload` is valid during the call only. */
export type UnderlayReceiver = (
  outer: {
    readonly source: Uint8Array;
    readonly destination: Uint8Array;
    readonly sourcePort: number;
    readonly destinationPort: number;
    readonly tos: number;
    readonly ttl: number;
    readonly dontFragment: boolean;
    readonly checksum: boolean;
  },
  payload: Uint8Array,
) => void;

/** A packet of another IP protocol that a tunnel (GRE) wants carried. Addresses are 4 or 16 bytes, network order. */
export interface UnderlayPacket {
  readonly source: Uint8Array | null;
  readonly destination: Uint8Array;
  readonly protocol: number;
  readonly tos: number;
  readonly ttl: number;
  readonly dontFragment: boolean;
  readonly mark: number;
}

/** Receives what arrives for an IP protocol. `payload` is valid during the call only. */
export type UnderlayIpReceiver = (
  outer: {
    readonly source: Uint8Array;
    readonly destination: Uint8Array;
    readonly tos: number;
    readonly ttl: number;
  },
  payload: Uint8Array,
) => void;

/** The host's IP stack as a tunnel sees it. */
export interface Underlay {
  /** Sends the datagram; null when it left, else why it did not (`no-tunnel-route`, …). `payload` is copied. */
  sendUdp(datagram: UnderlayDatagram, payload: Uint8Array): DropReason | null;
  /** Listens on a UDP port; returns the function that stops listening. Throws when the port is taken. */
  listenUdp(port: number, receiver: UnderlayReceiver): () => void;
  /** As sendUdp, for another protocol. A stack that has neither of these two carries no GRE. */
  sendIp?(packet: UnderlayPacket, payload: Uint8Array): DropReason | null;
  /** Takes what arrives for an IP protocol; returns the function that stops. Throws when somebody does already. */
  listenIp?(protocol: number, receiver: UnderlayIpReceiver): () => void;
}

export interface DatapathEnvironment {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Absent where the datapath has no host below it (the dummy datapath): tunnel output is then dropped. */
  readonly underlay: Underlay | null;
  /** The connection tracker of the network namespace; a datapath that is given none makes its own. */
  readonly conntrack?: ConnectionTracker;
}
