/** What stp/show prints. Mirrors stp_print_details() of lib/stp.c. */
import { type BridgeIdentity, bridgeLines, portHeading, portLine } from '../spanning-tree/tree-text.js';
import type { Stp } from './stp.js';
import type { StpPort } from './stp-port.js';
import { msOf } from './timer.js';

/** STP_ID_FMT. */
export const identifierText = (id: bigint): string =>
  `${(id >> 48n).toString(16).padStart(4, '0')}.${(id & ((1n << 48n) - 1n)).toString(16).padStart(12, '0')}`;

export function roleOf<T>(stp: Stp<T>, port: StpPort<T>): 'root' | 'designated' | 'disabled' | 'alternate' {
  if (stp.rootPort?.portId === port.portId) return 'root';
  if (stp.isDesignated(port)) return 'designated';
  return port.state === 'disabled' ? 'disabled' : 'alternate';
}

const seconds = (ticks: number): number => Math.floor(msOf(ticks) / 1000);

export function stpText(name: string, stp: Stp<unknown>): string {
  const root: BridgeIdentity = {
    id: stp.designatedRoot,
    helloTimeSec: seconds(stp.bridgeHelloTime),
    maxAgeSec: seconds(stp.bridgeMaxAge),
    forwardDelaySec: seconds(stp.bridgeForwardDelay),
  };
  const own: BridgeIdentity = {
    id: stp.bridgeId,
    helloTimeSec: seconds(stp.helloTime),
    maxAgeSec: seconds(stp.maxAge),
    forwardDelaySec: seconds(stp.forwardDelay),
  };
  const way =
    stp.rootPort === null
      ? ['  This bridge is the root']
      : [`  root-port       ${stp.rootPort.name}`, `  root-path-cost  ${stp.rootPathCost}`];
  return [
    `---- ${name} ----`,
    'Root ID:',
    // As in OVS with one space less than the others.
    ...bridgeLines(root, '  stp-priority  '),
    ...way,
    '',
    'Bridge ID:',
    ...bridgeLines(own, '  stp-priority  '),
    '',
    ...portHeading(5),
    ...stp.enabledPorts().map((port) =>
      portLine(5, {
        name: port.name,
        role: roleOf(stp, port),
        state: port.state,
        cost: port.pathCost,
        id: `${port.portId >> 8}.${port.portId & 0xff}`,
      }),
    ),
    '',
    '',
  ].join('\n');
}
