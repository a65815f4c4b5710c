/**
 * Requests to be told of changes of flows: NXST_FLOW_MONITOR of OVS's extensions, ONF's of OpenFlow 1.3, and OpenFlow
 * 1.4's own (OpenFlow 1.5.1 §7.3.5.17). Mirrors ofputil_decode_flow_monitor_request() (lib/ofp-monitor.c).
 */
import { type FlowMonitorCommand, type FlowMonitorFlags, formatFlowMonitorCommand } from '../../flow-monitor.js';
import { OFPP_NONE } from '../../ports.js';
import { OpenFlowError } from '../../switch-connection.js';
import { Match } from '#flowtable/match.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxst, nxt, ofpst, onfst, onft } from '../message-code.js';
import { type MessageKind, readEntries, type WireContext } from '../message-kind.js';
import { bareMessage } from '../bare-message.js';
import { NO_NUMBER, numberOrNull, portOrNull, readPort11, writePort11 } from '../numbers.js';

export interface FlowMonitorRequestMessage {
  readonly kind: 'flow-monitor-request';
  readonly commands: readonly FlowMonitorCommand[];
}

const HEADER_SIZE = 16;

/** How a version writes them. */
interface Form {
  read(body: ByteReader, context: WireContext): FlowMonitorCommand;
  write(command: FlowMonitorCommand, body: ByteWriter, context: WireContext): void;
}

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

const FLAGS: readonly (readonly [keyof FlowMonitorFlags, number])[] = [
  ['initial', 1],
  ['add', 2],
  ['delete', 4],
  ['modify', 8],
  ['actions', 16],
];
/** What is to be told of: at least one. */
const CHANGES = 2 | 4 | 8;
/** OpenFlow 1.4 has another flag in this bit's place. */
const OWN_BEFORE_14 = 32;
const OWN = 64;

function readFlags(bits: number, own: number): FlowMonitorFlags {
  const known = FLAGS.reduce((all, [, bit]) => all | bit, own);
  if ((bits & CHANGES) === 0 || (bits & ~known) !== 0) fail('OFPMOFC_BAD_FLAGS');
  const has = (bit: number): boolean => (bits & bit) !== 0;
  return { initial: has(1), add: has(2), delete: has(4), modify: has(8), actions: has(16), own: has(own) };
}

const writeFlags = (flags: FlowMonitorFlags, own: number): number =>
  FLAGS.reduce((bits, [name, bit]) => (flags[name] ? bits | bit : bits), flags.own ? own : 0);

function requireZeros(body: ByteReader, count: number): void {
  if (body.view(count).some((byte) => byte !== 0)) fail('NXBRC_MUST_BE_ZERO');
}

/** Only OpenFlow 1.4 and later can end monitors by such a message. */
function requestOf(command: FlowMonitorCommand) {
  if (command.command === 'delete') throw new Error('a monitor of this version ends by FLOW_MONITOR_CANCEL');
  return command.request;
}

const NICIRA: Form = {
  read(body, context) {
    const fixed = body.part(HEADER_SIZE);
    const id = fixed.u32();
    const flagBits = fixed.u16();
    const outPort = portOrNull(fixed.u16());
    const [matchLength, tableId] = [fixed.u16(), fixed.u8()];
    const flags = readFlags(flagBits, OWN_BEFORE_14);
    requireZeros(fixed, 5);
    const { match } = decodeNxMatch(body, matchLength, context);
    return { command: 'add', request: { id, flags, outPort, outGroup: null, tableId, match } };
  },
  write(command, body) {
    const { id, flags, outPort, tableId, match } = requestOf(command);
    body.u32(id);
    body.u16(writeFlags(flags, OWN_BEFORE_14));
    body.u16(outPort ?? OFPP_NONE);
    const lengthAt = body.size;
    body.u16(0);
    body.u8(tableId);
    body.zeros(5);
    body.patchU16(lengthAt, encodeNxMatch(match, body));
  },
};

const ONF: Form = {
  read(body, context) {
    const fixed = body.part(HEADER_SIZE);
    const id = fixed.u32();
    const flags = readFlags(fixed.u16(), OWN_BEFORE_14);
    fixed.skip(2);
    const portReader = fixed.part(4);
    const tableId = fixed.u8();
    requireZeros(fixed, 3);
    const outPort = portOrNull(readPort11(portReader));
    return {
      command: 'add',
      request: { id, flags, outPort, outGroup: null, tableId, match: decodeMatch(body, context) },
    };
  },
  write(command, body, context) {
    const { id, flags, outPort, tableId, match } = requestOf(command);
    body.u32(id);
    body.u16(writeFlags(flags, OWN_BEFORE_14));
    const lengthAt = body.size;
    body.u16(0);
    writePort11(body, outPort);
    body.u8(tableId);
    body.zeros(3);
    body.patchU16(lengthAt, writeOxm(match, body, context));
  },
};

