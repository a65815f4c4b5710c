/**
 * nat, nat(src=RANGE), nat(dst=RANGE): address translation of the connection, inside ct(…) only.
 * Mirrors NAT of lib/ofp-actions.c; RANGE is ADDRESS[-ADDRESS][:PORT[-PORT]] (RFC 3022, RFC 4787).
 */
import { UserError } from '../../report/user-error.js';
import { formatIpv4, formatIpv6, parseIpv6, scanIpv4 } from '../address-text.js';
import { splitKeyValues } from '../key-value.js';
import { ethTypeOf, isIpType } from '../packet-type.js';
import type { NatRequest } from '../translate-context.js';
import type { ActionKind } from './action-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';

export interface NatAction extends NatRequest {
  readonly kind: 'nat';
  /** Ends of ranges that were named although they are the beginnings: they go back as they came. */
  readonly namedEnds?: { readonly address: boolean; readonly port: boolean };
}

type Range = Pick<NatAction, 'addresses' | 'ports' | 'namedEnds'>;

const IPV6 = '[0-9a-fA-F:.]{1,46}';
const IPV6_WORD = new RegExp(`^(?:(${IPV6})|\\[(${IPV6})\\])`);

interface FoundAddress {
  /** null: it looks like one, but is none. */
  readonly value: bigint | null;
  readonly rest: string;
}

/** Reads an address at the beginning of the text; null where nothing there looks like one. */
function readAddress(text: string, family: 4 | 6): FoundAddress | null {
  if (family === 4) {
    const scanned = scanIpv4(text);
    return scanned === null ? null : { value: scanned.value, rest: text.slice(scanned.length) };
  }
  const found = IPV6_WORD.exec(text);
  return found === null ? null : { value: parseIpv6(found[1] ?? found[2]!), rest: text.slice(found[0].length) };
}

function parseRange(text: string): Range {
  if (text === '') return { addresses: null, ports: null };
  const invalid = (): UserError => new UserError(`invalid nat range "${text}"`);
  const garbage = (rest: string): UserError =>
    new UserError(`garbage (${rest}) after nat range "${text}" (pos: ${text.length - rest.length})`);
  const family: 4 | 6 = readAddress(text, 4) === null ? 6 : 4;
  const first = readAddress(text, family);
  if (first === null) throw garbage(text);
  let { rest } = first;
  if (first.value === null) {
    // As in OVS, what only looks like an address is taken for no range at all.
    if (rest !== '') throw garbage(rest);
    return { addresses: null, ports: null };
  }
  let max = 0n;
  if (rest.startsWith('-')) {
    const second = readAddress(rest.slice(1), family);
    if (second === null || second.value === null || second.value < first.value) throw invalid();
    max = second.value;
    rest = second.rest;
  }
  let ports: { min: number; max: number } | null = null;
  if (rest.startsWith(':')) {
    const found = /^:\s*(\d+)(?:(-)\s*(\d+)?)?/.exec(rest);
    if (found === null || (found[2] !== undefined && found[3] === undefined)) throw invalid();
    const min = Number(found[1]) & 0xffff;
    const portMax = found[3] === undefined ? 0 : Number(found[3]) & 0xffff;
    if (found[3] !== undefined && portMax < min) throw invalid();
    ports = { min, max: portMax };
    rest = rest.slice(found[0].length);
  }
  if (rest !== '') throw garbage(rest);
  return {
    addresses: { family, min: first.value, max: max === 0n ? first.value : max },
    ports: ports === null || ports.min === 0 ? null : { min: ports.min, max: ports.max === 0 ? ports.min : ports.max },
  };
}

function formatAddress(value: bigint, family: 4 | 6, bracketed: boolean): string {
  if (family === 4) return formatIpv4(value);
  return bracketed ? `[${formatIpv6(value)}]` : formatIpv6(value);
}

function formatRange({ addresses, ports }: Range): string {
  if (addresses === null) return '';
  const { family, min, max } = addresses;
  let text = formatAddress(min, family, ports !== null);
  if (max !== min) text += `-${formatAddress(max, family, ports !== null)}`;
  if (ports !== null) text += `:${ports.min}${ports.max === ports.min ? '' : `-${ports.max}`}`;
  return text;
}

