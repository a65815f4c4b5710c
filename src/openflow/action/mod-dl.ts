/** mod_dl_src:MAC and mod_dl_dst:MAC. Mirrors SET_ETH_SRC and SET_ETH_DST of lib/ofp-actions.c. */
import { fieldNamed, writeField } from '#flowtable/fields.js';
import { setExact } from '#flowtable/flow-mask.js';
import { UserError } from '../../report/user-error.js';
import { formatMac, scanMac } from '../address-text.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { type ActionCode, openflow } from '../wire/action/action-form.js';
import { decodeFieldValue, encodeFieldValue } from '../wire/match/index.js';

export interface ModDlAction {
  readonly kind: 'mod_dl_src' | 'mod_dl_dst';
  readonly mac: bigint;
}

function modDl(kind: ModDlAction['kind'], fieldName: string, codes: readonly ActionCode[]): ActionKind<ModDlAction> {
  const field = fieldNamed(fieldName);
  return {
    kind,
    names: [kind],

    parse(argument) {
      // What follows an address is not looked at.
      const mac = scanMac(argument);
      if (mac === null) throw new UserError(`invalid mac address ${argument}`);
      return { kind, mac: mac.value };
    },

    format(action) {
      return `${kind}:${formatMac(action.mac)}`;
    },

    validate() {
      return null;
    },

    translate(action, { flow, wc }) {
      setExact(wc, field.offset, field.size);
      writeField(flow, field, action.mac);
    },

    inVersion(action, version) {
      return version < 12 ? [action] : [setWholeField(field, action.mac)];
    },

    wire: [
      {
        codes,
        size: 12,
        decode: (body) => ({ kind, mac: decodeFieldValue(field, body) }),
        encode: ({ mac }, body) => encodeFieldValue(field, mac, body),
      },
    ],
  };
}

export const modDlSrcAction = modDl('mod_dl_src', 'eth_src', [openflow(4, 10, 10), openflow(3, 11)]);
export const modDlDstAction = modDl('mod_dl_dst', 'eth_dst', [openflow(5, 10, 10), openflow(4, 11)]);
