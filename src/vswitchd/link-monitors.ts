/**
 * BFD and CFM of all ports: makes them as interfaces ask for them, and runs each when it is due. Mirrors
 * ofproto-dpif-monitor.c, set_bfd() and set_cfm() of ofproto-dpif.c.
 *
 * The invariant: what a monitor finds out of a link is taken up by everything that goes by it before time moves on.
 */
import type { Rng } from '#datapath/environment.js';
import type { Row } from '#src/ovsdb/database.js';
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import { Bfd } from './bfd/bfd.js';
import { bfdSettings } from './bfd/settings.js';
import type { SwitchPort } from './bundle.js';
import { Cfm } from './cfm/cfm.js';
import { cfmSettings } from './cfm/settings.js';
import type { LinkMonitorEnvironment } from './link-monitor-environment.js';
import { hashString, OvsHmap } from './ovs-hmap.js';
import { rxPacketsOf } from './port-stats.js';
import { sendByPort } from './send-by-port.js';

const NS_PER_MS = 1e6;
/** RFC 5881 §4: the source port is one of the upper quarter, and unique as far as that goes. */
const FIRST_SOURCE_PORT = 49_152;
const SOURCE_PORT_COUNT = 16_384;

export interface LinkMonitorsEnvironment {
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  /** What is known of the links of these ports has changed. */
  onChange(ports: ReadonlySet<SwitchPort>): void;
}

export class LinkMonitors {
  private readonly env: LinkMonitorsEnvironment;
  /** When each port that is monitored has its turn. */
  private readonly turns = new Map<SwitchPort, number>();
  /** In the order in which OVS lists them. */
  private readonly bfdByDiscriminator = new OvsHmap<number, Bfd>((discriminator) => discriminator);
  private readonly cfmByName = new OvsHmap<string, Cfm>(hashString);
  private readonly changed = new Set<SwitchPort>();
  private sessionCount = 0;
  private timer: Timer | null = null;
  private isRunning = false;

  constructor(env: LinkMonitorsEnvironment) {
    this.env = env;
  }

  bfds(): IterableIterator<Bfd> {
    return this.bfdByDiscriminator.values();
  }

  cfms(): IterableIterator<Cfm> {
    return this.cfmByName.values();
  }

  /** Brings the monitors of a port in line with its record; null: it has none. */
  configure(port: SwitchPort, iface: Row | null): void {
    this.configureBfd(port, iface);
    this.configureCfm(port, iface);
    if (port.bfd === null && port.cfm === null) this.turns.delete(port);
    else this.giveTurn(port);
  }

  /** The port is going away. */
  forget(port: SwitchPort): void {
    this.configure(port, null);
    this.changed.delete(port);
  }

  private configureBfd(port: SwitchPort, iface: Row | null): void {
    const settings = iface === null ? null : bfdSettings(iface.map('bfd'));
    if (settings !== null && port.bfd !== null) port.bfd.configure(settings);
    else if (settings !== null) {
      const discriminator = this.newDiscriminator();
      const sourcePort = FIRST_SOURCE_PORT + (this.sessionCount++ % SOURCE_PORT_COUNT);
      port.bfd = new Bfd({ name: port.name, discriminator, sourcePort }, settings, this.surroundingsOf(port));
      this.bfdByDiscriminator.set(discriminator, port.bfd);
    } else if (port.bfd !== null) {
      this.bfdByDiscriminator.delete(port.bfd.identity.discriminator);
      port.bfd = null;
      this.noteChange(port);
    }
  }

  private configureCfm(port: SwitchPort, iface: Row | null): void {
    const settings = iface === null ? null : cfmSettings(iface, port.tunnel?.inKeyFromFlow ?? false);
    if (settings !== null && port.cfm !== null) port.cfm.configure(settings);
    else if (settings !== null) {
      port.cfm = new Cfm(port.name, settings, this.surroundingsOf(port));
      this.cfmByName.set(port.name, port.cfm);
    } else if (port.cfm !== null) {
      this.cfmByName.delete(port.name);
      port.cfm = null;
      this.noteChange(port);
    }
  }

  /** Not 0, and nobody else's. */
  private newDiscriminator(): number {
    let discriminator = 0;
    while (discriminator === 0 || this.bfdByDiscriminator.has(discriminator)) discriminator = this.env.rng.next32();
    return discriminator;
  }

  private surroundingsOf(port: SwitchPort): LinkMonitorEnvironment {
    return {
      rng: this.env.rng,
      nowMs: () => this.nowMs(),
      rxPackets: () => rxPacketsOf(port),
      onChange: () => this.noteChange(port),
      wake: () => this.giveTurn(port),
    };
  }

  private noteChange(port: SwitchPort): void {
    const isFirst = this.changed.size === 0;
    this.changed.add(port);
    if (!isFirst) return;
    const { scheduler } = this.env;
    scheduler.at(scheduler.nowNs(), () => {
      const ports = new Set(this.changed);
      this.changed.clear();
      if (ports.size > 0) this.env.onChange(ports);
    });
  }

  /** The port has its turn at once. */
  private giveTurn(port: SwitchPort): void {
    this.turns.set(port, 0);
    if (!this.isRunning) this.schedule();
  }

  private run(): void {
    this.timer = null;
    this.isRunning = true;
    for (let port = this.due(); port !== null; port = this.due()) this.runPort(port);
    this.isRunning = false;
    this.schedule();
  }

  private due(): SwitchPort | null {
    const nowMs = this.nowMs();
    for (const [port, turnMs] of this.turns) if (turnMs <= nowMs) return port;
    return null;
  }

  private runPort(port: SwitchPort): void {
    const { bfd, cfm, netdev } = port;
    // What is sent may make the port's turn come again.
    this.turns.set(port, Number.POSITIVE_INFINITY);
    if (cfm?.mustSend === true) sendByPort(port, cfm.compose(netdev.mac));
    if (bfd?.mustSend === true) {
      const { frame, isOam } = bfd.compose(netdev.mac);
      sendByPort(port, frame, isOam);
    }
    cfm?.run();
    bfd?.run();
    const next = Math.min(cfm?.nextRunMs ?? Number.POSITIVE_INFINITY, bfd?.nextRunMs ?? Number.POSITIVE_INFINITY);
    if (this.turns.has(port)) this.turns.set(port, next);
  }

  private schedule(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.turns.size === 0) return;
    const next = Math.max(Math.min(...this.turns.values()), this.nowMs());
    this.timer = this.env.scheduler.at(next * NS_PER_MS, () => this.run(), { background: true });
  }

  private nowMs(): number {
    return Math.floor(this.env.scheduler.nowNs() / NS_PER_MS);
  }
}
