/** Values of fields as bytes, without header: numbers of any length, the highest byte first. */
import type { Field } from '#flowtable/fields.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';

/** Appends the low `size` bytes of a number. */
export function putNumber(value: bigint, size: number, writer: ByteWriter): void {
  for (let shift = 8 * (size - 1); shift >= 0; shift -= 8) writer.u8(Number((value >> BigInt(shift)) & 0xffn));
}

/** The number that the bytes are; 0 of none. */
export function numberOfBytes(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

/** Appends a value or mask in the field's size (field.wireSize). */
export function encodeFieldValue(field: Field, value: bigint, writer: ByteWriter): void {
  putNumber(value, field.wireSize, writer);
}

export function decodeFieldValue(field: Field, reader: ByteReader): bigint {
  return numberOfBytes(reader.view(field.wireSize));
}
