/**
 * Brings bridges, ports and datapaths in line with the database, and writes back what the database should show of
 * them. Mirrors bridge_reconfigure() of vswitchd/bridge.c.
 *
 * The invariant: reconcile() after any commit leaves the same switch as starting afresh from that database would,
 * but for what ports, flows and learned addresses carry over.
 */
import type { Dpif } from '#datapath/dpif.js';
import type { Rng } from '#datapath/environment.js';
import { Match } from '#flowtable/match.js';
import { NO_FLAGS } from '#src/openflow/flow-mod.js';
import { OFPP_LOCAL } from '#src/openflow/ports.js';
import type { Database, Row } from '#src/ovsdb/database.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import type { Backer } from './backer.js';
import { Bridge } from './bridge.js';
import {
  backerType,
  canBeBridge,
  configureIdentity,
  configureMcastSnooping,
  configureMtu,
  parseMac,
  versionsOf,
} from './bridge-settings.js';
import type { Bonds } from './bond/bonds.js';
import type { SwitchPort } from './bundle.js';
import {
  type ConfiguredBridge,
  type ConfiguredInterface,
  interfaceType,
  isSamePort,
  settingsOf,
} from './configured-bridge.js';
import {
  type BundleSurroundings,
  configureProtocols,
  configureBundles,
  leaveBundle,
  removeBundle,
} from './configured-bundles.js';
import { configureMirrors } from './mirror-settings.js';
import { DummyWires } from './dummy-wires.js';
import type { FlowExportSurroundings } from './flow-export/flow-export.js';
import { configureFlowExport } from './flow-export/settings.js';
import type { LinkMonitors } from './link-monitors.js';
import type { Netdev, NetdevProvider } from './netdev.js';
import { DummyNetdev, type OpenFile, VirtualNetdev } from './netdev-dummy.js';
import { Ofproto } from './ofproto.js';
import { configureQueues } from './queues.js';
import { hashString, OvsHmap } from './ovs-hmap.js';
import { dummyPortNumber, OpenFlowNumbers } from './port-numbers.js';
import type { SpanningTrees } from './spanning-tree/spanning-trees.js';
import { configureTables } from './table-settings.js';
import {
  attachTunnel,
  hasTunnelLike,
  parseTunnelConfig,
  SUPPORTED_TUNNEL_TYPES,
  TUNNEL_TYPES,
  type TunnelConfig,
} from './tunnel.js';
import { writeBack, writeMirrorStatistics, writeStatistics, writeTreeStatus } from './write-back.js';

/** stats-update-interval of ovs-vswitchd.conf.db(5). */
const STATISTICS_INTERVAL_NS = 5e9;
const NS_PER_MS = 1e6;

export interface ConfigurationEnvironment {
  readonly database: Database;
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  readonly netdevs: NetdevProvider;
  readonly openFile: OpenFile;
  readonly bonds: Bonds;
  readonly trees: SpanningTrees;
  readonly monitors: LinkMonitors;
  readonly flowExport: FlowExportSurroundings;
  /** Forgets the neighbours of tunnels that were known by a device. */
  forgetNeighbours(device: string): void;
  /** The backer of a datapath type ('system', 'dummy'), made when first asked for. */
  backer(type: string): Backer;
}

export class Configuration {
  private readonly env: ConfigurationEnvironment;
  private readonly wires: DummyWires;
  private readonly configured = new Map<string, ConfiguredBridge>();
  private readonly bundleSurroundings: BundleSurroundings;
  /** Errors of interfaces by name: kept until they are tried again. */
  private readonly errors = new Map<string, string>();
  /** 0 is the dummy datapath's own port. */
  private nextDummyMac = 1;
  private nextStatisticsNs = 0;
  private writeBackIsDue = false;
  private nextBridgeId = 1;

  constructor(env: ConfigurationEnvironment) {
    this.env = env;
    this.bundleSurroundings = { bonds: env.bonds, bridges: this.configured };
    this.wires = new DummyWires(env.scheduler);
  }

  bridges(): ReadonlyMap<string, { readonly bridge: Bridge; readonly ofproto: Ofproto }> {
    return this.configured;
  }

