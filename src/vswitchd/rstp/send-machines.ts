/**
 * What a port does of its own: the machines Port Transmit, Port State Transition and Topology Change (IEEE 802.1D-2004
 * §17.26, §17.30, §17.31). Mirrors lib/rstp-state-machines.c.
 */
import {
  type BpduRole,
  FLAG_AGREEMENT,
  FLAG_FORWARDING,
  FLAG_LEARNING,
  FLAG_PROPOSAL,
  FLAG_TOPOLOGY_CHANGE,
  FLAG_TOPOLOGY_CHANGE_ACK,
  roleFlags,
} from './bpdu.js';
import type { Rstp } from './rstp.js';
import { HELLO_TIME, type RstpPort, type RstpRole, type TopologyState, type TransmitState } from './rstp-port.js';

const BPDU_ROLE: Readonly<Record<RstpRole, BpduRole>> = {
  root: 'root',
  designated: 'designated',
  alternate: 'alternate',
  backup: 'alternate',
  disabled: 'unknown',
};

export function stepTransmit<T>(rstp: Rstp<T>, p: RstpPort<T>): boolean {
  return p.transmitMachine.step(
    (state) => enterTransmit(rstp, p, state),
    (state) => {
      if (state === 'init') return 'transmit-init';
      return state === 'idle' ? nextOfIdle(rstp, p) : 'idle';
    },
  );
}

function nextOfIdle<T>(rstp: Rstp<T>, p: RstpPort<T>): TransmitState | null {
  if (p.role === 'disabled' || !p.selected || p.updtInfo) return null;
  if (p.helloWhen === 0) return 'periodic';
  if (!p.newInfo || p.txCount >= rstp.transmitHoldCount) return null;
  if (p.sendRstp) return 'rstp';
  if (p.role === 'root') return 'tcn';
  return p.role === 'designated' ? 'config' : null;
}

function enterTransmit<T>(rstp: Rstp<T>, p: RstpPort<T>, state: TransmitState): void {
  switch (state) {
    case 'transmit-init':
      p.newInfo = true;
      p.txCount = 0;
      break;
    case 'periodic':
      if (p.role === 'designated' || (p.role === 'root' && p.tcWhile !== 0)) p.newInfo = true;
      break;
    case 'idle':
      p.helloWhen = HELLO_TIME;
      break;
    case 'config':
    case 'tcn':
    case 'rstp':
      p.newInfo = false;
      rstp.send(p, state, flagsOf(p, state));
      p.txCount++;
      if (state !== 'tcn') p.tcAck = false;
      break;
  }
}

function flagsOf(p: RstpPort<unknown>, type: 'config' | 'tcn' | 'rstp'): number {
  if (type === 'tcn') return 0;
  const change = p.tcWhile === 0 ? 0 : FLAG_TOPOLOGY_CHANGE;
  if (type === 'config') return change | (p.tcAck ? FLAG_TOPOLOGY_CHANGE_ACK : 0);
  return (
    roleFlags(BPDU_ROLE[p.role]) |
    change |
    (p.agree ? FLAG_AGREEMENT : 0) |
    (p.proposing ? FLAG_PROPOSAL : 0) |
    (p.learning ? FLAG_LEARNING : 0) |
    (p.forwarding ? FLAG_FORWARDING : 0)
  );
}

export function stepState(p: RstpPort<unknown>): boolean {
  return p.stateMachine.step(
    (state) => {
      if (state === 'init') return;
      p.setState(state);
      if (state === 'discarding') p.learning = p.forwarding = false;
      else if (state === 'learning') p.learning = true;
      else p.forwarding = true;
    },
    (state) => {
      switch (state) {
        case 'init':
          return 'discarding';
        case 'discarding':
          return p.learn ? 'learning' : null;
        case 'learning':
          if (!p.learn) return 'discarding';
          return p.forward ? 'forwarding' : null;
        case 'forwarding':
          return p.forward ? null : 'discarding';
      }
    },
  );
}

export function stepTopology<T>(rstp: Rstp<T>, p: RstpPort<T>): boolean {
  return p.topologyMachine.step(
    (state) => enterTopology(rstp, p, state),
    (state) => nextTopology(p, state),
  );
}

function nextTopology(p: RstpPort<unknown>, state: TopologyState): TopologyState | null {
  const isActiveRole = p.role === 'root' || p.role === 'designated';
  switch (state) {
    case 'init':
      return 'inactive';
    case 'inactive':
      return p.learn && !p.fdbFlush ? 'learning' : null;
    case 'learning': {
      const isTold = p.rcvdTc || p.rcvdTcn || p.rcvdTcAck || p.tcProp;
      if (!isActiveRole && !p.learn && !p.learning && !isTold) return 'inactive';
      if (isTold) return 'learning';
      return isActiveRole && p.forward && !p.operEdge ? 'detected' : null;
    }
    case 'detected':
      return nextTopology(p, 'active') ?? 'active';
    case 'active':
      if (!isActiveRole || p.operEdge) return 'learning';
      if (p.rcvdTcn) return 'notified-tcn';
      if (p.rcvdTc) return 'notified-tc';
      if (p.tcProp) return 'propagating';
      return p.rcvdTcAck ? 'acknowledged' : null;
    case 'notified-tcn':
      return 'notified-tc';
    default:
      return 'active';
  }
}

function enterTopology<T>(rstp: Rstp<T>, p: RstpPort<T>, state: TopologyState): void {
  switch (state) {
    case 'inactive':
      p.fdbFlush = true;
      p.tcWhile = 0;
      p.tcAck = false;
      break;
    case 'learning':
      p.rcvdTc = p.rcvdTcn = p.rcvdTcAck = p.tcProp = false;
      break;
    case 'detected':
      startTcWhile(rstp, p);
      propagate(rstp, p);
      p.newInfo = true;
      break;
    case 'acknowledged':
      p.tcWhile = 0;
      p.rcvdTcAck = false;
      break;
    case 'propagating':
      startTcWhile(rstp, p);
      p.fdbFlush = true;
      p.tcProp = false;
      break;
    case 'notified-tc':
      p.rcvdTcn = p.rcvdTc = false;
      if (p.role === 'designated') p.tcAck = true;
      propagate(rstp, p);
      break;
    case 'notified-tcn':
      startTcWhile(rstp, p);
      break;
  }
}

/** newTcWhile(), §17.21.7. */
function startTcWhile<T>(rstp: Rstp<T>, p: RstpPort<T>): void {
  if (p.tcWhile !== 0) return;
  p.tcWhile = p.sendRstp ? HELLO_TIME + 1 : rstp.maxAge + rstp.forwardDelay;
  if (p.sendRstp) p.newInfo = true;
}

function propagate<T>(rstp: Rstp<T>, p: RstpPort<T>): void {
  for (const port of rstp.ports.values()) if (port !== p) port.tcProp = true;
}
