/** Flags of a flow (OFPFF_*), which the versions of OpenFlow number differently. Mirrors lib/ofp-flow.c. */
import type { FlowModFlags } from '../../flow-mod.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';

/** OpenFlow 1.0 only, and OVS does not have what it asks for. */
export const EMERGENCY = 1 << 2;

interface Flag {
  readonly name: keyof FlowModFlags;
  readonly bit: number;
  readonly firstVersion: OpenFlowVersion;
}

const FLAGS: readonly Flag[] = [
  { name: 'sendFlowRemoved', bit: 1 << 0, firstVersion: 10 },
  { name: 'checkOverlap', bit: 1 << 1, firstVersion: 10 },
  { name: 'resetCounts', bit: 1 << 2, firstVersion: 12 },
  { name: 'noPacketCounts', bit: 1 << 3, firstVersion: 13 },
  { name: 'noByteCounts', bit: 1 << 4, firstVersion: 13 },
];

export function flowFlagsToWire(flags: FlowModFlags, version: OpenFlowVersion): number {
  return FLAGS.reduce(
    (bits, { name, bit, firstVersion }) => (version >= firstVersion && flags[name] ? bits | bit : bits),
    0,
  );
}

/** Throws where a bit is none of the version's flags; EMERGENCY is let pass. */
export function flowFlagsFromWire(bits: number, version: OpenFlowVersion): FlowModFlags {
  const has = (name: keyof FlowModFlags): boolean =>
    FLAGS.some((flag) => flag.name === name && version >= flag.firstVersion && (bits & flag.bit) !== 0);
  const known = FLAGS.reduce((all, { bit, firstVersion }) => (version >= firstVersion ? all | bit : all), 0);
  if ((bits & ~(version === 10 ? known | EMERGENCY : known)) !== 0) throw new OpenFlowError('OFPFMFC_BAD_FLAGS');
  return {
    sendFlowRemoved: has('sendFlowRemoved'),
    checkOverlap: has('checkOverlap'),
    resetCounts: has('resetCounts'),
    noPacketCounts: has('noPacketCounts'),
    noByteCounts: has('noByteCounts'),
  };
}
