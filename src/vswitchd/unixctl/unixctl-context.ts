/**
 * What the commands of ovs-appctl ask of a running vswitchd. `vswitchd.ts` implements it; the commands of this folder
 * parse their arguments, ask, and print.
 *
 * Mirrors what the unixctl callbacks of ofproto-dpif.c, ofproto-dpif-upcall.c, netdev-dummy.c and timeval.c reach.
 */
import type { Dpif } from '#datapath/dpif.js';
import type { DatapathAdmin } from './dpctl.js';
import type { DatapathFeatures } from './datapath-features.js';

export interface UnixctlPort {
  readonly name: string;
  readonly ofPort: number;
  /** The datapath port it sends by; null for a patch port. */
  readonly odpPort: number | null;
  /** As the netdev calls itself: `dummy`, `dummy-internal`, `internal`, `system`, `patch`, `vxlan`. */
  readonly type: string;
  /** The netdev's settings as OVS shows them: `remote_ip`, `key`, `peer`, … */
  readonly config: ReadonlyMap<string, string>;
}

export interface UnixctlBridge {
  readonly name: string;
  /** Name of its datapath: `dummy@ovs-dummy`. */
  readonly datapath: string;
  readonly ports: readonly UnixctlPort[];
}

export interface FdbEntry {
  /** The OpenFlow port of the learned bundle's first port. */
  readonly ofPort: number;
  readonly vlan: number;
  readonly mac: Uint8Array;
  /** Seconds since it was last seen, or 'static'. */
  readonly age: number | 'static';
}

export interface FdbStatistics {
  readonly entries: number;
  readonly maxEntries: number;
  readonly staticEntries: number;
  readonly learned: number;
  readonly expired: number;
  readonly evicted: number;
  readonly moved: number;
}

/** One bridge's table of learned MAC addresses. */
export interface FdbTable {
  /** Least recently used first, the order in which OVS lists them. */
  entries(): readonly FdbEntry[];
  statistics(): FdbStatistics;
  flush(): void;
  clearStatistics(): void;
  /** Adds or overrides a static entry; false when the table refuses it. */
  addStatic(port: string, vlan: number, mac: Uint8Array): boolean;
  /** Removes a static entry; false when there is none. */
  deleteStatic(vlan: number, mac: Uint8Array): boolean;
}

/** One bridge's multicast database: who wants what, and where the routers are. */
export interface McastTable {
  /** Least recently used first; age in seconds. */
  members(): readonly {
    readonly ofPort: number;
    readonly vlan: number;
    readonly group: Uint8Array;
    readonly age: number;
  }[];
  routers(): readonly { readonly ofPort: number; readonly vlan: number; readonly age: number }[];
  flush(): void;
}

/** The upcall handler of one datapath (ofproto-dpif-upcall.c's udpif). */
export interface UpcallStatus {
  readonly datapath: string;
  readonly flows: number;
  readonly averageFlows: number;
  readonly maxFlows: number;
  readonly flowLimit: number;
  readonly dumpDurationMs: number;
  /** Flows that userspace keeps a key of. */
  readonly keys: number;
}

/** A device of type dummy, however it is attached. */
export interface DummyDevice {
  readonly name: string;
  /** Of the wire that it is at one end of; null where it is at none. */
  readonly wireState: 'connected' | 'disconnected' | null;
  receive(frame: Uint8Array): void;
  setUp(up: boolean): void;
}

/** A rule as bridge/dump-flows shows it. */
export interface ShownRule {
  readonly table: number;
  readonly seconds: number;
  readonly packets: number;
  readonly bytes: number;
  readonly match: string;
  readonly actions: string;
}

export interface UnixctlContext {
  /** Nanoseconds on the clock that DpFlow's usedNs counts in. */
  nowNs(): number;
  /** By name (`system@ovs-system`, `dummy@ovs-dummy`). */
  datapaths(): ReadonlyMap<string, Dpif>;
  /** Makes datapaths and their ports by hand. */
  datapathAdmin(): DatapathAdmin;
  bridges(): readonly UnixctlBridge[];
  /** Null for a bridge that does not exist. */
  fdb(bridge: string): FdbTable | null;
  /** Null without multicast snooping, too. */
  mdb(bridge: string): McastTable | null;

  /** All rules of a bridge, the switch's own with them; null for a bridge that does not exist. */
  rules(bridge: string): readonly ShownRule[] | null;
  /** Gives a port of a datapath another number. */
  changePortNumber(dpif: Dpif, port: number, number: number): void;
  /** How many there are of what takes memory, by OVS's names. */
  memoryUsage(): ReadonlyMap<string, number>;

  upcalls(): readonly UpcallStatus[];
  setFlowLimit(limit: number): void;
  /** Off: every flow is installed with an exact-match mask. */
  setMegaflows(enabled: boolean): void;
  /** Revalidates all flows now and returns when it is done. */
  revalidate(): void;
  /** Off: flows stay as they are, whatever changes. */
  setRevalidation(isOn: boolean): void;
  /** Deletes every datapath flow that userspace installed, after its statistics were pushed to the rules. */
  purge(): void;

  /** What a datapath can do; a changed feature takes effect when `featuresChanged` was called. */
  features(datapath: string): DatapathFeatures | null;
  featuresChanged(datapath: string): void;

  dummyDevice(name: string): DummyDevice | null;
  dummyDevices(): readonly DummyDevice[];

  /** Tags that are looked at, Open_vSwitch other_config:vlan-limit; 1 where absent, as OVS has it unless told. */
  vlanLimit?(): number;

  /** From here on time moves by warp() alone. */
  stopTime(): void;
  /** Advances the clock and runs all that becomes due. */
  warp(milliseconds: number): void;
}

export function vlanLimit(context: UnixctlContext): number {
  return context.vlanLimit?.() ?? 1;
}
