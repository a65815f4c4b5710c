/**
 * All bonds and all ports with LACP of the switch, and what recurs for them: links that come and go, PDUs that are due,
 * loads to spread. Mirrors bundle_run() and port_run() of ofproto-dpif.c.
 *
 * The invariant: whatever changes a link, a setting or what a partner says is taken up before time moves on.
 */
import type { Rng } from '#datapath/environment.js';
import type { Row } from '#src/ovsdb/database.js';
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import type { Bundle, SwitchPort } from '../bundle.js';
import { Lacp } from '../lacp/lacp.js';
import { hasLink, isPortLive } from '../liveness.js';
import { DummyNetdev, VirtualNetdev } from '../netdev-dummy.js';
import { hashString, OvsHmap } from '../ovs-hmap.js';
import { sendByPort } from '../send-by-port.js';
import { Bond } from './bond.js';
import { bondSettings, lacpMemberSettings, lacpSettings } from './bond-settings.js';
import { composeLearningPacket } from './learning-packet.js';

const NS_PER_MS = 1e6;
/** Ends at one instant a conversation that would go on for ever (a link of LACP with three ends). */
const MAX_RUNS_AT_ONCE = 100;

export interface BondsEnvironment {
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  /** The database should show something new of ports or interfaces. */
  onChange(): void;
}

/** What is remembered of a member from one run to the next. */
interface Link {
  isLive: boolean;
  /** As the device told it. */
  carrier: boolean;
  /** As it was when last looked at, and when that is to be done again; for devices that are looked at now and then. */
  seen: boolean;
  lookAtMs: number;
}

export class Bonds {
  /** In the order in which OVS lists them. */
  readonly byName = new OvsHmap<string, Bond>(hashString);
  /** In the order of their making. */
  readonly lacps: Lacp[] = [];
  private readonly env: BondsEnvironment;
  private readonly bundles = new Set<Bundle>();
  private readonly links = new Map<SwitchPort, Link>();
  private timer: Timer | null = null;
  private runIsDue = false;
  private lastRunMs = -1;
  private runsAtOnce = 0;

  constructor(env: BondsEnvironment) {
    this.env = env;
  }

  // Settings.

  /** Brings the bond and the LACP of a bundle in line with its record; null: the bridge's own port. */
  configure(bundle: Bundle, row: Row | null, bridgeMac: Uint8Array): void {
    const nowMs = this.nowMs();
    this.configureLacp(bundle, row, bridgeMac, nowMs);
    this.configureBond(bundle, row, nowMs);
    if (bundle.bond === null && bundle.lacp === null) {
      this.bundles.delete(bundle);
      return;
    }
    this.bundles.add(bundle);
    this.noteChange();
  }

  private configureLacp(bundle: Bundle, row: Row | null, bridgeMac: Uint8Array, nowMs: number): void {
    const settings = row === null ? null : lacpSettings(row, bridgeMac);
    if (row === null || settings === null) {
      this.dropLacp(bundle);
      return;
    }
    if (bundle.lacp === null) {
      bundle.lacp = new Lacp(settings, () => this.noteChange());
      this.lacps.push(bundle.lacp);
    } else bundle.lacp.configure(settings);
    const rows = new Map(row.refs('interfaces').map((iface) => [iface.string('name') ?? '', iface] as const));
    for (const port of bundle.ports) {
      const iface = rows.get(port.name);
      if (iface !== undefined) bundle.lacp.register(port, lacpMemberSettings(iface, port.ofPort), nowMs);
    }
  }

  private configureBond(bundle: Bundle, row: Row | null, nowMs: number): void {
    if (row === null || bundle.ports.length < 2) {
      this.dropBond(bundle);
      return;
    }
    const settings = bondSettings(row);
    if (bundle.bond === null) {
      bundle.bond = new Bond(bundle.bridge, settings, this.env.rng, nowMs);
      this.byName.set(settings.name, bundle.bond);
    } else bundle.bond.reconfigure(settings, nowMs);
    for (const port of bundle.ports) bundle.bond.register(port);
  }

  /** The bundle is going away. */
  forget(bundle: Bundle): void {
    this.dropLacp(bundle);
    this.dropBond(bundle);
    this.bundles.delete(bundle);
  }

  /** The port leaves its bundle. */
  forgetPort(bundle: Bundle, port: SwitchPort): void {
    this.links.delete(port);
    bundle.lacp?.unregister(port);
    bundle.bond?.unregister(port);
    // One port is no bond.
    if (bundle.ports.length < 2) this.dropBond(bundle);
  }

  private dropLacp(bundle: Bundle): void {
    if (bundle.lacp === null) return;
    this.lacps.splice(this.lacps.indexOf(bundle.lacp), 1);
    bundle.lacp = null;
  }

  private dropBond(bundle: Bundle): void {
    const { bond } = bundle;
    if (bond === null) return;
    if (this.byName.get(bond.settings.name) === bond) this.byName.delete(bond.settings.name);
    bond.close();
    bundle.bond = null;
  }

  // What recurs.

