/**
 * The mask of a megaflow at the beginning and at the end of translation. Mirrors xlate_wc_init() and xlate_wc_finish().
 */
import {
  type FlowKey,
  OFF_CONJ_ID,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_MPLS,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_PACKET_TYPE,
  OFF_RECIRC_ID,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_ID,
  OFF_USERSPACE,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
  PT_ETH,
  VLAN_CFI,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { ethTypeOf } from '#src/openflow/packet-type.js';
import { initTunnelMask, isTunnelled } from '../tunnel.js';
import { isIp } from './packet-kind.js';
import { isVlanType } from './vlan.js';

/** ICMP's type and code are cut to their bytes in the end. */
const NETFLOW_FIELDS = [
  [OFF_NW_PROTO, 1],
  [OFF_NW_SRC, 4],
  [OFF_NW_DST, 4],
  [OFF_TP_SRC, 4],
] as const;

const IP_PROTO_ICMP = 1;
/** Type and code are the lower bytes of the two ports. */
const ICMP_BITS = 0x00ff_00ff;

/** The bits that every megaflow matches, before anything was looked up: with NetFlow, all that tells its flows apart. */
export function initMask(wc: FlowKey, flow: FlowKey, hasNetflow: boolean): void {
  setExact(wc, OFF_PACKET_TYPE, 4);
  setExact(wc, OFF_IN_PORT, 4);
  setExact(wc, OFF_ETH_TYPE, 2);
  if (isIp(flow)) wc.setU8(OFF_NW_FRAG, 3);
  setExact(wc, OFF_RECIRC_ID, 4);
  if (hasNetflow && flow.u16(OFF_ETH_TYPE) === 0x0800) {
    for (const [offset, size] of NETFLOW_FIELDS) setExact(wc, offset, size);
    if (flow.u8(OFF_NW_PROTO) === IP_PROTO_ICMP) wc.setU32(OFF_TP_SRC, ICMP_BITS);
    wc.setU8(OFF_NW_TOS, wc.u8(OFF_NW_TOS) | 0xfc);
  }
  initTunnelMask(flow, wc);
}

/** Takes out what the datapath does not know, or what the packet as it came in (`upcall`) does not have. */
export function finishMask(wc: FlowKey, upcall: FlowKey, flow: FlowKey): void {
  wc.bytes.fill(0, OFF_USERSPACE, OFF_CONJ_ID + 4);
  if (upcall.u32(OFF_PACKET_TYPE) !== PT_ETH) wc.bytes.fill(0, OFF_ETH_DST, OFF_ETH_SRC + 6);
  const type = ethTypeOf(flow);
  const proto = flow.u8(OFF_NW_PROTO);
  if ((type === 0x0800 && proto === 1) || (type === 0x86dd && proto === 58)) {
    // ICMP's type and code are bytes in the datapath.
    wc.setU16(OFF_TP_SRC, wc.u16(OFF_TP_SRC) & 0xff);
    wc.setU16(OFF_TP_DST, wc.u16(OFF_TP_DST) & 0xff);
  }
  for (const offset of [OFF_VLAN_TPID, OFF_VLAN1_TPID]) {
    if (wc.u16(offset + 2) !== 0) wc.setU16(offset + 2, wc.u16(offset + 2) | VLAN_CFI);
  }
  if ((flow.u8(OFF_NW_FRAG) & 2) !== 0) wc.setU32(OFF_TP_SRC, 0);
  const upcallType = upcall.u16(OFF_ETH_TYPE);
  if (upcallType !== 0x8847 && upcallType !== 0x8848) wc.bytes.fill(0, OFF_MPLS, OFF_MPLS + 12);
  for (const offset of [OFF_VLAN_TPID, OFF_VLAN1_TPID]) {
    if (!isVlanType(upcall.u16(offset))) wc.setU32(offset, 0);
  }
  if (!isTunnelled(upcall)) wc.bytes.fill(0, OFF_TUN_ID, OFF_USERSPACE);
}
