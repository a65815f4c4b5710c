/**
 * encap, decap and dec_nsh_ttl during translation: headers put before the packet and taken off, which change what the
 * packet is (packet_type). Mirrors xlate_generic_encap_action(), xlate_generic_decap_action() and
 * compose_dec_nsh_ttl_action() of ofproto-dpif-xlate.c.
 *
 * A header is only announced here (pending); the datapath action comes with the next commit, which
 * knows what later actions have written into it.
 */
import { NSH_NEXT_ETHERNET, NSH_NEXT_IPV4, NSH_NEXT_IPV6, NSH_NEXT_NSH } from '#datapath/packet/nsh.js';
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_TYPE,
  OFF_MPLS,
  OFF_NSH_MDTYPE,
  OFF_NSH_NP,
  OFF_NSH_PATH_HDR,
  OFF_NSH_TTL,
  OFF_PACKET_TYPE,
  OFF_VLAN_TCI,
  VLAN_CFI,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import {
  NAMESPACE_ETHERTYPE,
  PT_ETH,
  PT_IPV4,
  PT_IPV6,
  PT_MPLS,
  PT_MPLS_MC,
  PT_NSH,
  PT_USE_NEXT_PROTO,
} from '#src/openflow/packet-type.js';
import type { EncapProperty, EncapRequest } from '#src/openflow/translate-context.js';
import { sendExpired } from './controller.js';
import { clearHeaders } from './header-ranges.js';
import { countLabels, MAX_LABELS, popLabel, pushLabel, reportTooManyLabels } from './mpls.js';
import type { Translation } from './translation.js';

const ETH_TYPE_MPLS = 0x8847;
const ETH_TYPE_TEB = 0x6558;
const ETH_TYPE_NSH = 0x894f;
const NSH_DEFAULT_TTL = 63;
const NSH_DEFAULT_PATH = 255;
const NSH_MD_TYPE_1 = 1;
/** Most bytes of context that OVS takes; longer ones it leaves out. */
const MAX_CONTEXT_SIZE = 244;
/** Bytes of both Ethernet addresses. */
const ADDRESSES_SIZE = 12;

const NSH_NEXT: ReadonlyMap<number, number> = new Map([
  [PT_ETH, NSH_NEXT_ETHERNET],
  [PT_IPV4, NSH_NEXT_IPV4],
  [PT_IPV6, NSH_NEXT_IPV6],
  [PT_NSH, NSH_NEXT_NSH],
]);
const TYPE_BEHIND_NSH: ReadonlyMap<number, number> = new Map([...NSH_NEXT].map(([type, next]) => [next, type]));

const namespaceOf = (packetType: number): number => packetType >>> 16;
const describeType = (packetType: number): string =>
  `(${namespaceOf(packetType)},0x${(packetType & 0xffff).toString(16)})`;

const clearAddresses = (flow: FlowKey): void => {
  flow.bytes.fill(0, OFF_ETH_DST, OFF_ETH_DST + ADDRESSES_SIZE);
};

function refuse(t: Translation, why: string): void {
  t.report('action', why);
  t.error = 'unsupported-packet-type';
}

export function translateEncap(t: Translation, request: EncapRequest): void {
  t.commit();
  let context: Uint8Array | null = null;
  if (request.packetType === PT_ETH) encapEthernet(t);
  else if (request.packetType === PT_NSH) context = encapNsh(t, request.properties);
  else encapMpls(t, request.packetType);
  if (t.error !== null) return;
  t.pending = { kind: 'encap', context };
}

/** A packet without an Ethernet header from a port that takes no other: tables are to see it as if it had one. */
export function enterFromLayer3Port(t: Translation): void {
  t.flow.setU32(OFF_PACKET_TYPE, PT_ETH);
  clearAddresses(t.flow);
  t.pending = { kind: 'encap', context: null };
}

/** For a port that takes no frames. A header that was only announced is not put on at all. */
export function loseEthernetHeader(t: Translation): void {
  t.flow.setU32(OFF_PACKET_TYPE, (NAMESPACE_ETHERTYPE << 16) | t.flow.u16(OFF_ETH_TYPE));
  if (t.pending?.kind === 'encap') t.pending = null;
}

function encapEthernet(t: Translation): void {
  const { flow } = t;
  setExact(t.wc, OFF_PACKET_TYPE, 4);
  const type = flow.u32(OFF_PACKET_TYPE);
  if (namespaceOf(type) !== NAMESPACE_ETHERTYPE) {
    refuse(t, 'Dropping packet as encap(ethernet) is not supported for packet type ethernet.');
    return;
  }
  flow.setU32(OFF_PACKET_TYPE, PT_ETH);
  clearAddresses(flow);
  flow.setU16(OFF_ETH_TYPE, type & 0xffff);
}

function encapMpls(t: Translation, packetType: number): void {
  const { flow, wc, base } = t;
  const count = countLabels(flow, wc);
  if (count >= MAX_LABELS) {
    reportTooManyLabels(t, 'an encap MPLS action', "can't be performed as it would have more");
    return;
  }
  setExact(wc, OFF_PACKET_TYPE, 4);
  // The labels behind an Ethernet header are none of the ones in front of it.
  if (flow.u32(OFF_PACKET_TYPE) === PT_ETH && flow.u16(OFF_ETH_TYPE) === ETH_TYPE_MPLS) {
    for (const key of [wc, flow, base]) key.bytes.fill(0, OFF_MPLS, OFF_MPLS + 4 * MAX_LABELS);
  }
  flow.setU32(OFF_PACKET_TYPE, packetType);
  pushLabel(flow, count, packetType & 0xffff, wc, false);
  clearAddresses(flow);
  requireAddMpls(t);
}

