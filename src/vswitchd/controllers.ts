/**
 * The controllers that are connected to a bridge, and which of its messages each of them gets.
 * Mirrors struct connmgr and struct ofconn of ofproto/connmgr.c ("Asynchronous Messages" of topics/design).
 *
 * The invariant: a message is told when what it tells of is complete, so that a listener that asks the switch sees it.
 */
import {
  type AsyncConfig,
  type AsyncKind,
  type AsyncMessage,
  type ControllerConnection,
  type ControllerOptions,
  type ControllerRole,
  flowRemovedReasonNumber,
  type PacketInMessage,
  PORT_STATUS_REASONS,
} from '#src/openflow/async-message.js';
import type { OptionMap } from '#flowtable/tunnel-options.js';
import { durationOf } from '#src/openflow/duration.js';
import type { FlowMonitorRequest } from '#src/openflow/flow-monitor.js';
import type { FlowUpdate } from '#src/openflow/async-message.js';
import { matchToShow, receiveCriteria } from '#src/openflow/option-fields.js';
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import type { PortDescription } from '#src/openflow/switch-connection.js';
import type { TableDescription } from '#src/openflow/table-mod.js';
import { samePortIn } from './port-stats.js';
import { type FlowEvent, FlowMonitorSet } from './flow-monitor-set.js';
import type { Rule } from './openflow-table.js';

const OFPR_INVALID_TTL = 2;
/** OFPR_ACTION, and what later versions split it into: ACTION_SET, GROUP, PACKET_OUT. */
const OFPR_ACTION_BIT = 1 << 1;
const OFPR14_ACTION_BITS = (1 << 3) | (1 << 4) | (1 << 5);
/** All of OpenFlow 1.4's reasons but invalid_ttl, and OVS's own for explicit misses. */
const PACKET_IN_BITS = 0b1111011;
const OFPR_IMPLICIT_MISS_BIT = 1 << 7;
const PORT_STATUS_BITS = 0b111;

/** OFPRR_*: idle, hard and delete; group_delete since 1.3; meter_delete and eviction since 1.4. */
const flowRemovedBits = (version: OpenFlowVersion): number => (version >= 14 ? 0x3f : version === 13 ? 0xf : 0x7);

function defaultAsyncConfig(version: OpenFlowVersion): AsyncConfig {
  const none = { 'table-status': 0, requestforward: 0, 'role-status': 0 };
  return {
    primary: {
      ...none,
      'packet-in': PACKET_IN_BITS | (version <= 12 ? OFPR_IMPLICIT_MISS_BIT : 0),
      'port-status': PORT_STATUS_BITS,
      'flow-removed': flowRemovedBits(version),
    },
    secondary: { ...none, 'packet-in': 0, 'port-status': PORT_STATUS_BITS, 'flow-removed': 0 },
  };
}

/** The bit of the message's reason, as it stands in a controller's configuration. */
function reasonOf(message: Exclude<AsyncMessage, { readonly kind: 'flow-updates' }>): number {
  switch (message.kind) {
    case 'packet-in':
      return message.reason;
    case 'flow-removed':
      return flowRemovedReasonNumber(message.reason);
    case 'port-status':
      return PORT_STATUS_REASONS.indexOf(message.reason);
    case 'table-status':
      return message.reason === 'vacancy-down' ? 3 : 4;
    case 'requestforward':
      return message.reason === 'group-mod' ? 0 : 1;
    case 'role-status':
      return 0;
  }
}

/** What the controllers of a bridge need of it. */
export interface ControlledBridge {
  /** Visible rules, for a monitor that begins: of one table, or of all. */
  rules(tableId: number): readonly Rule[];
  readonly tunnelOptions: OptionMap;
  resume(message: PacketInMessage): void;
  /** A packet that no rule matches is sent up from now on, or not. */
  wantPacketInOnMiss(isWanted: boolean): void;
}

export class Controllers {
  private readonly bridge: ControlledBridge;
  private readonly connected = new Set<Controller>();
  /** Whose request is being carried out. */
  private requester: { readonly controller: Controller; readonly xid: number } | null = null;

  constructor(bridge: ControlledBridge) {
    this.bridge = bridge;
  }

  connect(options: ControllerOptions): ControllerConnection {
    const controller = new Controller(this, options);
    this.connected.add(controller);
    this.noteWishes();
    return controller;
  }

  /** @internal For a controller's own use, as is what follows down to `send`. */
  disconnect(controller: Controller): void {
    this.connected.delete(controller);
    this.noteWishes();
  }

  noteWishes(): void {
    this.bridge.wantPacketInOnMiss([...this.connected].some((one) => one.wantsPacketInOnMiss));
  }

  /** There is one primary controller: the one before becomes a secondary one. */
  demoteOthers(than: Controller): void {
    for (const other of this.connected) {
      if (other === than || other.role !== 'primary') continue;
      other.demote();
      other.offer({ kind: 'role-status', role: 'secondary' });
    }
  }

  get tunnelOptions(): OptionMap {
    return this.bridge.tunnelOptions;
  }

  rules(tableId: number): readonly Rule[] {
    return this.bridge.rules(tableId);
  }

  resume(message: PacketInMessage): void {
    this.bridge.resume(message);
  }

  as(controller: Controller, xid: number, body: () => void): void {
    const outer = this.requester;
    this.requester = { controller, xid };
    try {
      body();
    } finally {
      this.requester = outer;
    }
  }

