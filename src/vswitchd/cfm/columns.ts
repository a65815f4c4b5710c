/** What the cfm_* columns of Interface show. Mirrors iface_refresh_cfm_stats() of vswitchd/bridge.c. */
import { type Cfm, faultNames } from './cfm.js';

const NONE = ['set', []] as const;

export function cfmColumns(cfm: Cfm | null): Record<string, unknown> {
  return {
    cfm_fault: cfm === null ? NONE : cfm.fault !== 0,
    cfm_fault_status: ['set', cfm === null ? [] : faultNames(cfm.fault)],
    cfm_flap_count: cfm?.flapCount ?? NONE,
    cfm_health: cfm?.health ?? NONE,
    cfm_remote_mpids: ['set', (cfm?.remoteMpids ?? []).map((mpid) => Number(BigInt.asIntN(64, mpid)))],
    cfm_remote_opstate: cfm?.remoteState ?? NONE,
  };
}
