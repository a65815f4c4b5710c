/** RSTP on a bridge: its settings, its ports, and what follows from their states. Mirrors set_rstp_port() and rstp_run(). */
import type { Row } from '#src/ovsdb/database.js';
import type { SwitchPort } from '../bundle.js';
import { isPortLive } from '../liveness.js';
import { bpduOf } from '../spanning-tree/frame.js';
import { takeUpState } from '../spanning-tree/port-state.js';
import type { TreeSurroundings } from '../spanning-tree/spanning-trees.js';
import type { SpanningTree, TreePortSettings } from '../spanning-tree/tree.js';
import { Rstp } from './rstp.js';
import type { RstpPort } from './rstp-port.js';
import { identifierText, portIdText, roleText, rstpText, stateText } from './rstp-text.js';
import { rstpPortSettings, rstpSettings } from './settings.js';

const TICK_MS = 1000;

export class BridgeRstp implements SpanningTree {
  readonly protocol = 'RSTP';
  private readonly around: TreeSurroundings;
  private readonly rstp: Rstp<SwitchPort>;
  private readonly ports = new Map<SwitchPort, RstpPort<SwitchPort>>();
  private lastTickMs: number;

  constructor(around: TreeSurroundings, row: Row, bridgeMac: Uint8Array) {
    this.around = around;
    this.lastTickMs = around.nowMs();
    this.rstp = new Rstp(rstpSettings(row, bridgeMac).address, {
      send: (port, bpdu) => around.send(port, bpdu),
      onChange: () => around.onStatusChange(),
    });
  }

  get nextRunMs(): number {
    return this.lastTickMs + TICK_MS;
  }

  configure(row: Row, ports: readonly TreePortSettings[], bridgeMac: Uint8Array): boolean {
    this.rstp.configure(rstpSettings(row, bridgeMac));
    const wanted = rstpPortSettings(ports);
    for (const port of [...this.ports.keys()]) if (!wanted.has(port)) this.remove(port);
    for (const [port, settings] of wanted) {
      let place = this.ports.get(port);
      if (place === undefined) {
        place = this.rstp.addPort();
        this.ports.set(port, place);
        port.tree.port = place;
      }
      this.rstp.configurePort(place, port, port.name, settings);
      this.takeUp(port);
    }
    return true;
  }

  receive(port: SwitchPort, frame: Uint8Array): void {
    const place = this.ports.get(port);
    // A bridge with a tree keeps all BPDUs to itself.
    if (place === undefined) return;
    const bpdu = bpduOf(frame, true);
    if (bpdu === null) return;
    this.rstp.receive(place, bpdu);
    this.around.onReceive();
  }

  leave(port: SwitchPort): void {
    this.remove(port);
    this.around.onReceive();
  }

  private remove(port: SwitchPort): void {
    const place = this.ports.get(port);
    if (place === undefined) return;
    this.ports.delete(port);
    this.rstp.removePort(place);
    port.tree.port = null;
    this.takeUp(port);
  }

  run(nowMs: number): void {
    const { rstp } = this;
    if (nowMs - this.lastTickMs >= TICK_MS) {
      rstp.tick();
      this.lastTickMs = nowMs;
    }
    for (const [port, place] of this.ports) rstp.setOperational(place, isPortLive(port));
    for (const place of rstp.ports.values()) {
      if (!place.hasChanged) continue;
      place.hasChanged = false;
      if (place.owner !== null) this.takeUp(place.owner);
    }
    for (const place of rstp.ports.values()) {
      if (!place.fdbFlush) continue;
      place.fdbFlush = false;
      if (place.owner !== null) this.forget(place.owner);
    }
    this.moveToNewRoot();
  }

  close(): void {
    for (const port of [...this.ports.keys()]) this.remove(port);
  }

  changeTopology(): void {
    this.rstp.look();
    this.around.onReceive();
  }

  text(): string {
    return rstpText(this.around.bridge.name, this.rstp);
  }

  bridgeColumns(): Readonly<Record<string, string>> {
    const { bridgeId, rootPriority } = this.rstp;
    return {
      rstp_bridge_id: identifierText(bridgeId),
      rstp_root_path_cost: String(rootPriority.rootPathCost),
      rstp_root_id: identifierText(rootPriority.rootId),
      rstp_designated_id: identifierText(rootPriority.designatedBridge),
      rstp_designated_port_id: portIdText(rootPriority.designatedPort),
      rstp_bridge_port_id: portIdText(rootPriority.bridgePort),
    };
  }

  portColumns(port: SwitchPort): Readonly<Record<string, string>> | null {
    const place = this.ports.get(port);
    if (place === undefined) return null;
    return {
      rstp_port_id: portIdText(place.portId),
      rstp_port_role: roleText(place.role),
      rstp_port_state: stateText(place.state),
      rstp_designated_bridge_id: identifierText(place.portPriority.designatedBridge),
      rstp_designated_port_id: portIdText(place.portPriority.designatedPort),
      rstp_designated_path_cost: String(place.portPriority.rootPathCost),
    };
  }

  portCounts(port: SwitchPort): Readonly<Record<string, number>> | null {
    const place = this.ports.get(port);
    if (place === undefined) return null;
    const { received, malformed, uptimeSec } = place.counts;
    return {
      // As in OVS: those that count towards the limit of the moment.
      rstp_tx_count: place.txCount,
      rstp_rx_count: received,
      rstp_uptime: uptimeSec,
      rstp_error_count: malformed,
    };
  }

  private takeUp(port: SwitchPort): void {
    const change = takeUpState(port, this.around.nowMs());
    if (change === null) return;
    if (change.changesLearning) this.forget(port);
    this.around.onPortChange();
  }

  /** What was learned by an old root port is kept: it moves to the new one. */
  private forget(port: SwitchPort): void {
    if (port.bundle === null || (this.rstp.rootHasMoved && this.rstp.oldRoot === port)) return;
    const { bridge } = this.around;
    bridge.fdb.forget(port.bundle);
    bridge.backer.noteChange();
  }

  private moveToNewRoot(): void {
    const { rootHasMoved, oldRoot, newRoot } = this.rstp;
    if (!rootHasMoved || oldRoot === null || newRoot === null) return;
    const { bridge } = this.around;
    if (oldRoot.bundle !== null && newRoot.bundle !== null) bridge.fdb.move(oldRoot.bundle, newRoot.bundle);
    bridge.backer.noteChange();
    this.rstp.rootHasMoved = false;
  }
}
