/** STP on a bridge: its settings, its ports, and what follows from their states. Mirrors set_stp_port() and stp_run(). */
import type { Row } from '#src/ovsdb/database.js';
import type { SwitchPort } from '../bundle.js';
import { hasLink } from '../liveness.js';
import { bpduOf } from '../spanning-tree/frame.js';
import { takeUpState } from '../spanning-tree/port-state.js';
import type { TreeSurroundings } from '../spanning-tree/spanning-trees.js';
import type { SpanningTree, TreePortSettings } from '../spanning-tree/tree.js';
import { type StpPortSettings, stpPortSettings, stpSettings } from './settings.js';
import { Stp } from './stp.js';
import type { StpPort } from './stp-port.js';
import { identifierText, roleOf, stpText } from './stp-text.js';

const TICK_MS = 1000;

export class BridgeStp implements SpanningTree {
  readonly protocol = 'STP';
  private readonly around: TreeSurroundings;
  private readonly stp: Stp<SwitchPort>;
  private readonly ports = new Map<SwitchPort, StpPort<SwitchPort>>();
  private lastTickMs: number;

  constructor(around: TreeSurroundings, row: Row, bridgeMac: Uint8Array) {
    this.around = around;
    this.lastTickMs = around.nowMs();
    this.stp = new Stp(stpSettings(row, bridgeMac), {
      send: (port, bpdu) => around.send(port, bpdu),
      onChange: () => around.onStatusChange(),
    });
  }

  get nextRunMs(): number {
    return this.lastTickMs + TICK_MS;
  }

  /** False where some ports have a number that they were given and others have not: then there is no tree. */
  configure(row: Row, ports: readonly TreePortSettings[], bridgeMac: Uint8Array): boolean {
    this.stp.configure(stpSettings(row, bridgeMac));
    const numbered = stpPortSettings(ports);
    for (const port of this.ports.keys()) if (!numbered.settings.has(port)) this.remove(port);
    for (const [port, settings] of numbered.settings) this.configurePort(port, settings);
    return !numbered.isMixed;
  }

  private configurePort(port: SwitchPort, { number, priority, pathCost }: StpPortSettings): void {
    const { stp } = this;
    const before = this.ports.get(port);
    // The old number may be another port's by now.
    if (before !== undefined && before.number !== number && before.owner === port) stp.disable(before);
    const place = stp.port(number);
    this.ports.set(port, place);
    port.tree.port = place;
    place.name = port.name;
    if (hasLink(port)) stp.enable(place);
    else stp.disable(place);
    place.owner = port;
    stp.setPriority(place, priority);
    stp.setPathCost(place, pathCost);
    this.takeUp(port);
  }

  receive(port: SwitchPort, frame: Uint8Array): void {
    const place = this.ports.get(port);
    // A bridge with a tree keeps all BPDUs to itself.
    if (place === undefined || place.state === 'disabled') return;
    const bpdu = bpduOf(frame, false);
    if (bpdu === null) return;
    this.stp.receive(place, bpdu);
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
    port.tree.port = null;
    if (place.owner === port) this.stp.disable(place);
    this.takeUp(port);
  }

  run(nowMs: number): void {
    const { stp, lastTickMs } = this;
    if (nowMs > lastTickMs) {
      stp.tick(nowMs - lastTickMs);
      this.lastTickMs = nowMs;
    }
    for (const [port, place] of this.ports) {
      if (hasLink(port) === (place.state !== 'disabled')) continue;
      if (hasLink(port)) {
        stp.enable(place);
        place.owner = port;
      } else stp.disable(place);
      this.takeUp(port);
    }
    for (const { owner } of stp.takeChangedPorts()) if (owner !== null) this.takeUp(owner);
    if (stp.takeFlush()) this.flush();
  }

  close(): void {
    for (const port of [...this.ports.keys()]) this.remove(port);
  }

  changeTopology(): void {
    this.stp.detectTopologyChange();
    this.around.onReceive();
  }

  text(): string {
    return stpText(this.around.bridge.name, this.stp);
  }

  bridgeColumns(): Readonly<Record<string, string>> {
    const { bridgeId, designatedRoot, rootPathCost } = this.stp;
    return {
      stp_bridge_id: identifierText(bridgeId),
      stp_designated_root: identifierText(designatedRoot),
      stp_root_path_cost: String(rootPathCost | 0),
    };
  }

  portColumns(port: SwitchPort, nowMs: number): Readonly<Record<string, string>> | null {
    const place = this.ports.get(port);
    if (place === undefined) return null;
    return {
      stp_port_id: String(place.portId),
      stp_state: place.state,
      stp_sec_in_state: String(Math.floor((nowMs - port.tree.enteredMs) / 1000)),
      stp_role: roleOf(this.stp, place),
    };
  }

  portCounts(port: SwitchPort): Readonly<Record<string, number>> | null {
    const counts = this.ports.get(port)?.counts;
    if (counts === undefined) return null;
    return { stp_tx_count: counts.transmitted, stp_rx_count: counts.received, stp_error_count: counts.malformed };
  }

  private takeUp(port: SwitchPort): void {
    const change = takeUpState(port, this.around.nowMs());
    if (change === null) return;
    if (change.changesLearning) this.flush();
    this.around.onPortChange();
  }

  private flush(): void {
    const { bridge } = this.around;
    bridge.fdb.flush();
    bridge.mcast?.flush();
    bridge.backer.noteChange();
  }
}
