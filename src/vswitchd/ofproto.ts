/**
 * The OpenFlow half of a bridge: requests in, answers out. Mirrors ofproto/ofproto.c: flow mods (add, modify, delete,
 * strict and loose), time-outs, statistics, port state, packet-out.
 */
import type { Scheduler } from '#src/sim/scheduler.js';
import type { Action } from '#src/openflow/action/action.js';
import { checkActions } from '#src/openflow/action/action-list.js';
import { type FlowMod, TABLE_ALL } from '#src/openflow/flow-mod.js';
import { OFPP_LOCAL, OFPP_MAX, OFPP_NONE } from '#src/openflow/ports.js';
import {
  type FlowStatsEntry,
  type FlowStatsRequest,
  OpenFlowError,
  type PacketOut,
  type PortDescription,
  type PortStatsEntry,
  type SwitchConnection,
  type SwitchFeatures,
} from '#src/openflow/switch-connection.js';
import type { Bridge } from './bridge.js';
import { PORT_DOWN, type SwitchPort } from './bundle.js';
import { hashInteger, OvsHmap } from './ovs-hmap.js';
import { INTERNAL_TABLE, type OpenFlowTable, type Rule, TABLE_COUNT } from './openflow-table.js';

const NS_PER_SEC = 1e9;
/** OFPPS_LINK_DOWN, OFPPS_LIVE. */
const LINK_DOWN = 1;
const LIVE = 4;

/** One step of a batch of flow mods, as it can be undone. */
type Undo = () => void;

export class Ofproto implements SwitchConnection {
  readonly bridge: Bridge;
  private readonly scheduler: Scheduler;

  constructor(bridge: Bridge, scheduler: Scheduler) {
    this.bridge = bridge;
    this.scheduler = scheduler;
  }

  get name(): string {
    return this.bridge.name;
  }

  get ports() {
    return this.bridge.portNames;
  }

  features(): SwitchFeatures {
    return { datapathId: this.bridge.datapathId, bufferCount: 0, tableCount: TABLE_COUNT - 1 };
  }

  portDescriptions(): readonly PortDescription[] {
    return this.portsInOrder().map((port) => ({
      port: port.ofPort,
      name: port.name,
      mac: port.netdev.mac,
      config: (port.config & ~PORT_DOWN) | (port.netdev.up ? 0 : PORT_DOWN),
      state: port.netdev.carrier ? LIVE : LINK_DOWN,
      currentSpeedKbps: 0,
      maxSpeedKbps: 0,
    }));
  }

  portStats(number: number | null): readonly PortStatsEntry[] {
    this.bridge.backer.pushStats();
    return this.portsInOrder()
      .filter((port) => number === null || port.ofPort === number)
      .map(portStatsEntry);
  }

  flowMods(mods: readonly FlowMod[]): void {
    const undo: Undo[] = [];
    this.bridge.backer.pushStats();
    try {
      for (const mod of mods) this.apply(mod, undo);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    } finally {
      if (undo.length > 0) this.bridge.backer.noteChange();
    }
  }

  flowStats(request: FlowStatsRequest): readonly FlowStatsEntry[] {
    this.expireRules();
    this.bridge.backer.pushStats();
    const nowNs = this.scheduler.nowNs();
    return this.select(request.tableId, (rule) => rule.match.isWithin(request.match))
      .filter((rule) => agrees(rule, request))
      .map((rule) => ({
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
      }));
  }

  packetOut(message: PacketOut): void {
    this.bridge.backer.packetOut(this.bridge, message);
  }

  portMod(number: number, config: number, mask: number): void {
    const port = this.bridge.ports.get(number);
    if (port === undefined) throw new OpenFlowError('OFPPMFC_BAD_PORT');
    if ((mask & PORT_DOWN) !== 0) port.netdev.setUp((config & PORT_DOWN) === 0);
    const kept = mask & ~PORT_DOWN;
    port.config = (port.config & ~kept) | (config & kept);
    this.bridge.backer.noteChange();
  }

  /** Removes rules whose time is up. */
  expireRules(): void {
    const nowNs = this.scheduler.nowNs();
    let changed = false;
    for (const table of this.bridge.usedTables()) {
      if (table.classifier.ruleCount === 0) continue;
      for (const rule of [...table.classifier.rules()]) {
        const isHard = rule.hardTimeout > 0 && nowNs >= rule.modifiedNs + rule.hardTimeout * NS_PER_SEC;
        const isIdle = rule.idleTimeout > 0 && nowNs >= rule.usedNs + rule.idleTimeout * NS_PER_SEC;
        if (isHard || isIdle) {
          table.classifier.remove(rule);
          changed = true;
        }
      }
    }
    if (changed) this.bridge.backer.noteChange();
  }

  /** Removes all rules; a bridge that is not secure then switches by itself. */
  flush(): void {
    for (const table of this.bridge.usedTables()) {
      for (const rule of [...table.classifier.rules()]) table.classifier.remove(rule);
    }
    this.bridge.backer.noteChange();
  }

  private apply(mod: FlowMod, undo: Undo[]): void {
    switch (mod.command) {
      case 'add':
        this.add(mod, undo);
        return;
      case 'modify':
      case 'modify-strict':
        this.modify(mod, undo);
        return;
      case 'delete':
      case 'delete-strict':
        for (const rule of this.selected(mod)) {
          const table = this.bridge.table(rule.tableId);
          table.classifier.remove(rule);
          undo.push(() => table.classifier.insert(rule));
        }
    }
  }

