/**
 * Matches and flows as text: `tcp,nw_src=10.0.0.0/8,tp_dst=80`, ovs-fields(7).
 *
 * Mirrors parse_ofp_str__() and parse_ofp_exact_flow() (lib/ofp-flow.c) and ofp_parse_field() (lib/ofp-parse.c). A parsed
 * match holds its protocol prerequisites as given: what a packet of the protocol cannot have is dropped by
 * normalizeMatch(), as OVS does when a flow reaches the switch.
 */
import { FIELD_BY_NAME, type Field } from '#flowtable/fields.js';
import { FlowKey, OFF_ETH_TYPE, OFF_IN_PORT, OFF_NW_PROTO } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { isOptionPresent, type OptionMap } from '#flowtable/tunnel-options.js';
import { UserError } from '../report/user-error.js';
import { formatFieldText, parseExactFieldText, parseFieldText } from './field-text.js';
import { hasField, matchValue, readValue, requireEthernet, valueOnes, writeValue } from './field-value.js';
import { type KeyValue, splitKeyValues } from './key-value.js';
import { normalizeMatch } from './match-normalize.js';
import { parseIntString } from './number-text.js';
import { NO_PORT_NAMES, OFPP_NONE, type PortNames } from './ports.js';
import { P_ANY, type Protocols } from './protocol.js';
import { fieldWidth, parseSubfield, subfieldMask } from './subfield.js';

/** A word that stands for an Ethernet type and perhaps an IP protocol. */
interface ProtocolWord {
  readonly ethType: number;
  readonly ipProto: number;
}

const word = (ethType: number, ipProto = 0): ProtocolWord => ({ ethType, ipProto });

const PROTOCOL_WORDS: ReadonlyMap<string, ProtocolWord> = new Map([
  ['ip', word(0x0800)],
  ['ipv4', word(0x0800)],
  ['ip4', word(0x0800)],
  ['arp', word(0x0806)],
  ['icmp', word(0x0800, 1)],
  ['tcp', word(0x0800, 6)],
  ['udp', word(0x0800, 17)],
  ['sctp', word(0x0800, 132)],
  ['ipv6', word(0x86dd)],
  ['ip6', word(0x86dd)],
  ['icmp6', word(0x86dd, 58)],
  ['tcp6', word(0x86dd, 6)],
  ['udp6', word(0x86dd, 17)],
  ['sctp6', word(0x86dd, 132)],
  ['rarp', word(0x8035)],
  ['mpls', word(0x8847)],
  ['mplsm', word(0x8848)],
]);

/** What a match says so far, and which protocols can carry it. */
export interface MatchBuilder {
  readonly match: Match;
  protocols: Protocols;
}

export function newMatchBuilder(): MatchBuilder {
  return { match: new Match(), protocols: P_ANY };
}

function matchableField(name: string): Field | undefined {
  const field = FIELD_BY_NAME.get(name);
  return field?.openflow ? field : undefined;
}

/** Takes one `key=value` into the match; false when the key is no field, protocol or subfield. */
export function addMatchTerm(builder: MatchBuilder, { key, value }: KeyValue, ports: PortNames): boolean {
  const { match } = builder;
  const protocol = PROTOCOL_WORDS.get(key);
  if (protocol !== undefined) {
    match.key.setU16(OFF_ETH_TYPE, protocol.ethType);
    match.mask.setU16(OFF_ETH_TYPE, 0xffff);
    if (protocol.ipProto !== 0) {
      match.key.setU8(OFF_NW_PROTO, protocol.ipProto);
      match.mask.setU8(OFF_NW_PROTO, 0xff);
    }
    requireEthernet(match);
    return true;
  }
  if (key === 'eth') {
    match.set('packet_type', 0n);
    return true;
  }
  const field = matchableField(key);
  if (field !== undefined) {
    // A field without a value matches on its existence.
    const parsed = parseFieldText(field, value === '' ? '0/0' : value, ports);
    builder.protocols &= matchValue(match, field, parsed.value, parsed.mask);
    if (field.prerequisite !== 'none') requireEthernet(match);
    return true;
  }
  if (!key.includes('[')) return false;
  addSubfieldTerm(builder, key, value);
  return true;
}

