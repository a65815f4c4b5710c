/**
 * Turns the difference between the packet as the datapath has it (base) and as the actions have made it (flow) into
 * datapath actions, just before an output needs it. Mirrors commit_odp_actions() of lib/odp-util.c.
 *
 * What is written is also matched: a datapath action that sets a field is right only for packets that had the value
 * this one had, or for any value when all of the field is set; wc takes up the bits as in OVS.
 */
import type { DpAction, SetAttribute } from '#datapath/dpif.js';
import {
  FlowKey,
  OFF_ARP_SHA,
  OFF_ARP_THA,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IPV6_DST,
  OFF_IPV6_LABEL,
  OFF_IPV6_SRC,
  OFF_MPLS,
  OFF_DP_HASH,
  OFF_ND_TARGET,
  OFF_NSH_CONTEXT,
  OFF_NSH_FLAGS,
  OFF_NSH_MDTYPE,
  OFF_NSH_NP,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_PACKET_TYPE,
  OFF_PKT_MARK,
  OFF_SKB_PRIORITY,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_IDX,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_GBP_FLAGS,
  OFF_TUN_GBP_ID,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
  OFF_TUN_ID,
  OFF_USERSPACE,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
  PT_ETH,
} from '#flowtable/flow-key.js';
import { NSH_MD_TYPE_1 } from '#datapath/packet/nsh.js';
import { NAMESPACE_ETHERTYPE, PT_NSH } from '#src/openflow/packet-type.js';
import { nshHeader } from '../odp/odp-nsh.js';
import { clearOptions, encodeOptions, setRawOptions } from '#flowtable/tunnel-options.js';
import { isTunnelled } from '../tunnel.js';
import { copyHeaders } from './header-ranges.js';
import { countLabels, isMplsType, labelOffset, popLabel, pushLabel } from './mpls.js';
import { countTags } from './vlan.js';

const ETH_TYPE_MPLS = 0x8847;
const ETH_TYPE_NSH = 0x894f;
const NO_CONTEXT = new Uint8Array();

/** A run of bytes that is one field of a set action: [offset, size]. */
type Range = readonly [offset: number, size: number];

interface SetGroup {
  readonly attribute: SetAttribute;
  readonly ranges: readonly Range[];
  /** Fields of the attribute that cannot be written: they keep its mask from being exact, and so from a plain set. */
  readonly hasUnwritable: boolean;
  /** Are all of them set together, with no mask? (The datapath has no masked form.) */
  readonly unmasked?: boolean;
}

