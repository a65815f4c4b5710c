/**
 * ct: the packet goes through the connection tracker, which writes the ct_* fields of its key and may rewrite its
 * addresses. A recirculation then matches on them. Mirrors OVS_ACTION_ATTR_CT of lib/dpif-netdev.c.
 */
import type { ConntrackAction, ConntrackNat } from '../dpif.js';
import type { CtRequest, NatRequest } from '../conntrack/ct-request.js';
import { OP_CT, type ProgramBuilder } from './program.js';

export function compileCt(action: ConntrackAction, builder: ProgramBuilder): void {
  builder.add(OP_CT, builder.addRequest(requestOf(action)));
}

function requestOf(action: ConntrackAction): CtRequest {
  if (!Number.isInteger(action.zone) || action.zone < 0 || action.zone > 0xffff) {
    throw new Error(`ct with zone ${action.zone}: want 0 to 65535`);
  }
  return {
    zone: action.zone,
    commit: action.commit,
    force: action.force,
    nat: action.nat === null ? null : natOf(action.nat),
    mark: action.mark,
    label: action.label,
    helper: action.helper,
    // A policy is a number in userspace's datapath; another name means the default, as in OVS.
    timeoutPolicy: /^\d+$/.test(action.timeout ?? '') ? Number(action.timeout) : null,
  };
}

function natOf(nat: ConntrackNat): NatRequest {
  if (nat.type === null) return 'restore';
  return {
    kind: nat.type === 'src' ? 'source' : 'destination',
    minAddress: nat.addresses?.min ?? null,
    maxAddress: nat.addresses?.max ?? null,
    minPort: nat.ports?.min ?? null,
    maxPort: nat.ports?.max ?? null,
    selection: nat.selection,
    isPersistent: nat.persistent,
  };
}
