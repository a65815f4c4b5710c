/**
 * The switch that workloads send frames through: a whole vswitchd with its database, one bridge and its ports, set up as
 * any other is: by a transaction and by OpenFlow rules. Flows come into its datapath by upcalls and translation only.
 *
 * What is timed of it is all that a switch does with a frame: receive, extraction, both tables, statistics of flow and
 * port, actions, the way out. Frames lie in an arena and are taken in bursts, as a network card hands them over; the
 * clock is read once a burst, and events that have come due (upcalls, revalidation each second) are run, and timed.
 *
 * Deliberately different from a simulated machine: ports lead to a sink that takes frames where they lie. Whoever wants
 * a frame as an array of its own pays for one, and no switch would.
 */
import { Datapath } from '#datapath/datapath.js';
import type { DatapathStats } from '#datapath/dpif.js';
import type { FlowSearch } from '#flowtable/megaflow-table.js';
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';
import { Vswitchd } from '#src/vswitchd/vswitchd.js';
import type { FrameSet } from './frames.js';
import { Stopwatch, type Timing } from './stopwatch.js';

/** Frames that are taken at once: what the datapath's loops take in one go; OVS's receive loop takes 32. */
export const BURST_SIZE = 128;
const DATAPATH = 'dummy@ovs-dummy';
const ETHERNET_HEADER_SIZE = 14;
const DEFAULT_MTU = 1500;

export interface BenchPort {
  readonly name: string;
  /** Its OpenFlow number. */
  readonly number: number;
  /** An access port of this VLAN. */
  readonly tag?: number;
  /** A trunk port of this VLAN alone. */
  readonly trunk?: number;
  /** A VXLAN tunnel to this address, of this network. */
  readonly vxlan?: { readonly remote: string; readonly vni: number };
}

export interface BenchBridge {
  readonly name: string;
  readonly ports: readonly BenchPort[];
  /** Rules as `ovs-ofctl add-flow` takes them. */
  readonly rules: readonly string[];
  readonly mac?: string;
  /** The address of its local port, with the length of its network. */
  readonly address?: string;
}

/** What a switch is, as any switch can be set up that takes OVS's commands: `peer/ovs-dpdk.ts` does it with another. */
export interface SwitchPlan {
  readonly bridges: readonly BenchBridge[];
  /** Commands of ovs-appctl after that. */
  readonly commands?: readonly (readonly string[])[];
  /** false: every packet is looked up in the megaflow table. */
  readonly microflowCache?: boolean;
}

export interface BenchSwitchOptions {
  readonly longestFrame?: number;
  /** The most flows of the datapath's table. */
  readonly maxFlows?: number;
  readonly flowSearch?: FlowSearch;
}

/** A plan of one bridge, br0, with the ports p1 and p2. */
export function twoPorts(
  rules: readonly string[],
  settings: {
    readonly p1?: Omit<BenchPort, 'name' | 'number'>;
    readonly p2?: Omit<BenchPort, 'name' | 'number'>;
    readonly microflowCache?: boolean;
    readonly commands?: SwitchPlan['commands'];
  } = {},
): SwitchPlan {
  const { p1, p2, microflowCache = true, commands = [] } = settings;
  const ports = [
    { name: 'p1', number: 1, ...p1 },
    { name: 'p2', number: 2, ...p2 },
  ];
  return { bridges: [{ name: 'br0', ports, rules }], microflowCache, commands };
}

/** What has left by all ports. */
interface Sink {
  frames: number;
  bytes: number;
  /** Depends on a byte of every frame, so that no compiler may leave out the work that made it. */
  trace: number;
}

/** Counters of the whole switch at one moment. */
export interface SwitchCounts {
  readonly stats: DatapathStats;
  readonly sentFrames: number;
  readonly droppedFrames: number;
}

export class BenchSwitch {
  readonly vswitchd: Vswitchd;
  readonly datapath: Datapath;
  private readonly scheduler = new Scheduler();
  private readonly sink: Sink = { frames: 0, bytes: 0, trace: 0 };
  /** Where in its frames the next burst begins. */
  private next = 0;

  constructor(plan: SwitchPlan, options: BenchSwitchOptions = {}) {
    const rng = new SeededRng(1);
    const database = new MemoryDatabase(rng);
    this.vswitchd = new Vswitchd({
      database,
      scheduler: this.scheduler,
      rng,
      netdevs: { open: (name) => ({ error: `could not open network device ${name} (No such device)` }) },
      underlay: null,
      datapath: {
        microflowCache: plan.microflowCache ?? true,
        ...(options.maxFlows === undefined ? {} : { maxFlows: options.maxFlows }),
        ...(options.flowSearch === undefined ? {} : { flowSearch: options.flowSearch }),
      },
    });
    const mtu = Math.max(DEFAULT_MTU, (options.longestFrame ?? 0) - ETHERNET_HEADER_SIZE);
    const { committed, results } = database.transact(bridgeOperations(plan.bridges, mtu));
    if (!committed) throw new Error(`the bridges could not be set up: ${JSON.stringify(results.at(-1))}`);
    const datapath = this.vswitchd.datapaths().get(DATAPATH);
    if (!(datapath instanceof Datapath)) throw new Error(`there is no datapath ${DATAPATH}`);
    this.datapath = datapath;
    this.leadPortsToSink();
    for (const { name, address } of plan.bridges) {
      if (address !== undefined) this.appctl('netdev-dummy/ip4addr', name, address);
    }
    for (const [command = '', ...args] of plan.commands ?? []) this.appctl(command, ...args);
    for (const { name, rules } of plan.bridges) this.addRules(name, rules);
  }

