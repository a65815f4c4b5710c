/**
 * The parts of a flow that are headers of the packet: all that stands in struct flow (include/openvswitch/flow.h) from
 * the Ethernet addresses on, with the original tuple of the packet's connection, which stands there too.
 */
import {
  type FlowKey,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_CT_STATE,
  OFF_DP_HASH,
  OFF_ETH_DST,
  OFF_VLAN1_TPID,
} from '#flowtable/flow-key.js';

/** First byte, and the byte behind the last. */
const HEADER_RANGES: readonly (readonly [number, number])[] = [
  [OFF_ETH_DST, OFF_CT_STATE],
  [OFF_VLAN1_TPID, OFF_DP_HASH],
  [OFF_CT_NW_SRC, OFF_CT_NW_PROTO],
];

export function clearHeaders(flow: FlowKey): void {
  for (const [first, end] of HEADER_RANGES) flow.bytes.fill(0, first, end);
}

export function copyHeaders(to: FlowKey, from: FlowKey): void {
  for (const [first, end] of HEADER_RANGES) to.bytes.set(from.bytes.subarray(first, end), first);
}
