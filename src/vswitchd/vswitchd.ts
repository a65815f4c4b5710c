/**
 * A running vswitchd: configuration from the database, datapaths with their backers, and the commands of ovs-appctl.
 * Mirrors vswitchd/ovs-vswitchd.c and bridge_run(): the timers here are its main loop.
 */
import { Datapath } from '#datapath/datapath.js';
import type { DatapathOptions } from '#datapath/datapath-options.js';
import type { Dpif } from '#datapath/dpif.js';
import type { Clock, Rng, Underlay } from '#datapath/environment.js';
import { MAX_VLAN_HEADERS } from '#datapath/flow-extract.js';
import type { SwitchConnection } from '#src/openflow/switch-connection.js';
import type { Database } from '#src/ovsdb/database.js';
import { openVSwitchSchema } from '#src/ovsdb/open-vswitch-schema.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import { Backer, DEFAULT_FLOW_LIMIT, DEFAULT_MAX_IDLE_MS } from './backer.js';
import { bfdCommands } from './bfd/commands.js';
import { Bonds } from './bond/bonds.js';
import { bondCommands } from './bond/commands.js';
import type { Bridge } from './bridge.js';
import type { SwitchPort } from './bundle.js';
import { cfmCommands } from './cfm/commands.js';
import { Configuration } from './configuration.js';
import { Coverage } from './coverage.js';
import { countedEvents } from './coverage-events.js';
import { HandmadeDatapaths } from './datapath-admin.js';
import type { ExportHost } from './flow-export/collectors.js';
import { lacpCommands } from './lacp/commands.js';
import { LinkMonitors } from './link-monitors.js';
import { listTunnelsCommand } from './list-tunnels.js';
import { nativeTunnelCommands } from './native-tunnel/commands.js';
import { NativeTunnels } from './native-tunnel/native-tunnels.js';
import type { NetdevProvider } from './netdev.js';
import { hashString, OvsHmap } from './ovs-hmap.js';
import { spanningTreeCommands } from './spanning-tree/commands.js';
import { SpanningTrees } from './spanning-tree/spanning-trees.js';
import { traceCommands } from './trace-command.js';
import { UnixctlTable } from './unixctl/command-table.js';
import { coverageCommands } from './unixctl/coverage-commands.js';
import { DatapathFeatures } from './unixctl/datapath-features.js';
import type { DatapathAdmin, FileTexts } from './unixctl/dpctl.js';
import type { UnixctlResult, VswitchdApi } from './vswitchd-api.js';
import { VswitchdContext } from './vswitchd-context.js';

const HOUSEKEEPING_NS = 1e9;
const NS_PER_MS = 1e6;

export interface VswitchdOptions {
  readonly database: Database;
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  readonly netdevs: NetdevProvider;
  /** The host's stack, for the tunnels of system@ovs-system; null where there is none. */
  readonly underlay: Underlay | null;
  /** The host's sockets, for what is told to collectors of sFlow, IPFIX and NetFlow; without, nothing is. */
  readonly exportHost?: ExportHost;
  readonly files?: {
    /** Appends to a file; the first call for a path since the start makes it anew. */
    appendFile?(path: string, bytes: Uint8Array): void;
  };
  readonly datapath?: DatapathSettings;
}

/** For tests and benchmarks: which caches there are, how megaflows are searched, and how long the queue is. */
export type DatapathSettings = Pick<
  DatapathOptions,
  'microflowCache' | 'megaflowTable' | 'flowSearch' | 'upcallQueueSize' | 'maxFlows' | 'packetBufferSize'
>;

export class Vswitchd implements VswitchdApi {
  readonly scheduler: Scheduler;
  readonly configuration: Configuration;
  readonly handmade: HandmadeDatapaths;
  private readonly options: VswitchdOptions;
  private readonly backers = new Map<string, Backer>();
  private readonly commands: UnixctlTable;
  private readonly coverage: Coverage;
  private reconfigureCount = 0;
  private readonly context: VswitchdContext;
  private readonly nativeTunnels: NativeTunnels;
  private readonly bonds: Bonds;
  private readonly trees: SpanningTrees;
  readonly monitors: LinkMonitors;
  private isReconciling = false;
  private isShowingTrees = false;
  /** VLAN headers that are looked at, at most (Open_vSwitch:other_config:vlan-limit). */
  vlanLimit = 1;
  /** Set by upcall/set-flow-limit: stands in for the database's. */
  private flowLimit: number | null = null;

