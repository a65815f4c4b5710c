/**
 * The ways in which a flow can travel: OpenFlow 1.0 with its own match or with NXM, each with or without the extension
 * that names a table, and one way for every later version. What a flow uses narrows the set; ovs-ofctl then picks
 * the first that is left. Mirrors lib/ofp-protocol.c.
 */
import type { Field } from '#flowtable/fields.js';

export type OpenFlowVersion = 10 | 11 | 12 | 13 | 14 | 15;

/** A set of protocols, as bits. */
export type Protocols = number;

export const P_OF10_STD = 1 << 0;
export const P_OF10_STD_TID = 1 << 1;
export const P_OF10_NXM = 1 << 2;
export const P_OF10_NXM_TID = 1 << 3;
export const P_OF11 = 1 << 4;
export const P_OF12 = 1 << 5;
export const P_OF13 = 1 << 6;
export const P_OF14 = 1 << 7;
export const P_OF15 = 1 << 8;

export const P_NONE: Protocols = 0;
export const P_ANY: Protocols = (1 << 9) - 1;
export const P_OF10_STD_ANY: Protocols = P_OF10_STD | P_OF10_STD_TID;
export const P_OF10_NXM_ANY: Protocols = P_OF10_NXM | P_OF10_NXM_TID;
export const P_OF10_ANY: Protocols = P_OF10_STD_ANY | P_OF10_NXM_ANY;
export const P_OXM_ANY: Protocols = P_OF12 | P_OF13 | P_OF14 | P_OF15;
export const P_OF11_UP: Protocols = P_OF11 | P_OXM_ANY;
export const P_OF12_UP: Protocols = P_OXM_ANY;
export const P_OF13_UP: Protocols = P_OF13 | P_OF14 | P_OF15;
export const P_NXM_OXM_ANY: Protocols = P_OF10_NXM_ANY | P_OXM_ANY;
export const P_NXM_OF11_UP: Protocols = P_OF10_NXM_ANY | P_OF11_UP;
/** Those in which a flow can name its table. */
export const P_TID: Protocols = P_OF10_STD_TID | P_OF10_NXM_TID | P_OF11_UP;

const VERSION_OF: ReadonlyMap<Protocols, OpenFlowVersion> = new Map([
  [P_OF10_STD, 10],
  [P_OF10_STD_TID, 10],
  [P_OF10_NXM, 10],
  [P_OF10_NXM_TID, 10],
  [P_OF11, 11],
  [P_OF12, 12],
  [P_OF13, 13],
  [P_OF14, 14],
  [P_OF15, 15],
]);

const NAMES: readonly (readonly [Protocols, string])[] = [
  [P_OF10_STD, 'OpenFlow10-table_id'],
  [P_OF10_STD_TID, 'OpenFlow10+table_id'],
  [P_OF10_NXM, 'NXM-table_id'],
  [P_OF10_NXM_TID, 'NXM+table_id'],
  [P_OF11, 'OpenFlow11'],
  [P_OF12, 'OXM-OpenFlow12'],
  [P_OF13, 'OXM-OpenFlow13'],
  [P_OF14, 'OXM-OpenFlow14'],
  [P_OF15, 'OXM-OpenFlow15'],
];

const ABBREVIATIONS: readonly (readonly [Protocols, string])[] = [
  [P_ANY, 'any'],
  [P_OF10_STD_ANY, 'OpenFlow10'],
  [P_OF10_NXM_ANY, 'NXM'],
  [P_OXM_ANY, 'OXM'],
];

/** All protocols that a version of OpenFlow can speak. */
export function protocolsOfVersion(version: OpenFlowVersion): Protocols {
  let set = P_NONE;
  for (const [protocol, of] of VERSION_OF) if (of === version) set |= protocol;
  return set;
}

/** The version that carries one protocol. */
export function versionOfProtocol(protocol: Protocols): OpenFlowVersion {
  const version = VERSION_OF.get(protocol);
  if (version === undefined) throw new Error(`not one protocol: ${protocol}`);
  return version;
}

/** `OpenFlow10,NXM`: ovs-ofctl's name of a set. */
export function formatProtocols(set: Protocols): string {
  if (set === P_NONE) return 'none';
  const words: string[] = [];
  let rest = set;
  while (rest !== 0) {
    const found =
      ABBREVIATIONS.find(([protocols]) => (rest & protocols) === protocols) ??
      NAMES.find(([protocol]) => (rest & protocol) !== 0)!;
    words.push(found[1]);
    rest &= ~found[0];
  }
  return words.join(',');
}

/** The set that `--flow-format` or a list of names stands for; null where a name is unknown. */
export function parseProtocol(name: string): Protocols | null {
  const found = [...NAMES, ...ABBREVIATIONS].find(([, known]) => known.toLowerCase() === name.toLowerCase());
  return found === undefined ? null : found[0];
}

/** Fields that OpenFlow 1.0 has in its own match (OpenFlow 1.0.0 §5.2.3). */
const IN_OF10 = new Set(
  (
    'in_port eth_src eth_dst eth_type vlan_tci dl_vlan vlan_vid dl_vlan_pcp vlan_pcp ip_src ip_dst nw_proto nw_tos ' +
    'ip_dscp arp_op arp_spa arp_tpa tcp_src tcp_dst udp_src udp_dst icmp_type icmp_code'
  ).split(' '),
);
/** Fields that OpenFlow 1.1 has in its own match, besides those of 1.0 (OpenFlow 1.1.0 §A.2.3). */
const IN_OF11 = new Set([
  ...IN_OF10,
  ...['metadata', 'in_port_oxm', 'mpls_label', 'mpls_tc', 'nw_ecn', 'sctp_src', 'sctp_dst'],
]);
/** Has the version's own match, as it was before OXM, such a field? */
export const isInFixedMatch = (field: Field, version: 10 | 11): boolean =>
  (version === 10 ? IN_OF10 : IN_OF11).has(field.name);

/** Of those, the ones that take any mask in OpenFlow 1.1. */
const MASKED_IN_OF11 = new Set(['metadata', 'eth_src', 'eth_dst', 'ip_src', 'ip_dst', 'arp_spa', 'arp_tpa']);
/** Of those of 1.0, the ones that take a prefix. */
const PREFIX_IN_OF10 = new Set(['ip_src', 'ip_dst', 'arp_spa', 'arp_tpa']);
/** These have no NXM or OXM name of their own but are carried as another field that has. */
const CARRIED_AS_ANOTHER = new Set(['dl_vlan', 'dl_vlan_pcp']);

export type MaskShape = 'exact' | 'prefix' | 'any-mask';

/** Which protocols can carry a match on the field with a mask of that shape (meta-flow.h's usable_protocols_*). */
export function protocolsOfField(field: Field, shape: MaskShape): Protocols {
  let set = P_NONE;
  if (field.oxm.length > 0 || CARRIED_AS_ANOTHER.has(field.name)) set |= P_NXM_OXM_ANY;
  if (IN_OF10.has(field.name) && (shape === 'exact' || (shape === 'prefix' && PREFIX_IN_OF10.has(field.name)))) {
    set |= P_OF10_STD_ANY;
  }
  if (IN_OF11.has(field.name) && (shape === 'exact' || MASKED_IN_OF11.has(field.name))) set |= P_OF11;
  return set;
}