const ETHERNET: SetGroup = {
  attribute: 'eth',
  ranges: [
    [OFF_ETH_SRC, 6],
    [OFF_ETH_DST, 6],
  ],
  hasUnwritable: false,
};
const IPV4: SetGroup = {
  attribute: 'ipv4',
  ranges: [
    [OFF_NW_SRC, 4],
    [OFF_NW_DST, 4],
    [OFF_NW_TOS, 1],
    [OFF_NW_TTL, 1],
  ],
  hasUnwritable: true,
};
const IPV6: SetGroup = {
  attribute: 'ipv6',
  ranges: [
    [OFF_IPV6_SRC, 16],
    [OFF_IPV6_DST, 16],
    [OFF_IPV6_LABEL, 4],
    [OFF_NW_TOS, 1],
    [OFF_NW_TTL, 1],
  ],
  hasUnwritable: true,
};
const ARP: SetGroup = {
  attribute: 'arp',
  ranges: [
    [OFF_NW_SRC, 4],
    [OFF_NW_DST, 4],
    [OFF_NW_PROTO, 1],
    [OFF_ARP_SHA, 6],
    [OFF_ARP_THA, 6],
  ],
  hasUnwritable: false,
};
const ND: SetGroup = {
  attribute: 'nd',
  ranges: [
    [OFF_ND_TARGET, 16],
    [OFF_ARP_SHA, 6],
    [OFF_ARP_THA, 6],
  ],
  hasUnwritable: false,
};
/** As in OVS its padding, which no mask has, keeps it from a plain set. */
const ND_EXT: SetGroup = {
  attribute: 'nd_ext',
  ranges: [
    [OFF_IGMP_GROUP, 4],
    [OFF_TCP_FLAGS + 1, 1],
  ],
  hasUnwritable: true,
};
const PORT_RANGES: readonly Range[] = [
  [OFF_TP_SRC, 2],
  [OFF_TP_DST, 2],
];
const TCP: SetGroup = { attribute: 'tcp', ranges: PORT_RANGES, hasUnwritable: false };
const UDP: SetGroup = { attribute: 'udp', ranges: PORT_RANGES, hasUnwritable: false };
const SCTP: SetGroup = { attribute: 'sctp', ranges: PORT_RANGES, hasUnwritable: false };
/** Type and code stand in the low bytes of the 16-bit port fields. */
const ICMP_RANGES: readonly Range[] = [
  [OFF_TP_SRC + 1, 1],
  [OFF_TP_DST + 1, 1],
];
const ICMP: SetGroup = { attribute: 'icmp', ranges: ICMP_RANGES, hasUnwritable: false, unmasked: true };
const ICMPV6: SetGroup = { attribute: 'icmpv6', ranges: ICMP_RANGES, hasUnwritable: false, unmasked: true };
const PRIORITY: SetGroup = { attribute: 'skb_priority', ranges: [[OFF_SKB_PRIORITY, 4]], hasUnwritable: false };
const MARK: SetGroup = { attribute: 'skb_mark', ranges: [[OFF_PKT_MARK, 4]], hasUnwritable: false };

const PROTOCOL_GROUPS: ReadonlyMap<number, SetGroup> = new Map([
  [6, TCP],
  [17, UDP],
  [132, SCTP],
]);

/** A header of the flow's packet type that is to be put on (of NSH, with this context where it is not fixed) or to come off. */
export type PendingHeader =
  | { readonly kind: 'encap'; readonly context: Uint8Array | null }
  | { readonly kind: 'decap' };

/** What a commit works on: flow is read, base and wc are brought up to date, actions grow. */
export interface CommitState {
  readonly flow: FlowKey;
  readonly base: FlowKey;
  readonly wc: FlowKey;
  readonly actions: DpAction[];
  readonly pending: PendingHeader | null;
}

function differs(a: FlowKey, b: FlowKey, [offset, size]: Range): boolean {
  for (let i = offset; i < offset + size; i++) if (a.bytes[i] !== b.bytes[i]) return true;
  return false;
}

const isAllOnes = (mask: FlowKey, [offset, size]: Range): boolean => {
  // Only 20 bits of the flow label exist.
  if (offset === OFF_IPV6_LABEL) return (mask.u32(offset) & 0xfffff) === 0xfffff;
  for (let i = offset; i < offset + size; i++) if (mask.bytes[i] !== 0xff) return false;
  return true;
};

/**
 * Sets the fields of the group that differ. `exclude` may take bits out of the mask of what is written. Returns true
 * when an action was added.
 */
function commitGroup(group: SetGroup, state: CommitState, exclude?: (mask: FlowKey) => void): boolean {
  const { flow, base, wc, actions } = state;
  if (!group.ranges.some((range) => differs(flow, base, range))) return false;
  const mask = new FlowKey();
  for (const range of group.ranges) {
    const [offset, size] = range;
    if (differs(flow, base, range)) mask.bytes.set(wc.bytes.subarray(offset, offset + size), offset);
  }
  exclude?.(mask);
  const isExact = !group.hasUnwritable && group.ranges.every((range) => isAllOnes(mask, range));
  const isPlain = isExact || group.unmasked === true;
  const value = new FlowKey();
  for (const [offset, size] of group.ranges) {
    if (isPlain) mask.bytes.fill(0xff, offset, offset + size);
    for (let i = offset; i < offset + size; i++) {
      value.bytes[i] = flow.bytes[i]! & mask.bytes[i]!;
      base.bytes[i] = flow.bytes[i]!;
      wc.bytes[i]! |= mask.bytes[i]!;
    }
  }
  actions.push({ kind: 'set', attribute: group.attribute, value, mask: isPlain ? null : mask });
  return true;
}

