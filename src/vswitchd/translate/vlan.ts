/**
 * VLANs inside a bridge: what a bundle makes of the tags of a frame that comes in, and what it puts on one that goes
 * out. Mirrors the xvlan_*() and xbundle_*() functions of ofproto-dpif-xlate.c (IEEE 802.1Q-2018 §6.9, §8.6).
 */
import { type FlowKey, OFF_VLAN_TPID, VLAN_CFI, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import type { Bundle, PriorityTags } from '../bundle.js';

export const ETH_TYPE_8021Q = 0x8100;
export const ETH_TYPE_8021AD = 0x88a8;
const PCP_MASK = 0xe000;

const VLANS = [0, 1] as const;
const tpidOffset = (index: number): number => (index === 0 ? OFF_VLAN_TPID : 64);
const tciOffset = (index: number): number => tpidOffset(index) + 2;

/** One tag; pcp stands in its place in the TCI. All zero: no tag. */
export interface Tag {
  tpid: number;
  vid: number;
  pcp: number;
}

/** The two outermost tags. */
export type Tags = readonly [Tag, Tag];

export const isVlanType = (type: number): boolean => type === ETH_TYPE_8021Q || type === ETH_TYPE_8021AD;
const noTag = (): Tag => ({ tpid: 0, vid: 0, pcp: 0 });
const copy = (tag: Tag): Tag => ({ ...tag });

export function extractTags(flow: FlowKey): Tags {
  const tags: [Tag, Tag] = [noTag(), noTag()];
  for (const i of VLANS) {
    const tci = flow.u16(tciOffset(i));
    if (!isVlanType(flow.u16(tpidOffset(i))) || (tci & VLAN_CFI) === 0) break;
    tags[i] = { tpid: flow.u16(tpidOffset(i)), vid: tci & VLAN_VID_MASK, pcp: tci & PCP_MASK };
  }
  return tags;
}

/** Writes the tags into the flow. A TPID stays behind where its tag goes: translation compares tags by TCI. */
export function putTags(flow: FlowKey, tags: Tags, priorityTags: PriorityTags): void {
  for (const i of VLANS) {
    const tag = tags[i];
    let tci = tag.vid | tag.pcp;
    if (tci !== 0 || (priorityTags === 'always' && tag.tpid !== 0)) {
      tci |= VLAN_CFI;
      flow.setU16(tpidOffset(i), tag.tpid === 0 ? ETH_TYPE_8021Q : tag.tpid);
    }
    flow.setU16(tciOffset(i), tci);
  }
}

export const trunksVlan = (bundle: Bundle, vid: number): boolean => bundle.trunks === null || bundle.trunks.has(vid);
export const allowsCvlan = (bundle: Bundle, vid: number): boolean => bundle.cvlans === null || bundle.cvlans.has(vid);

/** Null when a frame with this VID may come in by the bundle, else why not, in OVS's words. */
export function inputVidError(bundle: Bundle, vid: number): string | null {
  switch (bundle.vlanMode) {
    case 'access':
      return vid === 0
        ? null
        : `dropping VLAN ${vid} tagged packet received on port ${bundle.name} configured as VLAN ${bundle.vlan} access port`;
    case 'dot1q-tunnel':
      return allowsCvlan(bundle, vid)
        ? null
        : `dropping VLAN ${vid} packet received on dot1q-tunnel port ${bundle.name} that excludes this VLAN`;
    case 'native-tagged':
    case 'native-untagged':
      // A port always carries its native VLAN.
      if (vid === 0) return null;
      break;
    case 'trunk':
      break;
  }
  return trunksVlan(bundle, vid)
    ? null
    : `dropping VLAN ${vid} packet received on port ${bundle.name} not configured for trunking VLAN ${vid}`;
}

/** The tags of a frame while it is inside the bridge. */
export function translateInput(bundle: Bundle, tags: Tags): Tags {
  const outer = tags[0];
  const native: Tag = { tpid: outer.tpid === 0 ? ETH_TYPE_8021Q : outer.tpid, vid: bundle.vlan, pcp: outer.pcp };
  switch (bundle.vlanMode) {
    case 'access':
      return [native, noTag()];
    case 'trunk':
      return [copy(tags[0]), copy(tags[1])];
    case 'native-tagged':
    case 'native-untagged':
      return [outer.vid === 0 ? native : copy(outer), copy(tags[1])];
    case 'dot1q-tunnel':
      return [{ tpid: bundle.qinqEthertype, vid: bundle.vlan, pcp: 0 }, copy(outer)];
  }
}

/** The tags that a frame leaves the bundle with. */
export function translateOutput(bundle: Bundle, tags: Tags): Tags {
  const pop = (): Tags => [copy(tags[1]), noTag()];
  switch (bundle.vlanMode) {
    case 'access':
      return [noTag(), noTag()];
    case 'trunk':
    case 'native-tagged':
      return [copy(tags[0]), copy(tags[1])];
    case 'native-untagged':
      return tags[0].vid === bundle.vlan ? pop() : [copy(tags[0]), copy(tags[1])];
    case 'dot1q-tunnel':
      return pop();
  }
}

/** Does the bundle carry a frame with these (internal) tags? */
export function includesVlan(bundle: Bundle, tags: Tags): boolean {
  switch (bundle.vlanMode) {
    case 'access':
      return tags[0].vid === bundle.vlan && tags[1].vid === 0;
    case 'trunk':
    case 'native-tagged':
    case 'native-untagged':
      return trunksVlan(bundle, tags[0].vid);
    case 'dot1q-tunnel':
      return tags[0].vid === bundle.vlan && allowsCvlan(bundle, tags[1].vid);
  }
}

/** Tags present in a flow, outermost first. */
export function countTags(flow: FlowKey): number {
  for (const i of VLANS) if ((flow.u16(tciOffset(i)) & VLAN_CFI) === 0) return i;
  return 2;
}
