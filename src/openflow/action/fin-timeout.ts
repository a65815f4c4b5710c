/**
 * fin_timeout(idle_timeout=S,hard_timeout=S): once a TCP connection ends, the flow has only so long to live.
 * Mirrors FIN_TIMEOUT of lib/ofp-actions.c.
 */
import { OFF_NW_PROTO } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { parseU16 } from '../number-text.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { nicira } from '../wire/action/action-form.js';

export interface FinTimeoutAction {
  readonly kind: 'fin_timeout';
  /** 0: unchanged. */
  readonly idleTimeout: number;
  readonly hardTimeout: number;
}

const TCP = 6;

export const finTimeoutAction: ActionKind<FinTimeoutAction> = {
  kind: 'fin_timeout',
  names: ['fin_timeout'],

  parse(argument) {
    let idleTimeout = 0;
    let hardTimeout = 0;
    for (const { key, value } of splitKeyValues(argument)) {
      if (key === 'idle_timeout') idleTimeout = parseU16(value, key);
      else if (key === 'hard_timeout') hardTimeout = parseU16(value, key);
      else throw new UserError(`invalid key '${key}' in 'fin_timeout' argument`);
    }
    return { kind: 'fin_timeout', idleTimeout, hardTimeout };
  },

  format({ idleTimeout, hardTimeout }) {
    const parts: string[] = [];
    if (idleTimeout !== 0) parts.push(`idle_timeout=${idleTimeout}`);
    if (hardTimeout !== 0) parts.push(`hard_timeout=${hardTimeout}`);
    return `fin_timeout(${parts.join(',')})`;
  },

  validate(_action, { match, limit }) {
    if (match.key.u8(OFF_NW_PROTO) !== TCP) limit(P_OF10_ANY);
    return null;
  },

  translate({ idleTimeout, hardTimeout }, context) {
    context.wc.setU8(OFF_NW_PROTO, 0xff);
    context.finTimeout(idleTimeout, hardTimeout);
  },

  wire: [
    {
      codes: [nicira(19)],
      size: 6,
      decode: (body) => ({ kind: 'fin_timeout', idleTimeout: body.u16(), hardTimeout: body.u16() }),
      encode({ idleTimeout, hardTimeout }, body) {
        body.u16(idleTimeout);
        body.u16(hardTimeout);
      },
    },
  ],
};