  reconcile(): void {
    const rows = this.env.database.rows('Open_vSwitch')[0]?.refs('bridges') ?? [];
    const wanted = new Map(rows.filter(canBeBridge).map((row) => [row.string('name') ?? '', row] as const));
    this.errors.clear();
    for (const [name, entry] of this.configured) {
      const row = wanted.get(name);
      if (row === undefined || backerType(row) !== entry.bridge.backer.name.split('@')[0]) this.removeBridge(name);
    }
    for (const [name, row] of wanted) {
      const entry = this.configured.get(name) ?? this.addBridge(name, row);
      this.removePorts(entry, row);
    }
    // In the order of OVS's table of bridges.
    const order = new OvsHmap<string, Row>(hashString);
    for (const name of this.configured.keys()) order.set(name, wanted.get(name)!);
    let subAgents = 0;
    for (const name of order.keys()) {
      const entry = this.configured.get(name)!;
      const row = order.get(name)!;
      this.addPorts(entry, row);
      configureBundles(entry, row, this.bundleSurroundings);
      configureMirrors(entry.bridge, row);
      configureQueues(entry.bridge, row);
      this.configureBridge(entry, row);
      configureProtocols(entry, row, this.env.bonds, this.env.trees);
      for (const { port, row: iface } of entry.interfaces.values()) this.env.monitors.configure(port, iface);
      const isSubAgent = configureFlowExport(entry.bridge, row, this.env.database, subAgents, this.env.flowExport);
      if (isSubAgent) subAgents++;
    }
    for (const { bridge, ofproto } of this.configured.values()) {
      bridge.reorderPorts();
      bridge.backer.noteChange();
      ofproto.notePorts();
    }
    writeBack(this.env.database, this.configured, this.errors);
    this.showTrees();
    writeMirrorStatistics(this.env.database, this.configured);
  }

  /** Shows in the database what has been counted since. */
  refreshStatistics(): void {
    writeMirrorStatistics(this.env.database, this.configured);
    const nowNs = this.env.scheduler.nowNs();
    if (nowNs < this.nextStatisticsNs) return;
    this.nextStatisticsNs = nowNs + STATISTICS_INTERVAL_NS;
    for (const { bridge } of this.configured.values()) bridge.backer.pushStats();
    writeStatistics(this.env.database, this.configured);
  }

  /** Shows in the database what has become of spanning trees. */
  showTrees(): void {
    writeTreeStatus(this.env.database, this.configured, this.env.scheduler.nowNs() / NS_PER_MS);
  }

  /** A device went up or down, or has another MTU or MAC: the database shows it before time moves on. */
  noteDeviceChange(): void {
    if (this.writeBackIsDue) return;
    this.writeBackIsDue = true;
    const { scheduler } = this.env;
    scheduler.at(scheduler.nowNs(), () => {
      this.writeBackIsDue = false;
      for (const { ofproto } of this.configured.values()) ofproto.notePorts();
      writeBack(this.env.database, this.configured, this.errors);
    });
  }

  makeDummy(name: string, type: 'dummy' | 'dummy-internal'): DummyNetdev {
    return new DummyNetdev({
      name,
      type,
      mac: this.dummyMac(),
      clock: this.env.scheduler,
      wires: this.wires,
    });
  }

  dummyDevice(name: string): DummyNetdev | null {
    for (const device of this.dummyDevices()) if (device.name === name) return device;
    return null;
  }

  *dummyDevices(): IterableIterator<DummyNetdev> {
    for (const { interfaces } of this.configured.values()) {
      for (const { port } of interfaces.values()) if (port.netdev instanceof DummyNetdev) yield port.netdev;
    }
  }

  // Bridges.

  private addBridge(name: string, row: Row): ConfiguredBridge {
    const backer = this.env.backer(backerType(row));
    const bridge = new Bridge(name, backer, this.env.scheduler);
    backer.bridges.add(bridge);
    const entry: ConfiguredBridge = {
      bridge,
      ofproto: new Ofproto(bridge, this.env.scheduler),
      numbers: new OpenFlowNumbers(),
      keptNumbers: new Map(),
      bundles: new OvsHmap(hashString),
      interfaces: new Map(),
      portRows: new Map(),
      failMode: '',
      defaultMac: this.randomMac(),
    };
    bridge.datapathId = BigInt(this.nextBridgeId++);
    this.configured.set(name, entry);
    return entry;
  }

