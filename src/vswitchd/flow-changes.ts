/**
 * Changes of a bridge's rules: flow mods, time-outs, and what goes with a group or a meter. Mirrors the flow mods of
 * ofproto.c (add_flow_start, modify_flows_start__, delete_flows_start__; OpenFlow 1.5.1 §6.4).
 *
 * The invariant: all of it happens in the version that a revision makes. Counters, events and what rules had learned
 * follow when that is current.
 */
import type { Action } from '#src/openflow/action/action.js';
import { checkActions, formatActions, outputsToPort } from '#src/openflow/action/action-list.js';
import { type FlowMod, TABLE_ALL } from '#src/openflow/flow-mod.js';
import { OFPG_ANY } from '#src/openflow/group-mod.js';
import { NO_PORT_NAMES, OFPP_NONE } from '#src/openflow/ports.js';
import type { FlowRemovedReason } from '#src/openflow/async-message.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { checkReferences, conjunctionsOf, groupsOf } from './action-references.js';
import type { Bridge } from './bridge.js';
import type { LearnedBy } from './learned-cookies.js';
import { INTERNAL_TABLE, type OpenFlowTable, type Rule, TABLE_COUNT } from './openflow-table.js';
import { type Revision, revise } from './revision.js';

const NS_PER_SEC = 1e9;
const WHOLE_COOKIE = 0xffff_ffff_ffff_ffffn;

/** What one message has done to one rule. */
type RuleChange =
  | { readonly kind: 'deleted'; readonly rule: Rule; readonly reason: FlowRemovedReason }
  | {
      readonly kind: 'added' | 'modified';
      readonly rule: Rule;
      readonly replaced: Rule | null;
      /** Go on with the counters of the rule that is replaced? */
      readonly keepsCounts: boolean;
      /** Are monitors told? */
      readonly isTold: boolean;
    };

/** Which rules a request is about, besides its match. */
export interface RuleFilter {
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly outPort: number | null;
  readonly outGroup: number | null;
}

export class FlowChanges {
  private readonly bridge: Bridge;

  constructor(bridge: Bridge) {
    this.bridge = bridge;
  }

  apply(mod: FlowMod, revision: Revision): void {
    this.finishLater(revision, this.start(mod, revision));
  }

  /** Removes the rules whose actions the test holds for: their group or meter is gone. */
  removeWhere(test: (actions: readonly Action[]) => boolean, reason: FlowRemovedReason, revision: Revision): void {
    this.removeAll(
      this.selectAll(TABLE_ALL, ({ actions }) => test(actions)),
      reason,
      revision,
    );
  }

  /** Removes rules. */
  removeAll(rules: readonly Rule[], reason: FlowRemovedReason, revision: Revision): void {
    this.finishLater(
      revision,
      rules.map((rule) => this.remove(rule, reason, revision)),
    );
  }

  /** Evicts rules, where they may go, until the table keeps to its limit. */
  shrink(table: OpenFlowTable, revision: Revision): void {
    const changes: RuleChange[] = [];
    while (table.isOverfull) {
      const rule = table.ruleToEvict();
      if (rule === null) break;
      changes.push(this.remove(rule, 'eviction', revision));
    }
    this.finishLater(revision, changes);
  }

  /** Removes rules whose time is up. */
  expire(): void {
    const nowNs = this.bridge.clock.nowNs();
    const isDue = (sinceNs: number, seconds: number): boolean => seconds > 0 && nowNs >= sinceNs + seconds * NS_PER_SEC;
    const reasonOf = (rule: Rule): 'hard' | 'idle' | null => {
      if (isDue(rule.modifiedNs, rule.hardTimeout)) return 'hard';
      return isDue(rule.usedNs, rule.idleTimeout) ? 'idle' : null;
    };
    for (const rule of this.select(TABLE_ALL, (one) => reasonOf(one) !== null)) {
      revise((revision) => this.removeAll([rule], reasonOf(rule)!, revision));
    }
  }

  /** One table or (TABLE_ALL) all of the user's. */
  tables(tableId: number): readonly OpenFlowTable[] {
    if (tableId !== TABLE_ALL) return [this.bridge.table(tableId)];
    return this.bridge.usedTables().filter((table) => table.id < INTERNAL_TABLE);
  }

