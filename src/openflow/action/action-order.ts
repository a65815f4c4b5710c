/**
 * What may stand in a list of actions, and in which order. Mirrors ofpacts_verify() of lib/ofp-actions.c, which has a
 * sentence for text and a code for bytes.
 */
import type { OpenFlowVersion } from '../protocol.js';
import type { Action } from './action.js';
import { isSetByCtOnly } from './set-field.js';

export interface ListRules {
  /** Instructions come in another order before OpenFlow 1.5; text goes by that of 1.1. */
  readonly version: OpenFlowVersion;
  readonly allowsInstructions: boolean;
  /** The action that the list stands in, where it matters. */
  readonly outer: string | null;
}

export interface ListProblem {
  readonly code: string;
  /** ovs-ofctl's words. */
  readonly sentence: string;
}

/** OpenFlow's instructions, in the order in which a switch carries them out. */
const INSTRUCTIONS: readonly string[] = [
  'meter',
  'apply_actions',
  'clear_actions',
  'write_actions',
  'write_metadata',
  'goto_table',
];

const METER = 0;
const APPLY_ACTIONS = 1;

/** Actions are one instruction together; from OpenFlow 1.5 on a meter is one of them. */
function instructionOf(action: Action, version: OpenFlowVersion): number {
  const found = INSTRUCTIONS.indexOf(action.kind);
  return found < 0 || (found === METER && version >= 15) ? APPLY_ACTIONS : found;
}

/** Is it an action, not an instruction of its own? */
export const isApplied = (action: Action, version: OpenFlowVersion): boolean =>
  instructionOf(action, version) === APPLY_ACTIONS;

/** Does an instruction follow one that it must not follow? */
const isOutOfOrder = (last: number, next: number): boolean => (last === APPLY_ACTIONS ? next < last : next <= last);

/** Does an instruction stand where the version of OpenFlow would not carry it out? */
export function hasMisplacedInstruction(actions: readonly Action[], version: OpenFlowVersion): boolean {
  let last = METER;
  return actions.some((action, index) => {
    const next = instructionOf(action, version);
    const isMisplaced = index > 0 && isOutOfOrder(last, next);
    last = next;
    return isMisplaced;
  });
}

/** OVS's own name of an action, where it is not the kind's. */
const OVS_NAMES: ReadonlyMap<string, string> = new Map([
  ['mod_vlan_vid', 'set_vlan_vid'],
  ['mod_vlan_pcp', 'set_vlan_pcp'],
  ['load', 'set_field'],
]);

const ovsName = (kind: string): string => OVS_NAMES.get(kind) ?? kind;

/** The first thing that is wrong with the list; null when nothing is. */
export function findListProblem(actions: readonly Action[], rules: ListRules): ListProblem | null {
  let last = METER;
  for (const [index, action] of actions.entries()) {
    if (action.kind === 'conjunction') return findAmongConjunctions(actions);
    const nested = findNestingProblem(action, rules);
    if (nested !== null) return nested;
    const next = instructionOf(action, rules.version);
    if (index > 0 && isOutOfOrder(last, next)) return outOfOrder(last, next);
    if (!rules.allowsInstructions && next > APPLY_ACTIONS) {
      return { code: 'OFPBIC_UNSUP_INST', sentence: `${INSTRUCTIONS[next]} instruction not allowed here` };
    }
    last = next;
  }
  return null;
}

function outOfOrder(last: number, next: number): ListProblem {
  const name = INSTRUCTIONS[last]!;
  return {
    code: 'OFPBAC_UNSUPPORTED_ORDER',
    sentence:
      next === last
        ? `duplicate ${name} instruction not allowed, for OpenFlow 1.1+ compatibility`
        : `invalid instruction ordering: ${INSTRUCTIONS[next]} must appear before ${name}, for OpenFlow 1.1+ compatibility`,
  };
}

function findAmongConjunctions(actions: readonly Action[]): ListProblem | null {
  const other = actions.find(({ kind }) => kind !== 'conjunction' && kind !== 'note');
  if (other === undefined) return null;
  return {
    code: 'NXBAC_BAD_CONJUNCTION',
    sentence:
      '"conjunction" actions may be used along with "note" but not any other kind of action ' +
      `(such as the "${ovsName(other.kind)}" action used here)`,
  };
}

/** What may stand in which action's list. */
function findNestingProblem(action: Action, { outer }: ListRules): ListProblem | null {
  const field = destinationField(action);
  if (field !== null && isSetByCtOnly(field) && outer !== 'ct') {
    return { code: 'OFPBAC_BAD_SET_ARGUMENT', sentence: 'cannot set CT fields outside of ct action' };
  }
  if (action.kind === 'nat') {
    if (outer === 'ct') return null;
    return { code: 'OFPBAC_BAD_SET_ARGUMENT', sentence: 'Cannot have NAT action outside of "ct" action' };
  }
  if (outer === null) return null;
  if (action.kind === 'meter' || (outer === 'ct' && field === null)) {
    return {
      code: 'OFPBAC_BAD_ARGUMENT',
      sentence: `${outer} action doesn't support nested action ${ovsName(action.kind)}`,
    };
  }
  if (outer === 'ct' && field !== null && !isSetByCtOnly(field)) {
    return {
      code: 'OFPBAC_BAD_ARGUMENT',
      sentence: `${outer} action doesn't support nested modification of ${field.name}`,
    };
  }
  return null;
}

/** The field that the action writes as set_field or move do (ofpact_get_mf_dst). */
function destinationField(action: Action) {
  switch (action.kind) {
    case 'set_field':
      return action.field;
    case 'load':
    case 'move':
      return action.destination.field;
    default:
      return null;
  }
}
