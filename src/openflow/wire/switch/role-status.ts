/**
 * OFPT_ROLE_STATUS (OpenFlow 1.5.1 §7.4.4) and ONF's of OpenFlow 1.3: a controller's role was taken from it. Mirrors
 * ofputil_decode_role_status() and ofputil_format_role_status().
 *
 *     role (4), reason (1), zeros (3), generation (8), properties
 */
import { ofpt, onft } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { formatRole, ROLES, type Role, roleOf } from './role.js';

export interface RoleStatusMessage {
  readonly kind: 'role-status';
  readonly role: Role;
  /** OFPCRR_*. */
  readonly reason: number;
  readonly generation: bigint;
}

export const ROLE_STATUS_REASONS = ['primary_request', 'configuration_changed', 'experimenter_data_changed'] as const;

export const roleStatus: MessageKind<RoleStatusMessage> = {
  kind: 'role-status',
  codes: [
    onft('ROLE_STATUS', [13, 13], 1911, { size: 16, unit: 8 }),
    ofpt('ROLE_STATUS', [14, 15], 30, { size: 16, unit: 8 }),
  ],
  decode(body) {
    const role = roleOf(body.u32());
    const reason = body.u8();
    body.skip(3);
    return { kind: 'role-status', role, reason, generation: body.u64() };
  },
  encode({ role, reason, generation }, body) {
    body.u32(ROLES.indexOf(role));
    body.u8(reason);
    body.zeros(3);
    body.u64(generation);
  },
  format: ({ role, reason, generation }) =>
    `${formatRole(role, generation)} reason=${ROLE_STATUS_REASONS[reason] ?? '(unknown)'}`,
};
