/** dec_nsh_ttl: decrements the TTL of an NSH header (RFC 8300 §2.2). Mirrors DEC_NSH_TTL of lib/ofp-actions.c. */
import { OFF_ETH_TYPE, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { PT_NSH } from '../packet-type.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { emptyForm, nicira } from '../wire/action/action-form.js';

export interface DecNshTtlAction {
  readonly kind: 'dec_nsh_ttl';
}

const ETH_P_NSH = 0x894f;

export const decNshTtlAction: ActionKind<DecNshTtlAction> = {
  kind: 'dec_nsh_ttl',
  names: ['dec_nsh_ttl'],

  parse() {
    return { kind: 'dec_nsh_ttl' };
  },

  format() {
    return 'dec_nsh_ttl';
  },

  validate(_action, { match, limit }) {
    const { key } = match;
    if (key.u32(OFF_PACKET_TYPE) !== PT_NSH && key.u16(OFF_ETH_TYPE) !== ETH_P_NSH) limit(P_OF10_ANY);
    return null;
  },

  translate(_action, context) {
    context.decrementNshTtl();
  },

  refusal(_action, version) {
    return version < 13 ? 'OFPBAC_BAD_VENDOR_TYPE' : null;
  },

  wire: [emptyForm([nicira(48, 13)], () => ({ kind: 'dec_nsh_ttl' }))],
};
