/**
 * A run of bits of a field: `NXM_NX_REG0[0..15]`, `reg0[3]`, `tun_id`.
 * Mirrors struct mf_subfield, mf_parse_subfield() and mf_format_subfield() (lib/nx-match.c), mf_check_src(),
 * mf_check_dst() and mf_subfield_copy() (lib/meta-flow.c).
 */
import { FIELD_BY_NAME, FIELD_BY_OXM, type Field } from '#flowtable/fields.js';
import type { FlowKey } from '#flowtable/flow-key.js';
import type { Match } from '#flowtable/match.js';
import { UserError } from '../report/user-error.js';
import { hasField, maskValue, matchHasField, matchValue, readValue, valueOnes, writeValue } from './field-value.js';
import { scan } from './scan.js';

export interface Subfield {
  readonly field: Field;
  /** Lowest bit. */
  readonly offset: number;
  readonly bits: number;
}

/** Width of a field for subfields: these three have more bits on the wire than in a key. */
const WIRE_WIDTH: ReadonlyMap<string, number> = new Map([
  ['in_port', 16],
  ['ct_state', 32],
  ['arp_op', 16],
]);

export function fieldWidth(field: Field): number {
  return WIRE_WIDTH.get(field.name) ?? field.bits;
}

/** The field of this name, in any of the spellings of flows and of OXM; undefined if there is none. */
export function findField(name: string): Field | undefined {
  const oxmName = name.endsWith('_W') ? name.slice(0, -2) : name;
  const field = FIELD_BY_OXM.get(oxmName) ?? FIELD_BY_NAME.get(name);
  return field?.openflow ? field : undefined;
}

export interface ScannedSubfield {
  readonly subfield: Subfield;
  /** What follows it. */
  readonly rest: string;
}

/** Parses the subfield that the text begins with. */
export function scanSubfield(text: string): ScannedSubfield {
  const nameEnd = text.search(/[[-]/);
  const name = nameEnd < 0 ? text : text.slice(0, nameEnd);
  const field = findField(name);
  if (field === undefined) throw new UserError(`${text}: unknown field \`${name}'`);
  const width = fieldWidth(field);
  let rest = text.slice(name.length);
  let start = 0;
  let end = width - 1;
  if (rest.startsWith('[')) {
    if (!rest.startsWith('[]')) {
      const found = scan(rest, '[%d..%d]') ?? scan(rest, '[%d]');
      if (found === null) {
        throw new UserError(`${text}: syntax error expecting [] or [<bit>] or [<start>..<end>]`);
      }
      start = Number(found.values[0]);
      end = Number(found.values[1] ?? found.values[0]);
    }
    rest = rest.slice(rest.indexOf(']') + 1);
  }
  if (start > end) throw new UserError(`${text}: starting bit ${start} is after ending bit ${end}`);
  const outside = (which: string, bit: number): UserError =>
    new UserError(`${text}: ${which} bit ${bit} is not valid because field is only ${width} bits wide`);
  if (start >= width) throw outside('starting', start);
  if (end >= width) throw outside('ending', end);
  return { subfield: { field, offset: start, bits: end - start + 1 }, rest };
}

/** Parses a text that is a subfield and no more. */
export function parseSubfield(text: string): Subfield {
  const { subfield, rest } = scanSubfield(text);
  if (rest !== '') throw new UserError('unexpected input following field syntax');
  return subfield;
}

export function formatSubfield({ field, offset, bits }: Subfield): string {
  const name = field.oxm[0]?.name ?? field.name;
  if (offset === 0 && bits === fieldWidth(field)) return `${name}[]`;
  return bits === 1 ? `${name}[${offset}]` : `${name}[${offset}..${offset + bits - 1}]`;
}

/** The subfield's bits, in place. */
export function subfieldMask({ offset, bits }: Subfield): bigint {
  return ((1n << BigInt(bits)) - 1n) << BigInt(offset);
}

export function readSubfield(key: FlowKey, subfield: Subfield): bigint {
  return (readValue(key, subfield.field) & subfieldMask(subfield)) >> BigInt(subfield.offset);
}

/** Writes the low bits of the value into the subfield. */
export function writeSubfield(key: FlowKey, subfield: Subfield, value: bigint): void {
  const mask = subfieldMask(subfield);
  const old = readValue(key, subfield.field);
  writeValue(key, subfield.field, (old & ~mask) | ((value << BigInt(subfield.offset)) & mask));
}

/** Fields whose number fits into NXM's 32 bits: an experimenter's do not, and some actions have no more room. */
export function hasNxmHeader(field: Field): boolean {
  return field.oxm.length > 0 && field.oxm[0]!.oxmClass !== 0xffff;
}

/** As messages carry it that have six bits for its width: a wider one comes out as another (nxm_encode_ofs_nbits()). */
export function packedSubfield({ field, offset, bits }: Subfield): Subfield {
  const packed = (offset << 6) | (bits - 1);
  return { field, offset: (packed >> 6) & 0x3ff, bits: (packed & 0x3f) + 1 };
}

/** Parses a subfield for an action that has room for an NXM number only; `argument` is the whole of its text. */
export function parseNxmSubfield(text: string, argument: string): Subfield {
  const subfield = parseSubfield(text);
  if (!hasNxmHeader(subfield.field)) {
    throw new UserError(`${argument}: experimenter OXM field '${text}' not supported`);
  }
  return subfield;
}

/** Makes a match require the subfield to have the value, beside what it requires of the field's other bits. */
export function matchSubfield(match: Match, subfield: Subfield, value: bigint): void {
  const { field, offset, bits } = subfield;
  const ones = valueOnes(field);
  const shifted = (value << BigInt(offset)) & ones;
  if (bits >= fieldWidth(field)) {
    matchValue(match, field, shifted, ones);
    return;
  }
  const mask = subfieldMask(subfield);
  const newMask = readValue(match.mask, field) | mask;
  const isWhole = newMask === (1n << BigInt(fieldWidth(field))) - 1n;
  matchValue(match, field, (readValue(match.key, field) & ~mask) | (shifted & mask), isWhole ? ones : newMask);
}

/** An error code, or null when the field has the bits. */
export function checkBits({ field, offset, bits }: Subfield): string | null {
  return bits === 0 || offset + bits > fieldWidth(field) ? 'OFPBAC_BAD_SET_LEN' : null;
}

/** An error code, or null when actions of a flow with this match may read the subfield. */
export function checkSource(subfield: Subfield, match: Match): string | null {
  return checkBits(subfield) ?? (matchHasField(subfield.field, match) ? null : 'OFPBAC_MATCH_INCONSISTENT');
}

/** As checkSource, for writing. */
export function checkDestination(subfield: Subfield, match: Match): string | null {
  return checkSource(subfield, match) ?? (subfield.field.writable ? null : 'OFPBAC_BAD_SET_ARGUMENT');
}

/** Copies bits within a packet's key if it has both fields; returns whether it did. */
export function copySubfield(source: Subfield, destination: Subfield, key: FlowKey, wc: FlowKey): boolean {
  if (!hasField(destination.field, key, wc) || !hasField(source.field, key, wc)) return false;
  maskValue(wc, source.field, subfieldMask(source));
  maskValue(wc, destination.field, subfieldMask(destination));
  writeSubfield(key, destination, readSubfield(key, source));
  return true;
}
