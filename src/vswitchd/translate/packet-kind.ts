/** What kind of packet a flow is, and what kind of rule a rule: the tests that several parts of translation make. */
import { type FlowKey, OFF_ETH_DST, OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import { isCatchall } from '#flowtable/flow-mask.js';
import type { Rule } from '../openflow-table.js';

export const isIp = (flow: FlowKey): boolean => flow.u16(OFF_ETH_TYPE) === 0x0800 || flow.u16(OFF_ETH_TYPE) === 0x86dd;

/** An LLC frame to the address of IEEE 802.1D's BPDUs. */
export const isStp = (flow: FlowKey): boolean =>
  flow.u16(OFF_ETH_TYPE) === 0x05ff && flow.u32(OFF_ETH_DST) === 0x0180c200 && flow.u16(OFF_ETH_DST + 4) === 0;

/** A rule that matches everything at priority 0. */
export const isTableMiss = (rule: Rule): boolean => rule.priority === 0 && isCatchall(rule.match.mask);
