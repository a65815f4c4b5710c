/**
 * The flow monitors of one controller, and what they have to tell when a change is complete.
 * Mirrors struct ofmonitor, ofmonitor_report() and ofmonitor_flush() of ofproto/connmgr.c (OpenFlow 1.5.1 §7.3.5.18).
 *
 * Deliberate difference: OVS pauses the monitors of a controller that reads too slowly; here whoever listens has read.
 */
import type { FlowRemovedReason, FlowUpdate } from '#src/openflow/async-message.js';
import type { Action } from '#src/openflow/action/action.js';
import { outputsToPort } from '#src/openflow/action/action-list.js';
import type { FlowMonitorRequest } from '#src/openflow/flow-monitor.js';
import { TABLE_ALL } from '#src/openflow/flow-mod.js';
import { OFPG_ANY } from '#src/openflow/group-mod.js';
import { actionsToShow, matchToShow } from '#src/openflow/option-fields.js';
import { OFPP_NONE } from '#src/openflow/ports.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { groupsOf } from './action-references.js';
import { INTERNAL_TABLE, type Rule } from './openflow-table.js';

/** What has become of a rule. */
export interface FlowEvent {
  readonly event: 'added' | 'deleted' | 'modified';
  readonly rule: Rule;
  /** Of what is deleted. */
  readonly reason: FlowRemovedReason | null;
  /** The actions that it had, where it has others now. */
  readonly oldActions: readonly Action[] | null;
}

export class FlowMonitorSet {
  private readonly monitors = new Map<number, FlowMonitorRequest>();
  private waiting: FlowUpdate[] = [];
  private hasAbbreviated = false;

  /** The flows that there are, of all that the monitor watches. */
  add(request: FlowMonitorRequest, rules: readonly Rule[]): readonly FlowUpdate[] {
    const { tableId, flags, match, outPort } = request;
    if (tableId !== TABLE_ALL && tableId > INTERNAL_TABLE) throw new OpenFlowError('OFPBRC_BAD_TABLE_ID');
    if (this.monitors.has(request.id)) throw new OpenFlowError('OFPMOFC_MONITOR_EXISTS');
    this.monitors.set(request.id, request);
    if (!flags.initial) return [];
    return rules
      .filter((rule) => rule.match.isWithin(match) && hasPort(rule.actions, outPort) && hasGroup(rule.actions, request))
      .map((rule) => fullUpdate('initial', rule, null, flags.actions));
  }

  delete(id: number): void {
    if (!this.monitors.delete(id)) throw new OpenFlowError('OFPMOFC_UNKNOWN_MONITOR');
  }

  /** isOwn: the controller's own doing, with the number of its request. */
  note({ event, rule, reason, oldActions }: FlowEvent, ownXid: number | null): void {
    const flag = event === 'added' ? 'add' : event === 'deleted' ? 'delete' : 'modify';
    const concerned = [...this.monitors.values()].filter(
      (monitor) =>
        monitor.flags[flag] &&
        (monitor.tableId === TABLE_ALL || monitor.tableId === rule.tableId) &&
        (hasPort(rule.actions, monitor.outPort) || (oldActions !== null && hasPort(oldActions, monitor.outPort))) &&
        hasGroup(rule.actions, monitor) &&
        rule.match.isWithin(monitor.match),
    );
    if (concerned.length === 0) return;
    if (ownXid === null || concerned.some(({ flags }) => flags.own)) {
      const withActions = concerned.some(({ flags }) => flags.actions);
      this.waiting.push(fullUpdate(event, rule, reason, withActions));
    } else if (!this.hasAbbreviated) {
      this.waiting.push({ event: 'abbreviated', xid: ownXid });
      this.hasAbbreviated = true;
    }
  }

  /** What has been noted since the last time. */
  flush(): readonly FlowUpdate[] {
    const updates = this.waiting;
    this.waiting = [];
    this.hasAbbreviated = false;
    return updates;
  }
}

const hasPort = (actions: readonly Action[], port: number | null): boolean =>
  port === null || port === OFPP_NONE || outputsToPort(actions, port);

const hasGroup = (actions: readonly Action[], { outGroup }: FlowMonitorRequest): boolean =>
  outGroup === null || outGroup === OFPG_ANY || groupsOf(actions).includes(outGroup);

function fullUpdate(
  event: 'initial' | 'added' | 'deleted' | 'modified',
  rule: Rule,
  reason: FlowRemovedReason | null,
  withActions: boolean,
): FlowUpdate {
  const { tableId, match, priority, cookie, idleTimeout, hardTimeout, actions } = rule;
  return {
    event,
    reason,
    tableId,
    match: matchToShow(match),
    priority,
    cookie,
    idleTimeout,
    hardTimeout,
    actions: withActions ? actionsToShow(actions) : null,
  };
}