  private add(mod: FlowMod, undo: Undo[]): void {
    const tableId = mod.tableId === TABLE_ALL ? 0 : mod.tableId;
    if (tableId >= INTERNAL_TABLE) throw new OpenFlowError('OFPBRC_EPERM');
    this.check(mod, tableId);
    const table = this.bridge.table(tableId);
    const existing = table.classifier.findExactly(mod.match, mod.priority);
    if (mod.flags.checkOverlap && existing === null && table.classifier.overlaps(mod.match, mod.priority)) {
      throw new OpenFlowError('OFPFMFC_OVERLAP');
    }
    const nowNs = this.scheduler.nowNs();
    insert(
      table,
      {
        tableId,
        match: mod.match,
        priority: mod.priority,
        cookie: mod.newCookie ?? 0n,
        idleTimeout: mod.idleTimeout,
        hardTimeout: mod.hardTimeout,
        importance: mod.importance,
        flags: mod.flags,
        actions: mod.actions,
        createdNs: nowNs,
        modifiedNs: nowNs,
        usedNs: nowNs,
        packets: 0,
        bytes: 0,
      },
      undo,
    );
  }

  private modify(mod: FlowMod, undo: Undo[]): void {
    const rules = this.selected(mod);
    if (rules.length === 0) {
      if (mod.cookieMask === 0n && mod.newCookie !== null) this.add(mod, undo);
      return;
    }
    for (const rule of rules) {
      this.check(mod, rule.tableId);
      const kept = mod.flags.resetCounts ? { packets: 0, bytes: 0 } : { packets: rule.packets, bytes: rule.bytes };
      insert(
        this.bridge.table(rule.tableId),
        {
          ...rule,
          ...kept,
          cookie: mod.newCookie ?? rule.cookie,
          actions: mod.actions,
          modifiedNs: this.scheduler.nowNs(),
        },
        undo,
      );
    }
  }

  private check(mod: FlowMod, tableId: number): void {
    const { error } = checkActions(mod.actions, { match: mod.match, tableId, tableCount: TABLE_COUNT });
    if (error !== null) throw new OpenFlowError(error);
  }

  /** The rules that a modify or delete is about. */
  private selected(mod: FlowMod): readonly Rule[] {
    const isStrict = mod.command === 'modify-strict' || mod.command === 'delete-strict';
    const matching = isStrict
      ? (rule: Rule) => rule.priority === mod.priority && rule.match.equals(mod.match)
      : (rule: Rule) => rule.match.isWithin(mod.match);
    return this.select(mod.tableId, matching).filter((rule) => agrees(rule, mod));
  }

  private select(tableId: number, matching: (rule: Rule) => boolean): Rule[] {
    const tables =
      tableId === TABLE_ALL
        ? this.bridge.usedTables().filter((table) => table.id < INTERNAL_TABLE)
        : [this.bridge.table(tableId)];
    return tables.flatMap((table) =>
      table.classifier.ruleCount === 0 ? [] : [...table.classifier.rules()].filter(matching),
    );
  }

  /** As OVS lists them: in the order of its table of ports. */
  private portsInOrder(): SwitchPort[] {
    const table = new OvsHmap<number, SwitchPort>(hashInteger);
    for (const port of this.bridge.portsByAge) table.set(port.ofPort, port);
    return [...table.values()];
  }
}

function insert(table: OpenFlowTable, rule: Rule, undo: Undo[]): void {
  const replaced = table.classifier.insert(rule);
  undo.push(() => {
    table.classifier.remove(rule);
    if (replaced !== null) table.classifier.insert(replaced);
  });
}

interface Filter {
  readonly cookie: bigint;
  readonly cookieMask: bigint;
  readonly outPort: number | null;
  readonly outGroup: number | null;
}

function agrees(rule: Rule, filter: Filter): boolean {
  if (((rule.cookie ^ filter.cookie) & filter.cookieMask) !== 0n) return false;
  if (filter.outGroup !== null) return false;
  return filter.outPort === null || filter.outPort === OFPP_NONE || outputsTo(rule.actions, filter.outPort);
}

function outputsTo(actions: readonly Action[], port: number): boolean {
  return actions.some((action) => {
    if (action.kind === 'output') return action.port === port;
    if (action.kind === 'enqueue') return action.port === port;
    if (action.kind === 'write_actions' || action.kind === 'clone') return outputsTo(action.actions, port);
    return false;
  });
}

function portStatsEntry(port: SwitchPort): PortStatsEntry {
  const isCredited = port.odpPort === null || port.tunnel !== null;
  const stats = port.netdev.stats();
  const rx = isCredited
    ? { packets: port.credited.rxPackets, bytes: port.credited.rxBytes }
    : { packets: stats.rxPackets, bytes: stats.rxBytes };
  const tx = isCredited
    ? { packets: port.credited.txPackets, bytes: port.credited.txBytes }
    : { packets: stats.txPackets, bytes: stats.txBytes };
  // A patch or tunnel port knows its packets and bytes, and nothing else.
  const known = (count: number): bigint => (isCredited ? 0n : BigInt(count));
  const unknown = isCredited ? 0n : -1n;
  return {
    port: port.ofPort,
    name: port.name,
    rxPackets: BigInt(rx.packets),
    rxBytes: BigInt(rx.bytes),
    rxDropped: known(stats.rxDropped),
    rxErrors: known(stats.rxErrors),
    rxFrameErrors: unknown,
    rxOverErrors: unknown,
    rxCrcErrors: unknown,
    txPackets: BigInt(tx.packets),
    txBytes: BigInt(tx.bytes),
    txDropped: known(stats.txDropped),
    txErrors: known(stats.txErrors),
    collisions: unknown,
  };
}

export const isUserPort = (number: number): boolean => number < OFPP_MAX || number === OFPP_LOCAL;
