/**
 * Actions one behind the other: headers, lengths, nesting. Mirrors ofpact_pull_raw(), ofpact_put_raw() and
 * ofpacts_pull_openflow_actions__() of lib/ofp-actions.c; what an action's own bytes are stands in its file.
 */
import { ACTION_KINDS, type Action, kindOf } from '../../action/action.js';
import { findListProblem, type ListRules } from '../../action/action-order.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import {
  ACTION_ALIGNMENT,
  type ActionCode,
  type ActionDecodeContext,
  type ActionEncodeContext,
  type ActionForm,
  headerSizeOf,
  NICIRA,
  ONF,
} from './action-form.js';

/** The type of an action that is a vendor's, and of an instruction that is. */
const VENDOR_TYPE = 0xffff;
const VENDOR_HEADER_SIZE = 16;
const MIN_ACTION_SIZE = 8;
const MAX_ACTION_SIZE = 0xffff;

/**
 * Actions in actions, at most so deep. Deliberately different: OVS has no limit but the 64 kB of an action, and a stack
 * of 8 MB; text has one of 100.
 */
const MAX_NESTING = 500;

interface CodedForm {
  readonly form: ActionForm<Action>;
  readonly code: ActionCode;
}

const isIn = ({ firstVersion, lastVersion }: ActionCode, version: OpenFlowVersion): boolean =>
  firstVersion <= version && version <= lastVersion;

const keyOf = (vendor: number, type: number): number => vendor * 0x10000 + type;

const FORMS_BY_CODE: ReadonlyMap<OpenFlowVersion, ReadonlyMap<number, CodedForm>> = new Map(
  ([10, 11, 12, 13, 14, 15] as const).map((version) => {
    const forms = ACTION_KINDS.flatMap(({ wire }) => wire);
    const coded = forms.flatMap((form) => form.codes.map((code) => ({ form, code })));
    const known = coded.filter(({ code }) => isIn(code, version));
    return [version, new Map(known.map((entry) => [keyOf(entry.code.vendor, entry.code.type), entry]))];
  }),
);

const padded = (size: number): number => Math.ceil(size / ACTION_ALIGNMENT) * ACTION_ALIGNMENT;

function badLength(): OpenFlowError {
  return new OpenFlowError('OFPBAC_BAD_LEN');
}

/** What the header at the reader's place names; the reader stands behind the header then. */
function decodeHeader(reader: ByteReader, version: OpenFlowVersion): CodedForm & { readonly length: number } {
  const available = reader.remaining;
  if (available < MIN_ACTION_SIZE) throw badLength();
  let type = reader.u16();
  const length = reader.u16();
  let vendor = 0;
  if (type === VENDOR_TYPE) {
    vendor = reader.u32();
    if (vendor !== NICIRA && vendor !== ONF) throw new OpenFlowError('OFPBAC_BAD_VENDOR');
    if (available < VENDOR_HEADER_SIZE) throw badLength();
    type = reader.u16();
  }
  const found = FORMS_BY_CODE.get(version)!.get(keyOf(vendor, type));
  if (found === undefined) throw new OpenFlowError(vendor === 0 ? 'OFPBAC_BAD_TYPE' : 'OFPBAC_BAD_VENDOR_TYPE');
  return { ...found, length };
}

function decodeAction(reader: ByteReader, context: WireContext, depth: number): Action {
  const start = reader.offset;
  const { form, code, length } = decodeHeader(reader, context.version);
  const least = padded(headerSizeOf(code) + form.size);
  const isLong = form.grows !== true && length > least;
  if (length < least || isLong || length % ACTION_ALIGNMENT !== 0 || length > reader.end - start) throw badLength();
  const body = reader.part(start + length - reader.offset);
  return form.decode(body, decodeContext(context, depth), code);
}

export function decodeContext(context: WireContext, depth = 0): ActionDecodeContext {
  return {
    ...context,
    decodeNested(nested, outer) {
      if (outer === 'write_actions') return decodeEach(nested, context, depth + 1);
      // As in OVS a clone's actions may be those of any list.
      return decodeList(nested, context, { allowsInstructions: false, outer: outer === 'ct' ? 'ct' : null }, depth + 1);
    },
  };
}

/** Reads actions to the reader's end. */
export function decodeEach(reader: ByteReader, context: WireContext, depth = 0): readonly Action[] {
  if (depth > MAX_NESTING) throw new OpenFlowError('OFPBAC_TOO_MANY');
  const actions: Action[] = [];
  while (reader.remaining > 0) actions.push(decodeAction(reader, context, depth));
  return actions;
}

/** Reads actions to the reader's end, which are all that the list holds. */
export function decodeList(
  reader: ByteReader,
  context: WireContext,
  rules: Omit<ListRules, 'version'>,
  depth = 0,
): readonly Action[] {
  if (reader.remaining % ACTION_ALIGNMENT !== 0) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const actions = decodeEach(reader, context, depth);
  requireOrder(actions, { ...rules, version: context.version });
  return actions;
}

export function requireOrder(actions: readonly Action[], rules: ListRules): void {
  const problem = findListProblem(actions, rules);
  if (problem !== null) throw new OpenFlowError(problem.code);
}

/** The form that carries the action, with its numbers in the version, or those of another where it has none there. */
function formOf(action: Action, version: OpenFlowVersion): CodedForm {
  const forms = kindOf(action).wire.filter((form) => form.carries?.(action, version) ?? true);
  const coded = forms.flatMap((form) => form.codes.map((code) => ({ form, code })));
  const found = coded.find(({ code }) => isIn(code, version)) ?? coded[0];
  if (found === undefined) throw new Error(`${action.kind} is no action of OpenFlow ${version / 10}`);
  return found;
}

export function encodeContext(context: WireContext): ActionEncodeContext {
  return { ...context, encodeNested: (nested, writer) => encodeEach(nested, writer, context) };
}

/** Appends actions that the version can say. */
export function encodeEach(actions: readonly Action[], writer: ByteWriter, context: WireContext): void {
  const nesting = encodeContext(context);
  for (const action of actions) {
    const { form, code } = formOf(action, context.version);
    const start = writer.size;
    writer.u16(code.vendor === 0 ? code.type : VENDOR_TYPE);
    writer.u16(0);
    if (code.vendor !== 0) {
      writer.u32(code.vendor);
      writer.u16(code.type);
    }
    form.encode(action, writer, nesting, code);
    const least = padded(headerSizeOf(code) + form.size);
    writer.zeros(Math.max(0, start + least - writer.size));
    writer.pad(ACTION_ALIGNMENT, start);
    const size = writer.size - start;
    if (size > MAX_ACTION_SIZE) throw new Error(`${action.kind} of ${size} bytes`);
    writer.patchU16(start + 2, size);
  }
}
