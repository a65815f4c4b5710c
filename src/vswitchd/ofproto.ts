/**
 * The OpenFlow half of a bridge: requests in, answers out. Mirrors ofproto/ofproto.c: flow, group, meter, table and
 * port mods, bundles, statistics, packet-out.
 *
 * The invariant: a request that is refused leaves the switch as it was, and one that is carried out is seen by packets
 * as a whole or not at all.
 */

import type { ControllerConnection, ControllerOptions } from '#src/openflow/async-message.js';
import type { FlowMod } from '#src/openflow/flow-mod.js';
import { TABLE_ALL } from '#src/openflow/flow-mod.js';
import {
  GROUP_TYPES,
  type GroupDescription,
  type GroupFeatures,
  type GroupMod,
  type GroupStatsEntry,
  OFPG_MAX,
} from '#src/openflow/group-mod.js';
import type { MeterConfig, MeterFeatures, MeterMod, MeterStatsEntry } from '#src/openflow/meter-mod.js';
import { receiveCriteria, receiveFlowMod } from '#src/openflow/option-fields.js';
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import {
  type BundleMessage,
  type FlowStatsEntry,
  type FlowStatsRequest,
  type FragmentHandling,
  type IpfixStats,
  BundleError,
  OpenFlowError,
  type PacketOut,
  type PortDescription,
  type PortStatsEntry,
  type QueueStatsEntry,
  type SwitchConnection,
  type SwitchFeatures,
} from '#src/openflow/switch-connection.js';
import type { TableDescription, TableMod, TableStatsEntry } from '#src/openflow/table-mod.js';
import type { TlvTable, TlvTableMod } from '#src/openflow/tlv-map.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import { groupsOf, usesMeter } from './action-references.js';
import type { Bridge } from './bridge.js';
import { PORT_DOWN } from './bundle.js';
import { Controllers } from './controllers.js';
import { agreesWith, FlowChanges } from './flow-changes.js';
import type { FlowEvent } from './flow-monitor-set.js';
import { INTERNAL_TABLE, type OpenFlowTable, type Rule, TABLE_COUNT } from './openflow-table.js';
import { startPacketOut } from './packet-out.js';
import {
  describePort,
  portStatsEntry,
  portsInOrder,
  isLive,
  samePortIn,
  withConfig,
  withoutLife,
} from './port-stats.js';
import { type Revision, revise } from './revision.js';
import { updateFlooding } from './spanning-tree/port-state.js';
import { changeTlvTable, describeTlvTable } from './tlv-table.js';

/** SELECT_WEIGHT, SELECT_LIVENESS and CHAINING (OFPGFC12_*). */
const GROUP_CAPABILITIES = 1 | 2 | 4;

export class Ofproto implements SwitchConnection {
  readonly bridge: Bridge;
  private readonly scheduler: Scheduler;
  private readonly changes: FlowChanges;
  private readonly controllers: Controllers;
  /** Ports as controllers were last told of them. */
  private toldPorts: ReadonlyMap<number, PortDescription> = new Map();

  constructor(bridge: Bridge, scheduler: Scheduler) {
    this.bridge = bridge;
    this.scheduler = scheduler;
    this.changes = new FlowChanges(bridge);
    this.controllers = new Controllers({
      rules: (tableId) => this.changes.select(tableId, () => true),
      tunnelOptions: bridge.tunnelOptions,
      resume: (message) => bridge.backer.resume(message),
      wantPacketInOnMiss(isWanted) {
        if (isWanted === bridge.wantsPacketInOnMiss) return;
        bridge.wantsPacketInOnMiss = isWanted;
        bridge.backer.noteChange();
      },
    });
    bridge.reportFlows = (events) => this.reportFlows(events);
    bridge.reportPacket = (message) => this.controllers.send(message);
  }

  /** Bridge:protocols; empty: all. */
  versions: readonly OpenFlowVersion[] = [];

  get name(): string {
    return this.bridge.name;
  }

  get ports() {
    return this.bridge.names;
  }

  features(): SwitchFeatures {
    return { datapathId: this.bridge.datapathId, bufferCount: 0, tableCount: TABLE_COUNT - 1 };
  }

