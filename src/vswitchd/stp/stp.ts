/**
 * The spanning tree protocol for one bridge (IEEE 802.1D-1998 clause 8): from what neighbours say of the way to the root
 * each bridge finds its own, and lets only ports on the tree forward. Mirrors lib/stp.c.
 *
 * The invariant: root, cost and roles always follow from what is recorded of each port (§8.6.7); only states lag behind,
 * by the forward delay.
 */
import {
  type ConfigBpdu,
  composeConfigBpdu,
  composeTcnBpdu,
  parseStpBpdu,
  TOPOLOGY_CHANGE,
  TOPOLOGY_CHANGE_ACK,
} from './bpdu.js';
import { StpPort } from './stp-port.js';
import { msOf, StpTimer, ticksOf } from './timer.js';

export const MAX_PORTS = 255;
const MAC_BITS = (1n << 48n) - 1n;
const MESSAGE_AGE_INCREMENT = 1;
const HOLD_TIME = ticksOf(1000);

const clamp = (value: number, min: number, max: number): number => Math.min(max, Math.max(min, value));

export interface StpSettings {
  /** 48 bits. */
  readonly systemId: bigint;
  readonly priority: number;
  readonly helloTimeMs: number;
  readonly maxAgeMs: number;
  readonly forwardDelayMs: number;
}

export interface StpEnvironment<Owner> {
  send(owner: Owner, bpdu: Uint8Array): void;
  /** Something has changed that the database shows. */
  onChange(): void;
}

export class Stp<Owner> {
  bridgeId: bigint;
  designatedRoot: bigint;
  rootPathCost = 0;
  rootPort: StpPort<Owner> | null = null;
  /** As the root has them, in ticks. */
  maxAge = 0;
  helloTime = 0;
  forwardDelay = 0;
  /** What they are when this bridge is the root. */
  bridgeMaxAge = 0;
  bridgeHelloTime = 0;
  bridgeForwardDelay = 0;
  private hasDetectedChange = false;
  private topologyChange = false;
  private flushIsDue = false;
  private elapsedRemainderMs = 0;
  private readonly helloTimer = new StpTimer();
  private readonly tcnTimer = new StpTimer();
  private readonly topologyChangeTimer = new StpTimer();
  private readonly ports: (StpPort<Owner> | undefined)[] = [];
  private readonly env: StpEnvironment<Owner>;

  constructor(settings: StpSettings, env: StpEnvironment<Owner>) {
    this.env = env;
    this.bridgeId = (32768n << 48n) | settings.systemId;
    this.designatedRoot = this.bridgeId;
    this.updateBridgeTimes({ helloTimeMs: 2000, maxAgeMs: 20_000, forwardDelayMs: 15_000 });
    this.helloTimer.start(this.helloTime);
    this.configure(settings);
  }

  configure(settings: StpSettings): void {
    this.setBridgeId((this.bridgeId & ~MAC_BITS) | settings.systemId);
    this.setBridgeId((BigInt(settings.priority & 0xffff) << 48n) | (this.bridgeId & MAC_BITS));
    this.updateBridgeTimes(settings);
  }

  get isRoot(): boolean {
    return this.bridgeId === this.designatedRoot;
  }

  /** By number, from 0 on. */
  port(number: number): StpPort<Owner> {
    let port = this.ports[number];
    if (port === undefined) {
      port = new StpPort(number, this.env);
      this.ports[number] = port;
      this.becomeDesignated(port);
    }
    return port;
  }

  /** Those that take part, by number. */
  enabledPorts(): readonly StpPort<Owner>[] {
    return this.ports.filter((port) => port !== undefined && port.state !== 'disabled') as StpPort<Owner>[];
  }

  isDesignated(port: StpPort<Owner>): boolean {
    return port.designatedBridge === this.bridgeId && port.designatedPort === port.portId;
  }

  /** Ports whose state has changed since the last time. */
  takeChangedPorts(): readonly StpPort<Owner>[] {
    const changed = this.ports.filter((port) => port?.hasChanged === true) as StpPort<Owner>[];
    for (const port of changed) port.hasChanged = false;
    return changed;
  }

  /** Must what has been learned be forgotten? */
  takeFlush(): boolean {
    const isDue = this.flushIsDue;
    this.flushIsDue = false;
    return isDue;
  }

  // Ports.

  enable(port: StpPort<Owner>): void {
    if (port.state !== 'disabled') return;
    this.becomeDesignated(port);
    port.initialize('blocking');
    this.selectStates();
  }

  disable(port: StpPort<Owner>): void {
    if (port.state === 'disabled') return;
    const wasRoot = this.isRoot;
    this.becomeDesignated(port);
    port.setState('disabled');
    port.acknowledgesChange = false;
    port.configIsPending = false;
    port.messageAgeTimer.stop();
    port.forwardDelayTimer.stop();
    this.update();
    this.selectStates();
    if (this.isRoot && !wasRoot) this.becomeRoot();
    port.owner = null;
  }

