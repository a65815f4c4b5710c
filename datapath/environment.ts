/**
 * What a datapath needs from outside. `src/sim`, `src/linux` and `src/daemon` implement it; nothing below this line
 * reads a wall clock, rolls dice or knows a route.
 */
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

/** The host's IP stack as a tunnel sees it. */
export interface Underlay {
  /** Sends the datagram; null when it left, else why it did not (`no-tunnel-route`, …). `payload` is copied. */
  sendUdp(datagram: UnderlayDatagram, payload: Uint8Array): DropReason | null;
  /** Listens on a UDP port; returns the function that stops listening. Throws when the port is taken. */
  listenUdp(port: number, receiver: UnderlayReceiver): () => void;
}

export interface DatapathEnvironment {
  readonly clock: Clock;
  readonly rng: Rng;
  /** Absent where the datapath has no host below it (the dummy datapath): tunnel output is then dropped. */
  readonly underlay: Underlay | null;
}
