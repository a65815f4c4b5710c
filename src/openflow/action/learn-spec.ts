/**
 * The parts of a learned flow: what it matches, loads and outputs to, each from the packet or a constant.
 * Mirrors struct ofpact_learn_spec, learn_parse_spec() and the second half of learn_format() (lib/learn.c).
 */
import { UserError } from '../../report/user-error.js';
import { formatFieldText, parseFieldText } from '../field-text.js';
import { valueOnes } from '../field-value.js';
import type { KeyValue } from '../key-value.js';
import { formatHex, parseIntString } from '../number-text.js';
import { NO_PORT_NAMES, type PortNames } from '../ports.js';
import { fieldWidth, formatSubfield, parseNxmSubfield, parseSubfield, type Subfield } from '../subfield.js';
import { parseMove } from './move.js';

/** Where a value comes from. */
export type LearnSource =
  | { readonly kind: 'field'; readonly subfield: Subfield }
  | { readonly kind: 'immediate'; readonly value: bigint };

export type LearnSpec =
  | { readonly kind: 'match'; readonly destination: Subfield; readonly source: LearnSource }
  | { readonly kind: 'load'; readonly destination: Subfield; readonly source: LearnSource }
  | { readonly kind: 'output'; readonly source: Subfield };

const isWhole = ({ field, offset, bits }: Subfield): boolean => offset === 0 && bits === fieldWidth(field);

/** `orig` is the learn action's whole text. */
export function parseLearnSpec(orig: string, { key, value }: KeyValue, ports: PortNames): LearnSpec {
  let destination: Subfield | null = null;
  try {
    destination = parseSubfield(key);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
  if (destination !== null) {
    parseNxmSubfield(key, orig);
    return { kind: 'match', destination, source: parseSource(orig, key, value, destination, ports) };
  }
  if (key === 'load') return parseLoad(value);
  if (key === 'output') return { kind: 'output', source: parseSubfield(value) };
  throw new UserError(`${orig}: unknown keyword ${key}`);
}

function parseSource(orig: string, name: string, text: string, destination: Subfield, ports: PortNames): LearnSource {
  if (text === '') return { kind: 'field', subfield: destination };
  let subfield: Subfield;
  try {
    subfield = parseSubfield(text);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { kind: 'immediate', value: parseImmediate(orig, name, text, destination, ports, error.message) };
  }
  if (subfield.bits !== destination.bits) {
    // OVS gives each width under the other's name.
    throw new UserError(`${orig}: bit widths of ${name} (${subfield.bits}) and ${text} (${destination.bits}) differ`);
  }
  return { kind: 'field', subfield };
}

function parseImmediate(
  orig: string,
  name: string,
  text: string,
  destination: Subfield,
  ports: PortNames,
  subfieldError: string,
): bigint {
  try {
    return readImmediate(orig, text, destination, ports);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(
      `${orig}: ${name} value ${text} cannot be parsed as a subfield (${subfieldError}) ` +
        `or an immediate value (${error.message})`,
    );
  }
}

function readImmediate(orig: string, text: string, destination: Subfield, ports: PortNames): bigint {
  const { field, bits } = destination;
  if (isWhole(destination)) {
    const { value, mask } = parseFieldText(field, text, ports);
    if (mask !== valueOnes(field)) throw new UserError(`${text}: wildcards not allowed here`);
    return value;
  }
  const parsed = parseIntString(text, field.wireSize);
  if (!parsed.ok || parsed.length !== text.length) throw new UserError(`${orig}: cannot parse integer value`);
  if (parsed.value >> BigInt(bits) !== 0n) {
    const shown = formatFieldText(field, parsed.value, valueOnes(field), NO_PORT_NAMES);
    throw new UserError(`${orig}: value ${shown} does not fit into ${bits} bits`);
  }
  return parsed.value;
}

/** Bytes of OVS's widest immediate value. */
const MAX_IMMEDIATE_BYTES = 128;

/** `VALUE->FIELD` or `FIELD->FIELD`. */
function parseLoad(text: string): LearnSpec {
  const arrow = text.indexOf('->');
  if (arrow === 0) throw new UserError(`load: missing source before \`->' in \`${text}'`);
  if (arrow < 0) throw new UserError(`load: missing \`->' in \`${text}'`);
  const parsed = parseIntString(text, MAX_IMMEDIATE_BYTES);
  if (!parsed.ok || parsed.length === 0) {
    const { source, destination } = parseMove(text);
    return { kind: 'load', destination, source: { kind: 'field', subfield: source } };
  }
  if (parsed.length !== arrow) throw new UserError(`load: garbage before \`->' in \`${text}'`);
  const destination = parseNxmSubfield(text.slice(arrow + 2), text);
  if (parsed.value >> BigInt(destination.bits) !== 0n) {
    throw new UserError(`${text}: value does not fit into ${destination.bits} bits`);
  }
  return { kind: 'load', destination, source: { kind: 'immediate', value: parsed.value } };
}

export function formatLearnSpec(spec: LearnSpec, ports: PortNames): string {
  if (spec.kind === 'output') return `output:${formatSubfield(spec.source)}`;
  const { destination, source } = spec;
  const place = formatSubfield(destination);
  if (spec.kind === 'load') {
    const from = source.kind === 'field' ? formatSubfield(source.subfield) : formatHex(source.value);
    return `load:${from}->${place}`;
  }
  if (source.kind === 'field') {
    const { field, offset } = source.subfield;
    const isSame = field === destination.field && offset === destination.offset;
    return isSame ? place : `${place}=${formatSubfield(source.subfield)}`;
  }
  if (!isWhole(destination)) return `${place}=${formatHex(source.value)}`;
  const { field } = destination;
  return `${field.name}=${formatFieldText(field, source.value, valueOnes(field), ports)}`;
}