  constructor(options: VswitchdOptions) {
    this.options = options;
    this.scheduler = options.scheduler;
    this.nativeTunnels = new NativeTunnels({
      nowNs: () => options.scheduler.nowNs(),
      device: (name) => this.configuration.dummyDevice(name),
      tunnelPorts: () => this.nativeTunnelPorts(),
      onChange: () => {
        for (const backer of this.backers.values()) backer.noteChange();
      },
    });
    this.bonds = new Bonds({
      scheduler: options.scheduler,
      rng: options.rng,
      onChange: () => this.configuration.noteDeviceChange(),
    });
    this.trees = new SpanningTrees({
      scheduler: options.scheduler,
      onStatusChange: () => this.showTrees(),
      onPortChange: (bridge) => this.configuration.bridges().get(bridge.name)?.ofproto.notePorts(),
    });
    this.monitors = new LinkMonitors({
      scheduler: options.scheduler,
      rng: options.rng,
      onChange: (ports) => this.linksChanged(ports),
    });
    this.configuration = new Configuration({
      bonds: this.bonds,
      trees: this.trees,
      monitors: this.monitors,
      database: options.database,
      scheduler: options.scheduler,
      rng: options.rng,
      netdevs: options.netdevs,
      openFile: (path) => {
        const append = options.files?.appendFile;
        return { write: (bytes) => append?.(path, bytes) };
      },
      backer: (type) => this.backer(type),
      forgetNeighbours: (device) => this.nativeTunnels.flushNeighbours(device),
      flowExport: {
        scheduler: options.scheduler,
        rng: options.rng,
        host: options.exportHost ?? null,
        exporters: { count: 0 },
        datapathTeller: { subAgent: null },
        datapathStats: () =>
          [...this.backers].map(([name, { dpif }]) =>
            // OVS's userspace datapath does not count masks.
            name.startsWith('dummy@') ? { ...dpif.stats(), maskHits: -1, masks: -1 } : dpif.stats(),
          ),
      },
    });
    const { rng, underlay, netdevs } = options;
    this.handmade = new HandmadeDatapaths({
      datapath: { clock: options.scheduler, rng, underlay },
      netdevs,
      makeDummy: (name, kind) => this.configuration.makeDummy(name, kind),
      bridged: () => this.bridgedDatapaths(),
      bridgedDevice: (name) => this.configuration.dummyDevice(name),
    });
    this.coverage = new Coverage(() => this.countedEvents(), options.scheduler.nowNs() / NS_PER_MS);
    this.commands = new UnixctlTable([
      ...coverageCommands(this.coverage),
      listTunnelsCommand(() => this.tunnelPorts([...this.backers.values()])),
      ...nativeTunnelCommands(this.nativeTunnels),
      ...bondCommands(this.bonds),
      ...lacpCommands(this.bonds),
      ...spanningTreeCommands(this.trees),
      ...bfdCommands(this.monitors),
      ...cfmCommands(this.monitors),
      ...traceCommands(
        (name) => this.bridgeNamed(name),
        (name) => this.backers.get(name),
      ),
    ]);
    this.context = new VswitchdContext(this);
    options.database.onCommit(() => {
      if (!this.isReconciling) this.reconfigure();
    });
    this.reconfigure();
    this.scheduleHousekeeping();
  }

  bridge(name: string): SwitchConnection | undefined {
    return this.configuration.bridges().get(name)?.ofproto;
  }

  bridgeNamed(name: string): Bridge | undefined {
    return this.configuration.bridges().get(name)?.bridge;
  }

  bridgeNames(): readonly string[] {
    return [...this.configuration.bridges().keys()];
  }

  nowNs(): number {
    return this.scheduler.nowNs();
  }

  datapaths(): ReadonlyMap<string, Dpif> {
    return inOrderOfOvs(new Map([...this.bridgedDatapaths(), ...this.handmade.datapaths()]));
  }

  private bridgedDatapaths(): ReadonlyMap<string, Dpif> {
    return new Map([...this.backers].map(([name, backer]) => [name, backer.dpif]));
  }

  /** Rows times columns of all tables, as OVS reckons what its copy of the database takes. */
  databaseCellCount(): number {
    const { database } = this.options;
    return [...openVSwitchSchema.tables].reduce(
      (sum, [name, { columns }]) => sum + database.rows(name).length * columns.size,
      0,
    );
  }

  private countedEvents(): ReadonlyMap<string, number> {
    return countedEvents({
      datapaths: this.datapaths().values(),
      backers: this.backers.values(),
      reconfigureCount: this.reconfigureCount,
      commandCount: this.commands.runCount,
    });
  }

  datapathAdmin(): DatapathAdmin {
    return this.handmade;
  }

  allBackers(): ReadonlyMap<string, Backer> {
    return this.backers;
  }

  reconfigure(): void {
    this.isReconciling = true;
    this.reconfigureCount++;
    try {
      this.configuration.reconcile();
    } finally {
      this.isReconciling = false;
    }
    // Datapaths go with their last bridge.
    for (const [name, backer] of this.backers) if (backer.bridges.size === 0) this.backers.delete(name);
    this.configureLimits();
  }