  private removeBridge(name: string): void {
    const entry = this.configured.get(name)!;
    for (const port of [...entry.interfaces.values()]) this.removeInterface(entry, port);
    for (const bundle of [...entry.bundles.values()]) removeBundle(entry, bundle, this.bundleSurroundings);
    this.env.trees.close(entry.bridge);
    const { backer } = entry.bridge;
    backer.bridges.delete(entry.bridge);
    entry.bridge.meters.clear();
    entry.bridge.flowExport.close();
    backer.recirculation.forget(entry.bridge);
    backer.noteChange();
    this.configured.delete(name);
  }

  private configureBridge(entry: ConfiguredBridge, row: Row): void {
    const { bridge } = entry;
    const other = row.map('other_config');
    bridge.forwardsBpdu = other.get('forward-bpdu') === 'true';
    bridge.fdb.setIdleSec(Number(other.get('mac-aging-time') ?? 300) || 300);
    bridge.fdb.setMaxEntries(Number(other.get('mac-table-size') ?? 8192) || 8192);
    bridge.fdb.floodVlans = new Set(row.integers('flood_vlans'));
    configureIdentity(bridge, entry.defaultMac, other);
    configureMtu(bridge, row);
    configureMcastSnooping(bridge, row);
    entry.ofproto.versions = versionsOf(row);
    configureTables(bridge, row, this.env.database);
    const failMode = row.string('fail_mode') ?? '';
    const isNew = entry.failMode === '';
    const mode = failMode === 'secure' ? 'secure' : 'standalone';
    if (mode === entry.failMode) return;
    entry.failMode = mode;
    bridge.isSecure = mode === 'secure';
    // A change of mode throws the tables away; without a controller a standalone bridge is a plain switch.
    if (!isNew) entry.ofproto.flush();
    if (mode === 'standalone') {
      entry.ofproto.flowMods([
        {
          command: 'add',
          tableId: 0,
          match: new Match(),
          priority: 0,
          cookie: 0n,
          cookieMask: 0n,
          newCookie: 0n,
          idleTimeout: 0,
          hardTimeout: 0,
          importance: 0,
          flags: NO_FLAGS,
          outPort: null,
          outGroup: null,
          actions: [{ kind: 'output', port: 0xfffa, maxLen: 0 }],
        },
      ]);
    }
  }

  // Ports.

  private removePorts(entry: ConfiguredBridge, row: Row): void {
    const wanted = new Map<string, Row>();
    for (const port of row.refs('ports')) {
      for (const iface of port.refs('interfaces')) wanted.set(iface.string('name') ?? '', iface);
    }
    for (const configured of [...entry.interfaces.values()]) {
      const iface = wanted.get(configured.name);
      if (configured.name === entry.bridge.name && iface === undefined) continue;
      if (iface !== undefined && iface === configured.row) continue;
      const settings = iface === undefined ? null : settingsOf(iface, entry);
      if (settings === configured.settings) continue;
      const { name, port } = configured;
      if (settings !== null && isSamePort(settings, configured.settings)) entry.keptNumbers.set(name, port.ofPort);
      this.removeInterface(entry, configured);
    }
    const portNames = new Set(row.refs('ports').map((port) => port.string('name') ?? ''));
    portNames.add(entry.bridge.name);
    for (const bundle of [...entry.bundles.values()]) {
      if (!portNames.has(bundle.name)) removeBundle(entry, bundle, this.bundleSurroundings);
    }
  }

  private removeInterface(entry: ConfiguredBridge, configured: ConfiguredInterface): void {
    const { port } = configured;
    const { bridge } = entry;
    bridge.ports.delete(port.ofPort);
    bridge.portsByAge.delete(port);
    entry.interfaces.delete(configured.name);
    if (port.ofPort !== OFPP_LOCAL) entry.numbers.release(port.ofPort);
    bridge.tree?.leave(port);
    leaveBundle(port, this.bundleSurroundings);
    this.env.monitors.forget(port);
    this.env.forgetNeighbours(port.name);
    port.netdev.onReceive(null);
    port.netdev.onChange(null);
    port.netdev.close();
    if (port.odpPort !== null && !this.isOdpPortShared(port)) port.dpif.portDelete(port.odpPort);
  }

