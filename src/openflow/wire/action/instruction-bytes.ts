/**
 * Instructions one behind the other (OpenFlow 1.5.1 §7.2.5), which Upcall has among the actions. Mirrors
 * ofpacts_pull_openflow_instructions() and ofpacts_put_openflow_instructions() of lib/ofp-actions.c; what an
 * instruction's own bytes are stands in its action's file. Only apply_actions, which is no action, stands here.
 */
import { ACTION_KINDS, type Action, kindOf } from '../../action/action.js';
import { isApplied } from '../../action/action-order.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import { decodeContext, decodeEach, encodeContext, encodeEach, requireOrder } from './action-bytes.js';
import type { InstructionForm } from './action-form.js';

const HEADER_SIZE = 4;
const ALIGNMENT = 8;
const APPLY_ACTIONS = 4;
const METER = 6;
const EXPERIMENTER = 0xffff;

/** In the order in which a switch carries them out; null: apply_actions. */
const IN_ORDER = ['meter', null, 'clear_actions', 'write_actions', 'write_metadata', 'goto_table'].map(
  (kind): InstructionForm<Action> | null => ACTION_KINDS.find((known) => known.kind === kind)?.instruction ?? null,
);

/** Of the bytes between the header and the actions inside apply_actions. */
const APPLY_GAP = 4;

function sizeFits(form: InstructionForm<Action> | null, length: number): boolean {
  if (form === null) return length >= HEADER_SIZE + APPLY_GAP;
  const least = HEADER_SIZE + form.size;
  return form.grows === true ? length >= least : length === least;
}

/** The bodies of the instructions, by type. */
function splitInstructions(reader: ByteReader, version: OpenFlowVersion): ReadonlyMap<number, ByteReader> {
  const bad = (code: string): OpenFlowError => new OpenFlowError(code);
  if (reader.remaining % ALIGNMENT !== 0) throw bad('OFPBIC_BAD_LEN');
  const bodies = new Map<number, ByteReader>();
  while (reader.remaining > 0) {
    const available = reader.remaining;
    const type = reader.u16();
    const length = reader.u16();
    if (length % ALIGNMENT !== 0 || length === 0 || length > available) throw bad('OFPBIC_BAD_LEN');
    if (type === EXPERIMENTER) throw bad('OFPBIC_BAD_EXPERIMENTER');
    const form = IN_ORDER.find((known) => (known?.type ?? APPLY_ACTIONS) === type);
    if (form === undefined) throw bad('OFPBIC_UNKNOWN_INST');
    if (!sizeFits(form, length)) throw bad('OFPBIC_BAD_LEN');
    // In OpenFlow 1.5 a meter is an action.
    if (type === METER && version >= 15) throw bad('OFPBIC_UNKNOWN_INST');
    if (bodies.has(type)) throw bad('OFPBIC_DUP_INST');
    bodies.set(type, reader.part(length - HEADER_SIZE));
  }
  return bodies;
}

export function decodeInstructionList(reader: ByteReader, context: WireContext): readonly Action[] {
  const bodies = splitInstructions(reader, context.version);
  const actions: Action[] = [];
  for (const form of IN_ORDER) {
    const body = bodies.get(form?.type ?? APPLY_ACTIONS);
    if (body === undefined) continue;
    if (form === null) {
      body.skip(APPLY_GAP);
      actions.push(...decodeEach(body, context));
    } else {
      actions.push(form.decode(body, decodeContext(context)));
    }
  }
  requireOrder(actions, { version: context.version, allowsInstructions: true, outer: null });
  return actions;
}

function encodeInstruction(type: number, writer: ByteWriter, encodeBody: () => void): void {
  const start = writer.size;
  writer.u16(type);
  writer.u16(0);
  encodeBody();
  writer.patchU16(start + 2, writer.size - start);
}

/** Appends instructions that the version can say. */
export function encodeInstructionList(actions: readonly Action[], writer: ByteWriter, context: WireContext): void {
  for (let at = 0; at < actions.length; ) {
    const first = actions[at]!;
    if (!isApplied(first, context.version)) {
      const form = kindOf(first).instruction!;
      encodeInstruction(form.type, writer, () => form.encode(first, writer, encodeContext(context)));
      at++;
      continue;
    }
    const next = actions.findIndex((action, index) => index > at && !isApplied(action, context.version));
    const end = next < 0 ? actions.length : next;
    const applied = actions.slice(at, end);
    encodeInstruction(APPLY_ACTIONS, writer, () => {
      writer.zeros(APPLY_GAP);
      encodeEach(applied, writer, context);
    });
    at = end;
  }
}
