/** push_vlan:ETHERTYPE: adds a VLAN tag. Mirrors PUSH_VLAN of lib/ofp-actions.c; OpenFlow 1.5.1 §7.2.6.6. */
import { UserError } from '../../report/user-error.js';
import { formatHex, parseU16 } from '../number-text.js';
import { P_OF11_UP } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { addOuterTag, ETH_P_8021AD, ETH_P_8021Q, hasBothTags } from './vlan-tag.js';
import { OpenFlowError } from '../switch-connection.js';
import { numberForm, openflow } from '../wire/action/action-form.js';

export interface PushVlanAction {
  readonly kind: 'push_vlan';
  readonly tpid: number;
}

export const pushVlanAction: ActionKind<PushVlanAction> = {
  kind: 'push_vlan',
  names: ['push_vlan'],

  parse(argument, _name, context) {
    context.limit(P_OF11_UP);
    const tpid = parseU16(argument, 'ethertype');
    if (tpid !== ETH_P_8021Q && tpid !== ETH_P_8021AD) {
      throw new UserError(`${argument}: not a valid VLAN ethertype`);
    }
    return { kind: 'push_vlan', tpid };
  },

  format(action) {
    return `push_vlan:${formatHex(action.tpid)}`;
  },

  validate(action, { match }) {
    if (hasBothTags(match.key)) return 'OFPBAC_BAD_TAG';
    addOuterTag(match.key, action.tpid);
    return null;
  },

  translate(action, context) {
    context.pushVlan(action.tpid);
  },

  inVersion(action, version) {
    // OpenFlow 1.0 adds the tag when the VLAN is set.
    return version === 10 ? [] : [action];
  },

  wire: [
    numberForm({
      codes: [openflow(17, 11)],
      size: 2,
      decode(tpid) {
        if (tpid !== ETH_P_8021Q && tpid !== ETH_P_8021AD) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
        return { kind: 'push_vlan', tpid };
      },
      encode: ({ tpid }) => tpid,
    }),
  ],
};