  /** Tunnel ports of one kind share a datapath port. */
  private isOdpPortShared(port: SwitchPort): boolean {
    if (port.tunnel === null) return false;
    for (const bridge of port.bridge.backer.bridges) {
      for (const other of bridge.ports.values()) if (other !== port && other.odpPort === port.odpPort) return true;
    }
    return false;
  }

  private addPorts(entry: ConfiguredBridge, row: Row): void {
    const wanted = new OvsHmap<string, Row | null>(hashString);
    for (const port of row.refs('ports')) wanted.set(port.string('name') ?? '', port);
    if (!wanted.has(entry.bridge.name)) wanted.set(entry.bridge.name, null);
    // Those that ask for a number come first, so that no other takes it.
    for (const requested of [true, false]) {
      for (const [name, port] of [...wanted.keys()].map((key) => [key, wanted.get(key) ?? null] as const)) {
        if (port === null && !requested) this.addInterface(entry, name, null);
        for (const iface of port?.refs('interfaces') ?? []) {
          if ((iface.integer('ofport_request') !== undefined) !== requested) continue;
          this.addInterface(entry, iface.string('name') ?? '', iface);
        }
      }
    }
  }

  private addInterface(entry: ConfiguredBridge, name: string, row: Row | null): void {
    const existing = entry.interfaces.get(name);
    if (existing !== undefined) {
      if (existing.row === row) return;
      existing.row = row;
      const { netdev } = existing.port;
      if (existing.type === 'patch') existing.port.peerName = row?.map('options').get('peer') ?? null;
      if (row !== null && netdev instanceof DummyNetdev) netdev.setOptions(row.map('options'), this.env.openFile);
      const mtu = row?.integer('mtu_request');
      if (mtu !== undefined && mtu !== netdev.mtu) netdev.setMtu(mtu);
      return;
    }
    const { bridge } = entry;
    const type = interfaceType(entry, name, row);
    const options = row?.map('options') ?? new Map<string, string>();
    const opened = this.openNetdev(bridge.backer, name, type, options);
    if ('error' in opened) {
      this.errors.set(name, opened.error);
      return;
    }
    const { netdev, tunnel, peerName } = opened;
    const ofPort =
      name === bridge.name
        ? OFPP_LOCAL
        : entry.numbers.allocate(row?.integer('ofport_request') ?? entry.keptNumbers.get(name));
    entry.keptNumbers.delete(name);
    if (tunnel !== null && hasTunnelLike(bridge.backer.bridges, tunnel)) {
      // As in OVS each attempt takes a number, which is not soon given to another.
      entry.numbers.release(ofPort);
      this.errors.set(name, `could not add network device ${name} to ofproto (File exists)`);
      return;
    }
    const port: SwitchPort = {
      name,
      bridge,
      ofPort,
      type,
      netdev,
      odpPort: null,
      dpif: bridge.backer.dpif,
      bundle: null,
      config: 0,
      createdNs: this.env.scheduler.nowNs(),
      peerName,
      tunnel,
      tree: { port: null, state: 'disabled', enteredMs: 0 },
      bfd: null,
      cfm: null,
      dscpByPriority: new Map(),
      credited: { rxPackets: 0, rxBytes: 0, txPackets: 0, txBytes: 0 },
    };
    const mac = parseMac(row?.string('mac'));
    if (mac !== null) netdev.setMac(mac);
    const mtu = row?.integer('mtu_request');
    if (mtu !== undefined) netdev.setMtu(mtu);
    if (peerName === null) port.odpPort = this.attach(port);
    bridge.ports.set(ofPort, port);
    bridge.portsByAge.add(port);
    entry.interfaces.set(name, { name, type, port, settings: row === null ? '' : settingsOf(row, entry), row });
  }

