/**
 * Fields and runs of their bits as actions carry them: with a header of NXM or OXM, or with a number of 32 bits, into
 * which an experimenter's field does not fit. Mirrors nxm_decode_ofs_nbits() and its kin (lib/nx-match.h) and
 * mf_check__() of lib/meta-flow.c without a match.
 */
import type { Field } from '#flowtable/fields.js';
import { checkBits, hasNxmHeader, type Subfield } from '../../subfield.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeFieldHeader, encodeFieldHeader } from '../match/index.js';
import type { WireContext } from '../message-kind.js';
import { refuse } from './action-form.js';

/** The field of a header of any size, which must not have the bit that announces a mask. */
export function decodeUnmaskedField(reader: ByteReader, context: WireContext): Field {
  const { field, isMasked } = decodeFieldHeader(reader, context);
  if (isMasked) throw new OpenFlowError('OFPBMC_BAD_MASK');
  return field;
}

const NXM_SIZE = 4;

/** The field of a 32-bit number, whether it announces a mask or not. */
export function decodeNxmField(reader: ByteReader, context: WireContext): Field {
  try {
    return decodeFieldHeader(reader.part(NXM_SIZE), context).field;
  } catch (error) {
    if (!(error instanceof OpenFlowError) || error.code === 'NXFMFC_INVALID_TLV_FIELD') throw error;
    throw new OpenFlowError('OFPBAC_BAD_SET_TYPE');
  }
}

export function encodeNxmField(field: Field, writer: ByteWriter): void {
  if (hasNxmHeader(field)) encodeFieldHeader(field, 'nxm', false, writer);
  else writer.u32(0);
}

/** Ten bits of offset and six of the width less one. */
export function unpackBits(packed: number): Omit<Subfield, 'field'> {
  return { offset: packed >> 6, bits: (packed & 0x3f) + 1 };
}

export function packBits({ offset, bits }: Omit<Subfield, 'field'>): number {
  return ((offset << 6) | (bits - 1)) & 0xffff;
}

/** Throws unless the field has the bits. */
export function requireBits(subfield: Subfield): void {
  refuse(checkBits(subfield));
}

export function requireWritable(field: Field): void {
  if (!field.writable) throw new OpenFlowError('OFPBAC_BAD_SET_ARGUMENT');
}

/** As requireBits, for bits that an action writes. */
export function requireWritableBits(subfield: Subfield): void {
  requireBits(subfield);
  requireWritable(subfield.field);
}
