/** What rstp/show prints. Mirrors rstp_print_details() of lib/rstp.c. */
import { bridgeLines, portHeading, portLine } from '../spanning-tree/tree-text.js';
import type { Rstp } from './rstp.js';
import { HELLO_TIME } from './rstp-port.js';

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);
export const roleText = capital;
export const stateText = capital;

const PRIORITY_LABEL = '  stp-priority    ';

/** RSTP_ID_FMT: priority, extension, address. */
export function identifierText(id: bigint): string {
  const hex = id.toString(16).padStart(16, '0');
  return `${hex.slice(0, 1)}.${hex.slice(1, 4)}.${hex.slice(4)}`;
}

/** RSTP_PORT_ID_FMT. */
export const portIdText = (id: number): string => id.toString(16).padStart(4, '0');

export function rstpText(name: string, rstp: Rstp<unknown>): string {
  const own = {
    id: rstp.bridgeId,
    helloTimeSec: HELLO_TIME,
    maxAgeSec: rstp.maxAge,
    forwardDelaySec: rstp.forwardDelay,
  };
  const { rootPriority } = rstp;
  const head = [`---- ${name} ----`, 'Root ID:'];
  const lines: string[] = [];
  if (rstp.bridgeId === rootPriority.designatedBridge) {
    lines.push(...bridgeLines(own, PRIORITY_LABEL), '  This bridge is the root');
  } else {
    const root = [...rstp.ports.values()].find(({ portId }) => portId === rootPriority.bridgePort);
    if (root === undefined) return [...head, 'unknown root port', ''].join('\n');
    const { helloTime, maxAge, forwardDelay } = root.designatedTimes;
    const times = { helloTimeSec: helloTime, maxAgeSec: maxAge, forwardDelaySec: forwardDelay };
    lines.push(
      ...bridgeLines({ id: rootPriority.rootId, ...times }, PRIORITY_LABEL),
      `  root-port       ${root.name}`,
      `  root-path-cost  ${rootPriority.rootPathCost}`,
    );
  }
  const shown = [...rstp.ports.values()].filter(({ state }) => state !== 'disabled');
  return [
    ...head,
    ...lines,
    '',
    'Bridge ID:',
    ...bridgeLines(own, PRIORITY_LABEL),
    '',
    ...portHeading(8),
    ...shown.map((port) =>
      portLine(8, {
        name: port.name ?? 'null',
        role: roleText(port.role),
        state: stateText(port.state),
        cost: port.pathCost,
        id: `${port.priority}.${port.number}`,
      }),
    ),
    '',
    '',
  ].join('\n');
}
