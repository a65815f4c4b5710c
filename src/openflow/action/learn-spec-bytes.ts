/**
 * The parts of a learned flow as bytes (struct nx_action_learn's flow_mod_spec; decode_LEARN_specs() and encode_LEARN()
 * of lib/ofp-actions.c): a word that says how many bits go from where to where, then the source, then the destination.
 *
 *      15  14  13  12  11  10   9                   0
 *     +-------+---+-------+---+---------------------+
 *     |   0   |src|  dst  | 0 |        bits         |
 *     +-------+---+-------+---+---------------------+
 *
 * A field is its number of 32 bits and the lowest of its bits; an immediate value fills whole words. A word of zero ends
 * the list, and only zeros may follow.
 */
import { OpenFlowError } from '../switch-connection.js';
import { requireZeros } from '../wire/action/action-form.js';
import { decodeNxmField, encodeNxmField } from '../wire/action/subfield-bytes.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';
import type { Subfield } from '../subfield.js';
import type { LearnSource, LearnSpec } from './learn-spec.js';

const BITS_MASK = 0x3ff;
const IMMEDIATE = 1 << 13;
const DESTINATION_SHIFT = 11;
const DESTINATION_MASK = 3;
const MATCH = 0;
const LOAD = 1;
const OUTPUT = 2;

const FIELD_SIZE = 6;

const wordCount = (bits: number): number => Math.ceil(bits / 16);

function decodeSubfield(body: ByteReader, context: WireContext, bits: number): Subfield {
  return { field: decodeNxmField(body, context), offset: body.u16(), bits };
}

/** Of a value the bytes that its bits need are looked at. */
function decodeImmediate(body: ByteReader, bits: number): bigint {
  const bytes = body.view(2 * wordCount(bits)).subarray(2 * wordCount(bits) - Math.ceil(bits / 8));
  return bytes.reduce((value, byte) => (value << 8n) | BigInt(byte), 0n);
}

function decodeSpec(header: number, body: ByteReader, context: WireContext): LearnSpec {
  const bits = header & BITS_MASK;
  const isImmediate = (header & IMMEDIATE) !== 0;
  const destinationType = (header >> DESTINATION_SHIFT) & DESTINATION_MASK;
  const isOutput = destinationType === OUTPUT && !isImmediate;
  if (destinationType !== MATCH && destinationType !== LOAD && !isOutput) {
    throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
  }
  const size = (isImmediate ? 2 * wordCount(bits) : FIELD_SIZE) + (isOutput ? 0 : FIELD_SIZE);
  if (body.remaining < size) throw new OpenFlowError('OFPBAC_BAD_LEN');
  const source: LearnSource = isImmediate
    ? { kind: 'immediate', value: decodeImmediate(body, bits) }
    : { kind: 'field', subfield: decodeSubfield(body, context, bits) };
  if (isOutput && source.kind === 'field') return { kind: 'output', source: source.subfield };
  const destination = decodeSubfield(body, context, bits);
  return { kind: destinationType === LOAD ? 'load' : 'match', destination, source };
}

/** Reads to the reader's end. */
export function decodeLearnSpecs(body: ByteReader, context: WireContext): readonly LearnSpec[] {
  const specs: LearnSpec[] = [];
  while (body.remaining > 0) {
    const header = body.u16();
    if (header === 0) break;
    specs.push(decodeSpec(header, body, context));
  }
  requireZeros(body, body.remaining, 'OFPBAC_BAD_ARGUMENT');
  return specs;
}

function encodeSubfield({ field, offset }: Subfield, body: ByteWriter): void {
  encodeNxmField(field, body);
  body.u16(offset);
}

function encodeImmediate(value: bigint, bits: number, body: ByteWriter): void {
  for (let word = wordCount(bits) - 1; word >= 0; word--) body.u16(Number((value >> BigInt(16 * word)) & 0xffffn));
}

export function encodeLearnSpec(spec: LearnSpec, body: ByteWriter): void {
  if (spec.kind === 'output') {
    body.u16((OUTPUT << DESTINATION_SHIFT) | spec.source.bits);
    encodeSubfield(spec.source, body);
    return;
  }
  const { destination, source } = spec;
  const isImmediate = source.kind === 'immediate';
  const type = spec.kind === 'load' ? LOAD : MATCH;
  body.u16((isImmediate ? IMMEDIATE : 0) | (type << DESTINATION_SHIFT) | destination.bits);
  if (isImmediate) encodeImmediate(source.value, destination.bits, body);
  else encodeSubfield(source.subfield, body);
  encodeSubfield(destination, body);
}
