/**
 * lb_output: the frame leaves by the member of a bond that its hash names. // hot path
 * Mirrors dp_execute_lb_output_action() of lib/dpif-netdev.c.
 */
import type { BondTable } from '../bond-table.js';
import type { DpAction } from '../dpif.js';
import { hash5Tuple } from '../flow-hash.js';
import { FLOW_HASH_NONE, type Packet } from '../packet-buffer.js';
import { OP_LB_OUTPUT, type ProgramBuilder } from './program.js';

export function compileLbOutput(action: Extract<DpAction, { kind: 'lb_output' }>, builder: ProgramBuilder): void {
  builder.add(OP_LB_OUTPUT, action.bond);
}

/** The port to send to, negative where there is none. The packet's key is that of its headers. */
export function chooseBondPort(packet: Packet, bonds: BondTable, id: number): number {
  const hash =
    packet.flowHashState === FLOW_HASH_NONE ? hash5Tuple(packet.words, packet.row, 0) : packet.takeFlowHash();
  return bonds.choose(id, hash, packet.length);
}
