/**
 * bundle(FIELDS,BASIS,ALGORITHM,ofport,members:PORT,…) and bundle_load(…,FIELD[BITS],members:…): chooses one of several
 * ports that are up, and outputs to it or writes its number into a field. Mirrors BUNDLE of lib/ofp-actions.c and
 * lib/bundle.c.
 */
import { UserError } from '../../report/user-error.js';
import { HASH_FIELDS, type HashFields, hashFieldsOf, maskHashFields, parseHashFields } from '../flow-hash-fields.js';
import { maskValue } from '../field-value.js';
import { parseLeadingDecimal } from '../number-text.js';
import { hash2Words } from '#flowtable/murmur-hash.js';
import { formatPort, parsePort } from '../port-text.js';
import {
  OFPP_ALL,
  OFPP_CONTROLLER,
  OFPP_FLOOD,
  OFPP_IN_PORT,
  OFPP_NONE,
  OFPP_NORMAL,
  OFPP_TABLE,
  type PortNames,
} from '../ports.js';
import {
  checkDestination,
  formatSubfield,
  packedSubfield,
  parseNxmSubfield,
  type Subfield,
  subfieldMask,
  writeSubfield,
} from '../subfield.js';
import { Tokens } from '../tokens.js';
import type { TranslateContext } from '../translate-context.js';
import type { ActionKind } from './action-kind.js';
import { noteSubfield } from './move.js';
import { checkOutputPort } from './output.js';
import { shownPorts } from './shown-ports.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira, refuse, requireZeros } from '../wire/action/action-form.js';
import {
  decodeNxmField,
  encodeNxmField,
  packBits,
  requireWritableBits,
  unpackBits,
} from '../wire/action/subfield-bytes.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';

type Algorithm = 'active_backup' | 'hrw';
/** In the order of their numbers (enum nx_bd_algorithm). */
const ALGORITHMS: readonly Algorithm[] = ['active_backup', 'hrw'];

export interface BundleAction {
  readonly kind: 'bundle';
  readonly fields: HashFields;
  readonly basis: number;
  readonly algorithm: Algorithm;
  readonly members: readonly number[];
  /** bundle_load: where the port's number goes; null: the packet goes to the port. */
  readonly destination: Subfield | null;
}

const MAX_MEMBERS = 2048;
/** bundle_load on the wire needs room for a whole port number. */
const MIN_DESTINATION_BITS = 16;

function readMembers(tokens: Tokens, ports: PortNames): readonly number[] {
  const members: number[] = [];
  for (;;) {
    const word = tokens.next(', []');
    if (word === undefined || members.length >= MAX_MEMBERS) return members;
    const port = parsePort(word, ports);
    if (port === null) throw new UserError(`${word}: bad port number`);
    members.push(port);
  }
}

function parseBundle(argument: string, isLoad: boolean, ports: PortNames): BundleAction {
  const tokens = new Tokens(argument);
  const fieldsText = tokens.next(', ') ?? '';
  const basis = tokens.next(', ') ?? '';
  const algorithmText = tokens.next(', ') ?? '';
  const memberType = tokens.next(', ') ?? '';
  const place = isLoad ? tokens.next(', ') : undefined;
  const delimiter = tokens.next(': ');
  if (delimiter === undefined) throw new UserError(`${argument}: not enough arguments to bundle action`);
  if (!['members', 'slaves'].includes(delimiter.toLowerCase())) {
    throw new UserError(`${argument}: missing member delimiter, expected \`members', got \`${delimiter}'`);
  }
  const members = readMembers(tokens, ports);
  const fields = parseHashFields(fieldsText);
  if (fields === undefined) throw new UserError(`${argument}: unknown fields \`${fieldsText}'`);
  const algorithm = algorithmText.toLowerCase();
  if (algorithm !== 'active_backup' && algorithm !== 'hrw') {
    throw new UserError(`${argument}: unknown algorithm \`${algorithmText}'`);
  }
  if (memberType.toLowerCase() !== 'ofport') throw new UserError(`${argument}: unknown member_type \`${memberType}'`);
  const destination = place === undefined ? null : parseNxmSubfield(place, argument);
  return { kind: 'bundle', fields, basis: parseLeadingDecimal(basis) & 0xffff, algorithm, members, destination };
}

/** Reserved ports that are always up; others are as the bridge says. */
const ALWAYS_LIVE: readonly number[] = [OFPP_IN_PORT, OFPP_TABLE, OFPP_NORMAL, OFPP_FLOOD, OFPP_ALL, OFPP_NONE];

function isLive(port: number, context: TranslateContext): boolean {
  if (ALWAYS_LIVE.includes(port)) return true;
  return port !== OFPP_CONTROLLER && context.portIsLive(port);
}