  /** Gives a bridge's port another number in the datapath; false where no bridge has the port. */
  changePortNumber(dpif: Dpif, odpPort: number, number: number): boolean {
    for (const { bridge } of this.configured.values()) {
      for (const port of bridge.ports.values()) {
        if (port.dpif !== dpif || port.odpPort !== odpPort || port.tunnel !== null) continue;
        dpif.portDelete(odpPort);
        port.odpPort = this.attach(port, number);
        bridge.backer.noteChange();
        return true;
      }
    }
    return false;
  }

  /** Gives the port its place in the datapath. */
  private attach(port: SwitchPort, wanted?: number): number {
    const { dpif, netdev, tunnel } = port;
    if (tunnel !== null) return attachTunnel(dpif, tunnel);
    const isDummy = port.bridge.backer.name.startsWith('dummy@');
    const preset = isDummy ? dummyPortNumber(port.name, (free) => dpif.portGet(free) === null) : undefined;
    const number = wanted ?? preset;
    const odpPort = dpif.portAdd({
      name: port.name,
      type: netdev.type === 'dummy' ? 'dummy' : netdev.type.endsWith('internal') ? 'internal' : 'netdev',
      ...(number === undefined ? {} : { port: number }),
      mtu: netdev.mtu,
      transmit: (frame) => netdev.transmit(frame),
    });
    netdev.onReceive((frame) => port.bridge.backer.receive(odpPort, frame));
    netdev.onChange(() => {
      dpif.portSet(odpPort, { mtu: netdev.mtu });
      port.bridge.backer.noteChange();
      this.env.bonds.noteChange();
      this.env.trees.noteChange();
      this.noteDeviceChange();
    });
    return odpPort;
  }

  private openNetdev(
    backer: Backer,
    name: string,
    type: string,
    options: ReadonlyMap<string, string>,
  ):
    | { readonly error: string }
    | { readonly netdev: Netdev; readonly tunnel: TunnelConfig | null; readonly peerName: string | null } {
    const plain = { tunnel: null, peerName: null };
    if (type === 'patch') {
      const peer = options.get('peer');
      if (peer === undefined || peer === '') {
        return { error: `${name}: patch type requires valid 'peer' argument` };
      }
      if (peer === name) return { error: `${name}: patch peer must not be self` };
      return { netdev: new VirtualNetdev(name, type, this.virtualMac()), tunnel: null, peerName: peer };
    }
    if (TUNNEL_TYPES.has(type)) {
      if (!SUPPORTED_TUNNEL_TYPES.has(type)) return { error: `${name}: tunnels of type ${type} are not built yet` };
      const tunnel = parseTunnelConfig(name, type, options);
      if ('error' in tunnel) return tunnel;
      return { netdev: new VirtualNetdev(name, type, this.virtualMac()), tunnel, peerName: null };
    }
    if (type === 'dummy' || (type === 'internal' && backer.name.startsWith('dummy@'))) {
      const netdev = this.makeDummy(name, type === 'dummy' ? 'dummy' : 'dummy-internal');
      netdev.setOptions(options, this.env.openFile);
      return { netdev, ...plain };
    }
    if (type === '' || type === 'system' || type === 'internal' || type === 'tap') {
      const netdev = this.env.netdevs.open(name, type === 'system' ? '' : type, options);
      return 'error' in netdev ? netdev : { netdev, ...plain };
    }
    return { error: `could not open network device ${name} (Address family not supported by protocol)` };
  }

  /** Locally administered, not multicast. */
  private randomMac(): Uint8Array {
    const [high, low] = [this.env.rng.next32(), this.env.rng.next32()];
    const mac = Uint8Array.of(high >>> 24, high >>> 16, high >>> 8, high, low >>> 8, low);
    mac[0] = (mac[0]! & ~1) | 2;
    return mac;
  }

  private dummyMac(): Uint8Array {
    const n = this.nextDummyMac++;
    return Uint8Array.of(0xaa, 0x55, 0xaa, 0x55, (n >> 8) & 0xff, n & 0xff);
  }

  private nextVirtualMac = 0;

  private virtualMac(): Uint8Array {
    const n = this.nextVirtualMac++;
    return Uint8Array.of(0x0a, 0x55, 0xaa, 0x55, (n >> 8) & 0xff, n & 0xff);
  }
}
