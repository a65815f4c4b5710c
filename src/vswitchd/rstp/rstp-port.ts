/**
 * A port of a bridge that speaks RSTP: the variables of IEEE 802.1D-2004 §17.17 and §17.19 by their names there, and its
 * state machines. Mirrors struct rstp_port of lib/rstp-common.h.
 */
import type { TreePort, TreeState } from '../spanning-tree/tree.js';
import type { RstpBpdu } from './bpdu.js';
import { Machine } from './machine.js';
import { NO_TIMES, NO_VECTOR, type PriorityVector, type RstpTimes } from './priority-vector.js';

export type RstpState = Extract<TreeState, 'disabled' | 'discarding' | 'learning' | 'forwarding'>;
export type RstpRole = 'root' | 'designated' | 'alternate' | 'backup' | 'disabled';

/** In seconds, counting down. */
const TIMERS = [
  'helloWhen',
  'tcWhile',
  'fdWhile',
  'rcvdInfoWhile',
  'rrWhile',
  'rbWhile',
  'mdelayWhile',
  'edgeDelayWhile',
  'txCount',
] as const;

/** Fixed by the standard, in seconds. */
export const HELLO_TIME = 2;
export const MIGRATE_TIME = 3;

export const DEFAULT_PATH_COST = 2000;

export class RstpPort<Owner> implements TreePort {
  owner: Owner | null = null;
  name: string | null = null;
  number = 0;
  /** Priority and number. */
  portId = 0;
  priority = 0;
  pathCost = DEFAULT_PATH_COST;
  macOperational = false;
  isAdministrativelyUp = true;
  adminPointToPoint = 0;
  operPointToPointMac = true;
  adminEdge = false;
  autoEdge = true;
  mcheck = false;

  helloWhen = 0;
  tcWhile = 0;
  fdWhile = 0;
  rcvdInfoWhile = 0;
  rrWhile = 0;
  rbWhile = 0;
  mdelayWhile = 0;
  edgeDelayWhile = 0;
  txCount = 0;

  agree = false;
  agreed = false;
  designatedPriority: PriorityVector = NO_VECTOR;
  designatedTimes: RstpTimes = NO_TIMES;
  disputed = false;
  fdbFlush = false;
  forward = false;
  forwarding = false;
  infoIs: 'disabled' | 'received' | 'aged' | 'mine' = 'disabled';
  learn = false;
  learning = false;
  newInfo = false;
  operEdge = false;
  portPriority: PriorityVector = NO_VECTOR;
  portTimes: RstpTimes = NO_TIMES;
  proposed = false;
  proposing = false;
  rcvdBpdu = false;
  rcvdMsg = false;
  rcvdRstp = false;
  rcvdStp = false;
  rcvdTc = false;
  rcvdTcAck = false;
  rcvdTcn = false;
  reRoot = false;
  reselect = false;
  /** As in OVS, which begins at nought. */
  role: RstpRole = 'root';
  selected = false;
  selectedRole: RstpRole = 'root';
  sendRstp = false;
  sync = false;
  synced = false;
  tcAck = false;
  tcProp = false;
  updtInfo = false;
  received: RstpBpdu | null = null;

  state: RstpState = 'disabled';
  hasChanged = false;
  readonly counts = { received: 0, malformed: 0, uptimeSec: 0 };

  readonly receiveMachine = new Machine<'init' | 'discard' | 'receive'>('init');
  readonly migrationMachine = new Machine<'init' | 'checking-rstp' | 'selecting-stp' | 'sensing'>('init');
  readonly edgeMachine = new Machine<'init' | 'edge' | 'not-edge'>('init');
  readonly transmitMachine = new Machine<TransmitState>('init');
  readonly informationMachine = new Machine<InformationState>('init');
  readonly roleMachine = new Machine<RoleState>('init');
  readonly stateMachine = new Machine<'init' | 'discarding' | 'learning' | 'forwarding'>('init');
  readonly topologyMachine = new Machine<TopologyState>('init');

  get portEnabled(): boolean {
    return this.macOperational && this.isAdministrativelyUp;
  }

  /** A second has gone by. */
  tick(): void {
    for (const timer of TIMERS) if (this[timer] > 0) this[timer]--;
    this.counts.uptimeSec++;
  }

  setState(state: RstpState): void {
    if (state !== this.state) this.hasChanged = true;
    this.state = state;
  }
}

export type TransmitState = 'init' | 'transmit-init' | 'periodic' | 'idle' | 'config' | 'tcn' | 'rstp';
export type InformationState =
  | 'init'
  | 'disabled'
  | 'aged'
  | 'update'
  | 'current'
  | 'receive'
  | 'other'
  | 'not-designated'
  | 'inferior-designated'
  | 'repeated-designated'
  | 'superior-designated';
export type RoleState =
  | 'init'
  | 'init-port'
  | 'disable-port'
  | 'disabled-port'
  | 'root-port'
  | 'reroot'
  | 'root-agreed'
  | 'root-proposed'
  | 'root-forward'
  | 'root-learn'
  | 'rerooted'
  | 'designated-port'
  | 'designated-retired'
  | 'designated-synced'
  | 'designated-propose'
  | 'designated-forward'
  | 'designated-learn'
  | 'designated-discard'
  | 'alternate-port'
  | 'alternate-agreed'
  | 'alternate-proposed'
  | 'block-port'
  | 'backup-port';
export type TopologyState =
  | 'init'
  | 'inactive'
  | 'learning'
  | 'detected'
  | 'active'
  | 'acknowledged'
  | 'propagating'
  | 'notified-tc'
  | 'notified-tcn';
