/**
 * Where actions lead: the tables that a rule's packets are looked up in next, and which tables a packet can come to.
 */
import type { Action } from '#src/openflow/action/action.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { rulesOf } from './finding.js';

/** Tables that an action leads to (nested actions included), and those that it writes rules into. */
export interface Jumps {
  readonly to: ReadonlySet<number>;
  readonly learnsInto: ReadonlySet<number>;
  /** A group's buckets may lead anywhere. */
  readonly isOpen: boolean;
}

export function jumpsOf(rule: Rule): Jumps {
  const to = new Set<number>();
  const learnsInto = new Set<number>();
  let isOpen = false;
  const read = (actions: readonly Action[]): void => {
    for (const action of actions) {
      const words = action as unknown as Readonly<Record<string, unknown>>;
      const kind: string = action.kind;
      if (kind === 'group') isOpen = true;
      const table = tableIn(words);
      if (kind === 'resubmit') to.add(table ?? rule.tableId);
      else if (kind === 'learn') {
        if (table !== null) learnsInto.add(table);
      } else if (table !== null) to.add(table);
      for (const value of Object.values(words)) {
        if (Array.isArray(value) && value.every((item) => typeof (item as Action | null)?.kind === 'string')) {
          read(value as readonly Action[]);
        }
      }
    }
  };
  read(rule.actions);
  return { to, learnsInto, isOpen };
}

function tableIn(action: Readonly<Record<string, unknown>>): number | null {
  for (const name of ['table', 'tableId', 'recircTable']) {
    const value = action[name];
    if (typeof value === 'number' && value < 255) return value;
  }
  return null;
}

export interface Reachable {
  /** By table: a rule that leads there, null for table 0. */
  readonly tables: ReadonlyMap<number, Rule | null>;
  readonly learnsInto: ReadonlySet<number>;
  readonly isOpen: boolean;
}

/** The tables that packets can come to from table 0 by rules that are not hidden. */
export function reachableTables(bridge: Bridge, hidden: ReadonlySet<Rule>): Reachable {
  const tables = new Map<number, Rule | null>([[0, null]]);
  const learnsInto = new Set<number>();
  let isOpen = false;
  const queue = [0];
  for (let table = queue.shift(); table !== undefined; table = queue.shift()) {
    for (const rule of rulesOf(bridge, table)) {
      if (hidden.has(rule)) continue;
      const jumps = jumpsOf(rule);
      isOpen ||= jumps.isOpen;
      for (const learned of jumps.learnsInto) learnsInto.add(learned);
      for (const next of jumps.to) {
        if (tables.has(next)) continue;
        tables.set(next, rule);
        queue.push(next);
      }
    }
  }
  return { tables, learnsInto, isOpen };
}
