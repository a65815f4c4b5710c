/** Lists of fields with a mask for each, as a select group has them (oxm_pull_field_array, oxm_put_field_array). */
import type { Field } from '#flowtable/fields.js';
import { isMaskValid, valueOnes } from '../../field-value.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeFieldEntry, encodeFieldEntry } from './field-entry.js';

/** What stands as an entry's value is the field's mask. */
export interface MaskedField {
  readonly field: Field;
  readonly mask: bigint;
}

/** Appends one entry for each field, without padding. */
export function encodeFieldList(fields: readonly MaskedField[], version: OpenFlowVersion, writer: ByteWriter): void {
  for (const { field, mask } of fields) {
    encodeFieldEntry({ field, value: mask, mask: valueOnes(field) }, version, writer);
  }
}

/** Reads entries up to the reader's end, in the order of OVS's field numbers. */
export function decodeFieldList(reader: ByteReader): readonly MaskedField[] {
  const masks = new Map<Field, bigint>();
  while (reader.remaining > 0) {
    const { field, value } = decodeFieldEntry(reader, { tlvTable: null }, { allowsMask: false, inAction: false });
    if (masks.has(field)) throw new OpenFlowError('OFPBMC_DUP_FIELD');
    if (!isMaskValid(field, value)) throw new OpenFlowError('OFPBMC_BAD_MASK');
    masks.set(field, value);
  }
  return [...masks].map(([field, mask]) => ({ field, mask })).sort((a, b) => a.field.id - b.field.id);
}