/** `reg0[0..15]=5`: adds to what the match says of the field's other bits. */
function addSubfieldTerm(builder: MatchBuilder, key: string, text: string): void {
  const subfield = parseSubfield(key);
  const { field } = subfield;
  const parsed = parseIntString(text, field.wireSize);
  if (!parsed.ok || parsed.length !== text.length) {
    throw new UserError(`${key}: cannot parse integer value: ${text}`);
  }
  if (parsed.value >> BigInt(subfield.bits) !== 0n) {
    const shown = formatFieldText(field, parsed.value, valueOnes(field), NO_PORT_NAMES);
    throw new UserError(`${key}: value ${shown} does not fit into ${subfield.bits} bits`);
  }
  const bits = subfieldMask(subfield);
  const { match } = builder;
  const value = (readValue(match.key, field) & ~bits) | (parsed.value << BigInt(subfield.offset));
  const mask = readValue(match.mask, field) | bits;
  // As in OVS the spare bits of a field that takes no mask count, too, and a VLAN's say whether there is one.
  const hasSpareBits = field.wireSize * 8 !== fieldWidth(field);
  const isPart = hasSpareBits && (!field.maskable || field.name === 'vlan_vid');
  const isWhole = mask === (1n << BigInt(fieldWidth(field))) - 1n && !isPart;
  const ones = (1n << BigInt(field.wireSize * 8)) - 1n;
  builder.protocols &= matchValue(match, field, value, isWhole ? ones : mask);
  if (field.prerequisite !== 'none') requireEthernet(match);
}

export interface MatchParseOptions {
  readonly ports: PortNames;
}

/** A match by itself, normalised; throws UserError in ovs-ofctl's words. */
export function parseMatch(text: string, { ports }: MatchParseOptions): Match {
  const builder = newMatchBuilder();
  for (const pair of splitKeyValues(text)) {
    if (addMatchTerm(builder, pair, ports)) continue;
    throw new UserError(pair.value === '' ? `field ${pair.key} missing value` : `unknown keyword ${pair.key}`);
  }
  normalizeMatch(builder.match);
  return builder.match;
}

/**
 * A packet's key, as `ofproto/trace` takes it: exact values, each field after those that it needs. A key without
 * in_port comes in on no port at all. options: the switch's, where tun_metadata fields may be given.
 */
export function parseFlow(text: string, ports: PortNames, options: OptionMap | null = null): FlowKey {
  const key = new FlowKey();
  key.optionPlaces = options;
  for (const pair of splitKeyValues(text)) {
    const protocol = PROTOCOL_WORDS.get(pair.key);
    if (protocol !== undefined) {
      if (key.u16(OFF_ETH_TYPE) !== 0) throw new UserError(`${text}: Ethernet type set multiple times`);
      key.setU16(OFF_ETH_TYPE, protocol.ethType);
      if (protocol.ipProto === 0) continue;
      if (key.u8(OFF_NW_PROTO) !== 0) throw new UserError(`${text}: network protocol set multiple times`);
      key.setU8(OFF_NW_PROTO, protocol.ipProto);
      continue;
    }
    setExactField(key, text, pair, ports);
  }
  if (key.u32(OFF_IN_PORT) === 0) key.setU32(OFF_IN_PORT, OFPP_NONE);
  key.updateShape();
  return key;
}

function setExactField(key: FlowKey, text: string, pair: KeyValue, ports: PortNames): void {
  const field = matchableField(pair.key);
  if (field === undefined) throw new UserError(`${text}: unknown field ${pair.key}`);
  if (!hasField(field, key)) throw new UserError(`${text}: prerequisites not met for setting ${pair.key}`);
  const isSet = field.option === null ? readValue(key, field) !== 0n : isOptionPresent(key, field.option);
  if (isSet) throw new UserError(`${text}: field ${pair.key} set multiple times`);
  let value: bigint;
  try {
    value = parseExactFieldText(field, pair.value, ports);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${text}: bad value for ${pair.key} (${error.message})`);
  }
  writeValue(key, field, value);
}