/** The argument of nat; '' is plain `nat`. */
export function parseNat(argument: string): NatAction {
  let range: Range = { addresses: null, ports: null };
  const flags = new Set<string>();
  for (const { key, value } of splitKeyValues(argument)) {
    switch (key) {
      case 'src':
      case 'dst':
        range = parseRange(value);
        flags.add(key);
        break;
      case 'persistent':
      case 'hash':
      case 'random':
        flags.add(key);
        break;
      default:
        throw new UserError(`invalid key "${key}" in "nat" argument`);
    }
  }
  if (flags.has('src') && flags.has('dst')) throw new UserError('May only specify one of "src" or "dst".');
  const type = flags.has('src') ? 'src' : flags.has('dst') ? 'dst' : null;
  if (type === null && flags.size > 0) throw new UserError('Flags allowed only with "src" or "dst".');
  if (flags.has('hash') && flags.has('random')) throw new UserError('Both "hash" and "random" are not allowed.');
  return {
    kind: 'nat',
    type,
    ...range,
    persistent: flags.has('persistent'),
    selection: flags.has('hash') ? 'hash' : flags.has('random') ? 'random' : null,
  };
}

export const natAction: ActionKind<NatAction> = {
  kind: 'nat',
  names: ['nat'],

  parse: parseNat,

  format(action) {
    const { type, addresses, persistent, selection } = action;
    if (type === null) return 'nat';
    // Without a range OVS does not print the flags.
    if (addresses === null) return `nat(${type})`;
    const parts = [`${type}=${formatRange(action)}`];
    if (persistent) parts.push('persistent');
    if (selection !== null) parts.push(selection);
    return `nat(${parts.join(',')})`;
  },

  validate({ addresses }, { match }) {
    const ethType = ethTypeOf(match.key);
    const family = ethType === 0x0800 ? 4 : 6;
    if (!isIpType(ethType) || (addresses !== null && addresses.family !== family)) return 'OFPBAC_MATCH_INCONSISTENT';
    return null;
  },

  translate() {
    throw new Error('nat stands outside of ct');
  },

  // Address 0 cannot be told from none on the wire, and without an address there is no more to say.
  inVersion(action) {
    const { addresses, ports } = action;
    if (addresses === null || addresses.max !== 0n || ports !== null) return [action];
    return [{ ...action, addresses: null }];
  },

  refusal({ addresses }) {
    return addresses !== null && addresses.min === 0n ? 'OFPBAC_BAD_ARGUMENT' : null;
  },

  wire: [{ codes: [nicira(36)], size: 6, grows: true, decode: decodeNat, encode: encodeNat }],
};

const FLAG_SRC = 1;
const FLAG_DST = 2;
const FLAG_PERSISTENT = 4;
const FLAG_HASH = 8;
const FLAG_RANDOM = 16;
const ALL_FLAGS = 0x1f;

/** Which parts of a range follow. */
const HAS_IPV4_MIN = 1;
const HAS_IPV4_MAX = 2;
const HAS_IPV6_MIN = 4;
const HAS_IPV6_MAX = 8;
const HAS_PORT_MIN = 16;
const HAS_PORT_MAX = 32;

const hasBoth = (flags: number, one: number, other: number): boolean => (flags & one) !== 0 && (flags & other) !== 0;

/** All that is wrong with a range is one error, that it is cut short too. */
function badRange(): OpenFlowError {
  return new OpenFlowError('OFPBAC_BAD_ARGUMENT');
}

interface Ends<T> {
  readonly min: T;
  readonly max: T;
  readonly namesMax: boolean;
}

/** A beginning that is not zero, and an end that is not before it. */
function decodeEnds<T extends number | bigint>(
  body: ByteReader,
  namesMax: boolean,
  size: number,
  read: () => T,
): Ends<T> {
  if (body.remaining < size) throw badRange();
  const min = read();
  if (BigInt(min) === 0n) throw badRange();
  if (!namesMax) return { min, max: min, namesMax };
  if (body.remaining < size) throw badRange();
  const max = read();
  if (max < min) throw badRange();
  return { min, max, namesMax };
}

