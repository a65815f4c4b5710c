/**
 * Which messages a controller gets unasked, by reason and role: OFPT_GET_ASYNC_REQUEST, OFPT_GET_ASYNC_REPLY and
 * OFPT_SET_ASYNC of OpenFlow 1.3 and later (1.5.1 §7.3.10), and Nicira's of the others. Mirrors
 * ofputil_decode_set_async_config(), ofputil_encode_set_async_config() and ofputil_format_set_async_config().
 *
 *     1.3, and Nicira's:                  two masks (4 each: primary, secondary) for packet-in, port status, flow removed
 *     1.4 and later, and Nicira's second: a property (type, length, mask: 4) for each kind and role that is set
 */
import { type AsyncKind, FLOW_REMOVED_REASONS, PORT_STATUS_REASONS } from '../../async-message.js';
import { PACKET_IN_REASONS } from '../../action/controller.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import { bareMessage } from '../bare-message.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { nxt, ofpt, VOID } from '../message-code.js';
import type { MessageCode, MessageKind } from '../message-kind.js';
import { putU32, readProperty } from '../property.js';
import { ROLE_STATUS_REASONS } from './role-status.js';

export type AsyncRole = 'primary' | 'secondary';
type Masks = Readonly<Partial<Record<AsyncKind, number>>>;

/** A bit for each reason; kinds that are not there stay as they are. */
export interface AsyncMasks {
  readonly primary: Masks;
  readonly secondary: Masks;
}

interface Row {
  readonly kind: AsyncKind;
  readonly name: string;
  /** Of the secondary role; of the primary it is one more. */
  readonly property: number;
  readonly reasons: readonly string[];
  /** The bits that OpenFlow 1.4 and later may have, and those of before. */
  readonly allowed: number;
  readonly allowedBefore: number;
}

const TABLE_STATUS_REASONS = ['0', '1', '2', 'vacancy_down', 'vacancy_up'];

/** In the order in which they are printed. */
const ROWS: readonly Row[] = [
  // The reasons that only OVS has are not shown.
  {
    kind: 'packet-in',
    name: 'PACKET_IN',
    property: 0,
    reasons: [...PACKET_IN_REASONS.slice(0, 6), '', ''],
    allowed: 0x3f,
    allowedBefore: 0x07,
  },
  {
    kind: 'port-status',
    name: 'PORT_STATUS',
    property: 2,
    reasons: PORT_STATUS_REASONS,
    allowed: 0x07,
    allowedBefore: 0x07,
  },
  {
    kind: 'flow-removed',
    name: 'FLOW_REMOVED',
    property: 4,
    reasons: FLOW_REMOVED_REASONS,
    allowed: 0x3f,
    allowedBefore: 0x3f,
  },
  {
    kind: 'role-status',
    name: 'ROLE_STATUS',
    property: 6,
    reasons: ROLE_STATUS_REASONS,
    allowed: 0x07,
    allowedBefore: 0x07,
  },
  {
    kind: 'table-status',
    name: 'TABLE_STATUS',
    property: 8,
    reasons: TABLE_STATUS_REASONS,
    allowed: 0x18,
    allowedBefore: 0x18,
  },
  {
    kind: 'requestforward',
    name: 'REQUESTFORWARD',
    property: 10,
    reasons: ['group_mod_request', 'meter_mod_request'],
    allowed: 0x03,
    allowedBefore: 0x03,
  },
];

/** Those that have masks of fixed size, in their order. */
const FIXED_ROWS = ROWS.slice(0, 3);
const ROLES: readonly AsyncRole[] = ['primary', 'secondary'];

/** The first type of an experimenter's property; 0xffff is another. */
const FIRST_EXPERIMENTER = 0xfffe;
const NO_MATCH = 1 << 0;
const EXPLICIT_MISS = 1 << 6;
const IMPLICIT_MISS = 1 << 7;

const allowedIn = (row: Row, version: OpenFlowVersion): number => (version >= 14 ? row.allowed : row.allowedBefore);

/** What a mask means; bits that the version does not have are passed over, or refused. */
function maskOf(bits: number, row: Row, version: OpenFlowVersion, isLoose: boolean): number {
  const allowed = allowedIn(row, version);
  if (!isLoose && (bits & ~allowed) !== 0) throw new OpenFlowError('OFPACFC_INVALID');
  const mask = bits & allowed;
  if (row.kind !== 'packet-in' || (mask & NO_MATCH) === 0) return mask;
  return mask | EXPLICIT_MISS | (version < 13 ? IMPLICIT_MISS : 0);
}

