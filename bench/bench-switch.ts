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
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';
import { Vswitchd } from '#src/vswitchd/vswitchd.js';
import type { FrameSet } from './frames.js';

/** Frames that are taken at once: what the datapath's loops take in one go; OVS's receive loop takes 32. */
export const BURST_SIZE = 128;
const BRIDGE = 'br0';
const DATAPATH = 'dummy@ovs-dummy';
const ETHERNET_HEADER_SIZE = 14;
const DEFAULT_MTU = 1500;

export interface BenchPort {
  readonly name: string;
  /** An access port of this VLAN. */
  readonly tag?: number;
  /** A trunk port of this VLAN alone. */
  readonly trunk?: number;
}

export interface BenchSwitchOptions {
  readonly ports: readonly BenchPort[];
  /** Rules as `ovs-ofctl add-flow` takes them. */
  readonly rules: readonly string[];
  readonly microflowCache?: boolean;
  readonly longestFrame?: number;
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

  constructor(options: BenchSwitchOptions) {
    const rng = new SeededRng(1);
    const database = new MemoryDatabase(rng);
    this.vswitchd = new Vswitchd({
      database,
      scheduler: this.scheduler,
      rng,
      netdevs: { open: (name) => ({ error: `could not open network device ${name} (No such device)` }) },
      underlay: null,
      datapath: { microflowCache: options.microflowCache ?? true },
    });
    const mtu = Math.max(DEFAULT_MTU, (options.longestFrame ?? 0) - ETHERNET_HEADER_SIZE);
    const { committed, results } = database.transact(bridgeOperations(options.ports, mtu));
    if (!committed) throw new Error(`the bridge could not be set up: ${JSON.stringify(results.at(-1))}`);
    const datapath = this.vswitchd.datapaths().get(DATAPATH);
    if (!(datapath instanceof Datapath)) throw new Error(`there is no datapath ${DATAPATH}`);
    this.datapath = datapath;
    this.leadPortsToSink();
    this.addRules(options.rules);
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
  send(frames: FrameSet, count: number): number {
    const { datapath, scheduler } = this;
    const { arena, batch } = frames;
    const beganNs = scheduler.nowNs();
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
    return (performance.now() - began) * 1e6;
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

  private addRules(rules: readonly string[]): void {
    const bridge = this.vswitchd.bridge(BRIDGE);
    if (bridge === undefined) throw new Error(`there is no bridge ${BRIDGE}`);
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
    for (const { name, port, mtu } of this.datapath.portDump()) {
      if (name === BRIDGE || name === 'ovs-dummy') continue;
      this.datapath.portDelete(port);
      this.datapath.portAdd({ name, type: 'dummy', port, mtu, transmitInPlace });
    }
  }
}

/** A bridge without rules of its own, and its ports, as operations of RFC 7047 §5.2. */
function bridgeOperations(ports: readonly BenchPort[], mtu: number) {
  const all: readonly BenchPort[] = [{ name: BRIDGE }, ...ports];
  return [
    ...all.flatMap(({ name, tag, trunk }, i) => [
      {
        op: 'insert',
        table: 'Interface',
        'uuid-name': `interface${i}`,
        row:
          name === BRIDGE ? { name, type: 'internal' } : { name, type: 'dummy', mtu_request: mtu, ofport_request: i },
      },
      {
        op: 'insert',
        table: 'Port',
        'uuid-name': `port${i}`,
        row: {
          name,
          interfaces: ['named-uuid', `interface${i}`],
          ...(tag === undefined ? {} : { tag }),
          ...(trunk === undefined ? {} : { trunks: trunk }),
        },
      },
    ]),
    {
      op: 'insert',
      table: 'Bridge',
      'uuid-name': 'bridge',
      row: {
        name: BRIDGE,
        datapath_type: 'dummy',
        fail_mode: 'secure',
        ports: ['set', all.map((_, i) => ['named-uuid', `port${i}`])],
        other_config: ['map', [['mac-table-size', '65536']]],
      },
    },
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: [],
      mutations: [['bridges', 'insert', ['set', [['named-uuid', 'bridge']]]]],
    },
  ];
}
