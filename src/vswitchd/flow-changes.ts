/**
 * Changes of a bridge's rules: flow mods, time-outs, and what goes with a group or a meter. Mirrors the flow mods of
 * ofproto.c (add_flow_start, modify_flows_start__, delete_flows_start__; OpenFlow 1.5.1 §6.4).
 *
 * The invariant: each step puts a way to undo it on the list that it is handed, so that a batch that fails half-way
 * leaves no trace. No packet is looked up in between: a batch is seen as a whole or not at all.
 */
import type { Clock } from '#datapath/environment.js';
import type { Action } from '#src/openflow/action/action.js';
import { checkActions, formatActions, outputsToPort } from '#src/openflow/action/action-list.js';
import { type FlowMod, TABLE_ALL } from '#src/openflow/flow-mod.js';
import { OFPG_ANY } from '#src/openflow/group-mod.js';
import { NO_PORT_NAMES, OFPP_NONE } from '#src/openflow/ports.js';
import type { FlowRemovedReason } from '#src/openflow/async-message.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { checkReferences, conjunctionsOf, groupsOf, orphanedLearning } from './action-references.js';
import type { Bridge } from './bridge.js';
import type { FlowEvent } from './flow-monitor-set.js';
import { INTERNAL_TABLE, type OpenFlowTable, type Rule, TABLE_COUNT } from './openflow-table.js';

const NS_PER_SEC = 1e9;

/** One step of a batch, as it can be undone. */
export type Undo = () => void;

/** Steps that belong together, and what they make of rules: told when all of them are done. */
export class FlowBatch {
  readonly undo: Undo[] = [];
  readonly events: FlowEvent[] = [];

  rollBack(): void {
    for (const step of this.undo.reverse()) step();
  }
}

/** Which rules a request is about, besides its match. */
export interface RuleFilter {
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly outPort: number | null;
  readonly outGroup: number | null;
}

export class FlowChanges {
  private readonly bridge: Bridge;
  private readonly clock: Clock;

  constructor(bridge: Bridge, clock: Clock) {
    this.bridge = bridge;
    this.clock = clock;
  }

  apply(mod: FlowMod, batch: FlowBatch): void {
    switch (mod.command) {
      case 'add':
        this.add(mod, batch);
        return;
      case 'modify':
      case 'modify-strict':
        this.modify(mod, batch);
        return;
      case 'delete':
      case 'delete-strict':
        for (const rule of this.selected(mod)) this.remove(rule, 'delete', batch);
    }
  }

  /** Removes the rules whose actions the test holds for: their group or meter is gone. */
  removeWhere(test: (actions: readonly Action[]) => boolean, reason: FlowRemovedReason, batch: FlowBatch): void {
    for (const rule of this.select(TABLE_ALL, ({ actions }) => test(actions))) this.remove(rule, reason, batch);
  }

  /** Removes all rules. */
  clear(batch: FlowBatch): void {
    for (const table of this.bridge.usedTables()) {
      if (table.id >= INTERNAL_TABLE) continue;
      for (const rule of [...table.classifier.rules()]) this.remove(rule, 'delete', batch);
    }
  }

  /** Removes rules whose time is up; true when there were any. */
  expire(): boolean {
    const nowNs = this.clock.nowNs();
    const isDue = (sinceNs: number, seconds: number): boolean => seconds > 0 && nowNs >= sinceNs + seconds * NS_PER_SEC;
    const reasonOf = (rule: Rule): 'hard' | 'idle' | null => {
      if (isDue(rule.modifiedNs, rule.hardTimeout)) return 'hard';
      return isDue(rule.usedNs, rule.idleTimeout) ? 'idle' : null;
    };
    const rules = this.select(TABLE_ALL, (rule) => reasonOf(rule) !== null);
    for (const rule of rules) {
      const batch = new FlowBatch();
      this.remove(rule, reasonOf(rule)!, batch);
      this.bridge.reportFlows(batch.events);
    }
    return rules.length > 0;
  }

  /** Rules of one table or (TABLE_ALL) of all the user's. */
  select(tableId: number, matching: (rule: Rule) => boolean): Rule[] {
    const tables =
      tableId === TABLE_ALL
        ? this.bridge.usedTables().filter((table) => table.id < INTERNAL_TABLE)
        : [this.bridge.table(tableId)];
    return tables.flatMap((table) =>
      table.classifier.ruleCount === 0 ? [] : [...table.classifier.rules()].filter(matching),
    );
  }

  private remove(rule: Rule, reason: FlowRemovedReason, batch: FlowBatch): void {
    const table = this.bridge.table(rule.tableId);
    table.classifier.remove(rule);
    batch.undo.push(() => table.classifier.insert(rule));
    batch.events.push({ event: 'deleted', rule, reason, oldActions: null });
    this.forget(rule, batch);
  }

  /** Removes what a rule that is gone had learned for itself (delete_learned). */
  private forget({ actions }: Rule, batch: FlowBatch): void {
    for (const { tableId, cookie } of orphanedLearning(this.bridge, actions)) {
      const learned = this.select(tableId, (rule) => rule.cookie === cookie);
      for (const rule of learned) this.remove(rule, 'delete', batch);
    }
  }