  // Ports.

  portDescriptions(): readonly PortDescription[] {
    return portsInOrder(this.bridge).map(describePort);
  }

  portStats(number: number | null): readonly PortStatsEntry[] {
    this.bridge.backer.pushStats();
    return portsInOrder(this.bridge)
      .filter((port) => number === null || port.ofPort === number)
      .map((port) => portStatsEntry(port, this.scheduler.nowNs()));
  }

  /** Of queues only a dummy device knows: it has one, and counts nothing there. */
  queueStats(number: number | null, queueId: number | null): readonly QueueStatsEntry[] {
    const ports = portsInOrder(this.bridge).filter((port) => number === null || port.ofPort === number);
    if (number !== null && ports.length === 0) throw new OpenFlowError('OFPQOFC_BAD_PORT');
    const unknown = { txBytes: -1n, txPackets: -1n, txErrors: -1n, durationNs: -1 };
    const isDummy = this.bridge.backer.name.startsWith('dummy@');
    const entries = ports
      .filter(({ odpPort, tunnel }) => isDummy && odpPort !== null && tunnel === null && (queueId ?? 0) === 0)
      .map(({ ofPort }) => ({ port: ofPort, queueId: 0, ...unknown }));
    if (queueId !== null && entries.length === 0) throw new OpenFlowError('OFPQOFC_BAD_QUEUE');
    return entries;
  }

  portMod(number: number, config: number, mask: number): void {
    const port = this.bridge.ports.get(number);
    if (port === undefined) throw new OpenFlowError('OFPPMFC_BAD_PORT');
    const before = describePort(port);
    const wanted = (before.config & ~mask) | (config & mask);
    if (wanted === before.config) return;
    this.tellPort('modify', withConfig(before, wanted));
    const kept = mask & ~PORT_DOWN;
    port.config = (port.config & ~kept) | (config & kept);
    if (port.bundle !== null) updateFlooding(port.bundle);
    if ((mask & PORT_DOWN) !== 0) port.netdev.setUp((config & PORT_DOWN) === 0);
    this.bridge.backer.noteChange();
    this.notePorts();
  }

  /** Tells controllers of ports that came, went or changed. */
  notePorts(): void {
    const present = new Map(portsInOrder(this.bridge).map((port) => [port.ofPort, describePort(port)] as const));
    for (const [number, port] of this.toldPorts) {
      if (present.get(number)?.name !== port.name) this.tellPort('delete', port);
    }
    for (const port of present.values()) {
      const before = this.toldPorts.get(port.port);
      // That a port can no longer be used is told before the reason, and that a new one can after it has come.
      if (before === undefined) this.tellPort('add', withoutLife(port));
      else if (isLive(before) && !isLive(port)) this.tellPort('modify', withoutLife(before));
      const told = this.toldPorts.get(port.port)!;
      if (!samePortIn(15, told, port) || !samePortIn(10, told, port)) this.tellPort('modify', port);
    }
  }

  private tellPort(reason: 'add' | 'delete' | 'modify', port: PortDescription): void {
    const before = this.toldPorts.get(port.port) ?? null;
    const told = new Map(this.toldPorts);
    if (reason === 'delete') told.delete(port.port);
    else told.set(port.port, port);
    this.toldPorts = told;
    this.controllers.sendPortStatus(reason, port, reason === 'modify' ? before : null);
  }

  // Controllers.

  connect(options: ControllerOptions): ControllerConnection {
    return this.controllers.connect(options);
  }

  /** Changes that belong together are done. */
  private reportFlows(events: readonly FlowEvent[]): void {
    if (events.length === 0) return;
    for (const { rule, event } of events) {
      if (event === 'modified') continue;
      const table = this.bridge.table(rule.tableId);
      const vacancy = table.takeVacancyEvent();
      if (vacancy !== null) this.controllers.sendVacancy(vacancy, table.describe());
    }
    this.controllers.reportFlows(events, this.scheduler.nowNs());
  }

  // Flows.

