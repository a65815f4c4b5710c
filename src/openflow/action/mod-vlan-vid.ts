/**
 * mod_vlan_vid:VID sets the VLAN and adds a tag where there is none; set_vlan_vid:VID changes tagged packets only.
 * Mirrors SET_VLAN_VID of lib/ofp-actions.c.
 */
import { fieldNamed } from '#flowtable/fields.js';
import { OFF_VLAN_TCI, VLAN_CFI, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { parseU16 } from '../number-text.js';
import { P_OF10_ANY } from '../protocol.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { ETH_P_8021Q, hasTag, markTagged, writeTagBits } from './vlan-tag.js';
import { OpenFlowError } from '../switch-connection.js';
import { numberForm, openflow } from '../wire/action/action-form.js';

export interface ModVlanVidAction {
  readonly kind: 'mod_vlan_vid';
  readonly vid: number;
  /** Adds a tag where the packet has none. */
  readonly pushIfNeeded: boolean;
}

const VLAN_VID = fieldNamed('vlan_vid');

export const modVlanVidAction: ActionKind<ModVlanVidAction> = {
  kind: 'mod_vlan_vid',
  names: ['mod_vlan_vid', 'set_vlan_vid'],

  parse(argument, name) {
    const vid = parseU16(argument, 'VLAN VID');
    if (vid > VLAN_VID_MASK) throw new UserError(`${argument}: not a valid VLAN VID`);
    return { kind: 'mod_vlan_vid', vid, pushIfNeeded: name === 'mod_vlan_vid' };
  },

  format(action) {
    return `${action.pushIfNeeded ? 'mod' : 'set'}_vlan_vid:${action.vid}`;
  },

  validate(action, { match, limit }) {
    if (!hasTag(match.key) && !action.pushIfNeeded) limit(P_OF10_ANY);
    markTagged(match.key);
    return null;
  },

  translate(action, { flow, wc }) {
    wc.setU16(OFF_VLAN_TCI, wc.u16(OFF_VLAN_TCI) | VLAN_VID_MASK | VLAN_CFI);
    if (hasTag(flow) || action.pushIfNeeded) writeTagBits(flow, VLAN_VID_MASK, action.vid);
  },

  inVersion(action, version, { match }) {
    if (version === 10) return [{ ...action, pushIfNeeded: true }];
    const push: readonly Action[] =
      action.pushIfNeeded && !hasTag(match.key) ? [{ kind: 'push_vlan', tpid: ETH_P_8021Q }] : [];
    if (version === 11) return [...push, { ...action, pushIfNeeded: false }];
    return [...push, setWholeField(VLAN_VID, BigInt(action.vid | VLAN_CFI))];
  },

  wire: [
    numberForm({
      codes: [openflow(1)],
      size: 2,
      decode(vid, { version }) {
        if (vid > VLAN_VID_MASK) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
        return { kind: 'mod_vlan_vid', vid, pushIfNeeded: version === 10 };
      },
      encode: ({ vid }) => vid,
    }),
  ],
};
