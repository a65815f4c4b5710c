/** write_metadata:VALUE[/MASK]: the register between tables. Mirrors WRITE_METADATA of ofp-actions.c; OpenFlow 1.5.1 §5.5. */
import { fieldNamed, readField, writeField } from '#flowtable/fields.js';
import { formatHex, parseU64 } from '../number-text.js';
import { P_NXM_OF11_UP } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { nicira, requireZeros } from '../wire/action/action-form.js';

export interface WriteMetadataAction {
  readonly kind: 'write_metadata';
  readonly value: bigint;
  readonly mask: bigint;
}

const METADATA = fieldNamed('metadata');
const ONES = (1n << 64n) - 1n;

export const writeMetadataAction: ActionKind<WriteMetadataAction> = {
  kind: 'write_metadata',
  names: ['write_metadata'],

  parse(argument, _name, context) {
    context.limit(P_NXM_OF11_UP);
    const slash = argument.indexOf('/');
    const mask = slash < 0 ? ONES : parseU64(argument.slice(slash + 1));
    return { kind: 'write_metadata', value: parseU64(slash < 0 ? argument : argument.slice(0, slash)), mask };
  },

  format({ value, mask }) {
    return `write_metadata:${formatHex(value)}${mask === ONES ? '' : `/${formatHex(mask)}`}`;
  },

  validate() {
    return null;
  },

  translate({ value, mask }, { flow }) {
    writeField(flow, METADATA, (readField(flow, METADATA) & ~mask) | (value & mask));
  },

  wire: [
    {
      codes: [nicira(22)],
      size: 22,
      decode(body) {
        requireZeros(body, 6, 'NXBRC_MUST_BE_ZERO');
        return { kind: 'write_metadata', value: body.u64(), mask: body.u64() };
      },
      encode({ value, mask }, body) {
        body.zeros(6);
        body.u64(value);
        body.u64(mask);
      },
    },
  ],

  instruction: {
    type: 2,
    size: 20,
    decode(body) {
      body.skip(4);
      return { kind: 'write_metadata', value: body.u64(), mask: body.u64() };
    },
    encode({ value, mask }, body) {
      body.zeros(4);
      body.u64(value);
      body.u64(mask);
    },
  },
};
