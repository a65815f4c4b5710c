/**
 * ct(commit,force,table=T,zone=Z,nat(…),exec(…),alg=A): sends the packet through connection tracking.
 * Mirrors CT of lib/ofp-actions.c, ovs-actions(7) "The ct action".
 */
import type { PortNames } from '../ports.js';
import { shownPorts } from './shown-ports.js';
import { OFF_CT_STATE, OFF_NW_PROTO } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { parseU16 } from '../number-text.js';
import { ethTypeOf, isIpType } from '../packet-type.js';
import { checkSource, formatSubfield, parseSubfield, type Subfield } from '../subfield.js';
import { formatTable, parseTable } from '../table-text.js';
import type { ConntrackRequest } from '../translate-context.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { type NatAction, parseNat } from './nat.js';
import { type ActionDecodeContext, type ActionEncodeContext, nicira, refuse } from '../wire/action/action-form.js';
import { decodeNxmField, encodeNxmField, packBits, requireBits, unpackBits } from '../wire/action/subfield-bytes.js';
import { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';
import { OpenFlowError } from '../switch-connection.js';

export interface CtAction {
  readonly kind: 'ct';
  readonly commit: boolean;
  readonly force: boolean;
  /** A number, or the field that holds it. */
  readonly zone: number | Subfield;
  /** null: no recirculation. */
  readonly recircTable: number | null;
  /** A number from the wire may be that of a helper which there is not. */
  readonly alg: ConntrackRequest['alg'] | number;
  /** nat, and what exec(…) does, in the order in which they were written. */
  readonly actions: readonly Action[];
  /** Bits of the wire that mean nothing yet, which OVS keeps. */
  readonly otherFlags?: number;
}

const NO_TABLE = 255;
const CS_INVALID = 0x10;
const TCP = 6;
const UDP = 17;
const ZONE_BITS = 16;

function parseZone(text: string): number | Subfield {
  try {
    return parseU16(text, 'zone');
  } catch {
    return parseSubfield(text);
  }
}

function parseRecircTable(text: string, ports: PortNames): number {
  const table = parseTable(text, ports);
  if (table === null) throw new UserError(`unknown table ${text}`);
  if (table === NO_TABLE) throw new UserError('invalid table 0xff');
  return table;
}

function parseAlg(text: string): 'ftp' | 'tftp' {
  if (text !== 'ftp' && text !== 'tftp') throw new UserError(`invalid conntrack helper "${text}"`);
  return text;
}

/** As in OVS a field takes the place of a number, whichever comes first. */
const laterZone = (before: number | Subfield, zone: number | Subfield): number | Subfield =>
  typeof before !== 'number' && typeof zone === 'number' ? before : zone;

const isNat = (action: Action): action is NatAction => action.kind === 'nat';
const isPlainNat = (action: Action): boolean =>
  isNat(action) && action.type === null && !action.persistent && action.selection === null && action.addresses === null;

/** Only a connection that is committed can be changed. */
function checkCommitted({ commit, actions }: CtAction): string | null {
  return commit || actions.every(isPlainNat) ? null : 'OFPBAC_BAD_ARGUMENT';
}

const FLAG_COMMIT = 1;
const FLAG_FORCE = 2;
/** Helpers go by the port of their protocol. */
const ALG_PORTS: ReadonlyMap<string, number> = new Map([
  ['ftp', 21],
  ['tftp', 69],
]);

function algOfPort(port: number): CtAction['alg'] {
  if (port === 0) return null;
  return port === 21 ? 'ftp' : port === 69 ? 'tftp' : port;
}

/** The zone's field, or 0; then the field's bits, or the zone. */
function decodeZone(body: ByteReader, context: WireContext): number | Subfield {
  const header = body.part(4);
  const word = body.u16();
  if (new ByteReader(header.bytes, header.offset, header.end).u32() === 0) return word;
  const zone = { field: decodeNxmField(header, context), ...unpackBits(word) };
  requireBits(zone);
  if (zone.bits !== ZONE_BITS) throw new OpenFlowError('OFPBAC_BAD_SET_LEN');
  return zone;
}

function decodeCt(body: ByteReader, context: ActionDecodeContext): CtAction {
  const flags = body.u16();
  const commit = (flags & FLAG_COMMIT) !== 0;
  const force = (flags & FLAG_FORCE) !== 0;
  if (force && !commit) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
  const zone = decodeZone(body, context);
  const table = body.u8();
  body.skip(3);
  const alg = algOfPort(body.u16());
  const actions = context.decodeNested(body, 'ct');
  const otherFlags = flags & ~(FLAG_COMMIT | FLAG_FORCE);
  const action: CtAction = {
    kind: 'ct',
    commit,
    force,
    zone,
    recircTable: table === NO_TABLE ? null : table,
    alg,
    actions,
    ...(otherFlags === 0 ? {} : { otherFlags }),
  };
  refuse(checkCommitted(action));
  return action;
}

function encodeCt(action: CtAction, body: ByteWriter, context: ActionEncodeContext): void {
  const { commit, force, zone, recircTable, alg, otherFlags } = action;
  body.u16((otherFlags ?? 0) | (commit ? FLAG_COMMIT : 0) | (force ? FLAG_FORCE : 0));
  if (typeof zone === 'number') {
    body.u32(0);
    body.u16(zone);
  } else {
    encodeNxmField(zone.field, body);
    body.u16(packBits(zone));
  }
  body.u8(recircTable ?? NO_TABLE);
  body.zeros(3);
  body.u16(typeof alg === 'number' ? alg : alg === null ? 0 : ALG_PORTS.get(alg)!);
  context.encodeNested(action.actions, body);
}

export const ctAction: ActionKind<CtAction> = {
  kind: 'ct',
  names: ['ct'],

  parse(argument, _name, context) {
    let commit = false;
    let force = false;
    let zone: number | Subfield = 0;
    let recircTable: number | null = null;
    let alg: CtAction['alg'] = null;
    const actions: Action[] = [];
    for (const { key, value } of splitKeyValues(argument)) {
      if (key === 'commit') commit = true;
      else if (key === 'force') force = true;
      else if (key === 'table') recircTable = parseRecircTable(value, context.ports);
      else if (key === 'zone') zone = laterZone(zone, parseZone(value));
      else if (key === 'alg') alg = parseAlg(value);
      else if (key === 'nat') actions.push(parseNat(value));
      else if (key === 'exec') actions.push(...context.parseActions(value));
      else throw new UserError(`invalid argument to "ct" action: \`${key}'`);
    }
    if (force && !commit) throw new UserError('"force" flag requires "commit" flag.');
    return { kind: 'ct', commit, force, zone, recircTable, alg, actions };
  },

  format({ commit, force, zone, recircTable, alg, actions }, context) {
    const parts: string[] = [];
    if (commit) parts.push('commit');
    if (force) parts.push('force');
    if (recircTable !== null) parts.push(`table=${formatTable(recircTable, shownPorts(context))}`);
    if (typeof zone !== 'number') parts.push(`zone=${formatSubfield(zone)}`);
    else if (zone !== 0) parts.push(`zone=${zone}`);
    const [first, ...others] = actions;
    const startsWithNat = first !== undefined && isNat(first);
    if (startsWithNat) parts.push(context.formatActions([first]));
    const executed = startsWithNat ? others : actions;
    if (executed.length > 0) parts.push(`exec(${context.formatActions(executed)})`);
    if (alg !== null) parts.push(`alg=${alg}`);
    return `ct(${parts.join(',')})`;
  },

  validate({ commit, zone, alg, actions }, context) {
    const { key } = context.match;
    const proto = key.u8(OFF_NW_PROTO);
    const isWrong =
      !isIpType(ethTypeOf(key)) ||
      (commit && (key.u16(OFF_CT_STATE) & CS_INVALID) !== 0) ||
      (alg === 'ftp' && proto !== TCP) ||
      (alg === 'tftp' && proto !== UDP);
    if (isWrong) return 'OFPBAC_MATCH_INCONSISTENT';
    // As in OVS, a zone from a field takes the place of the check of the actions.
    return typeof zone === 'number' ? context.checkNested(actions, false) : checkSource(zone, context.match);
  },

  translate({ commit, force, zone, recircTable, alg, actions }, context) {
    context.conntrack({
      commit,
      force,
      zone,
      recircTable,
      alg: typeof alg === 'number' ? null : alg,
      nat: actions.findLast(isNat) ?? null,
      actions: actions.filter((action) => !isNat(action)),
    });
  },

  inVersion(action, _version, context) {
    return [{ ...action, actions: context.inVersion(action.actions) }];
  },

  refusal(action) {
    const { zone } = action;
    if (typeof zone !== 'number' && zone.bits !== ZONE_BITS) return 'OFPBAC_BAD_SET_LEN';
    return checkCommitted(action);
  },

  wire: [{ codes: [nicira(35)], size: 14, grows: true, decode: decodeCt, encode: encodeCt }],
};