  /** Rules of one table or (TABLE_ALL) of all the user's. */
  select(tableId: number, matching: (rule: Rule) => boolean): Rule[] {
    return this.tables(tableId).flatMap((table) =>
      table.classifier.ruleCount === 0 ? [] : [...table.classifier.rules()].filter(matching),
    );
  }

  private start(mod: FlowMod, revision: Revision): readonly RuleChange[] {
    switch (mod.command) {
      case 'add':
        return this.add(mod, revision);
      case 'modify':
      case 'modify-strict':
        return this.modify(mod, revision);
      case 'delete':
      case 'delete-strict':
        return this.selected(mod).map((rule) => this.remove(rule, 'delete', revision));
    }
  }

  private remove(rule: Rule, reason: FlowRemovedReason, revision: Revision): RuleChange {
    revision.hide(this.bridge, this.bridge.table(rule.tableId).classifier, rule);
    return { kind: 'deleted', rule, reason };
  }

  private put(rule: Rule, replaced: Rule | null, revision: Revision): void {
    const { classifier } = this.bridge.table(rule.tableId);
    if (replaced !== null) revision.hide(this.bridge, classifier, replaced);
    revision.insert(this.bridge, classifier, rule);
  }

  private add(mod: FlowMod, revision: Revision): readonly RuleChange[] {
    const tableId = mod.tableId === TABLE_ALL ? 0 : mod.tableId;
    if (tableId >= INTERNAL_TABLE) throw new OpenFlowError('OFPBRC_EPERM');
    this.check(mod, tableId);
    const table = this.bridge.table(tableId);
    const replaced = table.classifier.findExactly(mod.match, mod.priority);
    let evicted: readonly RuleChange[] = [];
    if (replaced === null) {
      if (mod.flags.checkOverlap && table.classifier.overlaps(mod.match, mod.priority)) {
        throw new OpenFlowError('OFPFMFC_OVERLAP');
      }
      evicted = this.makeRoom(table, revision);
    }
    const nowNs = this.bridge.clock.nowNs();
    const rule: Rule = {
      tableId,
      match: mod.match,
      priority: mod.priority,
      cookie: mod.newCookie ?? replaced?.cookie ?? 0n,
      idleTimeout: mod.idleTimeout,
      hardTimeout: mod.hardTimeout,
      importance: mod.importance,
      flags: mod.flags,
      actions: mod.actions,
      conjunctions: conjunctionsOf(mod.actions),
      createdNs: nowNs,
      modifiedNs: nowNs,
      usedNs: nowNs,
      packets: 0,
      bytes: 0,
    };
    this.put(rule, replaced, revision);
    // As in OVS, monitors are not told of a rule that has taken the place of one that had to give.
    const isTold = evicted.length === 0;
    return [...evicted, { kind: 'added', rule, replaced, keepsCounts: !mod.flags.resetCounts, isTold }];
  }

  /** Evicts a rule where the table is full. */
  private makeRoom(table: OpenFlowTable, revision: Revision): readonly RuleChange[] {
    if (!table.isFull) return [];
    const evicted = table.ruleToEvict();
    if (evicted === null) throw new OpenFlowError('OFPFMFC_TABLE_FULL');
    return [this.remove(evicted, 'eviction', revision)];
  }

  private modify(mod: FlowMod, revision: Revision): readonly RuleChange[] {
    const rules = this.selected(mod);
    if (rules.length === 0) return mod.cookieMask === 0n && mod.newCookie !== null ? this.add(mod, revision) : [];
    return rules.map((replaced) => {
      this.check(mod, replaced.tableId);
      const rule: Rule = {
        ...replaced,
        cookie: (mod.keepsCookies === true ? null : mod.newCookie) ?? replaced.cookie,
        actions: mod.actions,
        conjunctions: conjunctionsOf(mod.actions),
        modifiedNs: this.bridge.clock.nowNs(),
        packets: 0,
        bytes: 0,
      };
      this.put(rule, replaced, revision);
      const isTold = otherActions(replaced, rule) !== null || rule.cookie !== replaced.cookie;
      return { kind: 'modified', rule, replaced, keepsCounts: !mod.flags.resetCounts, isTold };
    });
  }