/** Tunnelled packets carry ECN on their own: leave the bits alone where they do not change. */
const keepEcn =
  (state: CommitState) =>
  (mask: FlowKey): void => {
    const { base, flow } = state;
    if (isTunnelled(base) && ((base.u8(OFF_NW_TOS) ^ flow.u8(OFF_NW_TOS)) & 3) === 0) {
      mask.setU8(OFF_NW_TOS, mask.u8(OFF_NW_TOS) & ~3);
    }
  };

/** Once it is set, as in OVS, no more than the type's own bits are matched. */
function commitNdExtensions(state: CommitState): boolean {
  const isSet = commitGroup(ND_EXT, state);
  if (isSet) state.wc.setU8(OFF_TCP_FLAGS, 0);
  return isSet;
}

function commitNetwork(state: CommitState): boolean {
  const { flow, base } = state;
  // Without a protocol there is no L3 header.
  if (flow.u8(OFF_NW_PROTO) === 0) return false;
  switch (base.u16(OFF_ETH_TYPE)) {
    case 0x0800:
      commitGroup(IPV4, state, keepEcn(state));
      return false;
    case 0x86dd:
      commitGroup(IPV6, state, keepEcn(state));
      if (base.u8(OFF_NW_PROTO) !== 58) return false;
      // The type of an option says which address there is to write.
      return [commitNdExtensions(state), commitGroup(ND, state)].includes(true);
    case 0x0806:
      return commitGroup(ARP, state);
    default:
      return false;
  }
}

function commitTransport(state: CommitState): void {
  const { flow, base } = state;
  const type = base.u16(OFF_ETH_TYPE);
  if (type !== 0x0800 && type !== 0x86dd) return;
  const group = PROTOCOL_GROUPS.get(flow.u8(OFF_NW_PROTO));
  if (group !== undefined) commitGroup(group, state);
}

function commitIcmp(state: CommitState): boolean {
  const { flow } = state;
  const type = flow.u16(OFF_ETH_TYPE);
  if (type === 0x0800 && flow.u8(OFF_NW_PROTO) === 1) return commitGroup(ICMP, state);
  if (type === 0x86dd && flow.u8(OFF_NW_PROTO) === 58) return commitGroup(ICMPV6, state);
  return false;
}

/** Labels that both have, from the bottom up. */
function countCommonLabels(flow: FlowKey, flowCount: number, base: FlowKey, baseCount: number): number {
  let common = 0;
  while (common < flowCount && common < baseCount) {
    const entry = flow.u32(labelOffset(flowCount - 1 - common));
    if (entry !== base.u32(labelOffset(baseCount - 1 - common))) break;
    common++;
  }
  return common;
}

/** Pops the labels of base that flow has not, sets the last of them where it only changed, and pushes the others. */
function commitLabels({ flow, base, actions }: CommitState, isEncap = false): void {
  let baseCount = countLabels(base, null);
  const flowCount = countLabels(flow, null);
  let common = countCommonLabels(flow, flowCount, base, baseCount);
  const type = flow.u16(OFF_ETH_TYPE);
  while (baseCount > common) {
    if (baseCount - 1 === common && flowCount > common) {
      const value = new FlowKey();
      value.setU32(OFF_MPLS, flow.u32(labelOffset(flowCount - baseCount)));
      base.setU32(OFF_MPLS, value.u32(OFF_MPLS));
      actions.push({ kind: 'set', attribute: 'mpls', value, mask: null });
      common++;
    } else {
      // Only the last pop shows what lies below; the others come to another label.
      const ethertype = !isMplsType(type) && baseCount > 1 ? ETH_TYPE_MPLS : type;
      actions.push({ kind: 'pop_mpls', ethertype });
      popLabel(base, baseCount, type, null);
      baseCount--;
    }
  }
  while (baseCount < flowCount) {
    const lse = flow.u32(labelOffset(flowCount - baseCount - 1));
    actions.push({ kind: isEncap ? 'add_mpls' : 'push_mpls', ethertype: type, lse });
    pushLabel(base, baseCount, type, null, true);
    base.setU32(OFF_MPLS, lse);
    baseCount++;
  }
}

