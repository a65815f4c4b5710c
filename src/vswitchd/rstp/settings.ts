/** What Bridge and Port records ask of RSTP. Mirrors bridge_configure_rstp() and port_configure_rstp() of bridge.c. */
import type { Row } from '#src/ovsdb/database.js';
import type { SwitchPort } from '../bundle.js';
import { bridgeAddress, flag, leadingNumber, wholeNumber } from '../spanning-tree/settings-text.js';
import type { TreePortSettings } from '../spanning-tree/tree.js';
import { MAX_PORTS, type RstpPortSettings, type RstpSettings } from './rstp.js';
import { DEFAULT_PATH_COST } from './rstp-port.js';

const U16 = 0xffff;

export function rstpSettings(row: Row, bridgeMac: Uint8Array): RstpSettings {
  const other = row.map('other_config');
  return {
    address: bridgeAddress(other, 'rstp-address', bridgeMac),
    priority: wholeNumber(other, 'rstp-priority', 32768) & U16,
    protocolVersion: wholeNumber(other, 'rstp-force-protocol-version', 2),
    maxAgeSec: wholeNumber(other, 'rstp-max-age', 20) & U16,
    forwardDelaySec: wholeNumber(other, 'rstp-forward-delay', 15) & U16,
    transmitHoldCount: wholeNumber(other, 'rstp-transmit-hold-count', 6) & U16,
  };
}

export function rstpPortSettings(ports: readonly TreePortSettings[]): ReadonlyMap<SwitchPort, RstpPortSettings> {
  const settings = new Map<SwitchPort, RstpPortSettings>();
  for (const { port, row } of ports) {
    const other = row.map('other_config');
    if (!flag(other, 'rstp-enable', true)) continue;
    const wanted = other.get('rstp-port-num');
    const number = wanted === undefined ? 0 : leadingNumber(wanted, 0);
    if (wanted !== undefined && (number < 1 || number > MAX_PORTS)) continue;
    if (wanted === undefined && settings.size >= MAX_PORTS) continue;
    const cost = other.get('rstp-path-cost');
    const priority = other.get('rstp-port-priority');
    settings.set(port, {
      number,
      pathCost: cost === undefined ? DEFAULT_PATH_COST : leadingNumber(cost, 10) >>> 0,
      priority: priority === undefined ? 128 : leadingNumber(priority, 0) & 0xff,
      adminPointToPoint: wholeNumber(other, 'rstp-admin-p2p-mac', 1),
      isUp: flag(other, 'rstp-admin-port-state', true),
      adminEdge: flag(other, 'rstp-port-admin-edge', false),
      autoEdge: flag(other, 'rstp-port-auto-edge', true),
      mcheck: flag(other, 'rstp-port-mcheck', false),
    });
  }
  return settings;
}
