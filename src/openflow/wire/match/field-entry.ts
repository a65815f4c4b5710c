/**
 * One NXM or OXM entry: header, value and, where the header says so, mask. Mirrors nx_pull_entry__() and nx_put_entry()
 * of lib/nx-match.c.
 */
import type { Field } from '#flowtable/fields.js';
import { valueOnes } from '../../field-value.js';
import { formatHex } from '../../number-text.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import {
  type FieldHeader,
  fieldOfHeader,
  type HeaderStyle,
  payloadSize,
  putHeader,
  readHeader,
  valueSize,
} from './field-header.js';
import { numberOfBytes, putNumber } from './field-value-bytes.js';
import { LoggedError } from './logged-error.js';
import { unknownFieldCode } from './unknown-field.js';

export interface FieldEntry {
  readonly field: Field;
  readonly value: bigint;
  /** All ones where the entry has none. */
  readonly mask: bigint;
}

export interface EntryReading {
  /** false: OFPBMC_BAD_MASK for an entry with a mask. */
  readonly allowsMask: boolean;
  /** In an action (set_field), where OVS answers OFPBAC_BAD_SET_TYPE and OFPBAC_BAD_SET_LEN. */
  readonly inAction: boolean;
}

/** Bytes of a number without the zeros in front. */
function significantSize(value: bigint): number {
  return value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
}

/** Appends an entry as set_field has it (nx_put_entry): the mask only where it is not all ones. */
export function encodeFieldEntry({ field, value, mask }: FieldEntry, style: HeaderStyle, writer: ByteWriter): void {
  const isMasked = mask !== valueOnes(field);
  const isVariable = field.option !== null;
  const size = isVariable ? Math.max(significantSize(value), isMasked ? significantSize(mask) : 0) : field.wireSize;
  putEntry(field, style, size, value, isMasked ? mask : null, writer);
}

/** Appends an entry whose value has so many bytes; null: without a mask. */
export function putEntry(
  field: Field,
  style: HeaderStyle,
  size: number,
  value: bigint,
  mask: bigint | null,
  writer: ByteWriter,
): void {
  putHeader(field, style, size, mask !== null, writer);
  putNumber(value, size, writer);
  if (mask !== null) putNumber(mask, size, writer);
}

/** An entry of whatever field: its numbers, and the bytes behind them. */
export interface RawEntry {
  readonly header: FieldHeader;
  readonly value: Uint8Array;
  /** Null where the header says that there is none. */
  readonly mask: Uint8Array | null;
}

/** What OVS answers to a value that has bits which its mask leaves out. */
function inconsistentMask({ oxmClass, oxmField, isMasked, length, experimenter }: FieldHeader): LoggedError {
  const numbers = `${formatHex(experimenter)}:${oxmClass}:${oxmField}:${isMasked ? 1 : 0}:${length}`;
  return new LoggedError(
    'OFPBMC_BAD_WILDCARDS',
    'nx_match',
    `Rejecting NXM/OXM entry ${numbers} with 1-bits in value for bits wildcarded by the mask.`,
  );
}

/** Reads an entry's value and mask. */
export function readPayload(header: FieldHeader, reader: ByteReader): RawEntry {
  if (reader.remaining < payloadSize(header)) throw new OpenFlowError('OFPBMC_BAD_LEN');
  const payload = reader.view(payloadSize(header));
  const size = valueSize(header);
  const value = payload.subarray(0, size);
  const mask = header.isMasked ? payload.subarray(size, 2 * size) : null;
  if (mask?.some((bits, i) => (value[i]! & ~bits) !== 0)) throw inconsistentMask(header);
  return { header, value, mask };
}

/** The entry's numbers as values of the field: what is too long for it loses its end. */
export function valuesOf({ value, mask }: RawEntry, field: Field): FieldEntry {
  return {
    field,
    value: numberOfBytes(value.subarray(0, field.wireSize)),
    mask: mask === null ? valueOnes(field) : numberOfBytes(mask.subarray(0, field.wireSize)),
  };
}

/** Reads an entry (nx_pull_entry); value and mask as they stand there, unchecked. Throws OpenFlowError. */
export function decodeFieldEntry(
  reader: ByteReader,
  context: Pick<WireContext, 'tlvTable'>,
  { allowsMask, inAction }: EntryReading,
): FieldEntry {
  const header = readHeader(reader);
  const field = fieldOfHeader(header, context);
  if (field === null && inAction) throw new OpenFlowError(unknownFieldCode(header));
  const entry = readPayload(header, reader);
  if (entry.mask !== null && !allowsMask) throw new OpenFlowError('OFPBMC_BAD_MASK');
  if (field === null) throw new OpenFlowError('OFPBMC_BAD_FIELD');
  return valuesOf(entry, field);
}