  private add(mod: FlowMod, batch: FlowBatch): void {
    const tableId = mod.tableId === TABLE_ALL ? 0 : mod.tableId;
    if (tableId >= INTERNAL_TABLE) throw new OpenFlowError('OFPBRC_EPERM');
    this.check(mod, tableId);
    const table = this.bridge.table(tableId);
    const existing = table.classifier.findExactly(mod.match, mod.priority);
    let hasEvicted = false;
    if (existing === null) {
      if (mod.flags.checkOverlap && table.classifier.overlaps(mod.match, mod.priority)) {
        throw new OpenFlowError('OFPFMFC_OVERLAP');
      }
      hasEvicted = this.makeRoom(table, batch);
    }
    const nowNs = this.clock.nowNs();
    const isCounted = existing !== null && !mod.flags.resetCounts;
    const rule = {
      tableId,
      match: mod.match,
      priority: mod.priority,
      cookie: mod.newCookie ?? existing?.cookie ?? 0n,
      idleTimeout: mod.idleTimeout,
      hardTimeout: mod.hardTimeout,
      importance: mod.importance,
      flags: mod.flags,
      actions: mod.actions,
      conjunctions: conjunctionsOf(mod.actions),
      createdNs: nowNs,
      modifiedNs: nowNs,
      // A rule that takes another's place is as idle as that was.
      usedNs: existing?.usedNs ?? nowNs,
      packets: isCounted ? existing.packets : 0,
      bytes: isCounted ? existing.bytes : 0,
    };
    insert(table, rule, batch.undo);
    // As in OVS, monitors are not told of a rule that has taken the place of one that had to give.
    if (!hasEvicted)
      batch.events.push({ event: 'added', rule, reason: null, oldActions: otherActions(existing, rule) });
    if (existing !== null) this.forget(existing, batch);
  }

  /** True when a rule had to give. */
  private makeRoom(table: OpenFlowTable, batch: FlowBatch): boolean {
    if (!table.isFull) return false;
    const evicted = table.ruleToEvict();
    if (evicted === null) throw new OpenFlowError('OFPFMFC_TABLE_FULL');
    this.remove(evicted, 'eviction', batch);
    return true;
  }

  private modify(mod: FlowMod, batch: FlowBatch): void {
    const rules = this.selected(mod);
    if (rules.length === 0) {
      if (mod.cookieMask === 0n && mod.newCookie !== null) this.add(mod, batch);
      return;
    }
    for (const rule of rules) {
      this.check(mod, rule.tableId);
      const kept = mod.flags.resetCounts ? { packets: 0, bytes: 0 } : { packets: rule.packets, bytes: rule.bytes };
      const changed = {
        ...rule,
        ...kept,
        cookie: (mod.keepsCookies === true ? null : mod.newCookie) ?? rule.cookie,
        actions: mod.actions,
        conjunctions: conjunctionsOf(mod.actions),
        modifiedNs: this.clock.nowNs(),
      };
      insert(this.bridge.table(rule.tableId), changed, batch.undo);
      const oldActions = otherActions(rule, changed);
      if (oldActions !== null || changed.cookie !== rule.cookie) {
        batch.events.push({ event: 'modified', rule: changed, reason: null, oldActions });
      }
      this.forget(rule, batch);
    }
  }

  private check(mod: FlowMod, tableId: number): void {
    const { error } = checkActions(mod.actions, { match: mod.match, tableId, tableCount: TABLE_COUNT });
    if (error !== null) throw new OpenFlowError(error);
    checkReferences(this.bridge, mod.actions);
  }

  /** The rules that a modify or delete is about. */
  private selected(mod: FlowMod): readonly Rule[] {
    const isStrict = mod.command === 'modify-strict' || mod.command === 'delete-strict';
    const matching = isStrict
      ? (rule: Rule) => rule.priority === mod.priority && rule.match.equals(mod.match)
      : (rule: Rule) => rule.match.isWithin(mod.match);
    return this.select(mod.tableId, matching).filter((rule) => agreesWith(rule, mod));
  }
}

/** The actions of the rule that another replaces, where they are others. */
function otherActions(replaced: Rule | null, { actions }: Rule): readonly Action[] | null {
  if (replaced === null || textOf(replaced.actions) === textOf(actions)) return null;
  return replaced.actions;
}

const textOf = (actions: readonly Action[]): string => formatActions(actions, { ports: NO_PORT_NAMES });

function insert(table: OpenFlowTable, rule: Rule, undo: Undo[]): void {
  const replaced = table.classifier.insert(rule);
  undo.push(() => {
    table.classifier.remove(rule);
    if (replaced !== null) table.classifier.insert(replaced);
  });
}

export function agreesWith(rule: Rule, filter: RuleFilter): boolean {
  const { outPort, outGroup } = filter;
  if (((rule.cookie ^ filter.cookie) & filter.cookieMask) !== 0n) return false;
  if (outGroup !== null && outGroup !== OFPG_ANY && !groupsOf(rule.actions).includes(outGroup)) return false;
  return outPort === null || outPort === OFPP_NONE || outputsToPort(rule.actions, outPort);
}
