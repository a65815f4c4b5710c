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

const NXM_OF = 0x0000;
const NXM_NX = 0x0001;
const OXM_OF = 0x8000;
const PKT_REG = 0x8001;
/** Experimenter classes keep their own number space: 0xffff with the experimenter id of NXOXM, ONF. */
const EXPERIMENTER = 0xffff;
const ERICOXM = 0x1000;

/** A name with its class, which the name begins with. */
export const oxm = (name: string, oxmField: number): OxmName => {
  const oxmClass = name.startsWith('NXM_OF_')
    ? NXM_OF
    : name.startsWith('NXM_NX_')
      ? NXM_NX
      : name.startsWith('OXM_OF_PKT_REG')
        ? PKT_REG
        : name.startsWith('OXM_OF_')
          ? OXM_OF
          : name.startsWith('ERICOXM_')
            ? ERICOXM
            : EXPERIMENTER;
  return { name, oxmClass, oxmField };
};