  flowMods(mods: readonly FlowMod[]): void {
    this.change((revision) => {
      for (const mod of mods) this.changes.apply(receiveFlowMod(mod, this.bridge.tunnelOptions), revision);
    });
  }

  flowStats(request: FlowStatsRequest): readonly FlowStatsEntry[] {
    this.expireRules();
    this.bridge.backer.pushStats();
    const nowNs = this.scheduler.nowNs();
    const criteria = receiveCriteria(request.match, this.bridge.tunnelOptions);
    return this.changes
      .select(request.tableId, (rule) => rule.match.isWithin(criteria))
      .filter((rule) => agreesWith(rule, request))
      .map((rule) => flowStatsEntry(rule, nowNs));
  }

  packetOut(message: PacketOut): void {
    let send = (): void => {};
    revise((revision) => {
      send = startPacketOut(this.bridge, message, this.bridge.version, revision);
    });
    send();
  }

  /** Removes rules whose time is up. */
  expireRules(): void {
    this.changes.expire();
  }

  /** Removes all rules, groups and meters; a bridge that is not secure then switches by itself. */
  flush(): void {
    this.change((revision) => {
      this.changes.removeAll(
        this.changes.select(TABLE_ALL, () => true),
        'delete',
        revision,
      );
    });
    this.bridge.groups.clear();
    this.bridge.meters.clear();
    this.bridge.backer.noteChange();
  }

  fragmentHandling(): FragmentHandling {
    return this.bridge.fragmentHandling;
  }

  setFragmentHandling(handling: FragmentHandling): void {
    // OVS has no reassembly, and says so by not changing.
    if (handling === 'reassemble' || handling === this.bridge.fragmentHandling) return;
    this.bridge.fragmentHandling = handling;
    this.bridge.backer.noteChange();
  }

  ipfixBridgeStats(): IpfixStats | null {
    return this.bridge.flowExport.ipfix?.bridgeStats() ?? null;
  }

  ipfixSetStats(): readonly (IpfixStats & { readonly collectorSetId: number })[] {
    return this.bridge.flowExport.ipfix?.setStats() ?? [];
  }

  /** All of them or none, in order; packets leave once all have been taken. */
  bundle(messages: readonly BundleMessage[]): void {
    const sendings: (() => void)[] = [];
    this.change((revision) => {
      for (const [index, message] of messages.entries()) {
        try {
          this.applyMessage(message, revision, sendings);
        } catch (error) {
          throw error instanceof OpenFlowError ? new BundleError(error, index) : error;
        }
      }
    });
    for (const send of sendings) send();
  }

  private applyMessage(message: BundleMessage, revision: Revision, sendings: (() => void)[]): void {
    switch (message.kind) {
      case 'flow-mod':
        for (const { classifier } of this.changes.tables(message.mod.tableId)) revision.defer(classifier);
        this.changes.apply(receiveFlowMod(message.mod, this.bridge.tunnelOptions), revision);
        break;
      case 'group-mod':
        this.changeGroup(message.mod, revision);
        break;
      case 'port-mod': {
        const { port, config, mask } = message;
        if (this.bridge.ports.get(port) === undefined) throw new OpenFlowError('OFPPMFC_BAD_PORT');
        revision.afterwards(() => this.portMod(port, config, mask));
        break;
      }
      case 'packet-out':
        revision.sort();
        sendings.push(startPacketOut(this.bridge, message.message, revision.versionOf(this.bridge), revision));
    }
  }

  // Groups.

  groupMods(mods: readonly GroupMod[]): void {
    for (const mod of mods) this.change((revision) => this.changeGroup(mod, revision));
  }

  groupDescriptions(groupId: number | null): readonly GroupDescription[] {
    return this.bridge.groups.descriptions(groupId);
  }

  groupStats(groupId: number | null): readonly GroupStatsEntry[] {
    this.bridge.backer.pushStats();
    const references = new Map<number, number>();
    for (const { actions } of this.changes.select(TABLE_ALL, () => true)) {
      for (const id of groupsOf(actions)) references.set(id, (references.get(id) ?? 0) + 1);
    }
    const nowNs = this.scheduler.nowNs();
    return this.bridge.groups.list(groupId).map((group) => group.stats(nowNs, references.get(group.groupId) ?? 0));
  }

