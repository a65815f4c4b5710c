/**
 * Role requests and replies: OpenFlow 1.2 and later (1.5.1 §7.3.9), and Nicira's of all versions, whose numbers are one
 * less and which know no generation. Mirrors ofputil_decode_role_message() and ofputil_format_role_message().
 *
 *     standard: role (4), zeros (4), generation (8: all ones in a reply for none); Nicira's: role (4)
 */
import { OpenFlowError } from '../../switch-connection.js';
import { ofpt, nxt } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

/** OFPCR_ROLE_* by their numbers. */
export const ROLES = ['nochange', 'equal', 'primary', 'secondary'] as const;
export type Role = (typeof ROLES)[number];

interface RoleMessage<K extends string> {
  readonly kind: K;
  readonly role: Role;
  readonly generation: bigint | null;
  /** Does it travel in Nicira's form? OpenFlow 1.0 and 1.1 have no other. */
  readonly isNicira: boolean;
}

export const NO_GENERATION = 0xffff_ffff_ffff_ffffn;

export function roleOf(number: number): Role {
  const role = ROLES[number];
  if (role === undefined) throw new OpenFlowError('OFPRRFC_BAD_ROLE');
  return role;
}

export const formatRole = (role: Role, generation: bigint | null): string =>
  ` role=${role}${generation === null || generation === NO_GENERATION ? '' : ` generation_id=${generation}`}`;

const roleMessage = <K extends string>(
  kind: K,
  name: string,
  type: number,
  subtype: number,
  /** Has a message no generation that would have this one in this role? */
  hasNone: (role: Role, generation: bigint) => boolean,
): MessageKind<RoleMessage<K>> => ({
  kind,
  codes: [ofpt(name, [12, 15], type, { size: 16, unit: 0 }), nxt(name, [10, 15], subtype, { size: 4, unit: 0 })],
  choose: ({ isNicira }, codes) => codes.find(({ vendor }) => (vendor !== undefined) === isNicira) ?? codes[0]!,
  decode(body, { vendor }) {
    if (vendor !== undefined) {
      const number = body.u32();
      // Nicira's has no "no change".
      if (number > 2) throw new OpenFlowError('OFPRRFC_BAD_ROLE');
      return { kind, role: ROLES[number + 1]!, generation: null, isNicira: true };
    }
    const role = roleOf(body.u32());
    body.skip(4);
    const generation = body.u64();
    return { kind, role, generation: hasNone(role, generation) ? null : generation, isNicira: false };
  },
  encode({ role, generation }, body, { vendor }) {
    const number = ROLES.indexOf(role);
    if (vendor !== undefined) {
      body.u32(number - 1);
      return;
    }
    body.u32(number);
    body.zeros(4);
    body.u64(generation ?? (kind === 'role-reply' ? NO_GENERATION : 0n));
  },
  format: ({ role, generation }) => formatRole(role, generation),
});

export const roleRequest = roleMessage('role-request', 'ROLE_REQUEST', 24, 10, (role) => role === 'nochange');
export const roleReply = roleMessage('role-reply', 'ROLE_REPLY', 25, 11, (_role, number) => number === NO_GENERATION);
