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
};