/** The member for this packet, or OFPP_NONE where none is up. */
function chooseMember({ fields, basis, algorithm, members }: BundleAction, context: TranslateContext): number {
  if (algorithm === 'active_backup') return members.find((port) => isLive(port, context)) ?? OFPP_NONE;
  if (members.length > 1) maskHashFields(context.flow, context.wc, fields);
  const flowHash = hashFieldsOf(context.flow, fields, basis);
  let best = OFPP_NONE;
  let bestHash = -1;
  members.forEach((port, index) => {
    const hash = hash2Words(index, flowHash);
    if (hash <= bestHash || !isLive(port, context)) return;
    bestHash = hash;
    best = port;
  });
  return best;
}

/** NXM's number of the one type of member there is: in_port. */
const MEMBER_TYPE = 2;
/** The words of a destination, in a form that has none. */
const DESTINATION_SIZE = 6;

/**
 * Without a context it has no destination. As in OVS, a bundle_load may have anything in its reserved bytes and its
 * member type: OVS looks at them, and forgets what it saw. Deliberately different: so it does with fields and algorithms
 * that there are not, and dies when a packet meets them.
 */
function decodeBundle(body: ByteReader, context: WireContext | null): BundleAction {
  const [algorithmNumber, fieldsNumber, basis] = [body.u16(), body.u16(), body.u16()];
  const [memberType, count] = [body.u32(), body.u16()];
  const place = body.part(DESTINATION_SIZE);
  const isReserved = body.u32() !== 0;
  const destination = context === null ? null : decodeDestination(place, context);
  if (body.remaining < 2 * count) throw new OpenFlowError('OFPBAC_BAD_LEN');
  const [algorithm, fields] = [ALGORITHMS[algorithmNumber], HASH_FIELDS[fieldsNumber]];
  if (algorithm === undefined || fields === undefined) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
  if (destination === null) {
    const isWrong = isReserved || memberType !== MEMBER_TYPE || count > MAX_MEMBERS;
    if (isWrong) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
    requireZeros(place, place.remaining, 'OFPBAC_BAD_ARGUMENT');
  } else {
    if (destination.bits < MIN_DESTINATION_BITS) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
    requireWritableBits(destination);
  }
  const members = Array.from({ length: count }, () => body.u16());
  refuse(checkMembers(members));
  return { kind: 'bundle', fields, basis, algorithm, members, destination };
}

function decodeDestination(place: ByteReader, context: WireContext): Subfield {
  const bits = unpackBits(place.u16());
  return { field: decodeNxmField(place, context), ...bits };
}

function encodeBundle({ fields, basis, algorithm, members, destination }: BundleAction, body: ByteWriter): void {
  body.u16(ALGORITHMS.indexOf(algorithm));
  body.u16(HASH_FIELDS.indexOf(fields));
  body.u16(basis);
  body.u32(MEMBER_TYPE);
  body.u16(members.length);
  if (destination === null) {
    body.zeros(DESTINATION_SIZE);
  } else {
    body.u16(packBits(destination));
    encodeNxmField(destination.field, body);
  }
  body.zeros(4);
  for (const port of members) body.u16(port);
}

export const bundleAction: ActionKind<BundleAction> = {
  kind: 'bundle',
  names: ['bundle', 'bundle_load'],

  parse(argument, name, context) {
    return parseBundle(argument, name === 'bundle_load', context.ports);
  },

  format({ fields, basis, algorithm, members, destination }, context) {
    const name = destination === null ? 'bundle' : 'bundle_load';
    const place = destination === null ? '' : `${formatSubfield(destination)},`;
    const shown = members.map((port) => formatPort(port, shownPorts(context)));
    return `${name}(${fields},${basis},${algorithm},ofport,${place}members:${shown.join(',')})`;
  },

  validate({ members, destination }, { match }) {
    const error = destination === null ? null : checkDestination(destination, match);
    return error ?? checkMembers(members);
  },

  translate(action, context) {
    const port = chooseMember(action, context);
    const { destination } = action;
    if (destination === null) {
      context.output(port, 0);
      return;
    }
    maskValue(context.wc, destination.field, subfieldMask(destination));
    writeSubfield(context.flow, destination, BigInt(port));
    noteSubfield(destination, context);
  },

  inVersion(action) {
    const { destination } = action;
    return destination === null ? [action] : [{ ...action, destination: packedSubfield(destination) }];
  },

  refusal({ members, destination }) {
    if (destination !== null && destination.bits < MIN_DESTINATION_BITS) return 'OFPBAC_BAD_ARGUMENT';
    if (destination !== null && !destination.field.writable) return 'OFPBAC_BAD_SET_ARGUMENT';
    return checkMembers(members);
  },

  wire: [
    {
      codes: [nicira(12)],
      size: 22,
      grows: true,
      carries: ({ destination }) => destination === null,
      decode: (body) => decodeBundle(body, null),
      encode: encodeBundle,
    },
    { codes: [nicira(13)], size: 22, grows: true, decode: decodeBundle, encode: encodeBundle },
  ],
};

function checkMembers(members: readonly number[]): string | null {
  for (const port of members) {
    const error = port === OFPP_NONE ? null : checkOutputPort(port);
    if (error !== null) return error;
    if (port === OFPP_CONTROLLER) return 'OFPBAC_BAD_OUT_PORT';
  }
  return null;
}
