/**
 * Others that do the same work, measured on the same frames right after a workload of ours: `ovs-dpdk.ts` and
 * `c-kernel.ts`.
 */
import type { PeerWork } from '../workload/workload.js';

export const PEER_NAMES = ['ovs-dpdk', 'c'] as const;
export type PeerName = (typeof PEER_NAMES)[number];

export interface PeerMeasurement {
  readonly peer: PeerName;
  /** Which of its ways it is, where it has several. */
  readonly variant: string;
  /** By the wall, and on a processor: the medians of several windows. */
  readonly ns: number;
  readonly onCpuNs: number;
  /** Of the windows' times on a processor. */
  readonly spread: { readonly min: number; readonly max: number };
  /** The share of its time that is packet source and sink, which a workload of ours has not; 0 where it has none. */
  readonly sourceAndSinkShare: number;
  /** What its own counters say: shares of hits, masks. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface Peer {
  readonly name: PeerName;
  /** Null where it cannot do this work. */
  measure(work: PeerWork): Promise<PeerMeasurement | null>;
  stop(): Promise<void>;
}

/** Why a peer is not there. */
export class PeerMissing extends Error {}

export interface Comparison {
  /** How many times the peer's time is of ours. */
  readonly asMeasured: number;
  readonly withoutSourceAndSink: number;
  /** The lower of both. */
  readonly claim: number;
}

export function compare(oursOnCpuNs: number, peer: PeerMeasurement): Comparison {
  const asMeasured = peer.onCpuNs / oursOnCpuNs;
  const withoutSourceAndSink = asMeasured * (1 - peer.sourceAndSinkShare);
  return { asMeasured, withoutSourceAndSink, claim: Math.min(asMeasured, withoutSourceAndSink) };
}