const TAG_OFFSETS = [OFF_VLAN_TPID, OFF_VLAN1_TPID] as const;

/** Pops the tags of base that flow has not, from the outside, and pushes those that it has instead. */
function commitVlans(state: CommitState): void {
  const { flow, base, wc, actions } = state;
  let baseIndex = countTags(base) - 1;
  let flowIndex = countTags(flow) - 1;
  while (baseIndex >= 0 && flowIndex >= 0) {
    if (base.u32(TAG_OFFSETS[baseIndex]!) !== flow.u32(TAG_OFFSETS[flowIndex]!)) break;
    baseIndex--;
    flowIndex--;
  }
  for (; baseIndex >= 0; baseIndex--) {
    actions.push({ kind: 'pop_vlan' });
    wc.setU32(TAG_OFFSETS[baseIndex]!, 0xffffffff);
  }
  for (; flowIndex >= 0; flowIndex--) {
    const offset = TAG_OFFSETS[flowIndex]!;
    actions.push({ kind: 'push_vlan', tpid: flow.u16(offset), tci: flow.u16(offset + 2) });
  }
  for (const offset of TAG_OFFSETS) base.setU32(offset, flow.u32(offset));
}

/** The header that encap or decap announced, or that is missing where a packet is to be of another type. */
function commitPacketType(state: CommitState): void {
  const { flow, base, actions, wc } = state;
  const type = flow.u32(OFF_PACKET_TYPE);
  const baseType = base.u32(OFF_PACKET_TYPE);
  const { pending } = state;
  if (pending?.kind === 'encap') {
    if (type === PT_ETH) {
      const source = flow.bytes.slice(OFF_ETH_SRC, OFF_ETH_SRC + 6);
      const destination = flow.bytes.slice(OFF_ETH_DST, OFF_ETH_DST + 6);
      actions.push({ kind: 'push_eth', source, destination });
      base.bytes.set(source, OFF_ETH_SRC);
      base.bytes.set(destination, OFF_ETH_DST);
      base.setU32(OFF_PACKET_TYPE, type);
    } else if (type === PT_NSH) {
      actions.push({ kind: 'push_nsh', header: nshHeader(flow, pending.context ?? NO_CONTEXT) });
      base.setU32(OFF_PACKET_TYPE, type);
      copyHeaders(base, flow);
    } else commitLabels(state, true);
  } else if (pending !== null || type !== baseType) {
    if (type >>> 16 === NAMESPACE_ETHERTYPE && baseType === PT_ETH) {
      actions.push({ kind: 'pop_eth' });
      base.setU32(OFF_PACKET_TYPE, type);
      base.bytes.fill(0, OFF_ETH_DST, OFF_ETH_DST + 12);
    } else if (baseType === PT_NSH) actions.push({ kind: 'pop_nsh' });
    else if (isMplsType(baseType & 0xffff)) commitLabels(state);
  }
  wc.setU32(OFF_PACKET_TYPE, 0xffffffff);
}

/**
 * Sets what differs of a network service header, and with it all else of it that was looked at. The kind of header and
 * what is behind it cannot be written.
 */
