/**
 * The rapid spanning tree protocol for one bridge (IEEE 802.1D-2004 clause 17): neighbours agree on the tree link by
 * link, so that ports forward at once where they may. Mirrors lib/rstp.c and the bridge's part of
 * lib/rstp-state-machines.c.
 *
 * The invariant: when a call returns, no machine of any port has a step to take.
 */
import { hashInteger, OvsHmap } from '../ovs-hmap.js';
import { type BpduType, composeRstpBpdu, parseRstpBpdu } from './bpdu.js';
import { Machine } from './machine.js';
import {
  compareVectors,
  NO_TIMES,
  NO_VECTOR,
  type PriorityVector,
  type RstpTimes,
  sameTimes,
} from './priority-vector.js';
import { stepBridgeDetection, stepInformation, stepMigration, stepReceive } from './receive-machines.js';
import { stepRole } from './role-machine.js';
import { HELLO_TIME, RstpPort, type RstpRole } from './rstp-port.js';
import { stepState, stepTopology, stepTransmit } from './send-machines.js';

export const MAX_PORTS = 4095;
const MAC_BITS = (1n << 48n) - 1n;
const PRIORITY_STEP = 4096;
const PORT_PRIORITY_STEP = 16;
/** Ends what would go on for ever. */
const MAX_STEPS = 1000;
const DEFAULT_PRIORITY = 32768;
const POINT_TO_POINT = 1;

export interface RstpSettings {
  readonly address: bigint;
  readonly priority: number;
  /** Below 2 it speaks as STP does. */
  readonly protocolVersion: number;
  readonly maxAgeSec: number;
  readonly forwardDelaySec: number;
  readonly transmitHoldCount: number;
}

export interface RstpPortSettings {
  /** 0: the first that is free. */
  readonly number: number;
  readonly priority: number;
  readonly pathCost: number;
  readonly adminEdge: boolean;
  readonly autoEdge: boolean;
  /** 0 no, 1 yes, 2 as it turns out (and then no). */
  readonly adminPointToPoint: number;
  readonly isUp: boolean;
  readonly mcheck: boolean;
}

export interface RstpEnvironment<Owner> {
  send(owner: Owner, bpdu: Uint8Array): void;
  /** Something has changed that the database shows. */
  onChange(): void;
}

export class Rstp<Owner> {
  bridgeId = 0n;
  /** Speaks RSTP, and not only as STP does. */
  isRapid = false;
  maxAge = 0;
  forwardDelay = 0;
  transmitHoldCount = 0;
  rootPriority: PriorityVector = NO_VECTOR;
  rootTimes: RstpTimes = NO_TIMES;
  /** An alternate port has become the root port: what was learned by the old one is to move to it. */
  rootHasMoved = false;
  oldRoot: Owner | null = null;
  newRoot: Owner | null = null;
  /** In OVS's order. */
  readonly ports = new OvsHmap<number, RstpPort<Owner>>(hashInteger);
  private readonly env: RstpEnvironment<Owner>;
  private address = 0n;
  private priority = 0;
  private protocolVersion = 0;
  private bridgePriority: PriorityVector = NO_VECTOR;
  private bridgeTimes: RstpTimes = NO_TIMES;
  private hasChanged = false;
  private selectionMachine = new Machine<'init' | 'init-bridge' | 'role-selection'>('init');

  constructor(address: bigint, env: RstpEnvironment<Owner>) {
    this.env = env;
    this.setAddress(address);
    this.setProtocolVersion(2);
  }

  // Settings.

  configure(settings: RstpSettings): void {
    this.setAddress(settings.address);
    this.setPriority(settings.priority);
    this.setProtocolVersion(settings.protocolVersion);
    this.setMaxAge(settings.maxAgeSec);
    this.setForwardDelay(settings.forwardDelaySec);
    const { transmitHoldCount: count } = settings;
    if (this.transmitHoldCount === count || count < 1 || count > 10) return;
    this.transmitHoldCount = count;
    for (const port of this.ports.values()) port.txCount = 0;
  }

  private setAddress(address: bigint): void {
    if (this.address === address) return;
    this.address = address;
    this.setBridgeId((this.bridgeId & ~MAC_BITS) | address);
  }

  private setPriority(wanted: number): void {
    const priority = wanted - (wanted % PRIORITY_STEP);
    if (this.priority === priority || priority > 61_440) return;
    this.priority = priority;
    this.setBridgeId((this.bridgeId & MAC_BITS) | (BigInt(priority) << 48n));
  }

  private setBridgeId(id: bigint): void {
    this.bridgeId = id;
    this.bridgePriority = { ...this.bridgePriority, rootId: id, designatedBridge: id };
    for (const port of this.ports.values()) this.reselect(port);
    this.hasChanged = true;
    this.updateRoles();
  }

