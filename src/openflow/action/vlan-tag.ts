/** What the VLAN actions share: the outer tag of a key. IEEE 802.1Q-2018 §9.6. */
import {
  type FlowKey,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  VLAN_CFI,
} from '#flowtable/flow-key.js';

export const ETH_P_8021Q = 0x8100;
export const ETH_P_8021AD = 0x88a8;

export function hasTag(key: FlowKey): boolean {
  return (key.u16(OFF_VLAN_TCI) & VLAN_CFI) !== 0;
}

/** Marks the packets of a match as tagged from here on. */
export function markTagged(key: FlowKey): void {
  key.setU16(OFF_VLAN_TCI, key.u16(OFF_VLAN_TCI) | VLAN_CFI);
}

/** Moves the tags outwards: the inner becomes the outer. */
export function dropOuterTag(key: FlowKey): void {
  key.setU32(OFF_VLAN_TPID, key.u32(OFF_VLAN1_TPID));
  key.setU32(OFF_VLAN1_TPID, 0);
}

/** Moves the tags inwards and leaves an outer one that is marked present. */
export function addOuterTag(key: FlowKey, tpid: number): void {
  key.setU32(OFF_VLAN1_TPID, key.u32(OFF_VLAN_TPID));
  key.setU16(OFF_VLAN_TPID, tpid);
  key.setU16(OFF_VLAN_TCI, VLAN_CFI);
}

/** A match whose packets have as many tags as a key can hold. */
export function hasBothTags(key: FlowKey): boolean {
  return (key.u16(OFF_VLAN1_TCI) & VLAN_CFI) !== 0;
}

/** Writes bits of the outer tag; adds one of the usual type where the packet has none. */
export function writeTagBits(key: FlowKey, bits: number, value: number): void {
  if (key.u16(OFF_VLAN_TPID) === 0) key.setU16(OFF_VLAN_TPID, ETH_P_8021Q);
  key.setU16(OFF_VLAN_TCI, (key.u16(OFF_VLAN_TCI) & ~bits) | value | VLAN_CFI);
}