/** Labels in front of an Ethernet header are for userspace where the datapath cannot put them there. */
function requireAddMpls(t: Translation): void {
  if (!t.bridge.backer.features.has('add_mpls')) t.slowReasons.add('action');
}

/** Returns the context of an MD type 2 header, which no field of the flow holds. */
function encapNsh(t: Translation, properties: readonly EncapProperty[]): Uint8Array | null {
  const { flow } = t;
  const packetType = flow.u32(OFF_PACKET_TYPE);
  const next = NSH_NEXT.get(packetType);
  if (next === undefined) {
    refuse(t, `Dropping packet as encap(nsh) is not supported for packet type ${describeType(packetType)}`);
    return null;
  }
  setExact(t.wc, OFF_PACKET_TYPE, 4);
  clearHeaders(flow);
  flow.setU32(OFF_PACKET_TYPE, PT_NSH);
  flow.setU16(OFF_ETH_TYPE, ETH_TYPE_NSH);
  flow.setU8(OFF_NSH_TTL, NSH_DEFAULT_TTL);
  flow.setU8(OFF_NSH_NP, next);
  flow.setU32(OFF_NSH_PATH_HDR, NSH_DEFAULT_PATH);
  let mdType = NSH_MD_TYPE_1;
  for (const property of properties) if (property.kind === 'md-type') ({ mdType } = property);
  flow.setU8(OFF_NSH_MDTYPE, mdType);
  return mdType === NSH_MD_TYPE_1 ? null : contextOf(properties);
}

/** The TLVs one behind the other (RFC 8300 §2.5.1), each padded to words. */
function contextOf(properties: readonly EncapProperty[]): Uint8Array | null {
  const bytes: number[] = [];
  for (const property of properties) {
    if (property.kind !== 'tlv') continue;
    const { tlvClass, type, value } = property;
    bytes.push(tlvClass >>> 8, tlvClass & 0xff, type, value.length, ...value);
    while (bytes.length % 4 !== 0) bytes.push(0);
  }
  return bytes.length === 0 || bytes.length > MAX_CONTEXT_SIZE ? null : Uint8Array.from(bytes);
}

export function translateDecap(t: Translation, packetType: number | null): void {
  t.commit();
  const { flow, wc } = t;
  const type = flow.u32(OFF_PACKET_TYPE);
  switch (type) {
    case PT_ETH:
      if ((flow.u16(OFF_VLAN_TCI) & VLAN_CFI) !== 0) {
        refuse(t, 'Dropping packet, cannot decap Ethernet if VLAN is present.');
        return;
      }
      flow.setU32(OFF_PACKET_TYPE, (NAMESPACE_ETHERTYPE << 16) | flow.u16(OFF_ETH_TYPE));
      clearAddresses(flow);
      setExact(wc, OFF_ETH_TYPE, 2);
      return;
    case PT_NSH: {
      const next = flow.u8(OFF_NSH_NP);
      const behind = TYPE_BEHIND_NSH.get(next);
      if (behind === undefined) {
        refuse(t, `Dropping packet as NSH next protocol ${next} is not supported`);
        return;
      }
      flow.setU32(OFF_PACKET_TYPE, behind);
      setExact(wc, OFF_NSH_NP, 1);
      t.pending = { kind: 'decap' };
      t.freezer.trigger(t, { resumesAfter: true });
      return;
    }
    case PT_MPLS:
    case PT_MPLS_MC:
      decapMpls(t, packetType ?? PT_USE_NEXT_PROTO);
      return;
    default:
      refuse(t, `Dropping packet as the decap() does not support packet type ${describeType(type)}`);
  }
}

function decapMpls(t: Translation, packetType: number): void {
  const { flow } = t;
  flow.setU32(OFF_PACKET_TYPE, packetType);
  const count = countLabels(flow, t.wc);
  if (popLabel(flow, count, packetType & 0xffff || ETH_TYPE_TEB, t.wc)) {
    requireAddMpls(t);
    t.pending = { kind: 'decap' };
    if (count === 1) t.freezer.trigger(t, { resumesAfter: true });
  } else if (count >= MAX_LABELS) {
    reportTooManyLabels(t, 'an MPLS decap', "can't be performed as it has more");
    t.actions.length = 0;
  }
}

/** At 0 or 1 the packet goes to the controller and the list of actions ends: then false. */
export function decrementNshTtl(t: Translation): boolean {
  const { flow, wc } = t;
  if (flow.u32(OFF_PACKET_TYPE) === PT_NSH || flow.u16(OFF_ETH_TYPE) === ETH_TYPE_NSH) {
    setExact(wc, OFF_NSH_TTL, 1);
    const ttl = flow.u8(OFF_NSH_TTL);
    if (ttl > 1) {
      flow.setU8(OFF_NSH_TTL, ttl - 1);
      return true;
    }
    sendExpired(t, 0);
  }
  t.report('warn', 'NSH decrement TTL exception');
  t.stopsList = true;
  return false;
}
