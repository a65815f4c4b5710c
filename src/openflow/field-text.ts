/**
 * A field's value and mask as text. Mirrors mf_parse() and mf_format() (lib/meta-flow.c), ovs-fields(7).
 */
import type { Field } from '#flowtable/fields.js';
import { UserError } from '../report/user-error.js';
import {
  formatIpv4Masked,
  formatIpv6Masked,
  formatMacMasked,
  type Masked,
  parseIpv4Masked,
  parseIpv6Masked,
  parseMacMasked,
} from './address-text.js';
import { isMaskValid, valueOnes } from './field-value.js';
import { CT_STATE_FLAGS, formatFlags, parseFlags, TCP_FLAGS, TUNNEL_FLAGS } from './flag-text.js';
import { formatHex, parseIntString } from './number-text.js';
import { formatPort, parsePort, portFromOpenFlow11, portToOpenFlow11 } from './port-text.js';
import type { PortNames } from './ports.js';

/** Fragment states by name (FLOW_NW_FRAG_ANY 1, FLOW_NW_FRAG_LATER 2); parsing takes the first, printing all. */
const FRAGMENTS: readonly { readonly name: string; readonly mask: number; readonly value: number }[] = [
  { name: 'no', mask: 3, value: 0 },
  { name: 'first', mask: 3, value: 1 },
  { name: 'later', mask: 3, value: 3 },
  { name: 'no', mask: 1, value: 0 },
  { name: 'yes', mask: 1, value: 1 },
  { name: 'not_later', mask: 2, value: 0 },
  { name: 'later', mask: 2, value: 2 },
];

/** Parses `VALUE` or `VALUE/MASK`; throws UserError with OVS's words. */
export function parseFieldText(field: Field, text: string, ports: PortNames): Masked {
  const parsed = text === '*' ? { value: 0n, mask: 0n } : parseByFormat(field, text, ports);
  const ones = valueOnes(field);
  const mask = parsed.mask & ones;
  if (!isMaskValid(field, mask)) throw new UserError(`${text}: invalid mask for field ${field.name}`);
  return { value: parsed.value & ones, mask };
}

/** As parseFieldText, but refuses a mask. */
export function parseExactFieldText(field: Field, text: string, ports: PortNames): bigint {
  const { value, mask } = parseFieldText(field, text, ports);
  if (mask !== valueOnes(field)) throw new UserError(`${text}: wildcards not allowed here`);
  return value;
}

function parseByFormat(field: Field, text: string, ports: PortNames): Masked {
  switch (field.format) {
    case 'decimal':
    case 'hexadecimal':
      return parseIntegerText(field, text);
    case 'mac':
      return parseMacMasked(text);
    case 'ipv4':
      return parseIpv4Masked(text);
    case 'ipv6':
      return parseIpv6Masked(text);
    case 'port': {
      const port = parsePort(text, ports);
      const is32Bit = field.wireSize === 4;
      if (port === null) {
        const problem = is32Bit ? 'port value out of range' : 'invalid or unknown port';
        throw new UserError(`${text}: ${problem} for ${field.name}`);
      }
      return { value: BigInt(is32Bit ? portToOpenFlow11(port) : port), mask: valueOnes(field) };
    }
    case 'frag': {
      const found = FRAGMENTS.find((entry) => entry.name === text.toLowerCase());
      if (found === undefined) {
        throw new UserError(
          `${text}: unknown fragment type (valid types are "no", "yes", "first", "later", "not_later"`,
        );
      }
      // The upper bits count as matched, so that "no" is an exact match.
      return { value: BigInt(found.value), mask: BigInt(found.mask | 0xfc) };
    }
    case 'tcp-flags':
      return parseFlags(text, TCP_FLAGS);
    case 'ct-state':
      return parseFlags(text, CT_STATE_FLAGS);
    case 'tunnel-flags':
      return parseFlags(text, TUNNEL_FLAGS);
    case 'packet-type':
      return { value: parsePacketType(text), mask: valueOnes(field) };
  }
}

