/**
 * An IP packet on its way through a host's stack, whichever family: what came in (still in its frame), and what is to
 * go out.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { NetDevice } from '../device/net-device.js';
import type { IpAddress } from './address.js';

export interface IncomingPacket {
  /** The frame, or the frame as it would have been had the packet not come in fragments. */
  readonly frame: Uint8Array;
  readonly device: NetDevice;
  readonly ipOffset: number;
  /** Where the transport header begins and the packet ends. */
  readonly transportOffset: number;
  readonly end: number;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly ttl: number;
  readonly tos: number;
  readonly dontFragment: boolean;
}

/** Which way a packet leaves the host. */
export interface Path {
  readonly device: NetDevice;
  /** The neighbour to hand it to; null where the destination address says it all (multicast, broadcast, own). */
  readonly nextHop: IpAddress | null;
  readonly source: IpAddress;
}

/** May the packet be fragmented: never, or by this host but by no router, or by anybody (IP_MTU_DISCOVER)? */
export type FragmentPolicy = 'do' | 'want' | 'dont';

export interface OutgoingPacket {
  readonly path: Path;
  readonly source: IpAddress;
  readonly destination: IpAddress;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly ttl: number;
  readonly tos: number;
  readonly fragment: FragmentPolicy;
  /** What the packet dies of when its next hop does not answer. */
  readonly unresolved: DropReason;
}
