/** Pushing and popping VLAN tags and counting down the TTL: mirrors flow_push_vlan_uninit(), flow_pop_vlan(), compose_dec_ttl(). */
import {
  OFF_NW_PROTO,
  OFF_NW_TTL,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
  VLAN_CFI,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { isIp } from './packet-kind.js';
import type { Translation } from './translation.js';
import { countTags } from './vlan.js';

export function pushVlan({ flow, wc }: Translation, tpid: number): void {
  const count = countTags(flow);
  if (count > 0) setExact(wc, OFF_VLAN_TPID, 4);
  if (count > 1) setExact(wc, OFF_VLAN1_TPID, 4);
  flow.setU32(OFF_VLAN1_TPID, flow.u32(OFF_VLAN_TPID));
  flow.setU16(OFF_VLAN_TPID, tpid);
  flow.setU16(OFF_VLAN_TCI, VLAN_CFI);
}

export function popVlan({ flow, wc }: Translation): void {
  const count = countTags(flow);
  if (count > 1) {
    setExact(wc, OFF_VLAN1_TPID, 4);
    flow.setU32(OFF_VLAN_TPID, flow.u32(OFF_VLAN1_TPID));
  }
  if (count > 0) flow.setU32(count > 1 ? OFF_VLAN1_TPID : OFF_VLAN_TPID, 0);
}

/** False when the packet has used up its TTL, which then stays as it is. */
export function decrementTtl({ flow, wc }: Translation): boolean {
  setExact(wc, OFF_NW_TTL, 1);
  if (!isIp(flow)) return true;
  setExact(wc, OFF_NW_PROTO, 1);
  const ttl = flow.u8(OFF_NW_TTL);
  if (ttl <= 1) return false;
  flow.setU8(OFF_NW_TTL, ttl - 1);
  return true;
}