function decodeAddresses(body: ByteReader, present: number): (Ends<bigint> & { readonly family: 4 | 6 }) | null {
  const [hasV4, hasV6] = [(present & HAS_IPV4_MIN) !== 0, (present & HAS_IPV6_MIN) !== 0];
  // An end without its beginning, or of both families.
  if (!hasV4 && (present & HAS_IPV4_MAX) !== 0) throw badRange();
  if (hasV4 && (present & (HAS_IPV6_MIN | HAS_IPV6_MAX)) !== 0) throw badRange();
  if (hasV4) return { family: 4, ...decodeEnds(body, (present & HAS_IPV4_MAX) !== 0, 4, () => BigInt(body.u32())) };
  if (!hasV6 && (present & HAS_IPV6_MAX) !== 0) throw badRange();
  if (!hasV6) return null;
  const read = (): bigint => (body.u64() << 64n) | body.u64();
  return { family: 6, ...decodeEnds(body, (present & HAS_IPV6_MAX) !== 0, 16, read) };
}

function decodeNat(body: ByteReader): NatAction {
  body.skip(2);
  const [flags, present] = [body.u16(), body.u16()];
  const isWrong =
    (flags & ~ALL_FLAGS) !== 0 || hasBoth(flags, FLAG_SRC, FLAG_DST) || hasBoth(flags, FLAG_HASH, FLAG_RANDOM);
  if (isWrong) throw badRange();
  const address = decodeAddresses(body, present);
  const hasPorts = (present & HAS_PORT_MIN) !== 0;
  const namesPortMax = (present & HAS_PORT_MAX) !== 0;
  if (hasPorts ? address === null : namesPortMax) throw badRange();
  const port = hasPorts ? decodeEnds(body, namesPortMax, 2, () => body.u16()) : null;
  const isNamed = (ends: Ends<unknown> | null): boolean => ends?.namesMax === true && ends.min === ends.max;
  const namedEnds = { address: isNamed(address), port: isNamed(port) };
  return {
    kind: 'nat',
    type: (flags & FLAG_SRC) !== 0 ? 'src' : (flags & FLAG_DST) !== 0 ? 'dst' : null,
    addresses: address === null ? null : { family: address.family, min: address.min, max: address.max },
    ports: port === null ? null : { min: port.min, max: port.max },
    persistent: (flags & FLAG_PERSISTENT) !== 0,
    selection: (flags & FLAG_HASH) !== 0 ? 'hash' : (flags & FLAG_RANDOM) !== 0 ? 'random' : null,
    ...(namedEnds.address || namedEnds.port ? { namedEnds } : {}),
  };
}

function natFlags({ type, persistent, selection }: NatAction): number {
  const direction = type === 'src' ? FLAG_SRC : type === 'dst' ? FLAG_DST : 0;
  const chosen = selection === 'hash' ? FLAG_HASH : selection === 'random' ? FLAG_RANDOM : 0;
  return direction | (persistent ? FLAG_PERSISTENT : 0) | chosen;
}

/** Zero is no address and no port: it is not said. */
function encodeNat(action: NatAction, body: ByteWriter): void {
  const { addresses, ports, namedEnds } = action;
  body.zeros(2);
  body.u16(natFlags(action));
  const presentAt = body.size;
  body.u16(0);
  let present = 0;
  if (addresses !== null) {
    const { family, min, max } = addresses;
    const put = (address: bigint, flag: number): void => {
      if (address === 0n) return;
      if (family === 6) body.u64(address >> 64n);
      if (family === 6) body.u64(address);
      else body.u32(Number(address));
      present |= flag;
    };
    put(min, family === 4 ? HAS_IPV4_MIN : HAS_IPV6_MIN);
    if (max !== min || namedEnds?.address === true) put(max, family === 4 ? HAS_IPV4_MAX : HAS_IPV6_MAX);
  }
  if (addresses !== null && ports !== null) {
    body.u16(ports.min);
    present |= HAS_PORT_MIN;
    if (ports.max !== ports.min || namedEnds?.port === true) {
      body.u16(ports.max);
      present |= HAS_PORT_MAX;
    }
  }
  body.patchU16(presentAt, present);
}