  /** The settings of the whole switch: flow-limit, max-idle and vlan-limit of Open_vSwitch:other_config. */
  private configureLimits(): void {
    const other = this.options.database.rows('Open_vSwitch')[0]?.map('other_config');
    const number = (name: string, preset: number): number => {
      const text = other?.get(name);
      return text !== undefined && /^\d+$/.test(text) ? Number(text) : preset;
    };
    const limit = number('vlan-limit', 1);
    this.vlanLimit = limit === 0 || limit > MAX_VLAN_HEADERS ? MAX_VLAN_HEADERS : limit;
    for (const backer of this.backers.values()) {
      backer.flowLimit = this.flowLimit ?? number('flow-limit', DEFAULT_FLOW_LIMIT);
      backer.maxIdleMs = number('max-idle', DEFAULT_MAX_IDLE_MS);
      backer.setVlanLimit(this.vlanLimit);
    }
  }

  unixctl(command: string, args: readonly string[], files?: FileTexts): UnixctlResult {
    return this.commands.run(command, args, this.context, files);
  }

  unixctlCommands(): readonly { readonly name: string; readonly usage: string }[] {
    return this.commands.list();
  }

  setFlowLimit(limit: number): void {
    this.flowLimit = limit;
    for (const backer of this.backers.values()) backer.flowLimit = limit;
  }

  /** What recurs: time-outs of rules, aging of addresses, statistics and idle flows. */
  housekeep(): void {
    for (const { bridge, ofproto } of this.configuration.bridges().values()) {
      ofproto.expireRules();
      if (bridge.fdb.expire(bridge.nowSec)) bridge.backer.noteChange();
      bridge.mcast?.expire(bridge.nowSec);
    }
    this.nativeTunnels.housekeep();
    this.coverage.gather(this.nowNs() / NS_PER_MS);
    for (const backer of this.backers.values()) backer.revalidate();
    this.writeQuietly(() => this.configuration.refreshStatistics());
  }

  /** Before time moves on, once for all that happens at one instant. */
  private showTrees(): void {
    if (this.isShowingTrees) return;
    this.isShowingTrees = true;
    this.scheduler.at(this.nowNs(), () => {
      this.isShowingTrees = false;
      this.writeQuietly(() => this.configuration.showTrees());
    });
  }

  /** What is shown in the database is no new setting. */
  private writeQuietly(write: () => void): void {
    this.isReconciling = true;
    try {
      write();
    } finally {
      this.isReconciling = false;
    }
  }

  /** BFD or CFM has found something out: flows, bonds, controllers and the database go by it. */
  private linksChanged(ports: ReadonlySet<SwitchPort>): void {
    for (const { bridge } of ports) bridge.backer.noteChange();
    this.bonds.noteChange();
    this.configuration.noteDeviceChange();
  }

  private nativeTunnelPorts(): IterableIterator<SwitchPort> {
    return this.tunnelPorts([...this.backers.values()].filter((backer) => backer.hasNativeTunnels()));
  }

  private *tunnelPorts(backers: readonly Backer[]): IterableIterator<SwitchPort> {
    for (const backer of backers) {
      for (const bridge of backer.bridges) for (const port of bridge.portsByAge) if (port.tunnel !== null) yield port;
    }
  }

  private backer(type: string): Backer {
    const name = `${type}@ovs-${type}`;
    let backer = this.backers.get(name);
    if (backer !== undefined) return backer;
    const { scheduler, rng, underlay } = this.options;
    const clock: Clock = scheduler;
    const isDummy = type === 'dummy';
    const datapath = new Datapath(
      { clock, rng, underlay: isDummy ? null : underlay },
      { name, ...this.options.datapath },
    );
    // The datapath's own port, as every OVS datapath has one.
    datapath.portAdd({ name: `ovs-${type}`, type: 'internal', port: 0 });
    const features = new DatapathFeatures(isDummy ? {} : { tnl_push_pop: false });
    backer = new Backer(name, datapath, scheduler, features, isDummy ? this.nativeTunnels : null);
    this.backers.set(name, backer);
    return backer;
  }

  private scheduleHousekeeping(): void {
    this.scheduler.after(
      HOUSEKEEPING_NS,
      () => {
        this.housekeep();
        this.scheduleHousekeeping();
      },
      { background: true },
    );
  }
}

/** Datapaths in the order in which OVS enumerates them: hash tables copied into others, type by type. */
function inOrderOfOvs(datapaths: ReadonlyMap<string, Dpif>): ReadonlyMap<string, Dpif> {
  const hashed = (words: Iterable<string>): IterableIterator<string> => {
    const table = new OvsHmap<string, true>(hashString);
    for (const word of words) table.set(word, true);
    return table.keys();
  };
  const names = [...hashed([...datapaths.keys()].map((full) => full.slice(full.indexOf('@') + 1)))];
  const ordered = new Map<string, Dpif>();
  for (const type of hashed(['system', 'netdev', 'dummy'])) {
    for (const name of hashed(names.filter((each) => datapaths.has(`${type}@${each}`)))) {
      ordered.set(`${type}@${name}`, datapaths.get(`${type}@${name}`)!);
    }
  }
  return ordered;
}
