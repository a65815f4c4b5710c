/** What lint finds: one sentence of what is wrong, why, and what to do, tied to a rule and to the line that wrote it. */
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';

export type LintCheck =
  | 'shadowed'
  | 'replaced'
  | 'overlap'
  | 'unreachable-table'
  | 'empty-table'
  | 'table-miss'
  | 'loop'
  | 'missing-prerequisite'
  | 'cannot-match'
  | 'dead-action'
  | 'no-such-port'
  | 'vlan-trap';

/** Where a rule was written. */
export interface RulePlace {
  readonly file: string;
  /** Null where the script made the flow's text, so that no line has it. */
  readonly line: number | null;
  /** The flow as it was written. */
  readonly text: string;
}

export interface Finding {
  readonly check: LintCheck;
  readonly table: number;
  readonly rule: Rule | null;
  readonly why: string;
  readonly advice: string;
  /** Where the rule's own place does not serve: a flow that another has replaced. */
  readonly place?: RulePlace;
}

/** What the checks look at: the tables of one bridge, and where their rules were written. */
export interface LintSubject {
  readonly bridge: Bridge;
  readonly file: string;
  readonly places: ReadonlyMap<Rule, RulePlace>;
  /** Flows that a later one replaced: same table, match and priority. */
  readonly replaced: readonly { readonly place: RulePlace; readonly by: RulePlace; readonly table: number }[];
  /** Does the file say which ports there are? A file of flows alone does not. */
  readonly portsAreKnown: boolean;
  /** VLAN headers that the switch looks at. */
  readonly vlanLimit: number;
}

/** All rules of a table, those of the highest priority first; of one priority, as they were made. */
export const rulesOf = (bridge: Bridge, table: number): readonly Rule[] =>
  [...bridge.table(table).classifier.rules()].sort((a, b) => b.priority - a.priority || a.createdNs - b.createdNs);

/** The tables that hold rules; the switch's own is left out. */
export const filledTables = (bridge: Bridge): readonly number[] =>
  bridge
    .usedTables()
    .filter(({ id, classifier }) => id < INTERNAL && classifier.ruleCount > 0)
    .map(({ id }) => id);

const INTERNAL = 254;

/** Rules that are no rules of their own but dimensions of a conjunctive match (ovs-fields(7), conj_id). */
export const isConjunctive = (rule: Rule): boolean => rule.actions.some(({ kind }) => kind === 'conjunction');

/** `tcp,tp_dst=80, priority 5`. */
export const nameOf = (bridge: Bridge, rule: Rule): string => `"${bridge.describeRule(rule, true)}"`;
