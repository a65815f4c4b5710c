/** push:FIELD[BITS] and pop:FIELD[BITS]: the translation's stack. Mirrors STACK_PUSH and STACK_POP of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { checkDestination, checkSource, formatSubfield, type Subfield, scanSubfield } from '../subfield.js';
import type { ActionKind } from './action-kind.js';
import { nicira, requireZeros } from '../wire/action/action-form.js';
import { decodeUnmaskedField, requireBits, requireWritableBits } from '../wire/action/subfield-bytes.js';
import { encodeFieldHeader } from '../wire/match/index.js';
import type { ByteReader } from '../wire/byte-reader.js';
import type { ByteWriter } from '../wire/byte-writer.js';
import type { WireContext } from '../wire/message-kind.js';

export interface PushAction {
  readonly kind: 'push';
  readonly subfield: Subfield;
}

export interface PopAction {
  readonly kind: 'pop';
  readonly subfield: Subfield;
}

function parseArgument(argument: string): Subfield {
  const { subfield, rest } = scanSubfield(argument);
  if (rest !== '') throw new UserError(`${rest}: trailing garbage following push or pop`);
  return subfield;
}

/** `offset`, a field, how many bits, and zeros. */
function decodeStack(body: ByteReader, context: WireContext): Subfield {
  const offset = body.u16();
  const field = decodeUnmaskedField(body, context);
  const bits = body.u16();
  requireZeros(body, body.remaining, 'NXBRC_MUST_BE_ZERO');
  return { field, offset, bits };
}

function encodeStack({ subfield }: PushAction | PopAction, body: ByteWriter): void {
  body.u16(subfield.offset);
  encodeFieldHeader(subfield.field, 'nxm', false, body);
  body.u16(subfield.bits);
}

export const pushAction: ActionKind<PushAction> = {
  kind: 'push',
  names: ['push'],

  parse(argument) {
    return { kind: 'push', subfield: parseArgument(argument) };
  },

  format(action) {
    return `push:${formatSubfield(action.subfield)}`;
  },

  validate(action, { match }) {
    return checkSource(action.subfield, match);
  },

  translate({ subfield }, context) {
    context.push(subfield.field, subfield.offset, subfield.bits);
  },

  wire: [
    {
      codes: [nicira(27)],
      size: 14,
      decode(body, context) {
        const subfield = decodeStack(body, context);
        requireBits(subfield);
        return { kind: 'push', subfield };
      },
      encode: encodeStack,
    },
  ],
};

export const popAction: ActionKind<PopAction> = {
  kind: 'pop',
  names: ['pop'],

  parse(argument) {
    return { kind: 'pop', subfield: parseArgument(argument) };
  },

  format(action) {
    return `pop:${formatSubfield(action.subfield)}`;
  },

  validate(action, { match }) {
    return checkDestination(action.subfield, match);
  },

  translate({ subfield }, context) {
    context.pop(subfield.field, subfield.offset, subfield.bits);
  },

  wire: [
    {
      codes: [nicira(28)],
      size: 14,
      decode(body, context) {
        const subfield = decodeStack(body, context);
        requireWritableBits(subfield);
        return { kind: 'pop', subfield };
      },
      encode: encodeStack,
    },
  ],
};
