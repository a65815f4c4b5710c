/**
 * The copies of a packet that come back to the datapath (recirculation), found by running its datapath actions over
 * the packet's bytes in a datapath of their own: one without ports and flows, so that every copy that comes back is a
 * miss, and the packet's real switch sees nothing.
 *
 * Without the bytes a frame is composed from the key; what lies below a label or in a tunnel cannot be, so copies whose
 * headers come to light only then are not told.
 */
import { Datapath } from '#datapath/datapath.js';
import type { DpAction } from '#datapath/dpif.js';
import { type FlowKey, OFF_RECIRC_ID } from '#flowtable/flow-key.js';
import { SeededRng } from '#src/sim/rng.js';
import { composeFrame } from '#src/vswitchd/odp/compose-frame.js';

export interface ReturningCopy {
  /** Of the recirculation that it comes back by. */
  readonly id: number;
  /** As the datapath extracts it then. */
  readonly key: FlowKey;
  readonly packet: Uint8Array;
}

/** Actions that uncover headers which no key tells of. */
const UNCOVERING: ReadonlySet<DpAction['kind']> = new Set(['pop_mpls', 'tnl_pop'] as const);

/** packet: the bytes of the packet, null where only its key is known. */
export function returningCopies(
  actions: readonly DpAction[],
  key: FlowKey,
  packet: Uint8Array | null,
): readonly ReturningCopy[] {
  if (!actions.some(({ kind }) => kind === 'recirc' || kind === 'clone' || kind === 'check_pkt_len')) return [];
  if (packet === null && actions.some(({ kind }) => UNCOVERING.has(kind))) return [];
  const frame = packet ?? composeFrame(key);
  if (frame === null) return [];
  const datapath = new Datapath(
    { clock: { nowNs: () => 0 }, rng: new SeededRng(1), underlay: null },
    { name: 'rehearsal', packetBufferCount: 64, maxFlows: 1, microflowCache: false },
  );
  datapath.execute(frame, key, actions);
  const copies: ReturningCopy[] = [];
  for (let upcall = datapath.upcallReceive(); upcall !== null; upcall = datapath.upcallReceive()) {
    if (upcall.kind !== 'miss') continue;
    copies.push({ id: upcall.key.u32(OFF_RECIRC_ID), key: upcall.key, packet: upcall.packet });
  }
  return copies;
}