  send(message: Exclude<AsyncMessage, { readonly kind: 'flow-updates' }>): void {
    for (const controller of this.connected) {
      if (message.kind === 'packet-in' && controller.controllerId !== message.controllerId) continue;
      if (message.kind === 'requestforward' && controller === this.requester?.controller) continue;
      controller.offer(message);
    }
  }

  /** before: the port as it was; what a version does not show is not told of it. */
  sendPortStatus(reason: 'add' | 'delete' | 'modify', port: PortDescription, before: PortDescription | null): void {
    for (const controller of this.connected) {
      // Before 1.5 whoever changes a port is not told of it.
      if (controller === this.requester?.controller && controller.version < 15) continue;
      if (before !== null && samePortIn(controller.version, before, port)) continue;
      controller.offer({ kind: 'port-status', reason, port });
    }
  }

  sendVacancy(reason: 'vacancy-down' | 'vacancy-up', table: TableDescription): void {
    this.send({ kind: 'table-status', reason, table });
  }

  /** Tells monitors of changes that belong together, and then whoever asked to hear of flows that are gone. */
  reportFlows(events: readonly FlowEvent[], nowNs: number): void {
    if (this.connected.size === 0) return;
    for (const event of events) {
      for (const controller of this.connected) {
        controller.monitors.note(event, controller === this.requester?.controller ? this.requester.xid : null);
      }
    }
    for (const controller of this.connected) controller.flushMonitors();
    for (const { rule, reason } of events) {
      if (reason === null || !rule.flags.sendFlowRemoved) continue;
      const { tableId, match, priority, cookie, createdNs, idleTimeout, hardTimeout, packets, bytes } = rule;
      const message = {
        reason,
        tableId,
        match: matchToShow(match),
        priority,
        cookie,
        duration: durationOf(nowNs - createdNs),
        idleTimeout,
        hardTimeout,
        packets: BigInt(packets),
        bytes: BigInt(bytes),
      };
      this.send({ kind: 'flow-removed', ...message });
    }
  }
}

class Controller implements ControllerConnection {
  readonly version: OpenFlowVersion;
  readonly monitors = new FlowMonitorSet();
  missSendLength: number;
  private readonly all: Controllers;
  private readonly options: ControllerOptions;
  private id = 0;
  private ownRole: ControllerRole = 'equal';
  private config: AsyncConfig;

  constructor(all: Controllers, options: ControllerOptions) {
    this.all = all;
    this.options = options;
    this.version = options.version;
    this.missSendLength = options.isService ? 0 : 128;
    this.config = defaultAsyncConfig(options.version);
  }

  get controllerId(): number {
    return this.id;
  }
  set controllerId(id: number) {
    this.id = id;
    this.all.noteWishes();
  }

  get role(): ControllerRole {
    return this.ownRole;
  }
  set role(role: ControllerRole) {
    if (role === 'primary' && this.ownRole !== 'primary') this.all.demoteOthers(this);
    this.ownRole = role;
  }

  get asyncConfig(): AsyncConfig {
    return this.config;
  }
  set asyncConfig(config: AsyncConfig) {
    // Before 1.4 one reason stands for all that an action may have.
    const split = (bits: number): number => ((bits & OFPR_ACTION_BIT) === 0 ? bits : bits | OFPR14_ACTION_BITS);
    const widen = (masks: Readonly<Record<AsyncKind, number>>): Readonly<Record<AsyncKind, number>> =>
      this.version >= 14 ? masks : { ...masks, 'packet-in': split(masks['packet-in']) };
    this.config = { primary: widen(config.primary), secondary: widen(config.secondary) };
  }

  get invalidTtlToController(): boolean {
    return (this.config.primary['packet-in'] & (1 << OFPR_INVALID_TTL)) !== 0;
  }
  set invalidTtlToController(isWanted: boolean) {
    const { primary } = this.config;
    const others = primary['packet-in'] & ~(1 << OFPR_INVALID_TTL);
    const bits = isWanted ? others | (1 << OFPR_INVALID_TTL) : others;
    this.asyncConfig = { ...this.config, primary: { ...primary, 'packet-in': bits } };
  }

  get wantsPacketInOnMiss(): boolean {
    return this.id === 0 && this.version < 13;
  }

  demote(): void {
    this.ownRole = 'secondary';
  }

  monitor(request: FlowMonitorRequest): readonly FlowUpdate[] {
    const match = receiveCriteria(request.match, this.all.tunnelOptions);
    return this.monitors.add({ ...request, match }, this.all.rules(request.tableId));
  }

  cancelMonitor(id: number): void {
    this.monitors.delete(id);
  }

  resume(message: PacketInMessage): void {
    this.all.resume(message);
  }

  request(xid: number, body: () => void): void {
    this.all.as(this, xid, body);
  }

  close(): void {
    this.all.disconnect(this);
  }

  /** Takes the message where the controller is one that gets it. */
  offer(message: Exclude<AsyncMessage, { readonly kind: 'flow-updates' }>): void {
    if (this.options.isService && this.missSendLength === 0) return;
    const masks = this.ownRole === 'secondary' ? this.config.secondary : this.config.primary;
    if ((masks[message.kind] & (1 << reasonOf(message))) === 0) return;
    // METER_MOD came with 1.3.
    if (message.kind === 'requestforward' && message.reason === 'meter-mod' && this.version < 13) return;
    this.options.receive(message);
  }

  flushMonitors(): void {
    const updates = this.monitors.flush();
    if (updates.length > 0) this.options.receive({ kind: 'flow-updates', updates });
  }
}
