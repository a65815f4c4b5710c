/**
 * push_mpls, pop_mpls and dec_mpls_ttl: the stack of MPLS labels (RFC 3032). Mirrors PUSH_MPLS, POP_MPLS and
 * DEC_MPLS_TTL of lib/ofp-actions.c; OpenFlow 1.5.1 §7.2.6.5-6.
 */
import { OFF_ETH_TYPE, OFF_NW_PROTO, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { ethTypeOf, isMplsType, PT_ETH } from '../packet-type.js';
import { parseU16 } from '../number-text.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { OpenFlowError } from '../switch-connection.js';
import { emptyForm, nicira, numberForm, openflow } from '../wire/action/action-form.js';

export interface PushMplsAction {
  readonly kind: 'push_mpls';
  /** Of the packet afterwards: 0x8847 or 0x8848. */
  readonly ethertype: number;
}

export interface PopMplsAction {
  readonly kind: 'pop_mpls';
  /** Of the packet afterwards. */
  readonly ethertype: number;
}

export interface DecMplsTtlAction {
  readonly kind: 'dec_mpls_ttl';
}

const fourDigits = (value: number): string => `0x${value.toString(16).padStart(4, '0')}`;

export const pushMplsAction: ActionKind<PushMplsAction> = {
  kind: 'push_mpls',
  names: ['push_mpls'],

  parse(argument) {
    return { kind: 'push_mpls', ethertype: parseU16(argument, 'push_mpls') };
  },

  format(action) {
    return `push_mpls:${fourDigits(action.ethertype)}`;
  },

  validate(action, { match, limit }) {
    const { key } = match;
    if (key.u32(OFF_PACKET_TYPE) !== PT_ETH) limit(P_OF10_ANY);
    key.setU16(OFF_ETH_TYPE, action.ethertype);
    // What is under the labels cannot be seen any more.
    key.setU8(OFF_NW_PROTO, 0);
    return null;
  },

  translate(action, context) {
    context.pushMpls(action.ethertype);
  },

  refusal(action) {
    return isMplsType(action.ethertype) ? null : 'OFPBAC_BAD_ARGUMENT';
  },

  wire: [
    numberForm({
      codes: [nicira(23, 10, 10), openflow(19, 11)],
      size: 2,
      decode(ethertype) {
        if (!isMplsType(ethertype)) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
        return { kind: 'push_mpls', ethertype };
      },
      encode: ({ ethertype }) => ethertype,
    }),
  ],
};

export const popMplsAction: ActionKind<PopMplsAction> = {
  kind: 'pop_mpls',
  names: ['pop_mpls'],

  parse(argument) {
    return { kind: 'pop_mpls', ethertype: parseU16(argument, 'pop_mpls') };
  },

  format(action) {
    return `pop_mpls:${fourDigits(action.ethertype)}`;
  },

  validate(action, { match, limit }) {
    const { key } = match;
    if (key.u32(OFF_PACKET_TYPE) !== PT_ETH || !isMplsType(ethTypeOf(key))) limit(P_OF10_ANY);
    key.setU16(OFF_ETH_TYPE, action.ethertype);
    return null;
  },

  translate(action, context) {
    context.popMpls(action.ethertype);
  },

  wire: [
    numberForm({
      codes: [nicira(24, 10, 10), openflow(20, 11)],
      size: 2,
      decode: (ethertype) => ({ kind: 'pop_mpls', ethertype }),
      encode: ({ ethertype }) => ethertype,
    }),
  ],
};

export const decMplsTtlAction: ActionKind<DecMplsTtlAction> = {
  kind: 'dec_mpls_ttl',
  names: ['dec_mpls_ttl'],

  parse() {
    return { kind: 'dec_mpls_ttl' };
  },

  format() {
    return 'dec_mpls_ttl';
  },

  validate(_action, { match, limit }) {
    if (!isMplsType(ethTypeOf(match.key))) limit(P_OF10_ANY);
    return null;
  },

  translate(_action, context) {
    context.decrementMplsTtl();
  },

  wire: [emptyForm([nicira(26, 10, 10), openflow(16, 11)], () => ({ kind: 'dec_mpls_ttl' }))],
};
