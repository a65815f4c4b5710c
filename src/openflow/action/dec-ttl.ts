/**
 * dec_ttl, and dec_ttl(ID,…): decrements the TTL or hop limit; expired packets go to the controllers with these ids.
 * Mirrors DEC_TTL of lib/ofp-actions.c.
 */
import { OFF_NW_TTL } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { parseLeadingDecimal } from '../number-text.js';
import { ethTypeOf, isIpType } from '../packet-type.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import { emptyForm, nicira, openflow, requireZeros } from '../wire/action/action-form.js';

export interface DecTtlAction {
  readonly kind: 'dec_ttl';
  readonly controllers: readonly number[];
  /** Were the controllers named? Then they are printed. */
  readonly namesControllers: boolean;
}

export const decTtlAction: ActionKind<DecTtlAction> = {
  kind: 'dec_ttl',
  names: ['dec_ttl'],

  parse(argument) {
    if (argument === '') return { kind: 'dec_ttl', controllers: [0], namesControllers: false };
    const words = argument.split(/[, ]+/).filter((word) => word !== '');
    if (words.length === 0) throw new UserError('dec_ttl_cnt_ids: expected at least one controller id.');
    const controllers = words.map((word) => parseLeadingDecimal(word) & 0xffff);
    return { kind: 'dec_ttl', controllers, namesControllers: true };
  },

  format(action) {
    return action.namesControllers ? `dec_ttl(${action.controllers.join(',')})` : 'dec_ttl';
  },

  validate(_action, { match, limit }) {
    if (!isIpType(ethTypeOf(match.key))) limit(P_OF10_ANY);
    return null;
  },

  translate(action, context) {
    context.wc.setU8(OFF_NW_TTL, 0xff);
    context.decrementTtl(action.controllers);
  },

  wire: [
    {
      ...emptyForm<DecTtlAction>([nicira(18, 10, 10), openflow(24, 11)], () => ({
        kind: 'dec_ttl',
        controllers: [0],
        namesControllers: false,
      })),
      carries: ({ controllers, namesControllers }) =>
        !namesControllers && controllers.length === 1 && controllers[0] === 0,
    },
    {
      codes: [nicira(21)],
      size: 6,
      grows: true,
      decode(body) {
        const count = body.u16();
        requireZeros(body, 4, 'NXBRC_MUST_BE_ZERO');
        if (body.remaining < 2 * count) throw new OpenFlowError('OFPBAC_BAD_LEN');
        const controllers = Array.from({ length: count }, () => body.u16());
        return { kind: 'dec_ttl', controllers, namesControllers: true };
      },
      encode({ controllers }, body) {
        body.u16(controllers.length);
        body.zeros(4);
        for (const id of controllers) body.u16(id);
      },
    },
  ],
};