  /** Something has changed that bonds go by. */
  noteChange(): void {
    if (this.runIsDue || this.bundles.size === 0) return;
    this.runIsDue = true;
    const { scheduler } = this.env;
    const isEndless = this.lastRunMs === this.nowMs() && this.runsAtOnce >= MAX_RUNS_AT_ONCE;
    scheduler.at(scheduler.nowNs() + (isEndless ? NS_PER_MS : 0), () => this.run());
  }

  /** Takes up what has changed, for whoever asks about it. */
  settle(): void {
    if (this.runIsDue) this.run();
  }

  private run(): void {
    this.runIsDue = false;
    const nowMs = this.nowMs();
    this.runsAtOnce = nowMs === this.lastRunMs ? this.runsAtOnce + 1 : 1;
    this.lastRunMs = nowMs;
    let changed = false;
    for (const bundle of [...this.bundles]) if (this.runBundle(bundle, nowMs)) changed = true;
    if (changed) {
      this.env.onChange();
      this.noteChange();
    }
    this.schedule();
  }

  /** True when another run may find something more. */
  private runBundle(bundle: Bundle, nowMs: number): boolean {
    const { bond, lacp, bridge } = bundle;
    let changed = false;
    for (const port of bundle.ports) if (this.runPort(bundle, port, nowMs)) changed = true;
    if (lacp?.run(nowMs, sendByPort) === true) changed = true;
    if (bond === null) return changed;
    // As the ports were before LACP ran, as in OVS: what it has found out counts the next time.
    for (const member of bond.members) member.mayEnable = this.linkOf(member.port).isLive;
    const status = lacp?.status ?? 'off';
    if (bond.run(status, (port) => this.carrierOf(bond, port, nowMs), nowMs)) {
      changed = true;
      bridge.backer.noteChange();
    }
    if (bond.takeLearningPackets()) this.sendLearningPackets(bundle, bond);
    if (bond.isBalanced && nowMs >= bond.nextRebalanceMs) {
      bridge.backer.pushStats();
      bond.rebalance(nowMs);
      changed = true;
    }
    return changed;
  }

  private runPort({ lacp, bridge }: Bundle, port: SwitchPort, nowMs: number): boolean {
    const carrier = hasLink(port);
    const link = this.linkOf(port);
    if (link.carrier !== carrier) {
      link.carrier = carrier;
      // OVS's own devices do not tell of it.
      if (!isOwnDevice(port)) lacp?.carrierChanged(port, carrier, nowMs);
    }
    if (carrier) lacp?.noteCarrier(port);
    const isLive = isPortLive(port);
    if (link.isLive === isLive) return false;
    link.isLive = isLive;
    bridge.backer.noteChange();
    return true;
  }

  private linkOf(port: SwitchPort): Link {
    let link = this.links.get(port);
    if (link === undefined) {
      const carrier = hasLink(port);
      link = { isLive: false, carrier, seen: carrier, lookAtMs: 0 };
      this.links.set(port, link);
    }
    return link;
  }

  /** With miimon a link is what it was when it was last looked at. */
  private carrierOf(bond: Bond, port: SwitchPort, nowMs: number): boolean {
    const interval = bond.settings.miimonIntervalMs;
    if (interval === 0 || isOwnDevice(port)) return hasLink(port);
    const link = this.linkOf(port);
    if (nowMs >= link.lookAtMs) {
      link.seen = hasLink(port);
      link.lookAtMs = nowMs + interval;
    }
    return link.seen;
  }

  private schedule(): void {
    this.timer?.cancel();
    this.timer = null;
    let next: number | null = null;
    const wait = (ms: number | null): void => {
      if (ms !== null && (next === null || ms < next)) next = ms;
    };
    for (const { bond, lacp } of this.bundles) {
      wait(lacp?.nextRunMs() ?? null);
      wait(bond?.nextRunMs() ?? null);
      if (bond === null || bond.settings.miimonIntervalMs === 0) continue;
      for (const { port } of bond.members) if (!isOwnDevice(port)) wait(this.linkOf(port).lookAtMs);
    }
    if (next === null) return;
    this.timer = this.env.scheduler.at(Math.max(next, this.nowMs()) * NS_PER_MS, () => this.run(), {
      background: true,
    });
  }

  /** Tells the neighbours where all machines that are not behind the bond are to be found now. */
  private sendLearningPackets(bundle: Bundle, bond: Bond): void {
    const packets: [SwitchPort, Uint8Array][] = [];
    for (const { mac, vlan, bundle: learned } of bundle.bridge.fdb.entries()) {
      if (learned === bundle) continue;
      const packet = composeLearningPacket(mac, vlan);
      const member = bond.chooseForSource(packet.subarray(6, 12), vlan);
      if (member !== null) packets.push([member.port, packet]);
    }
    for (const [port, packet] of packets) sendByPort(port, packet);
  }

  private nowMs(): number {
    return Math.floor(this.env.scheduler.nowNs() / NS_PER_MS);
  }
}

const isOwnDevice = ({ netdev }: SwitchPort): boolean =>
  netdev instanceof DummyNetdev || netdev instanceof VirtualNetdev;
