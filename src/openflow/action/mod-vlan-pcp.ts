/**
 * mod_vlan_pcp:PCP sets the VLAN priority and adds a tag where there is none; set_vlan_pcp:PCP changes tagged packets
 * only. Mirrors SET_VLAN_PCP of lib/ofp-actions.c.
 */
import { fieldNamed } from '#flowtable/fields.js';
import { OFF_VLAN_TCI, VLAN_CFI, VLAN_PCP_SHIFT } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { parseU8 } from '../number-text.js';
import { P_OF10_ANY } from '../protocol.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { ETH_P_8021Q, hasTag, markTagged, writeTagBits } from './vlan-tag.js';
import { OpenFlowError } from '../switch-connection.js';
import { numberForm, openflow } from '../wire/action/action-form.js';

export interface ModVlanPcpAction {
  readonly kind: 'mod_vlan_pcp';
  readonly pcp: number;
  /** Adds a tag where the packet has none. */
  readonly pushIfNeeded: boolean;
}

const VLAN_PCP_MASK = 0xe000;
const VLAN_PCP = fieldNamed('vlan_pcp');

export const modVlanPcpAction: ActionKind<ModVlanPcpAction> = {
  kind: 'mod_vlan_pcp',
  names: ['mod_vlan_pcp', 'set_vlan_pcp'],

  parse(argument, name) {
    const pcp = parseU8(argument, 'VLAN PCP');
    if (pcp > 7) throw new UserError(`${argument}: not a valid VLAN PCP`);
    return { kind: 'mod_vlan_pcp', pcp, pushIfNeeded: name === 'mod_vlan_pcp' };
  },

  format(action) {
    return `${action.pushIfNeeded ? 'mod' : 'set'}_vlan_pcp:${action.pcp}`;
  },

  validate(action, { match, limit }) {
    if (!hasTag(match.key) && !action.pushIfNeeded) limit(P_OF10_ANY);
    markTagged(match.key);
    return null;
  },

  translate(action, { flow, wc }) {
    wc.setU16(OFF_VLAN_TCI, wc.u16(OFF_VLAN_TCI) | VLAN_PCP_MASK | VLAN_CFI);
    if (hasTag(flow) || action.pushIfNeeded) writeTagBits(flow, VLAN_PCP_MASK, action.pcp << VLAN_PCP_SHIFT);
  },

  inVersion(action, version, { match }) {
    if (version === 10) return [{ ...action, pushIfNeeded: true }];
    const push: readonly Action[] =
      action.pushIfNeeded && !hasTag(match.key) ? [{ kind: 'push_vlan', tpid: ETH_P_8021Q }] : [];
    if (version === 11) return [...push, { ...action, pushIfNeeded: false }];
    return [...push, setWholeField(VLAN_PCP, BigInt(action.pcp))];
  },

  wire: [
    numberForm({
      codes: [openflow(2)],
      size: 1,
      decode(pcp, { version }) {
        if (pcp > 7) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
        return { kind: 'mod_vlan_pcp', pcp, pushIfNeeded: version === 10 };
      },
      encode: ({ pcp }) => pcp,
    }),
  ],
};