  /** What is left to do of the changes that one message asked for, when they are current. */
  private finishLater(revision: Revision, changes: readonly RuleChange[]): void {
    if (changes.length > 0) revision.afterwards(() => this.finish(revision, changes));
  }

  private finish(revision: Revision, changes: readonly RuleChange[]): void {
    const { learnedCookies } = this.bridge;
    const orphaned: LearnedBy[] = [];
    for (const change of changes) {
      const { rule } = change;
      if (change.kind === 'deleted') {
        orphaned.push(...learnedCookies.remove(rule.actions));
        revision.report(this.bridge, { event: 'deleted', rule, reason: change.reason, oldActions: null });
        continue;
      }
      const { kind, replaced, keepsCounts, isTold } = change;
      learnedCookies.add(rule.actions);
      if (replaced !== null) {
        orphaned.push(...learnedCookies.remove(replaced.actions));
        inheritCounters(rule, replaced, keepsCounts);
      }
      if (!isTold) continue;
      revision.report(this.bridge, { event: kind, rule, reason: null, oldActions: otherActions(replaced, rule) });
    }
    this.forget(orphaned, revision);
  }

  /** Removes what rules that are gone had learned for themselves (delete_learned). */
  private forget(orphaned: readonly LearnedBy[], revision: Revision): void {
    for (const { tableId, cookie } of orphaned) {
      const rules = this.selectAll(tableId, (rule) => rule.cookie === cookie);
      if (rules.length === 0) continue;
      const changes = rules.map((rule) => this.remove(rule, 'delete', revision));
      revision.advance(this.bridge);
      this.finish(revision, changes);
    }
  }

  private check(mod: FlowMod, tableId: number): void {
    const { error } = checkActions(mod.actions, { match: mod.match, tableId, tableCount: TABLE_COUNT });
    if (error !== null) throw new OpenFlowError(error);
    checkReferences(this.bridge, mod.actions);
  }

  /**
   * The rules that a modify or delete is about. As in OVS a loose match within a bundle does not see the rules with masks
   * that the bundle has brought, unless it names their cookie.
   */
  private selected(mod: FlowMod): readonly Rule[] {
    const candidates = this.tables(mod.tableId).flatMap(({ classifier }) => {
      if (mod.command === 'modify-strict' || mod.command === 'delete-strict') {
        return classifier.findExactly(mod.match, mod.priority) ?? [];
      }
      const rules = mod.cookieMask === WHOLE_COOKIE ? classifier.allRules() : classifier.rules();
      return [...rules].filter((rule) => rule.match.isWithin(mod.match));
    });
    return candidates.filter((rule) => agreesWith(rule, mod));
  }

  /** All rules that the test holds for, of one table or (TABLE_ALL) of the user's. */
  private selectAll(tableId: number, test: (rule: Rule) => boolean): readonly Rule[] {
    return this.tables(tableId).flatMap(({ classifier }) => [...classifier.allRules()].filter(test));
  }
}

/** The actions of the rule that another replaces, where they are others. */
function otherActions(replaced: Rule | null, { actions }: Rule): readonly Action[] | null {
  if (replaced === null || textOf(replaced.actions) === textOf(actions)) return null;
  return replaced.actions;
}

const textOf = (actions: readonly Action[]): string => formatActions(actions, { ports: NO_PORT_NAMES });

/** A rule that takes another's place is as idle as that was, and counts on unless it is asked to begin anew. */
function inheritCounters(rule: Rule, { usedNs, packets, bytes }: Rule, keepsCounts: boolean): void {
  rule.usedNs = usedNs;
  if (!keepsCounts) return;
  rule.packets += packets;
  rule.bytes += bytes;
}

export function agreesWith(rule: Rule, filter: RuleFilter): boolean {
  const { outPort, outGroup } = filter;
  if (((rule.cookie ^ filter.cookie) & filter.cookieMask) !== 0n) return false;
  if (outGroup !== null && outGroup !== OFPG_ANY && !groupsOf(rule.actions).includes(outGroup)) return false;
  return outPort === null || outPort === OFPP_NONE || outputsToPort(rule.actions, outPort);
}
