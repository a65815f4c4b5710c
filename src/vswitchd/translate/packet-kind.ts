/** What kind of packet a flow is, and what kind of rule a rule: the tests that several parts of translation make. */
import { type FlowKey, OFF_ETH_DST, OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import { isCatchall } from '#flowtable/flow-mask.js';
import { ethTypeOf, isIpType } from '#src/openflow/packet-type.js';
import type { Rule } from '../openflow-table.js';

/** With an Ethernet header or without one. */
export const isIp = (flow: FlowKey): boolean => isIpType(ethTypeOf(flow));

/** An LLC frame to the address of IEEE 802.1D's BPDUs. */
export const isStp = (flow: FlowKey): boolean =>
  flow.u16(OFF_ETH_TYPE) === 0x05ff && flow.u32(OFF_ETH_DST) === 0x0180c200 && flow.u16(OFF_ETH_DST + 4) === 0;

/** A rule that matches everything at priority 0. */
export const isTableMiss = (rule: Rule): boolean => rule.priority === 0 && isCatchall(rule.match.mask);
