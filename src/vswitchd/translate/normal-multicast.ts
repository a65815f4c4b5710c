/**
 * NORMAL in a bridge with multicast snooping: IGMP and MLD teach it who wants which group, and groups go only there.
 * Mirrors the multicast half of xlate_normal() and update_mcast_snooping_table() of ofproto-dpif-xlate.c (RFC 4541 §2.1).
 */
import { type TransportPlace, transportPlace } from '#datapath/flow-extract.js';
import { checksum, isSumRight, pseudoHeaderSum6 } from '#datapath/packet/checksum.js';
import {
  OFF_ETH_DST,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IPV6_DST,
  OFF_IPV6_SRC,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { prerequisiteHolds } from '#flowtable/match.js';
import type { Bundle } from '../bundle.js';
import { type McastSnooping, mappedIpv4 } from '../mcast-snooping.js';
import { formatIpv4 } from '../odp/address-text.js';
import type { Translation } from './translation.js';

const ETH_TYPE_IP = 0x0800;
const ETH_TYPE_IPV6 = 0x86dd;
const IP_PROTO_IGMP = 2;
const IP_PROTO_ICMPV6 = 58;
/** RFC 1112, 2236 and 3376. */
const IGMP_QUERY = 0x11;
const IGMP_REPORT = 0x12;
const IGMPV2_REPORT = 0x16;
const IGMP_LEAVE = 0x17;
const IGMPV3_REPORT = 0x22;
const IGMP_MEMBERSHIP: ReadonlySet<number> = new Set([IGMP_REPORT, IGMPV2_REPORT, IGMP_LEAVE, IGMPV3_REPORT]);
/** RFC 2710 and 3810. */
const MLD_QUERY = 130;
const MLD_REPORT = 131;
const MLD_DONE = 132;
const MLD2_REPORT = 143;
const MLD_TYPES: ReadonlySet<number> = new Set([MLD_QUERY, MLD_REPORT, MLD_DONE, MLD2_REPORT]);
/** Types of group records, in IGMPv3 and MLDv2 alike (RFC 3376 §4.2.12). */
const MODE_IS_INCLUDE = 1;
const CHANGE_TO_INCLUDE_MODE = 3;
const BLOCK_OLD_SOURCES = 6;
/** Header of IGMP (8 bytes) and MLD (8 bytes before the address). */
const HEADER_SIZE = 8;
const ALL_HOSTS_IPV6 = 'ff020000000000000000000000000001';

/** Does snooping decide where the packet goes? */
export function isSnooped({ flow, bridge }: Translation): boolean {
  if (bridge.mcast === null || (flow.u8(OFF_ETH_DST) & 1) === 0) return false;
  if (flow.u32(OFF_ETH_DST) === 0xffff_ffff && flow.u16(OFF_ETH_DST + 4) === 0xffff) return false;
  const type = flow.u16(OFF_ETH_TYPE);
  return type === ETH_TYPE_IP || type === ETH_TYPE_IPV6;
}

/**
 * Decides for a packet of isSnooped(). vlan is its VLAN in the bridge; inBundle is null for a packet of the controller's.
 * Returns the bundles that get it, or null when it is flooded.
 */
export function snoopedBundles(
  t: Translation,
  mcast: McastSnooping,
  inBundle: Bundle | null,
  vlan: number,
): readonly Bundle[] | null {
  const { flow, wc } = t;
  const isIpv4 = flow.u16(OFF_ETH_TYPE) === ETH_TYPE_IP;
  const type = flow.u16(OFF_TP_SRC);
  if (isIpv4) setExact(wc, OFF_NW_PROTO, 1);
  if (isIpv4 && flow.u8(OFF_NW_PROTO) === IP_PROTO_IGMP) {
    // Reports are to refresh the table for as long as they come, so they never pass by translation.
    t.slowPath('action');
    if (IGMP_MEMBERSHIP.has(type) || type === IGMP_QUERY) learn(t, mcast, inBundle, vlan);
    if (IGMP_MEMBERSHIP.has(type))
      return [...routerBundles(t, mcast, inBundle, vlan), ...reportBundles(t, mcast, inBundle)];
    t.note('multicast traffic, flooding');
    return null;
  }
  if (!isIpv4 && prerequisiteHolds('icmpv6', flow, wc)) {
    setExact(wc, OFF_TP_SRC, 2);
    if (MLD_TYPES.has(type)) {
      t.slowPath('action');
      learn(t, mcast, inBundle, vlan);
      if (type !== MLD_QUERY) {
        return [...routerBundles(t, mcast, inBundle, vlan), ...reportBundles(t, mcast, inBundle)];
      }
      t.note('MLD query, flooding');
      return null;
    }
  }
  if (isLocal(t, isIpv4)) {
    t.note('RFC4541: section 2.1.2, item 2, flooding');
    return null;
  }
  const address = isIpv4 ? mappedIpv4(flow.u32(OFF_NW_DST)) : hexOf(flow.bytes, OFF_IPV6_DST);
  const group = mcast.lookup(address, vlan);
  if (group !== null) {
    const members = [...group.members.keys()].filter((bundle) =>
      isOther(t, bundle, inBundle, 'forwarding to mcast group port', 'mcast group port is input port, dropping'),
    );
    return [...members, ...floodBundles(t, mcast, inBundle), ...routerBundles(t, mcast, inBundle, vlan)];
  }
  if (mcast.floodsUnregistered) {
    t.note('unregistered multicast, flooding');
    return null;
  }
  return [...routerBundles(t, mcast, inBundle, vlan), ...floodBundles(t, mcast, inBundle)];
}

/** 224.0.0.x, and all hosts of IPv6: everybody gets these. */
function isLocal({ flow, wc }: Translation, isIpv4: boolean): boolean {
  if (isIpv4) {
    setExact(wc, OFF_NW_DST, 4);
    return flow.u32(OFF_NW_DST) >>> 8 === 0xe00000;
  }
  setExact(wc, OFF_IPV6_DST, 16);
  return hexOf(flow.bytes, OFF_IPV6_DST) === ALL_HOSTS_IPV6;
}

function isOther(t: Translation, bundle: Bundle, inBundle: Bundle | null, yes: string, no: string): boolean {
  t.note(bundle === inBundle ? no : yes);
  return bundle !== inBundle;
}

function routerBundles(t: Translation, mcast: McastSnooping, inBundle: Bundle | null, vlan: number): readonly Bundle[] {
  return [...mcast.routers()].flatMap((router) => {
    if (router.vlan !== vlan) {
      t.note('mcast router is on another vlan, dropping');
      return [];
    }
    const yes = 'forwarding to mcast router port';
    return isOther(t, router.bundle, inBundle, yes, 'mcast router port is input port, dropping') ? [router.bundle] : [];
  });
}

const floodBundles = (t: Translation, { floodPorts }: McastSnooping, inBundle: Bundle | null): readonly Bundle[] =>
  [...floodPorts].filter((bundle) =>
    isOther(t, bundle, inBundle, 'forwarding to mcast flood port', 'mcast flood port is input port, dropping'),
  );

const reportBundles = (t: Translation, { reportPorts }: McastSnooping, inBundle: Bundle | null): readonly Bundle[] =>
  [...reportPorts].filter((bundle) =>
    isOther(
      t,
      bundle,
      inBundle,
      'forwarding report to mcast flagged port',
      'mcast port is input port, dropping the Report',
    ),
  );

// Learning.

/** Where a report or query came from, and what learning from it asks. */
interface Heard {
  readonly mcast: McastSnooping;
  readonly bundle: Bundle;
  readonly vlan: number;
  readonly nowSec: number;
}

function learn(t: Translation, mcast: McastSnooping, inBundle: Bundle | null, vlan: number): void {
  const { packet, allowSideEffects } = t.input;
  if (!allowSideEffects || packet === null || inBundle === null || mcast.floodPorts.has(inBundle)) return;
  const heard: Heard = { mcast, bundle: inBundle, vlan, nowSec: t.bridge.nowSec };
  const place = transportPlace(packet);
  const text =
    t.flow.u16(OFF_ETH_TYPE) === ETH_TYPE_IP ? learnIgmp(t, heard, packet, place) : learnMld(t, heard, packet, place);
  if (text !== null) t.note(`multicast snooping ${text} on port ${inBundle.name} in VLAN ${vlan}`);
}

/** What there is to say, or null. */
function learnIgmp({ flow }: Translation, heard: Heard, packet: Uint8Array, place: TransportPlace): string | null {
  const { mcast, bundle, vlan, nowSec } = heard;
  const { offset, size } = place;
  if (offset < 0 || packet.length - offset < HEADER_SIZE || checksum(packet, offset, size) !== 0) {
    return 'received bad IGMP checksum';
  }
  const group = mappedIpv4(flow.u32(OFF_IGMP_GROUP));
  const address = formatIpv4(flow.bytes, OFF_IGMP_GROUP);
  switch (flow.u16(OFF_TP_SRC)) {
    case IGMP_REPORT:
    case IGMPV2_REPORT:
      return mcast.join(group, vlan, bundle, nowSec) ? `learned that ${address} is` : null;
    case IGMP_LEAVE:
      return mcast.leave(group, vlan, bundle) ? `leaving ${address} is` : null;
    case IGMP_QUERY:
      if (flow.u32(OFF_NW_SRC) === 0 || !mcast.heardRouter(vlan, bundle, nowSec)) return null;
      return `query from ${formatIpv4(flow.bytes, OFF_NW_SRC)} is`;
    default: {
      const count = learnRecords(heard, packet, offset, 4);
      return count === 0 ? null : `processed ${count} addresses`;
    }
  }
}

function learnMld({ flow }: Translation, heard: Heard, packet: Uint8Array, place: TransportPlace): string | null {
  const { mcast, bundle, vlan, nowSec } = heard;
  const { network, offset, size } = place;
  if (
    offset < 0 ||
    packet.length - offset < HEADER_SIZE ||
    !isSumRight(pseudoHeaderSum6(packet, network, IP_PROTO_ICMPV6, size), packet, offset, size)
  ) {
    return 'received bad MLD checksum';
  }
  const type = flow.u16(OFF_TP_SRC);
  if (type === MLD_QUERY) {
    const isUnspecified = flow.isZero(OFF_IPV6_SRC, 16);
    return !isUnspecified && mcast.heardRouter(vlan, bundle, nowSec) ? 'query' : null;
  }
  let count = 0;
  if (type === MLD2_REPORT) count = learnRecords(heard, packet, offset, 16);
  else if (packet.length >= offset + HEADER_SIZE + 16) {
    const address = hexOf(packet, offset + HEADER_SIZE);
    const isNews = type === MLD_REPORT ? mcast.join(address, vlan, bundle, nowSec) : mcast.leave(address, vlan, bundle);
    if (isNews) count = 1;
  }
  return count === 0 ? null : `processed ${count} addresses`;
}

/**
 * The group records of an IGMPv3 or MLDv2 report: type, length of what follows, sources, the address of `size` bytes
 * (RFC 3376 §4.2.4, RFC 3810 §5.2.4). Returns how many were news.
 */
function learnRecords(heard: Heard, packet: Uint8Array, start: number, size: number): number {
  const { mcast, bundle, vlan, nowSec } = heard;
  const u16 = (offset: number): number => (packet[offset]! << 8) | packet[offset + 1]!;
  let count = 0;
  let at = start + HEADER_SIZE;
  for (let left = u16(start + 6); left > 0 && at + 4 + size <= packet.length; left--) {
    const type = packet[at]!;
    const sources = u16(at + 2);
    const isKnown = type >= MODE_IS_INCLUDE && type <= BLOCK_OLD_SOURCES;
    // OVS looks at an IGMP record of an unknown type again and again, until it has counted them all.
    if (!isKnown && size === 4) return count;
    if (isKnown) {
      const address = size === 4 ? IPV4_PREFIX + hexOf(packet, at + 4, 4) : hexOf(packet, at + 4);
      // To include no source is to leave.
      const leaves = sources === 0 && (type === MODE_IS_INCLUDE || type === CHANGE_TO_INCLUDE_MODE);
      const isNews = leaves ? mcast.leave(address, vlan, bundle) : mcast.join(address, vlan, bundle, nowSec);
      if (isNews) count++;
    }
    at += 4 + size + sources * size + packet[at + 1]!;
  }
  return count;
}

const IPV4_PREFIX = mappedIpv4(0).slice(0, 24);

const hexOf = (bytes: Uint8Array, offset: number, size = 16): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset + offset, size).toString('hex');
