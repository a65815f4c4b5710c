/** Port Role Transitions (IEEE 802.1D-2004 §17.29). Mirrors port_role_transition_sm() of lib/rstp-state-machines.c. */
import type { Rstp } from './rstp.js';
import { MIGRATE_TIME, type RoleState, type RstpPort, type RstpRole } from './rstp-port.js';

type Port = RstpPort<unknown>;

const STATE_OF_ROLE: Readonly<Record<RstpRole, RoleState>> = {
  root: 'root-port',
  designated: 'designated-port',
  alternate: 'block-port',
  backup: 'block-port',
  disabled: 'disable-port',
};

/** FwdDelay of §17.20.5: short where the neighbour speaks RSTP. */
const forwardDelay = ({ sendRstp, designatedTimes }: Port): number =>
  sendRstp ? designatedTimes.helloTime : designatedTimes.forwardDelay;

export function stepRole(rstp: Rstp<unknown>, p: Port): boolean {
  return p.roleMachine.step(
    (state) => enterRole(rstp, p, state),
    (state) => nextRole(rstp, p, state),
  );
}

/** The role that the states of this part of the machine are for. */
function roleOfState(state: RoleState): RstpRole {
  if (state.startsWith('disable')) return 'disabled';
  if (state.startsWith('ro') || state.startsWith('re')) return 'root';
  return state.startsWith('designated') ? 'designated' : 'alternate';
}

function nextRole(rstp: Rstp<unknown>, p: Port, state: RoleState): RoleState | null {
  if (state === 'init') return 'init-port';
  if (state === 'init-port') return 'disable-port';
  const current = roleOfState(state);
  const isSettled = p.selected && !p.updtInfo;
  if (isSettled && p.role !== p.selectedRole && p.selectedRole !== current) return STATE_OF_ROLE[p.selectedRole];
  switch (state) {
    case 'disable-port':
      return isSettled && !p.learning && !p.forwarding ? 'disabled-port' : null;
    case 'disabled-port': {
      const isUnsettled = p.fdWhile !== p.designatedTimes.maxAge || p.sync || p.reRoot || !p.synced;
      return isSettled && isUnsettled ? 'disabled-port' : null;
    }
    case 'root-port':
      return isSettled ? nextOfRoot(rstp, p) : null;
    case 'reroot':
      for (const port of rstp.ports.values()) port.reRoot = true;
      return 'root-port';
    case 'designated-port':
      return isSettled ? nextOfDesignated(p) : null;
    case 'alternate-port':
      return isSettled ? nextOfAlternate(rstp, p) : null;
    case 'block-port':
      return isSettled && !p.learning && !p.forwarding ? 'alternate-port' : null;
    default:
      // What is done once leads back to where it came from.
      return current === 'root' ? 'root-port' : current === 'designated' ? 'designated-port' : 'alternate-port';
  }
}

function nextOfRoot(rstp: Rstp<unknown>, p: Port): RoleState | null {
  if (p.rrWhile !== p.designatedTimes.forwardDelay) return 'root-port';
  if (p.reRoot && p.forward) return 'rerooted';
  const isRerooted = [...rstp.ports.values()].every((port) => port === p || port.rrWhile === 0);
  if (p.fdWhile === 0 || (isRerooted && p.rbWhile === 0 && rstp.isRapid)) {
    if (!p.learn) return 'root-learn';
    if (!p.forward) return 'root-forward';
  }
  if (p.proposed && !p.agree) return 'root-proposed';
  if ((allSynced(rstp) && !p.agree) || (p.proposed && p.agree)) return 'root-agreed';
  return !p.forward && !p.reRoot ? 'reroot' : null;
}

function nextOfDesignated(p: Port): RoleState | null {
  const mustDiscard = (p.sync && !p.synced) || (p.reRoot && p.rrWhile !== 0) || p.disputed;
  if (mustDiscard && !p.operEdge && (p.learn || p.forward)) return 'designated-discard';
  const mayAdvance = (p.fdWhile === 0 || p.agreed || p.operEdge) && (p.rrWhile === 0 || !p.reRoot) && !p.sync;
  if (mayAdvance && !p.learn) return 'designated-learn';
  if (mayAdvance && !p.forward) return 'designated-forward';
  if (!p.forward && !p.agreed && !p.proposing && !p.operEdge) return 'designated-propose';
  const isSynced = (!p.learning && !p.forwarding) || p.agreed || p.operEdge;
  if (p.synced ? p.sync : isSynced) return 'designated-synced';
  return p.rrWhile === 0 && p.reRoot ? 'designated-retired' : null;
}

function nextOfAlternate(rstp: Rstp<unknown>, p: Port): RoleState | null {
  if (p.rbWhile !== 2 * p.designatedTimes.helloTime && p.role === 'backup') return 'backup-port';
  if (p.fdWhile !== forwardDelay(p) || p.sync || p.reRoot || !p.synced) return 'alternate-port';
  if (p.proposed && !p.agree) return 'alternate-proposed';
  return (allSynced(rstp) && !p.agree) || (p.proposed && p.agree) ? 'alternate-agreed' : null;
}

const allSynced = (rstp: Rstp<unknown>): boolean =>
  [...rstp.ports.values()].every((p) => p.selected && p.role === p.selectedRole && (p.role === 'root' || p.synced));

function enterRole(rstp: Rstp<unknown>, p: Port, state: RoleState): void {
  const { forwardDelay: delay, maxAge, helloTime } = p.designatedTimes;
  switch (state) {
    case 'init-port':
      p.role = 'disabled';
      p.learn = p.forward = p.synced = false;
      p.sync = p.reRoot = true;
      p.rrWhile = delay;
      p.fdWhile = maxAge;
      p.rbWhile = 0;
      break;
    case 'disable-port':
    case 'block-port':
      p.role = p.selectedRole;
      p.learn = p.forward = false;
      break;
    case 'disabled-port':
    case 'alternate-port':
      p.fdWhile = state === 'disabled-port' ? maxAge : delay;
      p.synced = true;
      p.rrWhile = 0;
      p.sync = p.reRoot = false;
      break;
    case 'root-port':
      p.role = 'root';
      p.rrWhile = delay;
      break;
    case 'root-agreed':
    case 'alternate-agreed':
      p.proposed = false;
      if (state === 'root-agreed') p.sync = false;
      p.agree = p.newInfo = true;
      break;
    case 'root-proposed':
    case 'alternate-proposed':
      for (const port of rstp.ports.values()) port.sync = true;
      p.proposed = false;
      break;
    case 'root-forward':
      p.fdWhile = 0;
      p.forward = true;
      break;
    case 'root-learn':
    case 'designated-learn':
      p.fdWhile = forwardDelay(p);
      p.learn = true;
      break;
    case 'rerooted':
    case 'designated-retired':
      p.reRoot = false;
      break;
    case 'designated-port':
      p.role = 'designated';
      break;
    case 'designated-synced':
      p.rrWhile = 0;
      p.synced = true;
      p.sync = false;
      break;
    case 'designated-propose':
      p.proposing = true;
      p.edgeDelayWhile = p.operPointToPointMac ? MIGRATE_TIME : maxAge;
      p.newInfo = true;
      break;
    case 'designated-forward':
      p.forward = true;
      p.fdWhile = 0;
      p.agreed = p.sendRstp;
      break;
    case 'designated-discard':
      p.learn = p.forward = p.disputed = false;
      p.fdWhile = forwardDelay(p);
      break;
    case 'backup-port':
      p.rbWhile = 2 * helloTime;
      break;
  }
}
