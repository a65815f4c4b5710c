/** One NXM or OXM entry: header, value and, where the header says so, mask. */
import type { Field } from '#flowtable/fields.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import type { HeaderStyle } from './field-header.js';

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

/** Appends an entry as set_field has it (nx_put_entry): the mask only where it is not all ones. */
export function encodeFieldEntry(_entry: FieldEntry, _style: HeaderStyle, _writer: ByteWriter): void {
  throw new Error('not built yet');
}

/** Reads an entry (nx_pull_entry); value and mask as they stand there, unchecked. Throws OpenFlowError. */
export function decodeFieldEntry(_reader: ByteReader, _context: WireContext, _reading: EntryReading): FieldEntry {
  throw new Error('not built yet');
}
