/**
 * What a match field is: a row of the table in fields.ts. Mirrors struct mf_field (include/openvswitch/meta-flow.h).
 */

/** What must hold of a packet for it to have the field. */
export type Prerequisite =
  | 'none'
  | 'ethernet'
  | 'vlan'
  | 'mpls'
  | 'ipv4'
  | 'ipv6'
  | 'ip'
  | 'arp'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmpv4'
  | 'icmpv6'
  | 'nd'
  | 'nd-solicit'
  | 'nd-advert'
  | 'nsh'
  | 'ct';

/** How the field is written as text. */
export type FieldFormat =
  | 'decimal'
  | 'hexadecimal'
  | 'mac'
  | 'ipv4'
  | 'ipv6'
  | 'port'
  | 'frag'
  | 'tcp-flags'
  | 'ct-state'
  | 'tunnel-flags'
  | 'packet-type';

/** A name on the wire: OXM/NXM class, field number, and the spelling that `load:` and `move:` use. */
export interface OxmName {
  readonly name: string;
  readonly oxmClass: number;
  readonly oxmField: number;
  /** Whose number it is, of the experimenters' class; 0 elsewhere. */
  readonly experimenter: number;
  /** The first version of OpenFlow (13: 1.3) that writes it; 0: all that have no other. */
  readonly since: number;
}

/** Where staged lookup first looks at the field (lib/flow.h FLOW_SEGMENT_*): metadata, L2, L3, L4. */
export type Stage = 0 | 1 | 2 | 3;

export interface Field {
  readonly id: number;
  readonly name: string;
  readonly aliases: readonly string[];
  /** Byte offset in the key of the field's container, and the container's size in bytes (big endian). */
  readonly offset: number;
  readonly size: number;
  /** The field is `bits` bits wide, `shift` bits above the container's lowest. */
  readonly bits: number;
  readonly shift: number;
  /** Bytes of the value on the wire. */
  readonly wireSize: number;
  readonly format: FieldFormat;
  readonly prerequisite: Prerequisite;
  /** May a match or set_field give a mask of some of the bits? */
  readonly maskable: boolean;
  readonly writable: boolean;
  /** Known to OpenFlow? Fields that are not exist only in datapath keys. */
  readonly openflow: boolean;
  /** Exists only during translation, never in a datapath key. */
  readonly userspace: boolean;
  readonly stage: Stage;
  readonly oxm: readonly OxmName[];
  /** N of tun_metadataN, which stands where the key's map of options has it, its lowest bytes if that is shorter. */
  readonly option: number | null;
}

/** The class of experimenters, each with numbers of its own. */
export const EXPERIMENTER_CLASS = 0xffff;

interface OxmClass {
  readonly prefix: string;
  readonly oxmClass: number;
  readonly experimenter: number;
  /** Unless a field says otherwise. */
  readonly since: number;
}

const oxmClass = (prefix: string, number: number, since = 0, experimenter = 0): OxmClass => ({
  prefix,
  oxmClass: number,
  experimenter,
  since,
});

/** By how their names begin, the longer beginnings first. */
const OXM_CLASSES: readonly OxmClass[] = [
  oxmClass('NXM_OF_', 0x0000),
  oxmClass('NXM_NX_', 0x0001),
  oxmClass('OXM_OF_PKT_REG', 0x8001, 13),
  oxmClass('OXM_OF_', 0x8000, 12),
  oxmClass('ERICOXM_OF_', 0x1000),
  oxmClass('ONFOXM_ET_', EXPERIMENTER_CLASS, 13, 0x4f4e4600),
  oxmClass('NXOXM_NSH_', EXPERIMENTER_CLASS, 0, 0x005ad650),
  oxmClass('NXOXM_ET_', EXPERIMENTER_CLASS, 0, 0x00002320),
];

/** A name with its class, which the name begins with. */
export function oxm(name: string, oxmField: number, since?: number): OxmName {
  const found = OXM_CLASSES.find(({ prefix }) => name.startsWith(prefix));
  if (found === undefined) throw new Error(`no OXM class of ${name}`);
  return { name, oxmField, oxmClass: found.oxmClass, experimenter: found.experimenter, since: since ?? found.since };
}