  groupFeatures(): GroupFeatures {
    return { types: GROUP_TYPES, capabilities: GROUP_CAPABILITIES, maxGroups: OFPG_MAX };
  }

  // Meters.

  meterMod(mod: MeterMod): void {
    this.bridge.backer.pushStats();
    const gone = this.bridge.meters.apply(mod, this.scheduler.nowNs());
    this.change((revision) => {
      for (const meterId of gone) {
        this.changes.removeWhere((actions) => usesMeter(actions, meterId), 'meter_delete', revision);
      }
    });
    this.bridge.backer.noteChange();
    this.controllers.send({ kind: 'requestforward', reason: 'meter-mod', mod });
  }

  meterConfigs(meterId: number): readonly MeterConfig[] {
    return this.bridge.meters.list(meterId).map(({ config }) => config);
  }

  meterStats(meterId: number): readonly MeterStatsEntry[] {
    const nowNs = this.scheduler.nowNs();
    return this.bridge.meters.list(meterId).map((meter) => {
      const users = this.changes.select(TABLE_ALL, ({ actions }) => usesMeter(actions, meter.config.meterId));
      return this.bridge.meters.stats(meter, nowNs, users.length);
    });
  }

  meterFeatures(): MeterFeatures {
    return this.bridge.meters.features();
  }

  // Tables.

  tableMod(mod: TableMod): void {
    if (mod.tableId !== TABLE_ALL && mod.tableId >= INTERNAL_TABLE) throw new OpenFlowError('OFPTMFC_EPERM');
    for (const table of mod.tableId === TABLE_ALL ? this.visibleTables() : [this.bridge.table(mod.tableId)]) {
      table.modify(mod);
    }
    this.bridge.backer.noteChange();
  }

  tableStats(): readonly TableStatsEntry[] {
    this.bridge.backer.pushStats();
    return this.visibleTables().map((table) => table.stats());
  }

  tlvTableMod(mod: TlvTableMod): void {
    changeTlvTable(this.bridge, mod);
  }

  tlvTable(): TlvTable {
    return describeTlvTable(this.bridge);
  }

  tableDescriptions(): readonly TableDescription[] {
    return this.visibleTables().map((table) => table.describe());
  }

  setTableName(tableId: number, name: string): void {
    if (!this.bridge.table(tableId).setName(name)) throw new OpenFlowError('OFPTFFC_EPERM');
  }

  private visibleTables(): readonly OpenFlowTable[] {
    return Array.from({ length: INTERNAL_TABLE }, (_, id) => this.bridge.table(id));
  }

  private changeGroup(mod: GroupMod, revision: Revision): void {
    const { bridge } = this;
    const { added, replaced, deleted } = bridge.groups.change(mod, this.scheduler.nowNs());
    for (const { groupId } of deleted) {
      this.changes.removeWhere((actions) => groupsOf(actions).includes(groupId), 'group_delete', revision);
    }
    for (const group of [...replaced, ...deleted]) revision.hide(bridge, bridge.groups, group);
    for (const group of added) revision.insert(bridge, bridge.groups, group);
    revision.afterwards(() => this.controllers.send({ kind: 'requestforward', reason: 'group-mod', mod }));
  }

  /** Carries out all of body or nothing. */
  private change(body: (revision: Revision) => void): void {
    // What flows in the datapath owe rules is theirs before those change.
    this.bridge.backer.pushStats();
    revise(body);
  }
}

function flowStatsEntry(rule: Rule, nowNs: number): FlowStatsEntry {
  return {
    tableId: rule.tableId,
    match: rule.match,
    priority: rule.priority,
    cookie: rule.cookie,
    durationNs: nowNs - rule.createdNs,
    idleAgeNs: nowNs - rule.usedNs,
    hardAgeNs: nowNs - rule.modifiedNs,
    idleTimeout: rule.idleTimeout,
    hardTimeout: rule.hardTimeout,
    importance: rule.importance,
    flags: rule.flags,
    packets: rule.packets,
    bytes: rule.bytes,
    actions: rule.actions,
  };
}
