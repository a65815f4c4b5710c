/** What ovs-appctl's commands see of a running vswitchd. */
import type { Dpif } from '#datapath/dpif.js';
import { OFPP_LOCAL } from '#src/openflow/ports.js';
import type { Bridge } from './bridge.js';
import type { Bundle, SwitchPort } from './bundle.js';
import { macText } from './mac-learning.js';
import type { McastSnooping } from './mcast-snooping.js';
import { shownRules } from './shown-rules.js';
import type { DatapathFeatures } from './unixctl/datapath-features.js';
import type { DatapathAdmin } from './unixctl/dpctl.js';
import type {
  DummyDevice,
  FdbTable,
  McastTable,
  ShownRule,
  UnixctlBridge,
  UnixctlContext,
  UnixctlPort,
  UpcallStatus,
} from './unixctl/unixctl-context.js';
import type { Vswitchd } from './vswitchd.js';
import { tunnelSettings } from './tunnel-settings.js';

const NS_PER_MS = 1e6;

export class VswitchdContext implements UnixctlContext {
  private readonly vswitchd: Vswitchd;

  constructor(vswitchd: Vswitchd) {
    this.vswitchd = vswitchd;
  }

  nowNs(): number {
    return this.vswitchd.scheduler.nowNs();
  }

  datapaths(): ReadonlyMap<string, Dpif> {
    return this.vswitchd.datapaths();
  }

  datapathAdmin(): DatapathAdmin {
    return this.vswitchd.datapathAdmin();
  }

  bridges(): readonly UnixctlBridge[] {
    return [...this.vswitchd.configuration.bridges().values()].map(({ bridge }) => ({
      name: bridge.name,
      datapath: bridge.backer.name,
      ports: [...bridge.ports.values()].map((port) => describePort(port)),
    }));
  }

  fdb(name: string): FdbTable | null {
    const bridge = this.vswitchd.bridgeNamed(name);
    return bridge === undefined ? null : fdbTable(bridge);
  }

  mdb(name: string): McastTable | null {
    const bridge = this.vswitchd.bridgeNamed(name);
    return bridge?.mcast == null ? null : mcastTable(bridge, bridge.mcast);
  }

  rules(name: string): readonly ShownRule[] | null {
    const bridge = this.vswitchd.bridgeNamed(name);
    if (bridge === undefined) return null;
    bridge.backer.pushStats();
    return shownRules(bridge, this.nowNs());
  }

  changePortNumber(dpif: Dpif, port: number, number: number): void {
    if (!this.vswitchd.configuration.changePortNumber(dpif, port, number)) {
      this.vswitchd.handmade.changePortNumber(dpif, port, number);
    }
  }

  memoryUsage(): ReadonlyMap<string, number> {
    const bridges = [...this.vswitchd.configuration.bridges().values()].map(({ bridge }) => bridge);
    const backers = [...this.vswitchd.allBackers().values()];
    const sum = <T>(all: readonly T[], count: (each: T) => number): number =>
      all.reduce((total, each) => total + count(each), 0);
    return new Map([
      ['handlers', backers.length],
      ['revalidators', backers.length],
      ['udpif keys', sum(backers, (backer) => backer.installedCount)],
      ['ports', sum(bridges, (bridge) => bridge.ports.size)],
      ['rules', sum(bridges, (bridge) => shownRules(bridge, 0).length)],
      ['idl-cells-Open_vSwitch', this.vswitchd.databaseCellCount()],
    ]);
  }

  upcalls(): readonly UpcallStatus[] {
    return [...this.vswitchd.allBackers().values()].map((backer) => ({
      datapath: backer.name,
      flows: backer.dpif.flowCount(),
      averageFlows: backer.dpif.flowCount(),
      maxFlows: backer.maxFlowCount,
      flowLimit: backer.flowLimit,
      // Revalidation takes no virtual time.
      dumpDurationMs: 1,
      keys: backer.installedCount,
    }));
  }

  setFlowLimit(limit: number): void {
    this.vswitchd.setFlowLimit(limit);
  }

  setMegaflows(enabled: boolean): void {
    for (const backer of this.vswitchd.allBackers().values()) {
      backer.megaflowsEnabled = enabled;
      backer.purge();
    }
  }

