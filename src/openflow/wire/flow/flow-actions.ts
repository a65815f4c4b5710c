/** What a flow does: instructions, and in OpenFlow 1.0, which has none, actions. */
import type { Action } from '../../action/action.js';
import { decodeActions, decodeInstructions } from '../action/index.js';
import type { ByteReader } from '../byte-reader.js';
import type { WireContext } from '../message-kind.js';
import { readRest } from './rest.js';

/** Reads the next `length` bytes, which a message may have put wrongly, as a list of actions. */
export function readActionList(body: ByteReader, length: number, context: WireContext): readonly Action[] {
  return decodeActions(readRest(body, length), context);
}

/** Reads the next `length` bytes as what a flow does. */
export function readFlowActions(body: ByteReader, length: number, context: WireContext): readonly Action[] {
  return decodeInstructions(
    readRest(body, length, context.version === 10 ? 'OFPBRC_BAD_LEN' : 'OFPBIC_BAD_LEN'),
    context,
  );
}
