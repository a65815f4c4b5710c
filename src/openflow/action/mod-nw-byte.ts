/**
 * mod_nw_tos, mod_nw_ecn and mod_nw_ttl: bytes that IPv4 and IPv6 headers have in common (RFC 791, RFC 8200, RFC 3168).
 * Mirrors SET_IP_DSCP, SET_IP_ECN and SET_IP_TTL of lib/ofp-actions.c.
 */
import { fieldNamed } from '#flowtable/fields.js';
import { type FlowKey, OFF_NW_PROTO, OFF_NW_TOS, OFF_NW_TTL } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { UserError } from '../../report/user-error.js';
import { parseU8 } from '../number-text.js';
import { ethTypeOf, isIpType } from '../packet-type.js';
import { P_OF10_ANY } from '../protocol.js';
import type { Action } from './action.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { OpenFlowError } from '../switch-connection.js';
import { type ActionCode, numberForm, openflow } from '../wire/action/action-form.js';

export interface ModNwByteAction {
  readonly kind: 'mod_nw_tos' | 'mod_nw_ecn' | 'mod_nw_ttl';
  readonly value: number;
}

const isIp = (key: FlowKey): boolean => isIpType(ethTypeOf(key));

interface ModNwByteRow {
  readonly kind: ModNwByteAction['kind'];
  readonly names: readonly string[];
  readonly title: string;
  /** Where the byte stands, and its bits that the action may set. */
  readonly offset: number;
  readonly bits: number;
  readonly codes: readonly ActionCode[];
  inVersion(action: ModNwByteAction, version: number): readonly Action[];
}

function modNwByte(row: ModNwByteRow): ActionKind<ModNwByteAction> {
  const { kind, names, title, offset, bits, codes, inVersion } = row;
  return {
    kind,
    names,

    parse(argument) {
      const value = parseU8(argument, title);
      if ((value & ~bits) !== 0) throw new UserError(`${argument}: not a valid ${title}`);
      return { kind, value };
    },

    format(action) {
      return `${kind}:${action.value}`;
    },

    validate(_action, { match, limit }) {
      if (!isIp(match.key)) limit(P_OF10_ANY);
      return null;
    },

    translate(action, { flow, wc }) {
      if (!isIp(flow)) return;
      setExact(wc, OFF_NW_PROTO, 1);
      wc.setU8(offset, wc.u8(offset) | bits);
      flow.setU8(offset, (flow.u8(offset) & ~bits) | action.value);
    },

    inVersion,

    wire: [
      numberForm({
        codes,
        size: 1,
        decode(value) {
          if ((value & ~bits) !== 0) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
          return { kind, value };
        },
        encode: ({ value }) => value,
      }),
    ],
  };
}

const IP_DSCP = fieldNamed('ip_dscp');
const NW_ECN = fieldNamed('nw_ecn');
const NW_TTL = fieldNamed('nw_ttl');

export const modNwTosAction = modNwByte({
  kind: 'mod_nw_tos',
  names: ['mod_nw_tos'],
  title: 'TOS',
  offset: OFF_NW_TOS,
  bits: 0xfc,
  codes: [openflow(8, 10, 10), openflow(7, 11)],
  inVersion: (action, version) => (version < 12 ? [action] : [setWholeField(IP_DSCP, BigInt(action.value >> 2))]),
});

export const modNwEcnAction = modNwByte({
  kind: 'mod_nw_ecn',
  names: ['mod_nw_ecn'],
  title: 'ECN',
  offset: OFF_NW_TOS,
  bits: 3,
  codes: [openflow(8, 11)],
  inVersion(action, version) {
    const value = BigInt(action.value);
    if (version === 10) return [{ kind: 'load', destination: { field: NW_ECN, offset: 0, bits: 2 }, value }];
    return version === 11 ? [action] : [setWholeField(NW_ECN, value)];
  },
});

export const modNwTtlAction = modNwByte({
  kind: 'mod_nw_ttl',
  names: ['mod_nw_ttl', 'set_nw_ttl'],
  title: 'TTL',
  offset: OFF_NW_TTL,
  bits: 0xff,
  codes: [openflow(23, 11)],
  inVersion(action, version) {
    if (version > 10) return [action];
    return [{ kind: 'load', destination: { field: NW_TTL, offset: 0, bits: 8 }, value: BigInt(action.value) }];
  },
});