  revalidate(): void {
    this.vswitchd.scheduler.runDue();
    this.vswitchd.housekeep();
  }

  setRevalidation(isOn: boolean): void {
    for (const backer of this.vswitchd.allBackers().values()) backer.setRevalidation(isOn);
  }

  purge(): void {
    for (const backer of this.vswitchd.allBackers().values()) backer.purge();
  }

  features(datapath: string): DatapathFeatures | null {
    return this.vswitchd.allBackers().get(datapath)?.features ?? null;
  }

  featuresChanged(datapath: string): void {
    const backer = this.vswitchd.allBackers().get(datapath);
    backer?.purge();
    backer?.noteChange();
  }

  dummyDevice(name: string): DummyDevice | null {
    return this.dummyDevices().find((device) => device.name === name) ?? null;
  }

  dummyDevices(): readonly DummyDevice[] {
    return [...this.vswitchd.configuration.dummyDevices(), ...this.vswitchd.handmade.dummyDevices()];
  }

  vlanLimit(): number {
    return this.vswitchd.vlanLimit;
  }

  stopTime(): void {
    // Virtual time stands still by itself.
  }

  warp(milliseconds: number): void {
    const { scheduler } = this.vswitchd;
    scheduler.runUntil(scheduler.nowNs() + milliseconds * NS_PER_MS);
  }
}

function describePort(port: SwitchPort): UnixctlPort {
  const config = new Map(port.tunnel === null ? [] : tunnelSettings(port.tunnel));
  if (port.peerName !== null) config.set('peer', port.peerName);
  return {
    name: port.name,
    ofPort: port.ofPort,
    odpPort: port.odpPort,
    type: port.netdev.type === '' ? 'system' : port.netdev.type,
    config,
  };
}

function mcastTable(bridge: Bridge, mcast: McastSnooping): McastTable {
  const { nowSec } = bridge;
  const ofPortOf = (bundle: Bundle): number => bundle.ports[0]?.ofPort ?? OFPP_LOCAL;
  mcast.expire(nowSec);
  return {
    members: () =>
      [...mcast.allGroups()].flatMap(({ address, vlan, members }) =>
        [...members].map(([bundle, expiresSec]) => ({
          ofPort: ofPortOf(bundle),
          vlan,
          group: Uint8Array.from(Buffer.from(address, 'hex')),
          age: mcast.memberAge(expiresSec, nowSec),
        })),
      ),
    routers: () =>
      [...mcast.routers()].map((router) => ({
        ofPort: ofPortOf(router.bundle),
        vlan: router.vlan,
        age: mcast.routerAge(router, nowSec),
      })),
    flush: () => mcast.flush(),
  };
}

function fdbTable(bridge: Bridge): FdbTable {
  const { fdb } = bridge;
  const bytesOf = (mac: string): Uint8Array => Uint8Array.from(Buffer.from(mac, 'hex'));
  return {
    entries: () => {
      bridge.backer.pushStats();
      fdb.expire(bridge.nowSec);
      return [...fdb.entries()].map((entry) => ({
        ofPort: entry.bundle?.ports[0]?.ofPort ?? OFPP_LOCAL,
        vlan: entry.vlan,
        mac: bytesOf(entry.mac),
        age: fdb.ageOf(entry, bridge.nowSec) ?? 'static',
      }));
    },
    statistics: () => ({
      entries: fdb.size,
      maxEntries: fdb.maximum,
      staticEntries: fdb.staticCount,
      learned: fdb.totalLearned,
      expired: fdb.totalExpired,
      evicted: fdb.totalEvicted,
      moved: fdb.totalMoved,
    }),
    flush: () => {
      fdb.flush();
      bridge.backer.noteChange();
    },
    clearStatistics: () => fdb.clearStatistics(),
    addStatic: (portName, vlan, mac) => {
      const bundle = bridge.portNamed(portName)?.bundle;
      if (bundle == null || !fdb.addStatic(macText(mac, 0), vlan, bundle)) return false;
      bridge.backer.noteChange();
      return true;
    },
    deleteStatic: (vlan, mac) => {
      const entry = fdb.lookup(macText(mac, 0), vlan);
      if (entry?.expiresSec !== null) return false;
      fdb.delete(macText(mac, 0), vlan);
      bridge.backer.noteChange();
      return true;
    },
  };
}