/** Appends a match; returns its length without the padding. */
function writeOxm(match: Match, body: ByteWriter, context: WireContext): number {
  const start = body.size;
  encodeMatch(match, context, body);
  return body.u16At(start + 2);
}

/** OFPFMC_*. */
const COMMANDS = ['add', 'modify', 'delete'] as const;

const OPENFLOW_14: Form = {
  read(body, context) {
    const fixed = body.part(HEADER_SIZE);
    const id = fixed.u32();
    const portReader = fixed.part(4);
    const [outGroup, flagBits, tableId] = [numberOrNull(fixed.u32()), fixed.u16(), fixed.u8()];
    const command = COMMANDS[fixed.u8()] ?? null;
    if (command === 'delete') {
      decodeMatch(body, context);
      return { command, id };
    }
    const flags = readFlags(flagBits, OWN);
    const outPort = portOrNull(readPort11(portReader));
    return { command, request: { id, flags, outPort, outGroup, tableId, match: decodeMatch(body, context) } };
  },
  write(command, body, context) {
    if (command.command === 'delete') {
      body.u32(command.id);
      body.zeros(11);
      body.u8(COMMANDS.indexOf('delete'));
      encodeMatch(new Match(), context, body);
      return;
    }
    const { id, flags, outPort, outGroup, tableId, match } = command.request;
    body.u32(id);
    writePort11(body, outPort);
    body.u32(outGroup ?? NO_NUMBER);
    body.u16(writeFlags(flags, OWN));
    body.u8(tableId);
    body.u8(COMMANDS.indexOf(command.command ?? 'add'));
    encodeMatch(match, context, body);
  },
};

const formOf = ({ version }: WireContext): Form => (version < 13 ? NICIRA : version === 13 ? ONF : OPENFLOW_14);

const messageOf = (commands: readonly FlowMonitorCommand[]): FlowMonitorRequestMessage => ({
  kind: 'flow-monitor-request',
  commands,
});

const BODY = { size: 0, unit: 8 };

export const flowMonitorRequest: MessageKind<FlowMonitorRequestMessage> = {
  kind: 'flow-monitor-request',
  codes: [
    ...nxst('FLOW_MONITOR', 'request', [10, 12], 2, BODY),
    ...onfst('FLOW_MONITOR', 'request', [13, 13], 1870, BODY),
    ...ofpst('FLOW_MONITOR', 'request', [14, 15], 16, BODY),
  ],
  decode: (body, _code, context) => readEntries(body, () => formOf(context).read(body, context), messageOf),
  encode({ commands }, body, _code, context) {
    for (const command of commands) formOf(context).write(command, body, context);
  },
  format: ({ commands }, _code, { ports, names }) =>
    commands.map((command) => formatFlowMonitorCommand(command, { ports, names })).join(''),
};

export interface FlowMonitorCancel {
  readonly kind: 'flow-monitor-cancel';
  readonly id: number;
}

const CANCEL = { size: 4, unit: 0 };

/** Until OpenFlow 1.3 a message of its own ends a monitor. */
export const flowMonitorCancel: MessageKind<FlowMonitorCancel> = {
  kind: 'flow-monitor-cancel',
  codes: [nxt('FLOW_MONITOR_CANCEL', [10, 12], 21, CANCEL), onft('FLOW_MONITOR_CANCEL', [13, 13], 1870, CANCEL)],
  decode: (body) => ({ kind: 'flow-monitor-cancel', id: body.u32() }),
  encode: ({ id }, body) => body.u32(id),
  format: ({ id }) => ` id=${id}`,
};

const VOID = { size: 0, unit: 0 };

/** The switch tells no more until the controller has read what waits for it. */
export const flowMonitorPaused = bareMessage('flow-monitor-paused', [
  nxt('FLOW_MONITOR_PAUSED', [10, 12], 22, VOID),
  onft('FLOW_MONITOR_PAUSED', [13, 13], 1871, VOID),
]);
export const flowMonitorResumed = bareMessage('flow-monitor-resumed', [
  nxt('FLOW_MONITOR_RESUMED', [10, 12], 23, VOID),
  onft('FLOW_MONITOR_RESUMED', [13, 13], 1872, VOID),
]);
