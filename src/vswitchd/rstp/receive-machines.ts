/**
 * What a port makes of BPDUs: the machines Port Receive, Port Protocol Migration, Bridge Detection and Port Information
 * (IEEE 802.1D-2004 §17.23 to §17.25 and §17.27, with what 802.1Q-2008 put right). Mirrors lib/rstp-state-machines.c.
 */
import {
  FLAG_AGREEMENT,
  FLAG_LEARNING,
  FLAG_PROPOSAL,
  FLAG_TOPOLOGY_CHANGE,
  FLAG_TOPOLOGY_CHANGE_ACK,
  roleOfFlags,
  type RstpBpdu,
} from './bpdu.js';
import { compareVectors, sameTimes } from './priority-vector.js';
import type { Rstp } from './rstp.js';
import { type InformationState, MIGRATE_TIME, type RstpPort } from './rstp-port.js';

type Port = RstpPort<unknown>;

export function stepReceive(p: Port): boolean {
  return p.receiveMachine.step(
    (state) => {
      p.rcvdMsg = state === 'receive';
      p.edgeDelayWhile = MIGRATE_TIME;
      if (state === 'receive') {
        p.rcvdRstp = p.received?.type === 'rstp';
        p.rcvdStp = !p.rcvdRstp;
        p.operEdge = false;
      } else {
        p.rcvdRstp = false;
        p.rcvdStp = false;
      }
      p.rcvdBpdu = false;
    },
    (state) => {
      if (state === 'init') return 'discard';
      if ((p.rcvdBpdu || p.edgeDelayWhile !== MIGRATE_TIME) && !p.portEnabled) return 'discard';
      return p.rcvdBpdu && p.portEnabled && (state === 'discard' || !p.rcvdMsg) ? 'receive' : null;
    },
  );
}

export function stepMigration(rstp: Rstp<unknown>, p: Port): boolean {
  return p.migrationMachine.step(
    (state) => {
      if (state === 'checking-rstp') {
        p.mcheck = false;
        p.sendRstp = rstp.isRapid;
        p.mdelayWhile = MIGRATE_TIME;
      } else if (state === 'selecting-stp') {
        p.sendRstp = false;
        p.mdelayWhile = MIGRATE_TIME;
      } else {
        p.rcvdRstp = false;
        p.rcvdStp = false;
      }
    },
    (state) => {
      switch (state) {
        case 'init':
          return 'checking-rstp';
        case 'checking-rstp':
          if (p.mdelayWhile === 0) return 'sensing';
          return p.mdelayWhile !== MIGRATE_TIME && !p.portEnabled ? 'checking-rstp' : null;
        case 'selecting-stp':
          return p.mdelayWhile === 0 || !p.portEnabled || p.mcheck ? 'sensing' : null;
        case 'sensing':
          if (!p.portEnabled || p.mcheck || (rstp.isRapid && !p.sendRstp && p.rcvdRstp)) return 'checking-rstp';
          return p.sendRstp && p.rcvdStp ? 'selecting-stp' : null;
      }
    },
  );
}

export function stepBridgeDetection(p: Port): boolean {
  return p.edgeMachine.step(
    (state) => {
      p.operEdge = state === 'edge';
    },
    (state) => {
      if (state === 'init') return p.adminEdge ? 'edge' : 'not-edge';
      if (state === 'edge') return (!p.portEnabled && !p.adminEdge) || !p.operEdge ? 'not-edge' : null;
      const isAlone = p.edgeDelayWhile === 0 && p.autoEdge && p.sendRstp && p.proposing;
      return (!p.portEnabled && p.adminEdge) || isAlone ? 'edge' : null;
    },
  );
}

export function stepInformation(rstp: Rstp<unknown>, p: Port): boolean {
  return p.informationMachine.step(
    (state) => enterInformation(rstp, p, state),
    (state) => nextInformation(rstp, p, state),
  );
}

function nextInformation(rstp: Rstp<unknown>, p: Port, state: InformationState): InformationState | null {
  if (state === 'init') return 'disabled';
  if (!p.portEnabled && p.infoIs !== 'disabled') return 'disabled';
  switch (state) {
    case 'disabled':
      if (p.portEnabled) return 'aged';
      return p.rcvdMsg ? 'disabled' : null;
    case 'aged':
      return p.selected && p.updtInfo ? 'update' : null;
    case 'current':
      if (p.rcvdMsg && !p.updtInfo) return 'receive';
      if (p.selected && p.updtInfo) return 'update';
      return p.infoIs === 'received' && p.rcvdInfoWhile === 0 && !p.updtInfo && !p.rcvdMsg ? 'aged' : null;
    case 'receive': {
      const kind = judge(p, p.received!);
      // 802.1Q-2008's checkBPDUConsistency().
      if (kind === 'superior-designated' && (p.received!.flags & FLAG_LEARNING) !== 0) {
        for (const other of rstp.ports.values()) if (other !== p) other.agreed = false;
      }
      return kind;
    }
    default:
      return 'current';
  }
}

