/** delete_field:FIELD: takes an option of a tunnel from the packet. Mirrors DELETE_FIELD of lib/ofp-actions.c. */
import type { Field } from '#flowtable/fields.js';
import { deleteOption } from '#flowtable/tunnel-options.js';
import { UserError } from '../../report/user-error.js';
import { findField } from '../subfield.js';
import type { ActionKind } from './action-kind.js';
import { nicira } from '../wire/action/action-form.js';
import { decodeUnmaskedField } from '../wire/action/subfield-bytes.js';
import { encodeFieldHeader } from '../wire/match/index.js';

export interface DeleteFieldAction {
  readonly kind: 'delete_field';
  readonly field: Field;
}

export const deleteFieldAction: ActionKind<DeleteFieldAction> = {
  kind: 'delete_field',
  names: ['delete_field'],

  parse(argument) {
    const field = findField(argument);
    if (field === undefined) throw new UserError(`unknown field \`${argument}'`);
    return { kind: 'delete_field', field };
  },

  format({ field }) {
    return `delete_field:${field.name}`;
  },

  validate({ field }) {
    return field.option === null ? 'OFPBAC_BAD_ARGUMENT' : null;
  },

  translate({ field }, context) {
    if (field.option !== null) deleteOption(context.flow, field.option);
    context.note(`delete ${field.name}`);
  },

  wire: [
    {
      codes: [nicira(50)],
      size: 14,
      decode: (body, context) => ({ kind: 'delete_field', field: decodeUnmaskedField(body, context) }),
      encode: ({ field }, body) => encodeFieldHeader(field, 'nxm', false, body),
    },
  ],
};
