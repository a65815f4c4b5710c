/**
 * Types of actions and of instructions as sets: what a switch or a table says it knows. Mirrors get_ofpact_map() and
 * get_ovsinst_map() of lib/ofp-actions.c. A set has a bit for each row, in the order in which they are printed; messages
 * have the numbers that the version gives them.
 */
import type { OpenFlowVersion } from './protocol.js';

interface Row {
  readonly name: string;
  /** Numbers in OpenFlow 1.0, 1.1, and later; absent where the version has no such. */
  readonly of10?: number;
  readonly of11?: number;
  readonly later?: number;
}

const ACTIONS: readonly Row[] = [
  { name: 'output', of10: 0, of11: 0, later: 0 },
  { name: 'group', of11: 22, later: 22 },
  { name: 'enqueue', of10: 11 },
  { name: 'set_field', later: 25 },
  { name: 'set_vlan_vid', of10: 1, of11: 1 },
  { name: 'set_vlan_pcp', of10: 2, of11: 2 },
  { name: 'strip_vlan', of10: 3, of11: 18, later: 18 },
  { name: 'push_vlan', of11: 17, later: 17 },
  { name: 'mod_dl_src', of10: 4, of11: 3 },
  { name: 'mod_dl_dst', of10: 5, of11: 4 },
  { name: 'mod_nw_src', of10: 6, of11: 5 },
  { name: 'mod_nw_dst', of10: 7, of11: 6 },
  { name: 'mod_nw_tos', of10: 8, of11: 7 },
  { name: 'mod_nw_ecn', of11: 8 },
  { name: 'mod_nw_ttl', of11: 23, later: 23 },
  { name: 'mod_tp_src', of10: 9, of11: 9 },
  { name: 'mod_tp_dst', of10: 10, of11: 10 },
  { name: 'dec_ttl', of11: 24, later: 24 },
  { name: 'set_mpls_label', of11: 13 },
  { name: 'set_mpls_tc', of11: 14 },
  { name: 'set_mpls_ttl', of11: 15, later: 15 },
  { name: 'dec_mpls_ttl', of11: 16, later: 16 },
  { name: 'push_mpls', of11: 19, later: 19 },
  { name: 'pop_mpls', of11: 20, later: 20 },
  { name: 'set_queue', of11: 21, later: 21 },
];

const numberIn = ({ of10, of11, later }: Row, version: OpenFlowVersion): number | undefined =>
  version === 10 ? of10 : version === 11 ? of11 : later;

/** All that the version has. */
export const allActionTypes = (version: OpenFlowVersion): number => actionTypesFrom(0xffff_ffff, version);

/** A message's bits as a set; those that mean nothing are left out. */
export function actionTypesFrom(bits: number, version: OpenFlowVersion): number {
  return ACTIONS.reduce((set, row, i) => {
    const number = numberIn(row, version);
    return number !== undefined && ((bits >>> number) & 1) !== 0 ? set | (1 << i) : set;
  }, 0);
}

export function actionTypesTo(set: number, version: OpenFlowVersion): number {
  const bits = ACTIONS.reduce((sum, row, i) => {
    const number = numberIn(row, version);
    return number !== undefined && ((set >>> i) & 1) !== 0 ? sum | (1 << number) : sum;
  }, 0);
  return bits >>> 0;
}

export const formatActionTypes = (set: number): string =>
  ACTIONS.filter((_, i) => ((set >>> i) & 1) !== 0)
    .map(({ name }) => name)
    .join(' ');

/** Instructions, in the order in which they are printed, with their numbers. */
const INSTRUCTIONS: readonly (readonly [name: string, number: number])[] = [
  ['meter', 6],
  ['apply_actions', 4],
  ['clear_actions', 5],
  ['write_actions', 3],
  ['write_metadata', 2],
  ['goto_table', 1],
];
const METER = 6;

/** One instruction as a set, or null where there is none of that number. */
export function instructionType(number: number): number | null {
  const i = INSTRUCTIONS.findIndex(([, known]) => known === number);
  return i < 0 ? null : 1 << i;
}

/** OpenFlow 1.3 and 1.4 have an instruction that meters. */
const hasInstruction = (number: number, version: OpenFlowVersion): boolean =>
  number !== METER || version === 13 || version === 14;

export function instructionTypesFrom(bits: number, version: OpenFlowVersion): number {
  return INSTRUCTIONS.reduce(
    (set, [, number], i) => (hasInstruction(number, version) && ((bits >>> number) & 1) !== 0 ? set | (1 << i) : set),
    0,
  );
}

export function instructionTypesTo(set: number, version: OpenFlowVersion): number {
  return INSTRUCTIONS.reduce(
    (bits, [, number], i) => (hasInstruction(number, version) && ((set >>> i) & 1) !== 0 ? bits | (1 << number) : bits),
    0,
  );
}

/** All that the version has; the last table cannot go to another. */
export const allInstructionTypes = (version: OpenFlowVersion, mayGoOn: boolean): number =>
  instructionTypesFrom(mayGoOn ? 0x7f : 0x7d, version);

export const formatInstructionTypes = (set: number): string =>
  INSTRUCTIONS.filter((_, i) => ((set >>> i) & 1) !== 0)
    .map(([name]) => name)
    .join(' ');