/** rcvInfo(), §17.21.8: the state that what came in leads to. */
function judge(p: Port, { type, flags, vector, times }: RstpBpdu): InformationState {
  if (type === 'tcn') {
    p.rcvdTcn = true;
    return 'other';
  }
  const comparison = compareVectors(vector, p.portPriority);
  const role = type === 'config' ? 'designated' : roleOfFlags(flags);
  if (role === 'designated') {
    if (comparison === 'inferior') return 'inferior-designated';
    return comparison === 'same' && sameTimes(times, p.portTimes) ? 'repeated-designated' : 'superior-designated';
  }
  return role !== 'unknown' && comparison !== 'superior' ? 'not-designated' : 'other';
}

function enterInformation(rstp: Rstp<unknown>, p: Port, state: InformationState): void {
  switch (state) {
    case 'disabled':
      p.rcvdMsg = false;
      p.proposing = p.proposed = p.agree = p.agreed = false;
      p.rcvdInfoWhile = 0;
      p.infoIs = 'disabled';
      rstp.reselect(p);
      break;
    case 'aged':
      p.infoIs = 'aged';
      rstp.reselect(p);
      break;
    case 'update':
      p.proposing = p.proposed = false;
      p.agreed = p.agreed && p.infoIs === 'mine' && compareVectors(p.designatedPriority, p.portPriority) !== 'inferior';
      p.synced = p.synced && p.agreed;
      p.portPriority = { ...p.designatedPriority, bridgePort: p.portPriority.bridgePort };
      p.portTimes = p.designatedTimes;
      p.updtInfo = false;
      p.infoIs = 'mine';
      p.newInfo = true;
      break;
    case 'other':
      p.rcvdMsg = false;
      break;
    case 'not-designated':
      recordAgreement(rstp, p);
      setTcFlags(p);
      p.rcvdMsg = false;
      break;
    case 'inferior-designated':
      if ((p.received!.flags & FLAG_LEARNING) !== 0) {
        p.disputed = true;
        p.agreed = false;
      }
      p.rcvdMsg = false;
      break;
    case 'repeated-designated':
      recordProposal(p);
      setTcFlags(p);
      recordAgreement(rstp, p);
      updateRcvdInfoWhile(p);
      p.rcvdMsg = false;
      break;
    case 'superior-designated':
      recordSuperior(rstp, p, p.received!);
      break;
  }
}

function recordSuperior(rstp: Rstp<unknown>, p: Port, { vector, times }: RstpBpdu): void {
  p.agreed = p.proposing = false;
  recordProposal(p);
  setTcFlags(p);
  p.agree = p.agree && p.infoIs === 'received' && compareVectors(vector, p.portPriority) !== 'inferior';
  recordAgreement(rstp, p);
  p.synced = p.synced && p.agreed;
  p.portPriority = { ...vector, bridgePort: p.portPriority.bridgePort };
  p.portTimes = { ...times, helloTime: times.helloTime || 1 };
  updateRcvdInfoWhile(p);
  p.infoIs = 'received';
  rstp.reselect(p);
  p.rcvdMsg = false;
}

function recordAgreement(rstp: Rstp<unknown>, p: Port): void {
  p.agreed = rstp.isRapid && p.operPointToPointMac && (p.received!.flags & FLAG_AGREEMENT) !== 0;
  if (p.agreed) p.proposing = false;
}

function recordProposal(p: Port): void {
  const { flags } = p.received!;
  if (roleOfFlags(flags) === 'designated' && (flags & FLAG_PROPOSAL) !== 0) p.proposed = true;
}

function setTcFlags(p: Port): void {
  const { type, flags } = p.received!;
  if (type === 'tcn') p.rcvdTcn = true;
  else {
    if ((flags & FLAG_TOPOLOGY_CHANGE) !== 0) p.rcvdTc = true;
    if ((flags & FLAG_TOPOLOGY_CHANGE_ACK) !== 0) p.rcvdTcAck = true;
  }
}

function updateRcvdInfoWhile(p: Port): void {
  const { messageAge, maxAge, helloTime } = p.portTimes;
  p.rcvdInfoWhile = messageAge < maxAge ? helloTime * 3 : 0;
}
