/** set_tunnel:ID and set_tunnel64:ID: the key of the tunnel that the packet leaves by. Mirrors SET_TUNNEL of ofp-actions.c. */
import { fieldNamed, writeField } from '#flowtable/fields.js';
import { formatHex, parseU64 } from '../number-text.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { nicira, numberForm } from '../wire/action/action-form.js';

export interface SetTunnelAction {
  readonly kind: 'set_tunnel';
  readonly id: bigint;
  /** Written as set_tunnel64, whatever the id. */
  readonly is64: boolean;
}

const TUN_ID = fieldNamed('tun_id');
const isWide = ({ id, is64 }: SetTunnelAction): boolean => is64 || id > 0xffffffffn;

export const setTunnelAction: ActionKind<SetTunnelAction> = {
  kind: 'set_tunnel',
  names: ['set_tunnel', 'set_tunnel64'],

  parse(argument, name) {
    return { kind: 'set_tunnel', id: parseU64(argument), is64: name === 'set_tunnel64' };
  },

  format(action) {
    return `set_tunnel${isWide(action) ? '64' : ''}:${formatHex(action.id)}`;
  },

  validate() {
    return null;
  },

  translate(action, { flow }) {
    writeField(flow, TUN_ID, action.id);
  },

  inVersion(action, version) {
    return version < 12 ? [{ ...action, is64: isWide(action) }] : [setWholeField(TUN_ID, action.id)];
  },

  wire: [
    numberForm({
      codes: [nicira(2)],
      size: 4,
      carries: (action) => !isWide(action),
      decode: (id) => ({ kind: 'set_tunnel', id: BigInt(id), is64: false }),
      encode: ({ id }) => Number(id),
    }),
    {
      codes: [nicira(9)],
      size: 14,
      decode(body) {
        body.skip(6);
        return { kind: 'set_tunnel', id: body.u64(), is64: true };
      },
      encode({ id }, body) {
        body.zeros(6);
        body.u64(id);
      },
    },
  ],
};