  /** All begins anew, as after the standard's BEGIN; as in OVS with the priority that is preset. */
  private setProtocolVersion(version: number): void {
    if (version === this.protocolVersion || (version !== 0 && version !== 2)) return;
    const { address } = this;
    const ports = [...this.ports.values()];
    this.ports.clear();
    this.address = 0n;
    this.bridgeId = 0n;
    this.priority = 0;
    this.maxAge = 0;
    this.forwardDelay = 0;
    this.bridgePriority = NO_VECTOR;
    this.rootHasMoved = false;
    this.oldRoot = this.newRoot = null;
    this.rootPriority = NO_VECTOR;
    this.selectionMachine = new Machine('init');
    this.setAddress(address);
    this.setPriority(DEFAULT_PRIORITY);
    this.bridgeTimes = { forwardDelay: 15, helloTime: HELLO_TIME, maxAge: 20, messageAge: 0 };
    this.setForwardDelay(15);
    this.setMaxAge(20);
    this.transmitHoldCount = 6;
    for (const old of ports) this.restart(old);
    this.protocolVersion = version;
    this.isRapid = version >= 2;
    this.hasChanged = true;
    this.move();
  }

  private restart(old: RstpPort<Owner>): void {
    const { owner, number, portPriority, portId } = old;
    const { counts, ...fresh } = new RstpPort<Owner>();
    Object.assign(old, fresh, { owner, number, portPriority, portId, state: 'discarding' });
    Object.assign(old.counts, counts);
    this.ports.set(number, old);
  }

  private setMaxAge(maxAge: number): void {
    if (this.maxAge === maxAge || maxAge < 6 || maxAge > 40) return;
    if (2 * (this.forwardDelay - 1) < maxAge) return;
    this.maxAge = maxAge;
    this.bridgeTimes = { ...this.bridgeTimes, maxAge };
    this.hasChanged = true;
    this.updateRoles();
  }

  private setForwardDelay(forwardDelay: number): void {
    if (this.forwardDelay === forwardDelay || forwardDelay < 4 || forwardDelay > 30) return;
    if (2 * (forwardDelay - 1) < this.maxAge) return;
    this.forwardDelay = forwardDelay;
    this.bridgeTimes = { ...this.bridgeTimes, forwardDelay };
    this.hasChanged = true;
    this.updateRoles();
  }

  // Ports.

  addPort(): RstpPort<Owner> {
    const port = new RstpPort<Owner>();
    this.setPortPriority(port, 128);
    this.setPortNumber(port, 0);
    port.setState('discarding');
    this.hasChanged = true;
    this.move();
    return port;
  }

  configurePort(port: RstpPort<Owner>, owner: Owner, name: string, settings: RstpPortSettings): void {
    port.owner = owner;
    this.setPortPriority(port, settings.priority);
    this.setPortNumber(port, settings.number);
    port.name = name;
    const { pathCost } = settings;
    if (port.pathCost !== pathCost && pathCost >= 1 && pathCost <= 200_000_000) {
      port.pathCost = pathCost;
      this.reselect(port);
    }
    port.adminEdge = settings.adminEdge;
    port.autoEdge = settings.autoEdge;
    if (port.adminPointToPoint !== settings.adminPointToPoint && settings.adminPointToPoint <= 2) {
      port.adminPointToPoint = settings.adminPointToPoint;
      port.operPointToPointMac = settings.adminPointToPoint === POINT_TO_POINT;
    }
    if (port.isAdministrativelyUp !== settings.isUp) {
      port.isAdministrativelyUp = settings.isUp;
      this.hasChanged = true;
      this.move();
    }
    if (settings.mcheck && this.protocolVersion >= 2) port.mcheck = true;
  }

  removePort(port: RstpPort<Owner>): void {
    port.owner = null;
    port.setState('disabled');
    this.setOperational(port, false);
    this.ports.delete(port.number);
  }

  setOperational(port: RstpPort<Owner>, isOperational: boolean): void {
    if (port.macOperational === isOperational) return;
    port.macOperational = isOperational;
    this.hasChanged = true;
    this.move();
  }

  private setPortPriority(port: RstpPort<Owner>, priority: number): void {
    if (port.priority === priority || priority > 240) return;
    port.priority = priority - (priority % PORT_PRIORITY_STEP);
    port.portId = port.number | (port.priority << 8);
    this.reselect(port);
  }

  private setPortNumber(port: RstpPort<Owner>, wanted: number): void {
    if (port.number === wanted && wanted !== 0) return;
    const isFree = (number: number): boolean => {
      const other = this.ports.get(number);
      return other === undefined || other === port;
    };
    let number = wanted;
    if (number < 1 || number > MAX_PORTS || !isFree(number)) {
      number = 1;
      while (number <= MAX_PORTS && !isFree(number)) number++;
      if (number > MAX_PORTS) number = 0;
    }
    if (number === port.number) return;
    if (this.ports.get(port.number) === port) this.ports.delete(port.number);
    port.number = number;
    port.portId = number | (port.priority << 8);
    this.ports.set(number, port);
    this.reselect(port);
  }

  /** The roles are to be chosen anew. */
  reselect(port: RstpPort<unknown>): void {
    port.selected = false;
    port.reselect = true;
  }

  // What happens.

  /** A second has gone by. */
  tick(): void {
    for (const port of this.ports.values()) port.tick();
    this.hasChanged = true;
    this.move();
  }

