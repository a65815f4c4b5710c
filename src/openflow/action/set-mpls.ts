/**
 * set_mpls_label, set_mpls_tc and set_mpls_ttl: parts of the outer label (RFC 3032 §2.1, RFC 5462).
 * Mirrors SET_MPLS_LABEL, SET_MPLS_TC and SET_MPLS_TTL of lib/ofp-actions.c. From OpenFlow 1.2 on the first two travel
 * as set_field.
 */
import { fieldNamed, writeField } from '#flowtable/fields.js';
import { OFF_ETH_TYPE, OFF_MPLS } from '#flowtable/flow-key.js';
import { UserError } from '../../report/user-error.js';
import { parseU32, parseU8 } from '../number-text.js';
import { ethTypeOf, isMplsType } from '../packet-type.js';
import { P_OF10_ANY } from '../protocol.js';
import type { ActionKind } from './action-kind.js';
import { setWholeField } from './set-field.js';
import { type ActionCode, nicira, numberForm, openflow } from '../wire/action/action-form.js';

export interface SetMplsAction {
  readonly kind: 'set_mpls_label' | 'set_mpls_tc' | 'set_mpls_ttl';
  readonly value: number;
}

interface SetMplsRow {
  readonly kind: SetMplsAction['kind'];
  readonly fieldName: string;
  /** The field's bits in the label stack entry. */
  readonly mask: number;
  readonly isSetField: boolean;
  readonly codes: readonly ActionCode[];
  /** Of the number on the wire. */
  readonly size: 1 | 4;
  readValue(argument: string): number;
}

/** A value, which must be there. */
function requireArgument(argument: string, problem: string): void {
  if (argument === '') throw new UserError(problem);
}

function setMpls(row: SetMplsRow): ActionKind<SetMplsAction> {
  const { kind, fieldName, mask, isSetField, codes, size, readValue } = row;
  const field = fieldNamed(fieldName);
  return {
    kind,
    names: [kind],

    parse(argument) {
      requireArgument(argument, `${kind}: expected ${kind.slice('set_mpls_'.length)}.`);
      return { kind, value: readValue(argument) };
    },

    format(action) {
      return `${kind}(${action.value})`;
    },

    validate(_action, { match, limit }) {
      if (!isMplsType(ethTypeOf(match.key))) limit(P_OF10_ANY);
      return null;
    },

    translate(action, { flow, wc }) {
      if (!isMplsType(flow.u16(OFF_ETH_TYPE))) return;
      wc.setU32(OFF_MPLS, wc.u32(OFF_MPLS) | mask);
      writeField(flow, field, BigInt(action.value));
    },

    inVersion(action, version) {
      return isSetField && version >= 12 ? [setWholeField(field, BigInt(action.value))] : [action];
    },

    // The wire has room for values that are none, and as in OVS nobody looks.
    wire: [numberForm({ codes, size, decode: (value) => ({ kind, value }), encode: ({ value }) => value })],
  };
}

export const setMplsLabelAction = setMpls({
  kind: 'set_mpls_label',
  fieldName: 'mpls_label',
  mask: 0xfffff000,
  isSetField: true,
  codes: [nicira(30, 10, 10), openflow(13, 11)],
  size: 4,
  readValue(argument) {
    const label = parseU32(argument);
    if (label > 0xfffff) throw new UserError(`${argument}: not a valid MPLS label`);
    return label;
  },
});

export const setMplsTcAction = setMpls({
  kind: 'set_mpls_tc',
  fieldName: 'mpls_tc',
  mask: 0xe00,
  isSetField: true,
  codes: [nicira(31, 10, 10), openflow(14, 11)],
  size: 1,
  readValue(argument) {
    const tc = parseU8(argument, 'MPLS TC');
    if (tc > 7) throw new UserError(`${argument}: not a valid MPLS TC`);
    return tc;
  },
});

export const setMplsTtlAction = setMpls({
  kind: 'set_mpls_ttl',
  fieldName: 'mpls_ttl',
  mask: 0xff,
  isSetField: false,
  codes: [nicira(25, 10, 10), openflow(15, 11)],
  size: 1,
  readValue: (argument) => parseU8(argument, 'MPLS TTL'),
});
