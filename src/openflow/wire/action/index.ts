/**
 * Lists of actions and instructions as messages carry them. Mirrors ofpacts_pull_openflow_actions(),
 * ofpacts_pull_openflow_instructions() and ofpacts_put_openflow_*() of lib/ofp-actions.c.
 *
 * What a version of OpenFlow has no word for travels as what it has, as actionsInVersion() says; so decoding what was
 * encoded gives actionsInVersion(), not always the actions themselves.
 */
import { Match } from '#flowtable/match.js';
import type { Action } from '../../action/action.js';
import { actionsInVersion } from '../../action/action-list.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';
import { decodeList, encodeEach } from './action-bytes.js';
import { decodeInstructionList, encodeInstructionList } from './instruction-bytes.js';

/** Reads actions to the reader's end; throws OpenFlowError with what a switch answers. */
export function decodeActions(reader: ByteReader, context: WireContext): readonly Action[] {
  return decodeList(reader, context, { allowsInstructions: false, outer: null });
}

/** Appends actions. `match` is what the flow matches: a version may have different words for different packets. */
export function encodeActions(
  actions: readonly Action[],
  writer: ByteWriter,
  context: WireContext,
  match: Match = new Match(),
): void {
  encodeEach(actionsInVersion(actions, context.version, match), writer, context);
}

/**
 * Reads instructions to the reader's end, as actions in the order of their execution; OpenFlow 1.0 has actions in their
 * place. Throws OpenFlowError with what a switch answers.
 */
export function decodeInstructions(reader: ByteReader, context: WireContext): readonly Action[] {
  if (context.version > 10) return decodeInstructionList(reader, context);
  return decodeList(reader, context, { allowsInstructions: true, outer: null });
}

/** Appends instructions, as encodeActions does actions. */
export function encodeInstructions(
  actions: readonly Action[],
  writer: ByteWriter,
  context: WireContext,
  match: Match = new Match(),
): void {
  const carried = actionsInVersion(actions, context.version, match);
  if (context.version > 10) encodeInstructionList(carried, writer, context);
  else encodeEach(carried, writer, context);
}