  receive(port: RstpPort<Owner>, bytes: Uint8Array): void {
    if (port.state === 'disabled' || !port.portEnabled || port.rcvdBpdu) return;
    const bpdu = parseRstpBpdu(bytes);
    const isOwn =
      bpdu?.type === 'config' &&
      bpdu.vector.designatedBridge === this.bridgeId &&
      bpdu.vector.designatedPort === port.portId;
    if (bpdu === null || isOwn) {
      port.counts.malformed++;
      return;
    }
    port.rcvdBpdu = true;
    port.counts.received++;
    port.received = bpdu;
    this.hasChanged = true;
    this.move();
  }

  /** rstp/tcn: as in OVS the machines have a look, and nothing more. */
  look(): void {
    this.hasChanged = true;
    this.move();
  }

  send(port: RstpPort<Owner>, type: BpduType, flags: number): void {
    const bpdu = composeRstpBpdu({ type, flags, vector: port.designatedPriority, times: port.designatedTimes });
    if (port.owner !== null) this.env.send(port.owner, bpdu);
  }

  private move(): void {
    for (let steps = 0; this.hasChanged && steps < MAX_STEPS; steps++) {
      this.hasChanged = this.stepSelection();
      for (const port of [...this.ports.values()]) {
        if (port.state === 'disabled') continue;
        const moved = [
          stepReceive(port),
          stepBridgeDetection(port),
          stepInformation(this, port),
          stepRole(this, port),
          stepState(port),
          stepTopology(this, port),
          stepTransmit(this, port),
          stepMigration(this, port),
        ];
        if (moved.includes(true)) this.hasChanged = true;
      }
    }
    this.env.onChange();
  }

  // Roles (§17.28).

  private stepSelection(): boolean {
    return this.selectionMachine.step(
      (state) => {
        const ports = [...this.ports.values()];
        if (state === 'init-bridge') for (const port of ports) port.selectedRole = 'disabled';
        if (state !== 'role-selection') return;
        for (const port of ports) port.reselect = false;
        this.updateRoles();
        for (const port of ports) port.selected = true;
      },
      (state) => {
        if (state === 'init') return 'init-bridge';
        if (state === 'init-bridge') return 'role-selection';
        return [...this.ports.values()].some((port) => port.reselect) ? 'role-selection' : null;
      },
    );
  }

  /** updtRolesTree(), §17.21.25. */
  private updateRoles(): void {
    const oldNumber = this.rootPriority.bridgePort & 0xff;
    if (oldNumber !== 0) this.oldRoot = this.ports.get(oldNumber)?.owner ?? null;
    let best = this.bridgePriority;
    let root: RstpPort<Owner> | null = null;
    this.rootTimes = this.bridgeTimes;
    for (const port of this.ports.values()) {
      if (port.infoIs !== 'received') continue;
      const { rootPathCost, designatedBridge } = port.portPriority;
      const way = {
        ...port.portPriority,
        rootPathCost: (rootPathCost + port.pathCost) >>> 0,
        bridgePort: port.portId,
      };
      if ((designatedBridge & MAC_BITS) === (this.bridgePriority.designatedBridge & MAC_BITS)) continue;
      if (compareVectors(way, best) !== 'superior') continue;
      best = way;
      root = port;
      this.rootTimes = { ...port.portTimes, messageAge: port.portTimes.messageAge + 1 };
    }
    this.rootPriority = best;
    const newNumber = best.bridgePort & 0xff;
    if (newNumber !== 0) this.newRoot = this.ports.get(newNumber)?.owner ?? null;
    const isOther = newNumber !== 0 && oldNumber !== 0 && newNumber !== oldNumber;
    if (root?.role === 'alternate' && isOther) this.rootHasMoved = true;
    for (const port of this.ports.values()) {
      port.designatedPriority = {
        rootId: best.rootId,
        rootPathCost: best.rootPathCost,
        designatedBridge: this.bridgeId,
        designatedPort: port.portId,
        bridgePort: 0,
      };
      port.designatedTimes = { ...this.rootTimes, helloTime: this.bridgeTimes.helloTime };
    }
    for (const port of this.ports.values()) this.selectRole(port, port === root);
    this.env.onChange();
  }

  private selectRole(port: RstpPort<Owner>, isRoot: boolean): void {
    const { portPriority, designatedPriority, designatedTimes } = port;
    let role: RstpRole = 'designated';
    switch (port.infoIs) {
      case 'disabled':
        role = 'disabled';
        break;
      case 'aged':
        port.updtInfo = true;
        break;
      case 'mine': {
        const isUnchanged = compareVectors(portPriority, designatedPriority) === 'same';
        if (!isUnchanged || !sameTimes(designatedTimes, this.rootTimes)) port.updtInfo = true;
        break;
      }
      case 'received':
        if (isRoot) role = 'root';
        else if (compareVectors(designatedPriority, portPriority) === 'inferior') {
          role = portPriority.designatedBridge === this.bridgeId ? 'backup' : 'alternate';
        }
        port.updtInfo = role === 'designated';
        break;
    }
    port.selectedRole = role;
  }
}
