/**
 * learn(table=T,…): each packet adds a flow, or changes it, or keeps it alive. Mirrors LEARN of lib/ofp-actions.c and
 * lib/learn.c; ovs-actions(7) "The learn action". What a packet teaches is computed here; the bridge carries it out.
 */
import type { FlowKey } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { UserError } from '../../report/user-error.js';
import { maskValue, requireEthernet } from '../field-value.js';
import { DEFAULT_PRIORITY, type FlowMod, NO_FLAGS } from '../flow-mod.js';
import { splitKeyValues } from '../key-value.js';
import { formatHex, parseLeadingDecimal, scanInteger } from '../number-text.js';
import { OFPP_ALL, OFPP_FLOOD, OFPP_IN_PORT, OFPP_LOCAL, OFPP_MAX, type PortNames } from '../ports.js';
import {
  checkDestination,
  checkSource,
  formatSubfield,
  matchSubfield,
  parseSubfield,
  readSubfield,
  type Subfield,
  subfieldMask,
} from '../subfield.js';
import { formatTable, parseTable } from '../table-text.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { decodeLearnSpecs, encodeLearnSpec } from './learn-spec-bytes.js';
import { formatLearnSpec, type LearnSpec, parseLearnSpec } from './learn-spec.js';
import { shownPorts } from './shown-ports.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';
import { decodeUnmaskedField, requireWritable } from '../wire/action/subfield-bytes.js';
import { encodeFieldHeader } from '../wire/match/index.js';
import { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';

export interface LearnAction {
  readonly kind: 'learn';
  readonly tableId: number;
  readonly priority: number;
  readonly idleTimeout: number;
  readonly hardTimeout: number;
  readonly finIdleTimeout: number;
  readonly finHardTimeout: number;
  readonly cookie: bigint;
  readonly sendFlowRemoved: boolean;
  /** Learned flows go when the flow with the action goes. */
  readonly deleteLearned: boolean;
  /** Flows that may be learned; 0: no limit. */
  readonly limit: number;
  readonly resultDestination: Subfield | null;
  readonly specs: readonly LearnSpec[];
  /** It came in the form that has room for a limit and a result. */
  readonly wireForm?: 'learn2';
}

const COOKIE_NONE = 0xffff_ffff_ffff_ffffn;
const TABLE_ALL = 255;

const u16 = (text: string): number => parseLeadingDecimal(text) & 0xffff;

/** The writable form of an action while its text is read. */
type Draft = { -readonly [K in keyof Omit<LearnAction, 'specs' | 'wireForm'>]: LearnAction[K] };

function parseLearnTable(text: string, orig: string, ports: PortNames): number {
  const table = parseTable(text, ports);
  if (table === null) throw new UserError(`unknown table "${text}"`);
  if (table === TABLE_ALL) throw new UserError(`${orig}: table id 255 not valid for \`learn' action`);
  return table;
}

function parseResultDestination(text: string): Subfield {
  const subfield = parseSubfield(text);
  if (!subfield.field.writable) throw new UserError(`${text} is read-only`);
  if (subfield.bits !== 1) throw new UserError("result_dst in 'learn' action must be a single bit");
  return subfield;
}

/** Reads a parameter of the action; false where the key is none. */
function readParameter(
  draft: Draft,
  key: string,
  value: string,
  { orig, ports }: { readonly orig: string; readonly ports: PortNames },
): boolean {
  switch (key) {
    case 'table':
      draft.tableId = parseLearnTable(value, orig, ports);
      return true;
    case 'priority':
      draft.priority = u16(value);
      return true;
    case 'idle_timeout':
      draft.idleTimeout = u16(value);
      return true;
    case 'hard_timeout':
      draft.hardTimeout = u16(value);
      return true;
    case 'fin_idle_timeout':
      draft.finIdleTimeout = u16(value);
      return true;
    case 'fin_hard_timeout':
      draft.finHardTimeout = u16(value);
      return true;
    case 'cookie': {
      const scanned = scanInteger(value).value;
      draft.cookie = scanned > COOKIE_NONE ? COOKIE_NONE : scanned;
      return true;
    }
    case 'send_flow_rem':
      draft.sendFlowRemoved = true;
      return true;
    case 'delete_learned':
      draft.deleteLearned = true;
      return true;
    case 'limit':
      draft.limit = parseLeadingDecimal(value) >>> 0;
      return true;
    case 'result_dst':
      draft.resultDestination = parseResultDestination(value);
      return true;
    default:
      return false;
  }
}

/** Ports that a learned flow may output to. */
const isLearnablePort = (port: number): boolean =>
  port < OFPP_MAX || [OFPP_IN_PORT, OFPP_FLOOD, OFPP_LOCAL, OFPP_ALL].includes(port);

const learnedValue = (spec: Exclude<LearnSpec, { kind: 'output' }>, flow: FlowKey): bigint =>
  spec.source.kind === 'field' ? readSubfield(flow, spec.source.subfield) : spec.source.value;

/**
 * The flow that a packet with this key teaches (learn_execute). Deliberately different: what it matches of options
 * stands where the bridge's map has it; OVS puts it elsewhere, so that such flows match by chance.
 */
export function learnedFlow(action: LearnAction, flow: FlowKey): FlowMod {
  const match = new Match();
  match.key.optionPlaces = flow.optionPlaces;
  match.mask.optionPlaces = flow.optionPlaces;
  const actions: Action[] = [];
  const { finIdleTimeout, finHardTimeout } = action;
  if (finIdleTimeout !== 0 || finHardTimeout !== 0) {
    actions.push({ kind: 'fin_timeout', idleTimeout: finIdleTimeout, hardTimeout: finHardTimeout });
  }
  for (const spec of action.specs) {
    if (spec.kind === 'output') {
      const port = readSubfield(flow, spec.source);
      if (port <= 0xffffn && isLearnablePort(Number(port))) {
        actions.push({ kind: 'output', port: Number(port), maxLen: 0 });
      }
      continue;
    }
    const { destination } = spec;
    const value = BigInt.asUintN(destination.bits, learnedValue(spec, flow));
    if (spec.kind === 'load') {
      actions.push({ kind: 'load', destination, value });
    } else {
      matchSubfield(match, destination, value);
      if (destination.field.prerequisite !== 'none') requireEthernet(match);
    }
  }
  return {
    command: 'modify-strict',
    tableId: action.tableId,
    match,
    priority: action.priority,
    cookie: 0n,
    cookieMask: 0n,
    newCookie: action.cookie === COOKIE_NONE ? null : action.cookie,
    idleTimeout: action.idleTimeout,
    hardTimeout: action.hardTimeout,
    importance: 0,
    flags: { ...NO_FLAGS, sendFlowRemoved: action.sendFlowRemoved },
    outPort: null,
    outGroup: null,
    actions,
  };
}

export const learnAction: ActionKind<LearnAction> = {
  kind: 'learn',
  names: ['learn'],

  parse(argument, _name, context) {
    const draft: Draft = {
      kind: 'learn',
      tableId: 1,
      priority: DEFAULT_PRIORITY,
      idleTimeout: 0,
      hardTimeout: 0,
      finIdleTimeout: 0,
      finHardTimeout: 0,
      cookie: 0n,
      sendFlowRemoved: false,
      deleteLearned: false,
      limit: 0,
      resultDestination: null,
    };
    const specs: LearnSpec[] = [];
    for (const pair of splitKeyValues(argument)) {
      if (readParameter(draft, pair.key, pair.value, { orig: argument, ports: context.ports })) continue;
      specs.push(parseLearnSpec(argument, pair, context.ports));
    }
    return { ...draft, specs };
  },

  format(action, context) {
    const parts = [`table=${formatTable(action.tableId, shownPorts(context))}`];
    if (action.idleTimeout !== 0) parts.push(`idle_timeout=${action.idleTimeout}`);
    if (action.hardTimeout !== 0) parts.push(`hard_timeout=${action.hardTimeout}`);
    if (action.finIdleTimeout !== 0) parts.push(`fin_idle_timeout=${action.finIdleTimeout}`);
    if (action.finHardTimeout !== 0) parts.push(`fin_hard_timeout=${action.finHardTimeout}`);
    if (action.priority !== DEFAULT_PRIORITY) parts.push(`priority=${action.priority}`);
    if (action.sendFlowRemoved) parts.push('send_flow_rem');
    if (action.deleteLearned) parts.push('delete_learned');
    if (action.cookie !== 0n) parts.push(`cookie=${formatHex(action.cookie)}`);
    if (action.limit !== 0) parts.push(`limit=${action.limit}`);
    if (action.resultDestination !== null) parts.push(`result_dst=${formatSubfield(action.resultDestination)}`);
    for (const spec of action.specs) parts.push(formatLearnSpec(spec, shownPorts(context)));
    return `learn(${parts.join(',')})`;
  },

  validate({ specs }, { match }) {
    // What the learned flow matches so far: its later parts need it.
    const learned = new Match();
    for (const spec of specs) {
      const source = spec.kind === 'output' ? spec.source : spec.source.kind === 'field' ? spec.source.subfield : null;
      const sourceError = source === null ? null : checkSource(source, match);
      if (sourceError !== null) return sourceError;
      if (spec.kind === 'output') continue;
      const { destination } = spec;
      const error = spec.kind === 'match' ? checkSource(destination, learned) : checkDestination(destination, learned);
      if (error !== null) return error;
      if (spec.kind === 'match' && spec.source.kind === 'immediate') {
        matchSubfield(learned, destination, spec.source.value);
      }
    }
    return null;
  },

  translate(action, context) {
    for (const spec of action.specs) {
      const source = spec.kind === 'output' ? spec.source : spec.source.kind === 'field' ? spec.source.subfield : null;
      if (source !== null) maskValue(context.wc, source.field, subfieldMask(source));
    }
    context.learn({
      mod: learnedFlow(action, context.flow),
      limit: action.limit,
      resultDestination: action.resultDestination,
    });
  },

  wire: [
    {
      codes: [nicira(16)],
      size: 22,
      grows: true,
      carries: ({ limit, resultDestination, wireForm }) =>
        limit === 0 && resultDestination === null && wireForm === undefined,
      decode(body, context) {
        const { flags, ...head } = decodeLearnHead(body);
        if ((flags & ~(FLAG_SEND_FLOW_REMOVED | FLAG_DELETE_LEARNED)) !== 0) throw badArgument();
        return { ...head, specs: decodeLearnSpecs(body, context) };
      },
      encode(action, body) {
        encodeLearnHead(action, body);
        for (const spec of action.specs) encodeLearnSpec(spec, body);
      },
    },
    { codes: [nicira(45)], size: 30, grows: true, decode: decodeLearn2, encode: encodeLearn2 },
  ],
};

const FLAG_SEND_FLOW_REMOVED = 1;
const FLAG_DELETE_LEARNED = 2;
const FLAG_WRITE_RESULT = 4;

function badArgument(): OpenFlowError {
  return new OpenFlowError('OFPBAC_BAD_ARGUMENT');
}

/** What both forms begin with. */
function decodeLearnHead(body: ByteReader): Omit<LearnAction, 'specs'> & { readonly flags: number } {
  const [idleTimeout, hardTimeout, priority] = [body.u16(), body.u16(), body.u16()];
  const [cookie, flags, tableId, pad] = [body.u64(), body.u16(), body.u8(), body.u8()];
  if (pad !== 0 || tableId === TABLE_ALL) throw badArgument();
  return {
    kind: 'learn',
    tableId,
    priority,
    idleTimeout,
    hardTimeout,
    finIdleTimeout: body.u16(),
    finHardTimeout: body.u16(),
    cookie,
    sendFlowRemoved: (flags & FLAG_SEND_FLOW_REMOVED) !== 0,
    deleteLearned: (flags & FLAG_DELETE_LEARNED) !== 0,
    limit: 0,
    resultDestination: null,
    flags,
  };
}

function encodeLearnHead(action: LearnAction, body: ByteWriter): void {
  body.u16(action.idleTimeout);
  body.u16(action.hardTimeout);
  body.u16(action.priority);
  body.u64(action.cookie);
  body.u16(
    (action.sendFlowRemoved ? FLAG_SEND_FLOW_REMOVED : 0) |
      (action.deleteLearned ? FLAG_DELETE_LEARNED : 0) |
      (action.resultDestination === null ? 0 : FLAG_WRITE_RESULT),
  );
  body.u8(action.tableId);
  body.u8(0);
  body.u16(action.finIdleTimeout);
  body.u16(action.finHardTimeout);
}

/** Of the head that both forms have. */
const HEAD_SIZE = 22;

function decodeLearn2(body: ByteReader, context: WireContext): LearnAction {
  const tail = new ByteReader(body.bytes, body.offset + HEAD_SIZE, body.end);
  const [limit, offset, pad] = [tail.u32(), tail.u16(), tail.u16()];
  if (pad !== 0) throw new OpenFlowError('NXBAC_MUST_BE_ZERO');
  const { flags, ...head } = decodeLearnHead(body);
  const known = FLAG_SEND_FLOW_REMOVED | FLAG_DELETE_LEARNED | FLAG_WRITE_RESULT;
  const writesResult = (flags & FLAG_WRITE_RESULT) !== 0;
  if ((flags & ~known) !== 0) throw badArgument();
  let resultDestination: Subfield | null = null;
  if (writesResult) {
    const field = decodeUnmaskedField(tail, context);
    requireWritable(field);
    resultDestination = { field, offset, bits: 1 };
  } else if (offset !== 0) {
    throw badArgument();
  }
  return { ...head, limit, resultDestination, specs: decodeLearnSpecs(tail, context), wireForm: 'learn2' };
}

function encodeLearn2(action: LearnAction, body: ByteWriter): void {
  encodeLearnHead(action, body);
  const { limit, resultDestination } = action;
  body.u32(limit);
  body.u16(resultDestination?.offset ?? 0);
  body.u16(0);
  if (resultDestination !== null) encodeFieldHeader(resultDestination.field, 'nxm', false, body);
  for (const spec of action.specs) encodeLearnSpec(spec, body);
}