function readFixed(body: ByteReader, version: OpenFlowVersion): AsyncMasks {
  const masks = { primary: {} as Record<AsyncKind, number>, secondary: {} as Record<AsyncKind, number> };
  // What these have no room for is off.
  for (const row of ROWS) for (const role of ROLES) masks[role][row.kind] = 0;
  for (const row of FIXED_ROWS) {
    for (const role of ROLES) masks[role][row.kind] = maskOf(body.u32(), row, version, true);
  }
  return masks;
}

function readProperties(body: ByteReader, version: OpenFlowVersion, isLoose: boolean): AsyncMasks {
  const masks = { primary: {} as Record<AsyncKind, number>, secondary: {} as Record<AsyncKind, number> };
  while (body.remaining > 0) {
    const property = readProperty(body, FIRST_EXPERIMENTER);
    if (property.experimenter !== null) {
      if (isLoose) continue;
      throw new OpenFlowError('OFPBPC_BAD_EXP_TYPE');
    }
    const row = ROWS.find(({ property: type }) => type === (property.type & ~1));
    if (row === undefined) {
      if (isLoose) continue;
      throw new OpenFlowError('OFPACFC_UNSUPPORTED');
    }
    const role = (property.type & 1) === 1 ? 'primary' : 'secondary';
    masks[role][row.kind] = maskOf(property.u32(), row, version, isLoose);
  }
  return masks;
}

const isFixed = (code: MessageCode): boolean => code.body?.size !== 0;

function writeMasks(masks: AsyncMasks, body: ByteWriter, code: MessageCode, version: OpenFlowVersion): void {
  const sent = (row: Row, role: AsyncRole): number => (masks[role][row.kind] ?? 0) & allowedIn(row, version);
  if (isFixed(code)) {
    for (const row of FIXED_ROWS) for (const role of ROLES) body.u32(sent(row, role));
    return;
  }
  for (const row of ROWS) {
    if (masks.secondary[row.kind] !== undefined) putU32(body, row.property, sent(row, 'secondary'));
    if (masks.primary[row.kind] !== undefined) putU32(body, row.property + 1, sent(row, 'primary'));
  }
}

function maskText(mask: number, reasons: readonly string[]): string {
  if (mask === 0) return ' (off)';
  const words: string[] = [];
  for (let bit = 0; bit < 32; bit++) {
    if (((mask >>> bit) & 1) !== 0) words.push(reasons[bit] ?? String(bit));
  }
  return words.map((word) => (word === '' ? '' : ` ${word}`)).join('');
}

const formatMasks = (masks: AsyncMasks): string =>
  ROLES.map(
    (role) =>
      `\n ${role}:\n${ROWS.map(({ kind, name, reasons }) => `${name.padStart(16)}:${maskText(masks[role][kind] ?? 0, reasons)}\n`).join('')}`,
  ).join('');

interface AsyncConfigMessage<K extends string> extends AsyncMasks {
  readonly kind: K;
}

const asyncConfig = <K extends string>(
  kind: K,
  codes: readonly MessageCode[],
  isLoose: boolean,
): MessageKind<AsyncConfigMessage<K>> => ({
  kind,
  codes,
  decode: (body, code, { version }) => ({
    kind,
    ...(isFixed(code) ? readFixed(body, version) : readProperties(body, version, isLoose)),
  }),
  encode: (message, body, code, { version }) => writeMasks(message, body, code, version),
  format: formatMasks,
});

const FIXED_SIZE = { size: 24, unit: 0 };
const PROPERTIES = { size: 0, unit: 8 };

export const getAsyncRequest = bareMessage('get-async-request', [ofpt('GET_ASYNC_REQUEST', [13, 15], 26, VOID)]);

export const getAsyncReply = asyncConfig(
  'get-async-reply',
  [ofpt('GET_ASYNC_REPLY', [13, 13], 27, FIXED_SIZE), ofpt('GET_ASYNC_REPLY', [14, 15], 27, PROPERTIES)],
  true,
);

/** OpenFlow 1.3's and Nicira's first set everything; what sets only some is Nicira's second up to 1.3. */
export const setAsync = asyncConfig(
  'set-async',
  [
    ofpt('SET_ASYNC', [13, 13], 28, FIXED_SIZE),
    ofpt('SET_ASYNC', [14, 15], 28, PROPERTIES),
    nxt('SET_ASYNC_CONFIG', [10, 15], 19, FIXED_SIZE),
    nxt('SET_ASYNC_CONFIG2', [10, 13], 27, PROPERTIES),
  ],
  false,
);
