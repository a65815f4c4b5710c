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
  readValue(argument: string): number;
}

/** A value, which must be there. */
function requireArgument(argument: string, problem: string): void {
  if (argument === '') throw new UserError(problem);
}

function setMpls({ kind, fieldName, mask, isSetField, readValue }: SetMplsRow): ActionKind<SetMplsAction> {
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
  };
}

export const setMplsLabelAction = setMpls({
  kind: 'set_mpls_label',
  fieldName: 'mpls_label',
  mask: 0xfffff000,
  isSetField: true,
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
  readValue: (argument) => parseU8(argument, 'MPLS TTL'),
});
