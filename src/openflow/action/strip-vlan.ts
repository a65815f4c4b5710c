/** strip_vlan, or pop_vlan: takes the outer VLAN tag off. Mirrors STRIP_VLAN of lib/ofp-actions.c. */
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { dropOuterTag, hasTag } from './vlan-tag.js';
import { emptyForm, openflow } from '../wire/action/action-form.js';

export interface StripVlanAction {
  readonly kind: 'strip_vlan';
  /** OpenFlow 1.0 and 1.1 have two names for it. */
  readonly name: 'strip_vlan' | 'pop_vlan';
}

export const stripVlanAction: ActionKind<StripVlanAction> = {
  kind: 'strip_vlan',
  names: ['strip_vlan', 'pop_vlan'],

  parse(_argument, name) {
    return { kind: 'strip_vlan', name: name === 'pop_vlan' ? 'pop_vlan' : 'strip_vlan' };
  },

  format(action) {
    return action.name;
  },

  validate(_action, { match, limit }) {
    if (!hasTag(match.key)) limit(P_OF10_ANY);
    dropOuterTag(match.key);
    return null;
  },

  translate(_action, context) {
    context.popVlan();
  },

  inVersion(action, version) {
    return [{ ...action, name: version === 10 ? 'strip_vlan' : 'pop_vlan' }];
  },

  wire: [
    emptyForm([openflow(3, 10, 10), openflow(18, 11)], ({ version }) => ({
      kind: 'strip_vlan',
      name: version === 10 ? 'strip_vlan' : 'pop_vlan',
    })),
  ],
};
