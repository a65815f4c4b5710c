/**
 * A change of a flow table: OFPT_FLOW_MOD in OpenFlow 1.0 (its own match, then cookie (8), command (2), timeouts (4),
 * priority (2), buffer (4), out_port (2), flags (2), actions) and later (OpenFlow 1.5.1 §7.3.4.2), and NXT_FLOW_MOD of
 * OVS's extensions, which is as the former but with an NXM match at its end. Mirrors ofputil_decode_flow_mod() and
 * ofputil_encode_flow_mod() (lib/ofp-flow.c).
 */
import { OFF_CT_IPV6_DST, OFF_CT_IPV6_SRC, OFF_CT_NW_DST, OFF_CT_NW_SRC, OFF_ETH_TYPE } from '#flowtable/flow-key.js';
import type { Match } from '#flowtable/match.js';
import { checkActions } from '../../action/action-list.js';
import { type FlowMod, type FlowModCommand, TABLE_ALL } from '../../flow-mod.js';
import { formatFlowMod } from '../../flow-mod-format.js';
import { normalizeMatch } from '../../match-normalize.js';
import { OFPP_NONE } from '../../ports.js';
import { P_OF10_STD_TID, protocolsOfVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import { encodeInstructions } from '../action/index.js';
import { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxt, ofpt } from '../message-code.js';
import type { MessageCode, MessageKind, WireContext } from '../message-kind.js';
import { NO_NUMBER, numberOrNull, portOrNull, readPort11, writePort11 } from '../numbers.js';
import { readFlowActions } from './flow-actions.js';
import { EMERGENCY, flowFlagsFromWire, flowFlagsToWire } from './flow-flags.js';

export interface FlowModMessage {
  readonly kind: 'flow-mod';
  readonly mod: FlowMod;
}

/** OFPFC_* by number. */
const COMMANDS: readonly FlowModCommand[] = ['add', 'modify', 'modify-strict', 'delete', 'delete-strict'];
const isModify = (command: FlowModCommand): boolean => command === 'modify' || command === 'modify-strict';
const isDelete = (command: FlowModCommand): boolean => command === 'delete' || command === 'delete-strict';

/** OVS takes all ones for "no cookie". */
const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;
const cookieOrNull = (cookie: bigint): bigint | null => (cookie === COOKIE_NONE ? null : cookie);

/** OFPFW10_ALL: bits of OpenFlow 1.0's match that say what is not matched. */
const WILDCARDS_10 = 0x3f_ffff;
const PRIORITY_MAX = 0xffff;
/** Of all, as far as a message alone tells. */
const TABLE_COUNT = 255;

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

/** A flow mod before its actions and flags. */
type Beginning = Omit<FlowMod, 'actions' | 'flags' | 'command'> & {
  readonly command: number;
  readonly flagBits: number;
};

function readOpenFlow10(body: ByteReader, context: WireContext): Beginning {
  const isExact = (new ByteReader(body.bytes, body.offset, body.end).u32() & WILDCARDS_10) === 0;
  const match = decodeMatch(body, context);
  normalizeMatch(match);
  const cookie = body.u64();
  const rest = readRest10(body, context);
  return { ...rest, match, ...NO_COOKIE_MATCH, newCookie: cookieOrNull(cookie), ...(isExact ? EXACT : {}) };
}

/** OpenFlow 1.0 gives flows that match everything exactly the highest priority. */
const EXACT = { priority: PRIORITY_MAX };
const NO_COOKIE_MATCH = { cookie: 0n, cookieMask: 0n };

/** What OpenFlow 1.0 and NXM have in common, from the command to the flags. */
function readRest10(
  body: ByteReader,
  context: WireContext,
): Omit<Beginning, 'match' | 'cookie' | 'cookieMask' | 'newCookie'> {
  const command = body.u16();
  const namesTable = context.namesTables !== false;
  const [idleTimeout, hardTimeout, priority, buffer] = [body.u16(), body.u16(), body.u16(), body.u32()];
  return {
    command: namesTable ? command & 0xff : command,
    tableId: namesTable ? command >> 8 : TABLE_ALL,
    idleTimeout,
    hardTimeout,
    priority,
    importance: 0,
    ...bufferOf(buffer),
    outPort: portOrNull(body.u16()),
    outGroup: null,
    flagBits: body.u16(),
  };
}

const bufferOf = (buffer: number): { bufferId?: number } => (buffer === NO_NUMBER ? {} : { bufferId: buffer });

function readNicira(body: ByteReader, context: WireContext): Beginning {
  const newCookie = cookieOrNull(body.u64());
  const rest = readRest10(body, context);
  const matchLength = body.u16();
  body.skip(6);
  const { match, cookie, cookieMask } = decodeNxMatch(body, matchLength, context, { allowsCookie: true });
  // What is added has no cookie yet that could agree.
  if (COMMANDS[rest.command & 0xff] === 'add' && cookieMask !== 0n) fail('NXBRC_NXM_INVALID');
  return { ...rest, match, cookie, cookieMask, newCookie };
}

function readOpenFlow11(body: ByteReader, context: WireContext): Beginning {
  const [cookie, cookieMask, tableId, command] = [body.u64(), body.u64(), body.u8(), body.u8()];
  const [idleTimeout, hardTimeout, priority, buffer] = [body.u16(), body.u16(), body.u16(), body.u32()];
  const portReader = body.part(4);
  const [outGroup, flagBits, importance] = [body.u32(), body.u16(), body.u16()];
  const match = decodeMatch(body, context);
  const name = COMMANDS[command];
  const { version } = context;
  // 1.1 only: a modify that does not look at cookies adds what is not there.
  const setsCookie = name === 'add' || (version === 11 && name !== undefined && isModify(name) && cookieMask === 0n);
  const deletes = name !== undefined && isDelete(name);
  if (tableId === TABLE_ALL && (version === 11 || !deletes)) fail('OFPFMFC_BAD_TABLE_ID');
  return {
    command,
    tableId,
    match,
    priority,
    ...(setsCookie ? NO_COOKIE_MATCH : { cookie, cookieMask }),
    newCookie: setsCookie ? cookieOrNull(cookie) : null,
    ...(version === 11 && name !== undefined && isModify(name) ? { keepsCookies: true } : {}),
    idleTimeout,
    hardTimeout,
    importance: version >= 14 && name === 'add' ? importance : 0,
    ...bufferOf(buffer),
    outPort: portOrNull(readPort11(portReader)),
    outGroup: deletes ? numberOrNull(outGroup) : null,
    flagBits,
  };
}

/** The addresses of a connection's original tuple are of the packet's version of IP. */
function checkConnectionAddresses({ key, mask }: Match): void {
  const ethType = key.u16(OFF_ETH_TYPE);
  const has4 = mask.u32(OFF_CT_NW_SRC) !== 0 || mask.u32(OFF_CT_NW_DST) !== 0;
  const has6 = [OFF_CT_IPV6_SRC, OFF_CT_IPV6_DST].some((at) => mask.bytes.subarray(at, at + 16).some((b) => b !== 0));
  if ((has4 && ethType !== 0x0800) || (has6 && ethType !== 0x86dd)) fail('OFPBAC_MATCH_INCONSISTENT');
}

function decodeFlowMod(body: ByteReader, { vendor }: MessageCode, context: WireContext): FlowMod {
  const { version } = context;
  const isOpenFlow11 = version > 10 && vendor === undefined;
  const read = vendor !== undefined ? readNicira : isOpenFlow11 ? readOpenFlow11 : readOpenFlow10;
  const { command: commandNumber, flagBits, ...beginning } = read(body, context);
  const { match, tableId, idleTimeout, hardTimeout } = beginning;
  checkConnectionAddresses(match);
  const command = COMMANDS[commandNumber] ?? fail('OFPFMFC_BAD_COMMAND');
  const actions = readFlowActions(body, body.remaining, context);
  const flags = flowFlagsFromWire(flagBits, version);
  if (version === 10 && (flagBits & EMERGENCY) !== 0) {
    fail(idleTimeout !== 0 || hardTimeout !== 0 ? 'OFPFMFC_BAD_EMERG_TIMEOUT' : 'OFPFMFC_TABLE_FULL');
  }
  const { error, protocols } = checkActions(actions, { match, tableId, tableCount: TABLE_COUNT });
  if (error !== null) fail(error);
  const needed = version === 10 ? P_OF10_STD_TID : protocolsOfVersion(version);
  if ((needed & ~protocols) !== 0) fail('OFPBAC_MATCH_INCONSISTENT');
  // 1.0 and 1.1 have no such flag: what is added begins anew.
  const resetCounts = version < 12 ? command === 'add' : flags.resetCounts;
  return { ...beginning, command, flags: { ...flags, resetCounts }, actions };
}

function writeRest10(mod: FlowMod, body: ByteWriter, context: WireContext): void {
  const table = context.namesTables === false ? 0 : mod.tableId;
  body.u16((table << 8) | COMMANDS.indexOf(mod.command));
  body.u16(mod.idleTimeout);
  body.u16(mod.hardTimeout);
  body.u16(mod.priority);
  body.u32(mod.bufferId ?? NO_NUMBER);
  body.u16(mod.outPort ?? OFPP_NONE);
  body.u16(flowFlagsToWire(mod.flags, context.version));
}

function encodeOpenFlow10(mod: FlowMod, body: ByteWriter, context: WireContext): void {
  encodeMatch(mod.match, context, body);
  body.u64(mod.newCookie ?? COOKIE_NONE);
  writeRest10(mod, body, context);
  encodeInstructions(mod.actions, body, context, mod.match);
}

function encodeNicira(mod: FlowMod, body: ByteWriter, context: WireContext): void {
  body.u64(mod.newCookie ?? COOKIE_NONE);
  writeRest10(mod, body, context);
  const lengthAt = body.size;
  body.zeros(8);
  body.patchU16(lengthAt, encodeNxMatch(mod.match, body, mod));
  encodeInstructions(mod.actions, body, context, mod.match);
}

function encodeOpenFlow11(mod: FlowMod, body: ByteWriter, context: WireContext): void {
  const { version } = context;
  const { command, tableId, cookie, cookieMask, newCookie } = mod;
  const setsCookie = command === 'add' || (version === 11 && isModify(command) && cookieMask === 0n);
  body.u64(setsCookie ? (newCookie ?? COOKIE_NONE) : cookie & cookieMask);
  body.u64(cookieMask);
  body.u8(tableId === TABLE_ALL && (version === 11 || !isDelete(command)) ? 0 : tableId);
  body.u8(COMMANDS.indexOf(command));
  body.u16(mod.idleTimeout);
  body.u16(mod.hardTimeout);
  body.u16(mod.priority);
  body.u32(mod.bufferId ?? NO_NUMBER);
  writePort11(body, mod.outPort);
  body.u32(mod.outGroup ?? NO_NUMBER);
  body.u16(flowFlagsToWire(mod.flags, version));
  body.u16(version >= 14 && command === 'add' ? mod.importance : 0);
  encodeMatch(mod.match, context, body);
  encodeInstructions(mod.actions, body, context, mod.match);
}

export const flowModMessage: MessageKind<FlowModMessage> = {
  kind: 'flow-mod',
  codes: [
    ofpt('FLOW_MOD', [10, 10], 14, { size: 64, unit: 8 }),
    ofpt('FLOW_MOD', [11, 15], 14, { size: 40, unit: 8 }),
    nxt('FLOW_MOD', [10, 15], 13, { size: 32, unit: 8 }),
  ],
  decode: (body, code, context) => ({ kind: 'flow-mod', mod: decodeFlowMod(body, code, context) }),
  encode({ mod }, body, { vendor }, context) {
    if (vendor !== undefined) encodeNicira(mod, body, context);
    else if (context.version === 10) encodeOpenFlow10(mod, body, context);
    else encodeOpenFlow11(mod, body, context);
  },
  format: ({ mod }, _code, { version, ports, names }) => ` ${formatFlowMod(mod, version, { ports, names })}`,
};
