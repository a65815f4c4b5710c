/**
 * MPLS labels during translation (RFC 3032). Mirrors compose_mpls_push_action() and its neighbours in
 * ofproto-dpif-xlate.c, and flow_push_mpls() and flow_pop_mpls() of lib/flow.c.
 */
import { fieldNamed } from '#flowtable/fields.js';
import {
  type FlowKey,
  OFF_CT_IPV6_SRC,
  OFF_CT_MARK,
  OFF_DP_HASH,
  OFF_ETH_TYPE,
  OFF_IPV6_SRC,
  OFF_MPLS,
  OFF_NW_FRAG,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_TUN_ID,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { FrozenAction } from '../recirculation.js';
import { sendExpired } from './controller.js';
import { isIp } from './packet-kind.js';
import type { Translation } from './translation.js';

export const MAX_LABELS = 3;
const BOS = 0x100;
const TTL_MASK = 0xff;

export const isMplsType = (type: number): boolean => type === 0x8847 || type === 0x8848;
export const labelOffset = (index: number): number => OFF_MPLS + 4 * index;

/** Labels of the packet; with wc, the bits that say where the stack ends are added to it. */
export function countLabels(flow: FlowKey, wc: FlowKey | null): number {
  if (!isMplsType(flow.u16(OFF_ETH_TYPE))) return 0;
  let count = 0;
  for (let i = 0; i < MAX_LABELS; i++) {
    if (wc !== null) wc.setU32(labelOffset(i), (wc.u32(labelOffset(i)) | BOS) >>> 0);
    const entry = flow.u32(labelOffset(i));
    if ((entry & BOS) !== 0) return i + 1;
    if (entry !== 0) count++;
  }
  return count;
}

/** Puts a label on top of `count`; keepsHeaders: what lies below stays known (for base, which may be restored). */
export function pushLabel(
  flow: FlowKey,
  count: number,
  ethertype: number,
  wc: FlowKey | null,
  keepsHeaders: boolean,
): void {
  if (count > 0) {
    if (wc !== null) setExact(wc, OFF_MPLS, 4 * count);
    for (let i = count; i >= 1; i--) flow.setU32(labelOffset(i), flow.u32(labelOffset(i - 1)));
    flow.setU32(OFF_MPLS, (flow.u32(labelOffset(1)) & ~BOS) >>> 0);
  } else {
    let trafficClass = 0;
    let ttl = 64;
    if (isIp(flow)) {
      trafficClass = flow.u8(OFF_NW_TOS) >> 2;
      if (wc !== null) {
        wc.setU8(OFF_NW_TOS, wc.u8(OFF_NW_TOS) | 0xfc);
        setExact(wc, OFF_NW_TTL, 1);
      }
      if (flow.u8(OFF_NW_TTL) !== 0) ttl = flow.u8(OFF_NW_TTL);
    }
    // IPv4 or IPv6 explicit null (RFC 3032 §2.1).
    const label = flow.u16(OFF_ETH_TYPE) === 0x86dd ? 2 : 0;
    flow.setU32(OFF_MPLS, ((label << 12) | ((trafficClass & 7) << 9) | BOS | ttl) >>> 0);
    if (!keepsHeaders) forgetHeaders(flow);
  }
  flow.setU16(OFF_ETH_TYPE, ethertype);
}

/** Takes the top one of `count` labels off; false when it cannot be known what comes up from below. */
export function popLabel(flow: FlowKey, count: number, ethertype: number, wc: FlowKey | null): boolean {
  if (count === 0) return false;
  if (count === MAX_LABELS) {
    const bottom = labelOffset(count - 1);
    if (wc !== null) wc.setU32(bottom, (wc.u32(bottom) | BOS) >>> 0);
    if ((flow.u32(bottom) & BOS) === 0) return false;
  }
  if (wc !== null) setExact(wc, labelOffset(1), 4 * (count - 1));
  for (let i = 1; i < count; i++) flow.setU32(labelOffset(i - 1), flow.u32(labelOffset(i)));
  flow.setU32(labelOffset(count - 1), 0);
  flow.setU16(OFF_ETH_TYPE, ethertype);
  return true;
}

/** Everything from L3 up lies behind the label now. */
function forgetHeaders(flow: FlowKey): void {
  // nw_frag .. tp_dst, then the addresses, labels and targets of IPv6, ARP and ND, IGMP, NSH, and the original tuple.
  flow.bytes.fill(0, OFF_NW_FRAG, OFF_NW_FRAG + 18);
  flow.bytes.fill(0, OFF_IPV6_SRC, OFF_DP_HASH);
  flow.setU32(OFF_DP_HASH, 0);
  flow.bytes.fill(0, OFF_CT_MARK + 20, OFF_CT_IPV6_SRC);
  flow.bytes.fill(0, OFF_CT_IPV6_SRC, OFF_TUN_ID);
}

export function pushMpls(t: Translation, ethertype: number): void {
  const count = countLabels(t.flow, t.wc);
  if (count === 0) {
    t.commit();
  } else if (count >= MAX_LABELS) {
    reportTooManyLabels(t, 'an MPLS push action', "can't be performed as it would have more");
    return;
  }
  pushLabel(t.flow, count, ethertype, t.wc, false);
}

export function popMpls(t: Translation, ethertype: number): void {
  const count = countLabels(t.flow, t.wc);
  if (popLabel(t.flow, count, ethertype, t.wc)) {
    if (!isMplsType(ethertype)) t.wasMpls = true;
  } else if (count >= MAX_LABELS) {
    reportTooManyLabels(t, 'an MPLS pop action', "can't be performed as it has more");
    t.actions.length = 0;
  }
}

export function reportTooManyLabels(t: Translation, what: string, why: string): void {
  if (t.input.packet !== null) {
    t.report('error', `dropping packet on which ${what} ${why} MPLS LSEs than the ${MAX_LABELS} supported.`);
  }
  t.error = 'too-many-mpls-labels';
}

/** At 0 or 1 the packet goes to the controller and the list of actions ends: then false. */
export function decrementMplsTtl(t: Translation): boolean {
  const { flow, wc } = t;
  if (isMplsType(flow.u16(OFF_ETH_TYPE))) {
    const entry = flow.u32(OFF_MPLS);
    wc.setU32(OFF_MPLS, (wc.u32(OFF_MPLS) | TTL_MASK) >>> 0);
    if ((entry & TTL_MASK) > 1) {
      flow.setU32(OFF_MPLS, entry - 1);
      return true;
    }
    sendExpired(t, 0);
  }
  t.report('warn', 'MPLS decrement TTL exception');
  t.stopsList = true;
  return false;
}

/** Actions that need nothing of the headers below the label that was popped. */
const INDIFFERENT: ReadonlySet<string> = new Set([
  'output',
  'output_trunc',
  'enqueue',
  'output_reg',
  'mod_vlan_vid',
  'mod_vlan_pcp',
  'mod_dl_src',
  'mod_dl_dst',
  'set_tunnel',
  'set_queue',
  'group',
]);
const L3_STAGE = fieldNamed('ip_src').stage;

export function needsRecirculationForMpls(action: FrozenAction): boolean {
  if (INDIFFERENT.has(action.kind)) return false;
  // load is a set_field to OVS.
  if (action.kind === 'set_field') return action.field.stage >= L3_STAGE;
  if (action.kind === 'load') return action.destination.field.stage >= L3_STAGE;
  return true;
}
