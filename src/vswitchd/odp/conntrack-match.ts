/**
 * Which connections `dpctl/flush-conntrack` means: the text of the original and the reply tuple, and the flush.
 *
 * Mirrors ofp_ct_tuple_parse() of lib/ofp-ct.c and ct_dpif_flush() of lib/ct-dpif.c. What is zero or not said matches
 * anything, but for ICMP, whose identifier, type and code always count. Both tuples share one protocol and one family.
 */
import type { ConnectionEntry, ConnectionTuple } from '#datapath/conntrack/connection-entry.js';
import type { ConnectionTracker } from '#datapath/conntrack/connection-tracker.js';
import { UserError } from '../../report/user-error.js';
import { parseIpv6, scanIpv4 } from './address-text.js';

interface TupleMatch {
  source: Uint8Array | null;
  destination: Uint8Array | null;
  sourcePort: number;
  destinationPort: number;
  icmpId: number;
  icmpType: number;
  icmpCode: number;
}

export interface ConnectionMatch {
  readonly original: TupleMatch;
  readonly reply: TupleMatch;
  protocol: number;
  /** Bytes of an address: 4 or 16; 0 when no address is given. */
  addressSize: 0 | 4 | 16;
}

const makeTuple = (): TupleMatch => ({
  source: null,
  destination: null,
  sourcePort: 0,
  destinationPort: 0,
  icmpId: 0,
  icmpType: 0,
  icmpCode: 0,
});

/** Reads `ct_nw_src=…,ct_nw_proto=…,ct_tp_dst=…` for each direction; an empty text says nothing of it. */
export function parseConnectionMatch(original: string, reply = ''): ConnectionMatch {
  const match: ConnectionMatch = { original: makeTuple(), reply: makeTuple(), protocol: 0, addressSize: 0 };
  parseTuple(original, match.original, match);
  parseTuple(reply, match.reply, match);
  return match;
}

function parseTuple(text: string, tuple: TupleMatch, match: ConnectionMatch): void {
  for (const part of text.split(/[,\s]+/).filter((word) => word !== '')) {
    const [key = '', value = ''] = part.split(/=(.*)/s);
    if (value === '') throw new UserError(`field ${key} missing value`);
    setField(key, value, tuple, match);
  }
  if (match.protocol === 0 && (tuple.sourcePort !== 0 || tuple.destinationPort !== 0)) {
    throw new UserError('port is set without protocol');
  }
}

function setField(key: string, value: string, tuple: TupleMatch, match: ConnectionMatch): void {
  const address = /^ct_(nw|ipv6)_(src|dst)$/.exec(key);
  if (address !== null) {
    const end = address[2] === 'src' ? 'source' : 'destination';
    setAddress(key, value, address[1] === 'nw' ? 4 : 16, end, tuple, match);
    return;
  }
  switch (key) {
    case 'ct_nw_proto':
      match.protocol = parseNumber(key, value, 255);
      return;
    case 'ct_tp_src':
      tuple.sourcePort = parseNumber(key, value, 65535);
      return;
    case 'ct_tp_dst':
      tuple.destinationPort = parseNumber(key, value, 65535);
      return;
    case 'icmp_id':
    case 'icmp_type':
    case 'icmp_code':
      if (match.protocol !== 1 && match.protocol !== 58) throw new UserError('invalid L4 fields');
      if (key === 'icmp_id') tuple.icmpId = parseNumber(key, value, 65535);
      else if (key === 'icmp_type') tuple.icmpType = parseNumber(key, value, 255);
      else tuple.icmpCode = parseNumber(key, value, 255);
      return;
    default:
      throw new UserError(`invalid conntrack tuple field: ${key}`);
  }
}

function setAddress(
  key: string,
  value: string,
  size: 4 | 16,
  end: 'source' | 'destination',
  tuple: TupleMatch,
  match: ConnectionMatch,
): void {
  if (match.addressSize !== 0 && match.addressSize !== size) {
    throw new UserError(`the L3 protocol does not match ${value}`);
  }
  if (tuple[end] !== null) throw new UserError(`${key} is set multiple times`);
  const scanned = size === 4 ? scanIpv4(value) : null;
  const bytes = size === 16 ? parseIpv6(value) : scanned?.length === value.length ? scanned.bytes : null;
  if (bytes === null) throw new UserError(`failed to parse field ${key}`);
  match.addressSize = size;
  tuple[end] = bytes;
}

function parseNumber(key: string, value: string, max: number): number {
  const number = /^(?:0[xX][0-9a-fA-F]+|\d+)$/.test(value) ? Number(value) : Number.NaN;
  if (!(number <= max)) throw new UserError(`failed to parse field ${key}`);
  return number;
}

function isTupleMatched(tuple: ConnectionTuple, wanted: TupleMatch, protocol: number): boolean {
  const isSame = (a: Uint8Array, b: Uint8Array | null): boolean => b === null || a.every((byte, i) => byte === b[i]);
  if (!isSame(tuple.source, wanted.source) || !isSame(tuple.destination, wanted.destination)) return false;
  const { ends } = tuple;
  if (ends.kind === 'icmp') {
    if (protocol !== 1 && protocol !== 58) return true;
    return ends.id === wanted.icmpId && ends.type === wanted.icmpType && ends.code === wanted.icmpCode;
  }
  return (
    (wanted.sourcePort === 0 || wanted.sourcePort === ends.source) &&
    (wanted.destinationPort === 0 || wanted.destinationPort === ends.destination)
  );
}

export function isConnectionMatched(entry: ConnectionEntry, match: ConnectionMatch): boolean {
  if (match.addressSize !== 0 && match.addressSize !== entry.original.source.length) return false;
  if (match.protocol !== 0 && match.protocol !== entry.original.protocol) return false;
  const { protocol } = match;
  return isTupleMatched(entry.original, match.original, protocol) && isTupleMatched(entry.reply, match.reply, protocol);
}

/**
 * Ends the connections that match, in all zones when `zone` is null; how many there were. OVS gives an error for a whole
 * original tuple that matches nothing, and looks for such a one in zone 0 when no zone is said.
 */
export function flushMatching(tracker: ConnectionTracker, match: ConnectionMatch, zone: number | null): number {
  const doomed = [...tracker.entries(zone)].filter((entry) => isConnectionMatched(entry, match));
  for (const entry of doomed) tracker.flushTuple(entry.original, entry.zone);
  return doomed.length;
}
