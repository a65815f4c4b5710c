/**
 * Lists of actions and instructions as messages carry them. Mirrors ofpacts_pull_openflow_actions(),
 * ofpacts_pull_openflow_instructions() and ofpacts_put_openflow_*() of lib/ofp-actions.c.
 *
 * What a version of OpenFlow has no word for travels as what it has, as actionsInVersion() says; so decoding what was
 * encoded gives actionsInVersion(), not always the actions themselves.
 */
import { Match } from '#flowtable/match.js';
import type { Action } from '../../action/action.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import type { WireContext } from '../message-kind.js';

/** Reads actions to the reader's end; throws OpenFlowError with what a switch answers. */
export function decodeActions(_reader: ByteReader, _context: WireContext): readonly Action[] {
  throw new Error('not built yet');
}

/** Appends actions. `match` is what the flow matches: a version may have different words for different packets. */
export function encodeActions(
  _actions: readonly Action[],
  _writer: ByteWriter,
  _context: WireContext,
  _match: Match = new Match(),
): void {
  throw new Error('not built yet');
}

/** Reads instructions (OpenFlow 1.1 and later) to the reader's end, as actions in the order of their execution. */
export function decodeInstructions(_reader: ByteReader, _context: WireContext): readonly Action[] {
  throw new Error('not built yet');
}

/** Appends instructions; OpenFlow 1.0, which has none, gets the actions. */
export function encodeInstructions(
  _actions: readonly Action[],
  _writer: ByteWriter,
  _context: WireContext,
  _match: Match = new Match(),
): void {
  throw new Error('not built yet');
}
