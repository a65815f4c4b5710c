/** What Bridge and Port records ask of STP. Mirrors bridge_configure_stp() and port_configure_stp() of vswitchd/bridge.c. */
import type { Row } from '#src/ovsdb/database.js';
import type { SwitchPort } from '../bundle.js';
import { bridgeAddress, flag, leadingNumber, wholeNumber } from '../spanning-tree/settings-text.js';
import type { TreePortSettings } from '../spanning-tree/tree.js';
import { MAX_PORTS, type StpSettings } from './stp.js';
import { DEFAULT_PORT_PRIORITY } from './stp-port.js';

/** Of a link of 10 Gb/s, as OVS takes those to be of which it knows nothing. */
const DEFAULT_PATH_COST = 2;
const U16 = 0xffff;

export function stpSettings(row: Row, bridgeMac: Uint8Array): StpSettings {
  const other = row.map('other_config');
  return {
    systemId: bridgeAddress(other, 'stp-system-id', bridgeMac),
    priority: wholeNumber(other, 'stp-priority', 32768) & U16,
    // As in OVS the hello time that is asked for counts as milliseconds, so that it is never more than the least.
    helloTimeMs: wholeNumber(other, 'stp-hello-time', 2000) & U16,
    maxAgeMs: (wholeNumber(other, 'stp-max-age', 20) * 1000) & U16,
    forwardDelayMs: (wholeNumber(other, 'stp-forward-delay', 15) * 1000) & U16,
  };
}

export interface StpPortSettings {
  /** From 0 on. */
  readonly number: number;
  readonly priority: number;
  readonly pathCost: number;
}

/** Numbers ports in turn unless they have numbers of their own; isMixed: some have and some have not. */
export function stpPortSettings(ports: readonly TreePortSettings[]): {
  readonly settings: ReadonlyMap<SwitchPort, StpPortSettings>;
  readonly isMixed: boolean;
} {
  const settings = new Map<SwitchPort, StpPortSettings>();
  const given = new Set<number>();
  let counted = 0;
  for (const { port, row } of ports) {
    const other = row.map('other_config');
    if (!flag(other, 'stp-enable', true)) continue;
    const wanted = other.get('stp-port-num');
    let number: number;
    if (wanted === undefined) {
      if (counted >= MAX_PORTS) continue;
      number = counted++;
    } else {
      number = leadingNumber(wanted, 0) - 1;
      if (number < 0 || number >= MAX_PORTS || given.has(number)) continue;
      given.add(number);
    }
    const cost = other.get('stp-path-cost');
    const priority = other.get('stp-port-priority');
    settings.set(port, {
      number,
      pathCost: cost === undefined ? DEFAULT_PATH_COST : leadingNumber(cost, 10) & U16,
      priority: priority === undefined ? DEFAULT_PORT_PRIORITY : leadingNumber(priority, 0) & 0xff,
    });
  }
  return { settings, isMixed: given.size > 0 && counted > 0 };
}
