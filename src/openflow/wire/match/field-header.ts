/**
 * NXM and OXM headers: the numbers of a field in front of its value, or alone where an action names a field.
 *
 * OpenFlow 1.5.1 §7.2.3.2; mirrors nx_pull_header__(), nxm_field_by_header() and nx_put_header_len() of lib/nx-match.c:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------+-+---------------+
 *     |             class             |    field    |M|    length     |
 *     +-------------------------------+-------------+-+---------------+
 *     |              experimenter (of class 0xffff only)              |
 *     +---------------------------------------------------------------+
 *
 * The length is that of what follows the first word: value, mask where M says that there is one, and the experimenter.
 */
import { EXPERIMENTER_CLASS, type OxmName } from '#flowtable/field.js';
import { type Field, FIELDS } from '#flowtable/fields.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { TlvTable } from '../../tlv-map.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';

/** Which of a field's numbers is written: NXM's, or the one that a version of OpenFlow prefers. */
export type HeaderStyle = OpenFlowVersion | 'nxm';

export interface FieldHeader {
  readonly oxmClass: number;
  readonly oxmField: number;
  readonly isMasked: boolean;
  readonly length: number;
  readonly experimenter: number;
}

const HEADER_SIZE = 4;
const EXPERIMENTER_SIZE = 4;

const experimenterSize = (oxmClass: number): number => (oxmClass === EXPERIMENTER_CLASS ? EXPERIMENTER_SIZE : 0);

/** Bytes of value and mask. */
export const payloadSize = ({ oxmClass, length }: FieldHeader): number => length - experimenterSize(oxmClass);

/** Bytes of the value, and of the mask where there is one. */
export const valueSize = (header: FieldHeader): number => payloadSize(header) >> (header.isMasked ? 1 : 0);

export function writeHeader(header: FieldHeader, writer: ByteWriter): void {
  writer.u16(header.oxmClass);
  writer.u8((header.oxmField << 1) | (header.isMasked ? 1 : 0));
  writer.u8(header.length);
  if (header.oxmClass === EXPERIMENTER_CLASS) writer.u32(header.experimenter);
}

/** Reads a header of whatever field; where it is broken, nothing is read. */
export function readHeader(reader: ByteReader): FieldHeader {
  const start = reader.offset;
  if (reader.remaining < HEADER_SIZE) throw new OpenFlowError('OFPBMC_BAD_LEN');
  const oxmClass = reader.u16();
  const fieldAndMask = reader.u8();
  const length = reader.u8();
  const isExperimenter = oxmClass === EXPERIMENTER_CLASS;
  if (isExperimenter && (reader.remaining < EXPERIMENTER_SIZE || length < EXPERIMENTER_SIZE)) {
    reader.offset = start;
    throw new OpenFlowError('OFPBMC_BAD_LEN');
  }
  return {
    oxmClass,
    oxmField: fieldAndMask >> 1,
    isMasked: (fieldAndMask & 1) === 1,
    length,
    experimenter: isExperimenter ? reader.u32() : 0,
  };
}

interface KnownHeader {
  readonly field: Field;
  readonly oxm: OxmName;
}

const numberOf = (oxmClass: number, oxmField: number): number => (oxmClass << 7) | oxmField;

const KNOWN_HEADERS: ReadonlyMap<number, readonly KnownHeader[]> = (() => {
  const known = new Map<number, KnownHeader[]>();
  for (const field of FIELDS) {
    for (const oxm of field.oxm) {
      const number = numberOf(oxm.oxmClass, oxm.oxmField);
      known.set(number, [...(known.get(number) ?? []), { field, oxm }]);
    }
  }
  return known;
})();

/** The field with its name, or null where there is none of these numbers and this length. */
export function knownHeader(header: FieldHeader): KnownHeader | null {
  const found = KNOWN_HEADERS.get(numberOf(header.oxmClass, header.oxmField))?.find(
    ({ oxm }) => oxm.experimenter === header.experimenter,
  );
  if (found === undefined) return null;
  // OVS takes the highest bit of a length for one of the field's number.
  const fits = found.field.option === null ? valueSize(header) === found.field.wireSize : valueSize(header) < 0x80;
  return fits ? found : null;
}

/** The field as the table of tunnel metadata has it. */
function mappedField(field: Field, tlvTable: TlvTable): Field {
  const mapping = tlvTable.mappings.find(({ index }) => index === field.option);
  if (mapping === undefined) throw new OpenFlowError('NXFMFC_INVALID_TLV_FIELD');
  return { ...field, bits: 8 * mapping.optionLength, wireSize: mapping.optionLength };
}

/** The field that a header names, null where it is none that is known. */
export function fieldOfHeader(header: FieldHeader, { tlvTable }: Pick<WireContext, 'tlvTable'>): Field | null {
  const field = knownHeader(header)?.field ?? null;
  return field === null || field.option === null || tlvTable === null ? field : mappedField(field, tlvTable);
}

/** The name of the field that the style prefers. */
export function oxmOfField(field: Field, style: HeaderStyle): OxmName {
  const version = style === 'nxm' ? 0 : style;
  const first = field.oxm[0];
  if (first === undefined) throw new Error(`${field.name} has no OXM number`);
  return field.oxm.reduce((best, oxm) => (oxm.since <= version && oxm.since > best.since ? oxm : best), first);
}

/** Appends the header of an entry whose value has so many bytes. */
export function putHeader(field: Field, style: HeaderStyle, size: number, isMasked: boolean, writer: ByteWriter): void {
  const { oxmClass, oxmField, experimenter } = oxmOfField(field, style);
  const length = (experimenterSize(oxmClass) + size * (isMasked ? 2 : 1)) & 0xff;
  writeHeader({ oxmClass, oxmField, isMasked, length, experimenter }, writer);
}

/** Appends the 4 bytes (8 of an experimenter's field) that name the field, as actions have them (nx_put_mff_header). */
export function encodeFieldHeader(field: Field, style: HeaderStyle, isMasked: boolean, writer: ByteWriter): void {
  putHeader(field, style, field.wireSize, isMasked, writer);
}

/**
 * Reads a header alone; a field of tunnel metadata has the length that the context's table says. Throws
 * OFPBMC_BAD_LEN, OFPBMC_BAD_FIELD, NXFMFC_INVALID_TLV_FIELD (nx_pull_header, mf_vl_mff_nx_pull_header).
 */
export function decodeFieldHeader(
  reader: ByteReader,
  context: Pick<WireContext, 'tlvTable'>,
): { readonly field: Field; readonly isMasked: boolean } {
  const header = readHeader(reader);
  const field = fieldOfHeader(header, context);
  if (field === null) throw new OpenFlowError('OFPBMC_BAD_FIELD');
  return { field, isMasked: header.isMasked };
}
