/** A port of a bridge that speaks STP, and what it was last told (IEEE 802.1D-1998 §8.5.5). Mirrors struct stp_port. */
import type { TreePort, TreeState } from '../spanning-tree/tree.js';
import type { ConfigBpdu } from './bpdu.js';
import type { Stp, StpEnvironment } from './stp.js';
import { StpTimer } from './timer.js';

export const DEFAULT_PORT_PRIORITY = 128;
/** Of a link of 10 Gb/s. */
const DEFAULT_PATH_COST = 2;

export type StpState = Extract<TreeState, 'disabled' | 'blocking' | 'listening' | 'learning' | 'forwarding'>;

export class StpPort<Owner> implements TreePort {
  /** From 0 on. */
  readonly number: number;
  name = '';
  owner: Owner | null = null;
  portId: number;
  pathCost = DEFAULT_PATH_COST;
  state: StpState = 'disabled';
  designatedRoot = 0n;
  designatedCost = 0;
  designatedBridge = 0n;
  designatedPort = 0;
  acknowledgesChange = false;
  configIsPending = false;
  /** The state is another than when it was last looked at. */
  hasChanged = false;
  readonly messageAgeTimer = new StpTimer();
  readonly forwardDelayTimer = new StpTimer();
  readonly holdTimer = new StpTimer();
  readonly counts = { transmitted: 0, received: 0, malformed: 0 };
  private readonly env: StpEnvironment<Owner>;

  constructor(number: number, env: StpEnvironment<Owner>) {
    this.number = number;
    this.portId = (number + 1) | (DEFAULT_PORT_PRIORITY << 8);
    this.env = env;
  }

  initialize(state: StpState): void {
    this.setState(state);
    this.acknowledgesChange = false;
    this.configIsPending = false;
    this.owner = null;
    this.messageAgeTimer.stop();
    this.forwardDelayTimer.stop();
    this.holdTimer.stop();
    Object.assign(this.counts, { transmitted: 0, received: 0, malformed: 0 });
  }

  setState(state: StpState): void {
    if (state !== this.state && !this.hasChanged) {
      this.hasChanged = true;
      this.env.onChange();
    }
    this.state = state;
  }

  send(bpdu: Uint8Array): void {
    if (this.owner !== null) this.env.send(this.owner, bpdu);
    this.counts.transmitted++;
  }

  record(config: ConfigBpdu): void {
    this.designatedRoot = config.rootId;
    this.designatedCost = config.rootPathCost;
    this.designatedBridge = config.bridgeId;
    this.designatedPort = config.portId;
    this.messageAgeTimer.start(config.messageAge);
  }

  /** Is this as good as what is recorded, or better (§8.6.2.2)? */
  isSupersededBy(config: ConfigBpdu, bridgeId: bigint): boolean {
    if (config.rootId !== this.designatedRoot) return config.rootId < this.designatedRoot;
    if (config.rootPathCost !== this.designatedCost) return config.rootPathCost < this.designatedCost;
    if (config.bridgeId !== this.designatedBridge) return config.bridgeId < this.designatedBridge;
    return config.bridgeId !== bridgeId || config.portId <= this.designatedPort;
  }

  /** Would the bridge serve the LAN behind the port better than the bridge that does (§8.6.9.2)? */
  isWorseThan({ designatedRoot, rootPathCost, bridgeId }: Stp<Owner>): boolean {
    if (this.designatedRoot !== designatedRoot || rootPathCost < this.designatedCost) return true;
    if (rootPathCost !== this.designatedCost) return false;
    if (bridgeId !== this.designatedBridge) return bridgeId < this.designatedBridge;
    return this.portId <= this.designatedPort;
  }

  isBetterRootThan(other: StpPort<Owner>): boolean {
    const [cost, otherCost] = [this.designatedCost + this.pathCost, other.designatedCost + other.pathCost];
    if (this.designatedRoot !== other.designatedRoot) return this.designatedRoot < other.designatedRoot;
    if (cost !== otherCost) return cost < otherCost;
    if (this.designatedBridge !== other.designatedBridge) return this.designatedBridge < other.designatedBridge;
    if (this.designatedPort !== other.designatedPort) return this.designatedPort < other.designatedPort;
    return this.portId < other.portId;
  }
}
