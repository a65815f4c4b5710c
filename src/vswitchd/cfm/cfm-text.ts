/** What cfm/show prints. Mirrors cfm_print_details() of lib/cfm.c. */
import { type Cfm, faultNames } from './cfm.js';

const upOrDown = (isUp: boolean): string => (isUp ? 'up' : 'down');

export function cfmText(cfm: Cfm, nowMs: number): string {
  const { settings, fault, health } = cfm;
  const until = (ms: number): number => (ms === Number.NEGATIVE_INFINITY ? 0 : ms - nowMs);
  return [
    `---- ${cfm.name} ----`,
    `MPID ${settings.mpid}:${settings.isExtended ? ' extended' : ''}${cfm.override === null ? '' : ' fault_override'}`,
    ...(fault === 0 ? [] : [`  fault: ${faultNames(fault).join(' ')}`]),
    `  average health: ${health ?? 'undefined'}`,
    `  opstate: ${upOrDown(settings.isUp)}`,
    `  remote_opstate: ${upOrDown(cfm.remoteIsUp)}`,
    `  interval: ${settings.intervalMs}ms`,
    `  next CCM tx: ${until(cfm.sendMs)}ms`,
    `  next fault check: ${until(cfm.lookMs)}ms`,
    ...[...cfm.remotePoints.values()].flatMap(({ mpid, isHeard, isUp }) => [
      `Remote MPID ${mpid}`,
      `  recv since check: ${isHeard}`,
      `  opstate: ${upOrDown(isUp)}`,
    ]),
    '',
  ].join('\n');
}
