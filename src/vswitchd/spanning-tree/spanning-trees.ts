/**
 * The spanning trees of all bridges, and what recurs for them. Mirrors stp_run(), rstp_run() and
 * bridge_configure_spanning_tree().
 *
 * The invariant: what BPDUs and links change is taken up before time moves on.
 */
import type { Row } from '#src/ovsdb/database.js';
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import type { Bridge } from '../bridge.js';
import type { Bundle, SwitchPort } from '../bundle.js';
import { BridgeRstp } from '../rstp/bridge-rstp.js';
import { BridgeStp } from '../stp/bridge-stp.js';
import { sendByPort } from '../send-by-port.js';
import { composeBpduFrame } from './frame.js';
import type { SpanningTree, TreePortSettings } from './tree.js';

const NS_PER_MS = 1e6;

export interface TreesEnvironment {
  readonly scheduler: Scheduler;
  /** The database should show something new of trees. */
  onStatusChange(): void;
  /** The state of ports is another. */
  onPortChange(bridge: Bridge): void;
}

/** What a tree asks of the switch around it. */
export interface TreeSurroundings {
  readonly bridge: Bridge;
  readonly nowMs: () => number;
  send(port: SwitchPort, bpdu: Uint8Array): void;
  onStatusChange(): void;
  onPortChange(): void;
  /** Something has come that run() should take up. */
  onReceive(): void;
}

export class SpanningTrees {
  private readonly env: TreesEnvironment;
  /** In the order of their making. */
  private readonly trees = new Map<Bridge, SpanningTree>();
  private readonly outgoing: { readonly port: SwitchPort; readonly frame: Uint8Array }[] = [];
  private runIsDue = false;
  private timer: Timer | null = null;

  constructor(env: TreesEnvironment) {
    this.env = env;
  }

  /** With both asked for there is RSTP. */
  configure(bridge: Bridge, row: Row, bundles: Iterable<readonly [Bundle, Row | null]>, bridgeMac: Uint8Array): void {
    const isRapid = row.boolean('rstp_enable') === true;
    const wanted = isRapid ? 'RSTP' : row.boolean('stp_enable') === true ? 'STP' : null;
    if (bridge.tree !== null && bridge.tree.protocol !== wanted) this.close(bridge);
    if (wanted === null) return;
    if (bridge.tree === null) {
      const around = this.around(bridge);
      bridge.tree = isRapid ? new BridgeRstp(around, row, bridgeMac) : new BridgeStp(around, row, bridgeMac);
      this.trees.set(bridge, bridge.tree);
      bridge.backer.noteChange();
    }
    if (!bridge.tree.configure(row, portsOf(bridge, bundles), bridgeMac)) this.close(bridge);
    this.noteChange();
  }

  /** The bridge goes away, or has no tree any more. */
  close(bridge: Bridge): void {
    if (bridge.tree === null) return;
    bridge.tree.close();
    bridge.tree = null;
    this.trees.delete(bridge);
    bridge.backer.noteChange();
  }

  /** Those of a protocol, in the order of their making. */
  list(protocol: SpanningTree['protocol']): readonly (readonly [string, SpanningTree])[] {
    const found = [...this.trees].filter(([, tree]) => tree.protocol === protocol);
    return found.map(([bridge, tree]) => [bridge.name, tree] as const);
  }

  /** Something has changed that trees go by. */
  noteChange(): void {
    if (this.runIsDue || this.trees.size === 0) return;
    this.runIsDue = true;
    const { scheduler } = this.env;
    scheduler.at(scheduler.nowNs(), () => this.run());
  }

  /** Takes up what has changed, for whoever asks about it. */
  settle(): void {
    if (this.runIsDue) this.run();
  }

  private run(): void {
    this.runIsDue = false;
    const nowMs = this.nowMs();
    for (const tree of this.trees.values()) tree.run(nowMs);
    for (const { port, frame } of this.outgoing.splice(0)) {
      const { bridge, ofPort } = port;
      if (bridge.ports.get(ofPort) !== port) continue;
      sendByPort(port, frame);
    }
    this.schedule();
  }

  private schedule(): void {
    this.timer?.cancel();
    this.timer = null;
    if (this.trees.size === 0) return;
    const nextMs = Math.min(...[...this.trees.values()].map(({ nextRunMs }) => nextRunMs));
    this.timer = this.env.scheduler.at(nextMs * NS_PER_MS, () => this.run(), { background: true });
  }

  private around(bridge: Bridge): TreeSurroundings {
    return {
      bridge,
      nowMs: () => this.nowMs(),
      send: (port, bpdu) => {
        const { mac } = port.netdev;
        // As in OVS, nothing is sent in the name of nobody.
        if (mac.every((byte) => byte === 0)) return;
        this.outgoing.push({ port, frame: composeBpduFrame(mac, bpdu) });
        this.noteChange();
      },
      onStatusChange: () => this.env.onStatusChange(),
      onPortChange: () => this.env.onPortChange(bridge),
      onReceive: () => this.noteChange(),
    };
  }

  private nowMs(): number {
    return Math.floor(this.env.scheduler.nowNs() / NS_PER_MS);
  }
}

/** Ports that may take part: not bonds, nor the switch's own devices, nor where mirrors send to. */
function portsOf(bridge: Bridge, bundles: Iterable<readonly [Bundle, Row | null]>): readonly TreePortSettings[] {
  const ports: TreePortSettings[] = [];
  for (const [bundle, row] of bundles) {
    const [port, ...others] = bundle.ports;
    if (row === null || port === undefined || others.length > 0) continue;
    if (row.refs('interfaces').length > 1 || port.type === 'internal' || bridge.mirrors.isOutput(bundle)) continue;
    ports.push({ port, row });
  }
  return ports;
}
