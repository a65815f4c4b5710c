/** Lists of fields with a mask for each, as a select group has them (oxm_pull_field_array, oxm_put_field_array). */
import type { Field } from '#flowtable/fields.js';
import type { OpenFlowVersion } from '../../protocol.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';

/** What stands as an entry's value is the field's mask. */
export interface MaskedField {
  readonly field: Field;
  readonly mask: bigint;
}

/** Appends one entry for each field, without padding. */
export function encodeFieldList(_fields: readonly MaskedField[], _version: OpenFlowVersion, _writer: ByteWriter): void {
  throw new Error('not built yet');
}

/** Reads entries up to the reader's end, in the order of OVS's field numbers. */
export function decodeFieldList(_reader: ByteReader): readonly MaskedField[] {
  throw new Error('not built yet');
}