  setPriority(port: StpPort<Owner>, priority: number): void {
    const portId = (port.portId & 0xff) | ((priority & 0xff) << 8);
    if (port.portId === portId) return;
    if (this.isDesignated(port)) port.designatedPort = portId;
    port.portId = portId;
    if (this.bridgeId !== port.designatedBridge || port.portId >= port.designatedPort) return;
    this.becomeDesignated(port);
    this.selectStates();
  }

  setPathCost(port: StpPort<Owner>, pathCost: number): void {
    if (port.pathCost === (pathCost & 0xffff)) return;
    port.pathCost = pathCost & 0xffff;
    this.update();
    this.selectStates();
  }

  // Time.

  tick(ms: number): void {
    const total = ms + this.elapsedRemainderMs;
    const elapsed = ticksOf(total);
    this.elapsedRemainderMs = total - msOf(elapsed);
    if (elapsed === 0) return;
    if (this.helloTimer.expires(elapsed, this.helloTime)) {
      this.generateConfigs();
      this.helloTimer.start();
    }
    if (this.tcnTimer.expires(elapsed, this.bridgeHelloTime)) {
      this.transmitTcn();
      this.tcnTimer.start();
    }
    if (this.topologyChangeTimer.expires(elapsed, this.maxAge + this.forwardDelay)) {
      this.hasDetectedChange = false;
      this.topologyChange = false;
    }
    for (const port of this.enabledPorts()) {
      if (port.messageAgeTimer.expires(elapsed, this.maxAge)) this.forgetNeighbour(port);
    }
    for (const port of this.enabledPorts()) {
      if (port.forwardDelayTimer.expires(elapsed, this.forwardDelay)) this.advance(port);
      if (port.holdTimer.expires(elapsed, HOLD_TIME) && port.configIsPending) this.transmitConfig(port);
    }
  }

  /** Nothing was heard of the designated bridge for the max age (§8.6.10 in its place). */
  private forgetNeighbour(port: StpPort<Owner>): void {
    const wasRoot = this.isRoot;
    this.becomeDesignated(port);
    this.update();
    this.selectStates();
    if (this.isRoot && !wasRoot) this.becomeRoot();
  }

  private advance(port: StpPort<Owner>): void {
    if (port.state === 'listening') {
      port.setState('learning');
      port.forwardDelayTimer.start();
    } else if (port.state === 'learning') {
      port.setState('forwarding');
      if (this.enabledPorts().some((each) => each.designatedBridge === this.bridgeId)) this.detectTopologyChange();
    }
  }

  // BPDUs.

  receive(port: StpPort<Owner>, bytes: Uint8Array): void {
    if (port.state === 'disabled') return;
    const bpdu = parseStpBpdu(bytes);
    if (bpdu.kind === 'malformed') {
      port.counts.malformed++;
      return;
    }
    port.counts.received++;
    if (bpdu.kind === 'config') this.receiveConfig(port, bpdu.config);
    else if (this.isDesignated(port)) {
      this.detectTopologyChange();
      port.acknowledgesChange = true;
      this.transmitConfig(port);
    }
  }

  private receiveConfig(port: StpPort<Owner>, config: ConfigBpdu): void {
    if (config.messageAge >= config.maxAge) return;
    if (!port.isSupersededBy(config, this.bridgeId)) {
      if (this.isDesignated(port)) this.transmitConfig(port);
      return;
    }
    const wasRoot = this.isRoot;
    port.record(config);
    this.update();
    this.selectStates();
    if (!this.isRoot && wasRoot) {
      this.helloTimer.stop();
      if (this.hasDetectedChange) {
        this.topologyChangeTimer.stop();
        this.transmitTcn();
        this.tcnTimer.start();
      }
    }
    if (port !== this.rootPort) return;
    this.maxAge = config.maxAge;
    this.helloTime = config.helloTime;
    this.forwardDelay = config.forwardDelay;
    this.topologyChange = (config.flags & TOPOLOGY_CHANGE) !== 0;
    this.generateConfigs();
    if ((config.flags & TOPOLOGY_CHANGE_ACK) !== 0) {
      this.hasDetectedChange = false;
      this.tcnTimer.stop();
    }
    if (this.topologyChange) this.flushIsDue = true;
  }

