/**
 * A flow key cut into the parts that people speak of: one for each container of match fields, so that every bit of a
 * key or mask belongs to exactly one part. A field that lies in a container with others (vlan_vid in vlan_tci, nw_ecn
 * beside nw_tos) is told by the container's text.
 */
import { FIELDS, type Stage } from '#flowtable/fields.js';
import {
  type FlowKey,
  KEY_BYTES,
  OFF_MPLS,
  OFF_PACKET_TYPE,
  OFF_SHAPE,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_OPTIONS,
  OFF_TUN_OPTIONS_PRESENT,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  TUN_OPTIONS_SIZE,
} from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { formatPacketType } from '#src/openflow/field-text.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { formatHex } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';

export interface KeyPart {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
  /** The stage of a lookup in which it is looked at. */
  readonly stage: Stage;
}

export const STAGE_NAMES: readonly string[] = ['metadata', 'L2', 'L3', 'L4'];

/** Names that traces use where the table of fields has another, and of containers that several fields share. */
const NAMES: ReadonlyMap<number, string> = new Map([
  ...(
    [
      ['eth_src', 'dl_src'],
      ['eth_dst', 'dl_dst'],
      ['eth_type', 'dl_type'],
      ['ip_src', 'nw_src'],
      ['ip_dst', 'nw_dst'],
    ] as const
  ).map(([field, name]) => [FIELDS.find((row) => row.name === field)!.offset, name] as const),
  [OFF_VLAN_TCI, 'vlan_tci'],
  [OFF_VLAN_TPID, 'vlan_tpid'],
  [OFF_VLAN1_TCI, 'vlan_tci1'],
  [OFF_VLAN1_TPID, 'vlan_tpid1'],
  [OFF_TP_SRC, 'tp_src'],
  [OFF_TP_DST, 'tp_dst'],
  [OFF_MPLS, 'mpls'],
  [OFF_MPLS + 4, 'mpls1'],
  [OFF_MPLS + 8, 'mpls2'],
]);

export const KEY_PARTS: readonly KeyPart[] = (() => {
  const taken = new Uint8Array(KEY_BYTES);
  taken.fill(1, OFF_SHAPE, OFF_SHAPE + 4);
  const parts: KeyPart[] = [];
  const isFree = (offset: number, size: number): boolean => !taken.subarray(offset, offset + size).includes(1);
  const add = (name: string, offset: number, size: number, stage: Stage): void => {
    taken.fill(1, offset, offset + size);
    parts.push({ name: NAMES.get(offset) ?? name, offset, size, stage });
  };
  // Where each tun_metadata field stands is a bridge's to say: here they are one.
  add('tun_metadata', OFF_TUN_OPTIONS_PRESENT, OFF_TUN_OPTIONS + TUN_OPTIONS_SIZE - OFF_TUN_OPTIONS_PRESENT, 0);
  // xreg and xxreg are other names of registers, and longer than those.
  const rows = FIELDS.filter(({ name, option }) => option === null && !/^xx?reg/.test(name));
  for (const field of rows)
    if (isFree(field.offset, field.size)) add(field.name, field.offset, field.size, field.stage);
  for (let offset = 0; offset < KEY_BYTES; offset++) {
    if (taken[offset] === 1) continue;
    let size = 1;
    while (size < (NAMES.has(offset) ? 4 : 1) && isFree(offset + size, 1) && !NAMES.has(offset + size)) size++;
    const isLinkLayer = offset >= OFF_VLAN_TPID && offset < OFF_MPLS + 12;
    add(`byte${offset}`, offset, size, isLinkLayer ? 1 : 0);
  }
  return parts.sort((a, b) => a.offset - b.offset);
})();

/** The parts of which the mask has bits. */
export const partsOf = (mask: FlowKey): readonly KeyPart[] =>
  KEY_PARTS.filter(({ offset, size }) => !mask.isZero(offset, size));

/** The match on one part only. */
export function partOfMatch({ offset, size }: KeyPart, key: FlowKey, mask: FlowKey): Match {
  const part = new Match();
  part.key.optionPlaces = key.optionPlaces;
  part.mask.optionPlaces = key.optionPlaces;
  part.key.bytes.set(key.bytes.subarray(offset, offset + size), offset);
  part.mask.bytes.set(mask.bytes.subarray(offset, offset + size), offset);
  part.normalize();
  return part;
}

/** As flows write it: `nw_dst=10.0.0.0/24`, `ip`, `dl_vlan=5`. */
export function describePart(part: KeyPart, key: FlowKey, mask: FlowKey, ports: PortNames): string {
  const match = partOfMatch(part, key, mask);
  if (part.offset === OFF_PACKET_TYPE) return formatPacketType(match.key.u32(part.offset), match.mask.u32(part.offset));
  const text = formatMatch(match, { ports, names: true });
  if (text !== '') return text;
  return `${part.name}=${hexOf(match.key, part)}/${hexOf(match.mask, part)}`;
}

/** The part's bits as one number. */
export function hexOf(key: FlowKey, { offset, size }: KeyPart): string {
  let value = 0n;
  for (const byte of key.bytes.subarray(offset, offset + size)) value = (value << 8n) | BigInt(byte);
  return formatHex(value);
}
