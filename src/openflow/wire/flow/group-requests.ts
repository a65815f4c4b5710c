/**
 * Requests for the statistics and descriptions of groups: group (4), zeros (4); until OpenFlow 1.4 descriptions are of
 * all groups, and the request has no body, as that for features has none.
 */
import { formatGroupId } from '../../group-format.js';
import { OFPG_ALL } from '../../group-mod.js';
import { nxst, ofpst, VOID } from '../message-code.js';
import type { MessageCode, MessageKind } from '../message-kind.js';

export interface GroupRequest<K extends string> {
  readonly kind: K;
  /** OFPG_ALL: of all. */
  readonly groupId: number;
}

const BODY = { size: 8, unit: 0 };

const request = <K extends string>(kind: K, codes: readonly MessageCode[]): MessageKind<GroupRequest<K>> => ({
  kind,
  codes,
  decode: (body) => ({ kind, groupId: body.remaining === 0 ? OFPG_ALL : body.u32() }),
  encode({ groupId }, body, code) {
    if (code.body?.size === 0) return;
    body.u32(groupId);
    body.zeros(4);
  },
  format: ({ groupId }) => ` group_id=${formatGroupId(groupId)}`,
});

export const groupStatsRequest = request('group-stats-request', [
  ...nxst('GROUP', 'request', [10, 10], 7, BODY),
  ...ofpst('GROUP', 'request', [11, 15], 6, BODY),
]);

export const groupDescRequest = request('group-desc-request', [
  ...nxst('GROUP_DESC', 'request', [10, 10], 8, BODY),
  ...ofpst('GROUP_DESC', 'request', [11, 14], 7, VOID),
  ...ofpst('GROUP_DESC', 'request', [15, 15], 7, BODY),
]);

export interface GroupFeaturesRequest {
  readonly kind: 'group-features-request';
}

export const groupFeaturesRequest: MessageKind<GroupFeaturesRequest> = {
  kind: 'group-features-request',
  codes: [
    ...nxst('GROUP_FEATURES', 'request', [10, 11], 9, VOID),
    ...ofpst('GROUP_FEATURES', 'request', [12, 15], 8, VOID),
  ],
  decode: () => ({ kind: 'group-features-request' }),
  encode() {},
  format: () => '',
};