  private transmitConfig(port: StpPort<Owner>): void {
    const { rootPort, isRoot } = this;
    if (!isRoot && rootPort === null) return;
    if (port.holdTimer.isRunning) {
      port.configIsPending = true;
      return;
    }
    const messageAge = isRoot ? 0 : (rootPort!.messageAgeTimer.value + MESSAGE_AGE_INCREMENT) & 0xffff;
    if (messageAge >= this.maxAge) return;
    const flags = (port.acknowledgesChange ? TOPOLOGY_CHANGE_ACK : 0) | (this.topologyChange ? TOPOLOGY_CHANGE : 0);
    port.acknowledgesChange = false;
    port.configIsPending = false;
    port.send(
      composeConfigBpdu({
        flags,
        rootId: this.designatedRoot,
        rootPathCost: this.rootPathCost,
        bridgeId: this.bridgeId,
        portId: port.portId,
        messageAge,
        maxAge: this.maxAge,
        helloTime: this.helloTime,
        forwardDelay: this.forwardDelay,
      }),
    );
    port.holdTimer.start();
  }

  private generateConfigs(): void {
    for (const port of this.enabledPorts()) if (this.isDesignated(port)) this.transmitConfig(port);
  }

  private transmitTcn(): void {
    this.rootPort?.send(composeTcnBpdu());
  }

  // Decisions.

  private update(): void {
    this.selectRoot();
    for (const port of this.enabledPorts()) {
      if (this.isDesignated(port) || port.isWorseThan(this)) this.becomeDesignated(port);
    }
    this.env.onChange();
  }

  private selectRoot(): void {
    let best: StpPort<Owner> | null = null;
    for (const port of this.enabledPorts()) {
      if (this.isDesignated(port) || port.designatedRoot >= this.bridgeId) continue;
      if (best === null || port.isBetterRootThan(best)) best = port;
    }
    this.rootPort = best;
    this.designatedRoot = best?.designatedRoot ?? this.bridgeId;
    this.rootPathCost = best === null ? 0 : (best.designatedCost + best.pathCost) >>> 0;
  }

  private selectStates(): void {
    for (const port of this.enabledPorts()) {
      if (port === this.rootPort) {
        port.configIsPending = false;
        port.acknowledgesChange = false;
        makeForwarding(port);
      } else if (this.isDesignated(port)) {
        port.messageAgeTimer.stop();
        makeForwarding(port);
      } else {
        port.configIsPending = false;
        port.acknowledgesChange = false;
        this.makeBlocking(port);
      }
    }
  }

  private makeBlocking(port: StpPort<Owner>): void {
    if (port.state === 'disabled' || port.state === 'blocking') return;
    if (port.state === 'forwarding' || port.state === 'learning') this.detectTopologyChange();
    port.setState('blocking');
    port.forwardDelayTimer.stop();
  }

  private becomeDesignated(port: StpPort<Owner>): void {
    port.designatedRoot = this.designatedRoot;
    port.designatedCost = this.rootPathCost;
    port.designatedBridge = this.bridgeId;
    port.designatedPort = port.portId;
  }

  private becomeRoot(): void {
    this.takeOwnTimes();
    this.detectTopologyChange();
    this.tcnTimer.stop();
    this.generateConfigs();
    this.helloTimer.start();
  }

  /** Also what stp/tcn asks for. */
  detectTopologyChange(): void {
    if (this.isRoot) {
      this.topologyChange = true;
      this.topologyChangeTimer.start();
    } else if (!this.hasDetectedChange) {
      this.transmitTcn();
      this.tcnTimer.start();
    }
    this.flushIsDue = true;
    this.hasDetectedChange = true;
    this.env.onChange();
  }

  private setBridgeId(bridgeId: bigint): void {
    if (bridgeId === this.bridgeId) return;
    const wasRoot = this.isRoot;
    for (const port of this.enabledPorts()) if (this.isDesignated(port)) port.designatedBridge = bridgeId;
    this.bridgeId = bridgeId;
    this.update();
    this.selectStates();
    if (this.isRoot && !wasRoot) this.becomeRoot();
  }

  /** 2 × (hello time + 1 s) ≤ max age ≤ 2 × (forward delay − 1 s), §8.10.2. */
  private updateBridgeTimes(wanted: Pick<StpSettings, 'helloTimeMs' | 'maxAgeMs' | 'forwardDelayMs'>): void {
    const helloMs = clamp(wanted.helloTimeMs, 1000, 10_000);
    const maxAgeMs = clamp(wanted.maxAgeMs, Math.max(2 * (helloMs + 1000), 6000), 40_000);
    const delayMs = clamp(wanted.forwardDelayMs, Math.floor(maxAgeMs / 2) + 1000, 30_000);
    this.bridgeHelloTime = ticksOf(helloMs);
    this.bridgeMaxAge = ticksOf(maxAgeMs);
    this.bridgeForwardDelay = ticksOf(delayMs);
    if (this.isRoot) this.takeOwnTimes();
  }

  private takeOwnTimes(): void {
    this.maxAge = this.bridgeMaxAge;
    this.helloTime = this.bridgeHelloTime;
    this.forwardDelay = this.bridgeForwardDelay;
  }
}

function makeForwarding(port: StpPort<unknown>): void {
  if (port.state !== 'blocking') return;
  port.setState('listening');
  port.forwardDelayTimer.start();
}