  portNumber(name: string): number {
    const port = this.datapath.portDump().find((candidate) => candidate.name === name);
    if (port === undefined) throw new Error(`there is no port ${name}`);
    return port.port;
  }

  /** A command of ovs-appctl that must succeed. */
  appctl(command: string, ...args: readonly string[]): string {
    const { ok, text } = this.vswitchd.unixctl(command, args);
    if (!ok) throw new Error(`${command}: ${text}`);
    return text;
  }

  /**
   * Sends the next `count` frames of a set, from its beginning again after its end, and returns the nanoseconds that it
   * took. The switch's clock goes on by the same time.
   */
  send(frames: FrameSet, count: number): Timing {
    const { datapath, scheduler } = this;
    const { arena, batch } = frames;
    const beganNs = scheduler.nowNs();
    const stopwatch = new Stopwatch();
    const began = performance.now();
    let elapsedNs = 0;
    let left = count;
    while (left > 0) {
      const burst = Math.min(BURST_SIZE, left, frames.count - this.next);
      datapath.receiveFrames(arena, batch, this.next, burst);
      this.next += burst;
      if (this.next === frames.count) this.next = 0;
      left -= burst;
      elapsedNs = (performance.now() - began) * 1e6;
      scheduler.runUntil(beganNs + elapsedNs);
    }
    return stopwatch.stop();
  }

  /** Sends frames from the beginning of their set. */
  rewind(): void {
    this.next = 0;
  }

  counts(): SwitchCounts {
    let droppedFrames = 0;
    for (const { drops } of this.datapath.portDump()) for (const count of drops.values()) droppedFrames += count;
    return { stats: this.datapath.stats(), sentFrames: this.sink.frames, droppedFrames };
  }

  /** Lets the switch's clock go on, and what falls due happen. */
  advance(ns: number): void {
    this.scheduler.runUntil(this.scheduler.nowNs() + ns);
  }

  /** Runs what is due now: revalidation after a change. */
  settle(): void {
    this.scheduler.runDue();
  }

  addRules(bridgeName: string, rules: readonly string[]): void {
    const bridge = this.vswitchd.bridge(bridgeName);
    if (bridge === undefined) throw new Error(`there is no bridge ${bridgeName}`);
    bridge.flowMods(rules.map((rule) => parseFlowMod(rule, 'add', { ports: bridge.ports }).mod));
  }

  /** Puts the same ports, with the same numbers, in front of a sink. */
  private leadPortsToSink(): void {
    const { sink } = this;
    const transmitInPlace = (bytes: Uint8Array, start: number, length: number): void => {
      sink.frames++;
      sink.bytes += length;
      sink.trace = (sink.trace ^ bytes[start + length - 1]!) | 0;
    };
    for (const { name, port, mtu, type } of this.datapath.portDump()) {
      if (type !== 'dummy') continue;
      this.datapath.portDelete(port);
      this.datapath.portAdd({ name, type: 'dummy', port, mtu, transmitInPlace });
    }
  }
}

/** Bridges without rules of their own, and their ports, as operations of RFC 7047 §5.2. */
function bridgeOperations(bridges: readonly BenchBridge[], mtu: number) {
  return [
    ...bridges.flatMap((bridge, b) => {
      const local: BenchPort = { name: bridge.name, number: 0 };
      const all = [local, ...bridge.ports];
      return [
        ...all.flatMap((port, i) => portOperations(port, port === local, `${b}_${i}`, mtu)),
        {
          op: 'insert',
          table: 'Bridge',
          'uuid-name': `bridge${b}`,
          row: {
            name: bridge.name,
            datapath_type: 'dummy',
            fail_mode: 'secure',
            ports: ['set', all.map((_, i) => ['named-uuid', `port${b}_${i}`])],
            other_config: [
              'map',
              [['mac-table-size', '65536'], ...(bridge.mac === undefined ? [] : [['hwaddr', bridge.mac]])],
            ],
          },
        },
      ];
    }),
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: [],
      mutations: [['bridges', 'insert', ['set', bridges.map((_, b) => ['named-uuid', `bridge${b}`])]]],
    },
  ];
}

function portOperations({ name, number, tag, trunk, vxlan }: BenchPort, isLocal: boolean, id: string, mtu: number) {
  const options = vxlan && [
    'map',
    [
      ['remote_ip', vxlan.remote],
      ['key', String(vxlan.vni)],
    ],
  ];
  const kind = isLocal
    ? { type: 'internal' }
    : vxlan === undefined
      ? { type: 'dummy', mtu_request: mtu, ofport_request: number }
      : { type: 'vxlan', options, ofport_request: number };
  return [
    { op: 'insert', table: 'Interface', 'uuid-name': `interface${id}`, row: { name, ...kind } },
    {
      op: 'insert',
      table: 'Port',
      'uuid-name': `port${id}`,
      row: {
        name,
        interfaces: ['named-uuid', `interface${id}`],
        ...(tag === undefined ? {} : { tag }),
        ...(trunk === undefined ? {} : { trunks: trunk }),
      },
    },
  ];
}