function commitNsh({ flow, base, wc, actions }: CommitState): void {
  const range: Range = [OFF_NSH_FLAGS, OFF_DP_HASH - OFF_NSH_FLAGS];
  if (flow.u16(OFF_ETH_TYPE) !== ETH_TYPE_NSH || !differs(flow, base, range)) return;
  const hasContext = flow.u8(OFF_NSH_MDTYPE) === NSH_MD_TYPE_1;
  const shown: Range = hasContext ? range : [OFF_NSH_FLAGS, OFF_NSH_CONTEXT - OFF_NSH_FLAGS];
  if (!differs(flow, base, shown)) return;
  const [value, mask] = [new FlowKey(), new FlowKey()];
  const [offset, size] = shown;
  mask.bytes.set(wc.bytes.subarray(offset, offset + size), offset);
  mask.setU8(OFF_NSH_MDTYPE, 0);
  mask.setU8(OFF_NSH_NP, 0);
  for (let i = offset; i < offset + size; i++) value.bytes[i] = flow.bytes[i]! & mask.bytes[i]!;
  value.setU8(OFF_NSH_MDTYPE, flow.u8(OFF_NSH_MDTYPE));
  actions.push({ kind: 'set', attribute: 'nsh', value, mask });
  base.bytes.set(flow.bytes.subarray(offset, offset + size), offset);
}

/** Commits all; true when the datapath has no action for something, so that userspace must handle such packets. */
export function commitActions(state: CommitState): boolean {
  const { flow, base } = state;
  commitPacketType(state);
  if (flow.u32(OFF_PACKET_TYPE) === PT_ETH && base.u32(OFF_PACKET_TYPE) === PT_ETH) commitGroup(ETHERNET, state);
  // The headers below the labels can be written only when the labels are gone.
  const losesLabels = isMplsType(base.u16(OFF_ETH_TYPE)) && !isMplsType(flow.u16(OFF_ETH_TYPE));
  if (losesLabels) commitLabels(state);
  commitNsh(state);
  const networkIsSlow = commitNetwork(state);
  commitTransport(state);
  const icmpIsSlow = commitIcmp(state);
  if (!losesLabels) commitLabels(state);
  commitVlans(state);
  commitGroup(PRIORITY, state);
  commitGroup(MARK, state);
  return networkIsSlow || icmpIsSlow;
}

/** Sets the outer header for an output to a tunnel of the datapath's host, with what this type of tunnel has. */
export function commitTunnel(state: CommitState, type: string): void {
  const { flow, base, actions } = state;
  if (!isTunnelled(flow)) return;
  if (!differs(flow, base, [OFF_TUN_ID, OFF_USERSPACE - OFF_TUN_ID])) return;
  const tunnel = flow.bytes.subarray(OFF_TUN_ID, OFF_USERSPACE);
  base.bytes.set(tunnel, OFF_TUN_ID);
  const value = new FlowKey();
  value.bytes.set(tunnel, OFF_TUN_ID);
  keepOwnMetadata(value, flow, type);
  actions.push({ kind: 'set', attribute: 'tunnel', value, mask: null });
}

function keepOwnMetadata(value: FlowKey, flow: FlowKey, type: string): void {
  const forget = (offset: number, size: number): void => {
    value.bytes.fill(0, offset, offset + size);
  };
  clearOptions(value);
  if (type !== 'vxlan') {
    forget(OFF_TUN_GBP_ID, 2);
    forget(OFF_TUN_GBP_FLAGS, 1);
  }
  if (type === 'geneve') {
    const { options } = encodeOptions(flow);
    if (options.length > 0) setRawOptions(value, options);
  }
  const version = type === 'erspan' || type === 'ip6erspan' ? value.u8(OFF_TUN_ERSPAN_VER) : 0;
  if (version !== 1 && version !== 2) forget(OFF_TUN_ERSPAN_VER, 1);
  if (version !== 1) forget(OFF_TUN_ERSPAN_IDX, 4);
  if (version !== 2) {
    forget(OFF_TUN_ERSPAN_DIR, 1);
    forget(OFF_TUN_ERSPAN_HWID, 1);
  }
  const hasGtpu = type === 'gtpu' && value.u8(OFF_TUN_GTPU_FLAGS) !== 0 && value.u8(OFF_TUN_GTPU_MSGTYPE) !== 0;
  if (!hasGtpu) forget(OFF_TUN_GTPU_FLAGS, 2);
}
