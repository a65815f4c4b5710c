/**
 * Which Geneve option stands in which tun_metadata field (NXT_TLV_TABLE_MOD of OVS's extensions).
 * Mirrors struct ofputil_tlv_table_mod and _reply (openvswitch/ofp-match.h).
 */

export interface TlvMapping {
  readonly optionClass: number;
  readonly optionType: number;
  /** Bytes of the value: a multiple of 4, at most 124. */
  readonly optionLength: number;
  /** N of tun_metadataN. */
  readonly index: number;
}

export interface TlvTableMod {
  readonly command: 'add' | 'delete' | 'clear';
  readonly mappings: readonly TlvMapping[];
}

export interface TlvTable {
  readonly maxOptionSpace: number;
  readonly maxFields: number;
  readonly mappings: readonly TlvMapping[];
}
