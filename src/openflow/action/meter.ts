/**
 * meter:ID: the packet counts against a meter, which may drop it. Mirrors METER of lib/ofp-actions.c; OpenFlow 1.5.1
 * §5.8. In OpenFlow 1.3 and 1.4 it is an instruction and comes before all others; 1.0 to 1.2 have no meters.
 */
import { OFPM_MAX } from '../meter-mod.js';
import { parseU32 } from '../number-text.js';
import { P_OF13_UP } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { numberForm, openflow } from '../wire/action/action-form.js';

export interface MeterAction {
  readonly kind: 'meter';
  readonly meterId: number;
}

export const meterAction: ActionKind<MeterAction> = {
  kind: 'meter',
  names: ['meter'],

  parse(argument, _name, context) {
    context.limit(P_OF13_UP);
    return { kind: 'meter', meterId: parseU32(argument) };
  },

  format(action) {
    return `meter:${action.meterId}`;
  },

  validate({ meterId }) {
    return meterId === 0 || meterId > OFPM_MAX ? 'OFPMMFC_INVALID_METER' : null;
  },

  translate(action, context) {
    context.meter(action.meterId);
  },

  inVersion(action, version) {
    return version < 13 ? [] : [action];
  },

  wire: [
    numberForm({
      codes: [openflow(29, 15)],
      size: 4,
      decode: (meterId) => ({ kind: 'meter', meterId }),
      encode: ({ meterId }) => meterId,
    }),
  ],

  instruction: {
    type: 6,
    size: 4,
    decode: (body) => ({ kind: 'meter', meterId: body.u32() }),
    encode: ({ meterId }, body) => body.u32(meterId),
  },
};
