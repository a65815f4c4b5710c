/** Values of fields as bytes, without header. */
import type { Field } from '#flowtable/fields.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';

/** Appends a value or mask in the field's size (field.wireSize). */
export function encodeFieldValue(_field: Field, _value: bigint, _writer: ByteWriter): void {
  throw new Error('not built yet');
}

export function decodeFieldValue(_field: Field, _reader: ByteReader): bigint {
  throw new Error('not built yet');
}