function parseIntegerText(field: Field, text: string): Masked {
  const fail = (part: string, tooLarge: boolean): UserError =>
    new UserError(
      tooLarge
        ? `${text}: ${part} too large for ${field.wireSize}-byte field ${field.name}`
        : `${text}: bad syntax for ${field.name} ${part}`,
    );
  const value = parseIntString(text, field.wireSize);
  if (!value.ok) throw fail('value', value.tooLarge);
  const rest = text.slice(value.length);
  if (rest === '') return { value: value.value, mask: valueOnes(field) };
  if (!rest.startsWith('/')) throw fail('value', false);
  const mask = parseIntString(rest.slice(1), field.wireSize);
  if (!mask.ok) throw fail('mask', mask.tooLarge);
  if (mask.length !== rest.length - 1) throw fail('mask', false);
  return { value: value.value, mask: mask.value };
}

/** `(namespace,type)`, OpenFlow 1.5.1 §7.2.3.12. */
function parsePacketType(text: string): bigint {
  const fail = (part: string, at: string): UserError => new UserError(`${at}: bad syntax for packet type ${part}`);
  if (!text.startsWith('(')) throw fail("missing '('", text);
  let rest = text.slice(1);
  const namespace = parseIntString(rest, 2);
  if (!namespace.ok) throw fail('ns', rest);
  if (rest[namespace.length] !== ',') throw fail("missing ','", rest);
  rest = rest.slice(namespace.length + 1);
  const type = parseIntString(rest, 2);
  if (!type.ok) throw fail('ns_type', rest);
  if (rest[type.length] !== ')') throw fail("missing ')'", rest);
  return (namespace.value << 16n) | type.value;
}

/** `eth`, or `packet_type=(namespace,type)` with masks. */
export function formatPacketType(value: number, mask: number): string {
  if (value === 0 && mask === 0xffffffff) return 'eth';
  const half = (number: number, bits: number): string => {
    if (bits === 0) return '*';
    const text = number > 9 ? formatHex(number) : String(number);
    return bits === 0xffff ? text : `${text}/${formatHex(bits)}`;
  };
  return `packet_type=(${half(value >>> 16, mask >>> 16)},${half(value & 0xffff, mask & 0xffff)})`;
}

/** Text of a value with its mask, as set_field writes it. */
export function formatFieldText(field: Field, value: bigint, mask: bigint, ports: PortNames): string {
  const ones = valueOnes(field);
  if (mask === 0n) return 'ANY';
  switch (field.format) {
    case 'port':
      if (mask === ones) {
        const number = Number(value);
        return formatPort(field.wireSize === 4 ? (portFromOpenFlow11(number) ?? 0) : number, ports);
      }
      return formatIntegerText(field, value, mask);
    case 'decimal':
    case 'hexadecimal':
      return formatIntegerText(field, value, mask);
    case 'mac':
      return formatMacMasked(value, mask);
    case 'ipv4':
      return formatIpv4Masked(value, mask);
    case 'ipv6':
      return formatIpv6Masked(value, mask);
    case 'frag':
      return formatFragment(Number(value), Number(mask));
    case 'tcp-flags':
      return formatFlags(Number(value), Number(mask) & 0xfff, TCP_FLAGS, 0xfff);
    case 'ct-state':
      return formatFlags(Number(value), Number(mask), CT_STATE_FLAGS, 0xffff);
    case 'tunnel-flags':
      return formatFlags(Number(value), Number(mask) & 1, TUNNEL_FLAGS, 1);
    case 'packet-type':
      return formatPacketType(Number(value), Number(mask));
  }
}

function formatIntegerText(field: Field, value: bigint, mask: bigint): string {
  const text = field.format === 'hexadecimal' ? formatHex(value) : value.toString();
  return mask === valueOnes(field) ? text : `${text}/${formatHex(mask)}`;
}

/** `no`, `later`, …: the name of a fragment state on the bits that the mask has. */
export function formatFragment(value: number, mask: number): string {
  const bits = mask & 3;
  return FRAGMENTS.find((entry) => entry.mask === bits && entry.value === (value & bits))?.name ?? '<error>';
}
