/**
 * What a switch's groups can do (OpenFlow 1.5.1 §7.3.5.11): types (4), capabilities (4), then of each of the four types
 * how many groups there may be (4 each), and of each which actions they may have (4 each).
 */
import { actionTypesFrom, actionTypesTo } from '../../action-types.js';
import { formatGroupFeatureTables, type GroupFeatureTables } from '../../group-format.js';
import { GROUP_TYPES } from '../../group-mod.js';
import { nxst, ofpst } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface GroupFeaturesReply {
  readonly kind: 'group-features-reply';
  readonly features: GroupFeatureTables;
}

const BODY = { size: 40, unit: 0 };

export const groupFeaturesReply: MessageKind<GroupFeaturesReply> = {
  kind: 'group-features-reply',
  codes: [
    ...nxst('GROUP_FEATURES', 'reply', [10, 11], 9, BODY),
    ...ofpst('GROUP_FEATURES', 'reply', [12, 15], 8, BODY),
  ],
  decode(body, _code, { version }) {
    const [types, capabilities] = [body.u32(), body.u32()];
    const maxGroups = GROUP_TYPES.map(() => body.u32());
    const actionTypes = GROUP_TYPES.map(() => actionTypesFrom(body.u32(), version));
    return { kind: 'group-features-reply', features: { types, capabilities, maxGroups, actionTypes } };
  },
  encode({ features: { types, capabilities, maxGroups, actionTypes } }, body, _code, { version }) {
    body.u32(types);
    body.u32(capabilities);
    for (const count of maxGroups) body.u32(count);
    for (const set of actionTypes) body.u32(actionTypesTo(set, version));
  },
  format: ({ features }) => formatGroupFeatureTables(features),
};
