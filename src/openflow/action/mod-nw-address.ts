/** mod_nw_src:IP and mod_nw_dst:IP, for IPv4 packets. Mirrors SET_IPV4_SRC and SET_IPV4_DST of lib/ofp-actions.c. */
import { fieldNamed, writeField } from '#flowtable/fields.js';
import { OFF_ETH_TYPE, OFF_NW_PROTO } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { UserError } from '../../report/user-error.js';
import { formatIpv4, parseIpv4 } from '../address-text.js';
import { ethTypeOf } from '../packet-type.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { type ActionCode, numberForm, openflow } from '../wire/action/action-form.js';

export interface ModNwAddressAction {
  readonly kind: 'mod_nw_src' | 'mod_nw_dst';
  readonly address: bigint;
}

const ETH_P_IP = 0x0800;

function modNwAddress(
  kind: ModNwAddressAction['kind'],
  fieldName: string,
  codes: readonly ActionCode[],
): ActionKind<ModNwAddressAction> {
  const field = fieldNamed(fieldName);
  return {
    kind,
    names: [kind],

    parse(argument) {
      const address = parseIpv4(argument);
      if (address === null) throw new UserError(`${argument}: could not convert to IP address`);
      return { kind, address };
    },

    format(action) {
      return `${kind}:${formatIpv4(action.address)}`;
    },

    validate(_action, { match, limit }) {
      if (ethTypeOf(match.key) !== ETH_P_IP) limit(P_OF10_ANY);
      return null;
    },

    translate(action, { flow, wc }) {
      if (flow.u16(OFF_ETH_TYPE) !== ETH_P_IP) return;
      setExact(wc, field.offset, field.size);
      setExact(wc, OFF_NW_PROTO, 1);
      writeField(flow, field, action.address);
    },

    inVersion(action, version) {
      return version < 12 ? [action] : [setWholeField(field, action.address)];
    },

    wire: [
      numberForm({
        codes,
        size: 4,
        decode: (address) => ({ kind, address: BigInt(address) }),
        encode: ({ address }) => Number(address),
      }),
    ],
  };
}

export const modNwSrcAction = modNwAddress('mod_nw_src', 'ip_src', [openflow(6, 10, 10), openflow(5, 11)]);
export const modNwDstAction = modNwAddress('mod_nw_dst', 'ip_dst', [openflow(7, 10, 10), openflow(6, 11)]);
