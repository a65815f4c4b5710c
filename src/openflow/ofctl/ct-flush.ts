/**
 * ovs-ofctl ct-flush SWITCH [zone=N] [TUPLE [REPLY-TUPLE]]: forgets connections. Mirrors ofctl_ct_flush() of
 * utilities/ovs-ofctl.c and ofp_ct_tuple_parse() (lib/ofp-ct.c).
 */
import { UserError } from '../../report/user-error.js';
import { parseIpv4, parseIpv6 } from '../address-text.js';
import { splitKeyValues } from '../key-value.js';
import { parseU16, parseU8 } from '../number-text.js';
import { type CtTuple, offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';

const ICMP = 1;
const ICMPV6 = 58;

/** What both directions have in common, as the tuples' text gives it. */
interface Shared {
  family: 4 | 6 | null;
  protocol: number;
}

type TupleDraft = { -readonly [K in keyof CtTuple]: CtTuple[K] };

const fail = (problem: string): UserError => new UserError(`Failed to parse ct-tuple: ${problem}`);

/** Reads an address into one end of the tuple. */
function readAddress(draft: TupleDraft, shared: Shared, key: string, text: string): void {
  const family = key.startsWith('ct_nw_') ? 4 : 6;
  const end = key.endsWith('src') ? 'source' : 'destination';
  if (shared.family !== null && shared.family !== family) throw fail(`the L3 protocol does not match ${text}`);
  if (draft[end] !== null) throw fail(`${key} is set multiple times`);
  const address = family === 4 ? parseIpv4(text) : parseIpv6(text);
  if (address === null) throw fail(`failed to parse field ${key}`);
  shared.family = family;
  draft[end] = address;
}

/** A number, or a complaint about the field. */
function readNumber(key: string, text: string, parse: (text: string, what: string) => number): number {
  try {
    return parse(text, key);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw fail(`failed to parse field ${key}`);
  }
}

function parseTuple(text: string, shared: Shared): CtTuple {
  const draft: TupleDraft = {
    source: null,
    destination: null,
    sourcePort: null,
    destinationPort: null,
    icmpType: null,
    icmpCode: null,
    icmpId: null,
  };
  for (const { key, value } of splitKeyValues(text)) {
    if (value === '') throw fail(`field ${key} missing value`);
    switch (key) {
      case 'ct_nw_src':
      case 'ct_nw_dst':
      case 'ct_ipv6_src':
      case 'ct_ipv6_dst':
        readAddress(draft, shared, key, value);
        break;
      case 'ct_nw_proto':
        shared.protocol = readNumber(key, value, parseU8);
        break;
      case 'ct_tp_src':
        draft.sourcePort = readNumber(key, value, parseU16);
        break;
      case 'ct_tp_dst':
        draft.destinationPort = readNumber(key, value, parseU16);
        break;
      case 'icmp_type':
      case 'icmp_code':
      case 'icmp_id':
        if (shared.protocol !== ICMP && shared.protocol !== ICMPV6) throw fail('invalid L4 fields');
        if (key === 'icmp_type') draft.icmpType = readNumber(key, value, parseU8);
        else if (key === 'icmp_code') draft.icmpCode = readNumber(key, value, parseU8);
        else draft.icmpId = readNumber(key, value, parseU16);
        break;
      default:
        throw fail(`invalid conntrack tuple field: ${key}`);
    }
  }
  const hasPort = (draft.sourcePort ?? 0) !== 0 || (draft.destinationPort ?? 0) !== 0;
  if (shared.protocol === 0 && hasPort) throw fail('port is set without protocol');
  return draft;
}

export const ctFlush: OfctlCommand = {
  name: 'ct-flush',
  usage: 'switch [zone=N] [ct-orig-tuple [ct-reply-tuple]]',
  minArgs: 1,
  maxArgs: 4,
  writes: true,
  run(invocation, [name = '', ...rest]) {
    const zoneText = rest[0]?.startsWith('zone=') ? rest.shift()! : null;
    const found = zoneText === null ? null : /^zone=\s*(\d+)/.exec(zoneText);
    if (zoneText !== null && found === null) throw new UserError('Failed to parse zone');
    const shared: Shared = { family: null, protocol: 0 };
    const [original = null, reply = null] = rest.map((text) => (text === '' ? null : parseTuple(text, shared)));
    const { connection } = invocation.open(name);
    invocation.sendQuietly();
    const zone = found === null ? null : Number(found[1]) & 0xffff;
    offering(connection, 'ctFlush').ctFlush({ ...shared, zone, original, reply });
  },
};
