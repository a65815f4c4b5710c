/** note:BYTES: does nothing, but stays with the flow. Mirrors NOTE of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { formatHexBytes, parseHexBytes } from '../hex-bytes.js';
import type { ActionKind } from './action-kind.js';
import { nicira } from '../wire/action/action-form.js';

export interface NoteAction {
  readonly kind: 'note';
  readonly bytes: Uint8Array;
}

/** Bytes of the action on the wire before the note; the whole is padded to a multiple of eight. */
const WIRE_HEADER_SIZE = 10;
const WIRE_ALIGNMENT = 8;

export const noteAction: ActionKind<NoteAction> = {
  kind: 'note',
  names: ['note'],

  parse(argument) {
    const bytes = parseHexBytes(argument);
    if (bytes === null) throw new UserError("bad hex digit in `note' argument");
    return { kind: 'note', bytes };
  },

  format(action) {
    return `note:${formatHexBytes(action.bytes)}`;
  },

  validate() {
    return null;
  },

  translate() {},

  inVersion(action) {
    const size = Math.ceil((WIRE_HEADER_SIZE + action.bytes.length) / WIRE_ALIGNMENT) * WIRE_ALIGNMENT;
    const bytes = new Uint8Array(size - WIRE_HEADER_SIZE);
    bytes.set(action.bytes);
    return [{ kind: 'note', bytes }];
  },

  wire: [
    {
      codes: [nicira(8)],
      size: 6,
      grows: true,
      decode: (body) => ({ kind: 'note', bytes: body.view(body.remaining).slice() }),
      encode: ({ bytes }, body) => body.put(bytes),
    },
  ],
};
