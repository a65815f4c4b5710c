/**
 * What Port and Interface records ask of a bond and of LACP (ovs-vswitchd.conf.db(5), "Bonding Configuration").
 * Mirrors port_configure_bond(), port_configure_lacp() and iface_configure_lacp() of vswitchd/bridge.c.
 */
import type { Row } from '#src/ovsdb/database.js';
import type { LacpMemberSettings, LacpSettings } from '../lacp/lacp.js';
import { integerOption, isOptionTrue } from '../row-options.js';

export type BondMode = 'active-backup' | 'balance-slb' | 'balance-tcp';

export interface BondSettings {
  readonly name: string;
  readonly mode: BondMode;
  readonly updelayMs: number;
  readonly downdelayMs: number;
  readonly hashBasis: number;
  /** 0: never. */
  readonly rebalanceIntervalMs: number;
  readonly fallsBack: boolean;
  readonly primary: string | null;
  readonly usesLbOutput: boolean;
  readonly allMembersActive: boolean;
  /** How often links are looked at; 0: they tell of changes themselves. */
  readonly miimonIntervalMs: number;
}

const DEFAULT_MIIMON_INTERVAL_MS = 200;
const DEFAULT_REBALANCE_INTERVAL_MS = 10_000;
const LEAST_REBALANCE_INTERVAL_MS = 1000;
const MAX_U16 = 0xffff;

export function bondSettings(port: Row): BondSettings {
  const other = port.map('other_config');
  const wanted = port.string('bond_mode');
  const mode: BondMode = wanted === 'balance-slb' || wanted === 'balance-tcp' ? wanted : 'active-backup';
  const fallsBack = isOptionTrue(other, 'lacp-fallback-ab');
  const interval = integerOption(other, 'bond-rebalance-interval', DEFAULT_REBALANCE_INTERVAL_MS);
  const miimon = integerOption(other, 'bond-miimon-interval', 0);
  return {
    name: port.string('name') ?? '',
    mode,
    updelayMs: Math.max(0, port.integer('bond_updelay') ?? 0),
    downdelayMs: Math.max(0, port.integer('bond_downdelay') ?? 0),
    hashBasis: integerOption(other, 'bond-hash-basis', 0) >>> 0,
    rebalanceIntervalMs: interval === 0 ? 0 : Math.max(LEAST_REBALANCE_INTERVAL_MS, interval),
    fallsBack,
    primary: mode === 'active-backup' || fallsBack ? (other.get('bond-primary') ?? null) : null,
    usesLbOutput: mode === 'balance-tcp' && isOptionTrue(other, 'lb-output-action'),
    allMembersActive: mode === 'balance-slb' && isOptionTrue(other, 'all-members-active'),
    miimonIntervalMs: other.get('bond-detect-mode') !== 'miimon' ? 0 : miimon > 0 ? miimon : DEFAULT_MIIMON_INTERVAL_MS,
  };
}

/** Null without LACP. `bridgeMac`: whose name links go by unless they are given another. */
export function lacpSettings(port: Row, bridgeMac: Uint8Array): LacpSettings | null {
  const wanted = port.string('lacp');
  if (wanted !== 'active' && wanted !== 'passive') return null;
  const other = port.map('other_config');
  const systemId = systemIdOf(other.get('lacp-system-id'), bridgeMac);
  if (systemId === null || /^0+$/.test(systemId)) return null;
  const priority = integerOption(other, 'lacp-system-priority', 0);
  const isBond = port.refs('interfaces').length > 1;
  return {
    name: port.string('name') ?? '',
    systemId,
    // Systems with bonds are preferred to those without.
    systemPriority: priority > 0 && priority <= MAX_U16 ? priority : MAX_U16 - (isBond ? 1 : 0),
    isActive: wanted === 'active',
    isFast: other.get('lacp-time')?.toLowerCase() === 'fast',
    fallsBack: isOptionTrue(other, 'lacp-fallback-ab'),
  };
}

function systemIdOf(text: string | undefined, bridgeMac: Uint8Array): string | null {
  if (text === undefined) return Buffer.from(bridgeMac).toString('hex');
  const digits = /^\s*([0-9a-f]{1,2}(?::[0-9a-f]{1,2}){5})/i.exec(text)?.[1];
  if (digits === undefined) return null;
  return digits
    .toLowerCase()
    .split(':')
    .map((byte) => byte.padStart(2, '0'))
    .join('');
}

export function lacpMemberSettings(iface: Row, ofPort: number): LacpMemberSettings {
  const other = iface.map('other_config');
  const within = (name: string, least: number, preset: number): number => {
    const value = integerOption(other, name, preset);
    return value < least || value > MAX_U16 ? preset : value;
  };
  return {
    portId: within('lacp-port-id', 1, ofPort),
    portPriority: within('lacp-port-priority', 1, MAX_U16),
    key: within('lacp-aggregation-key', 0, 0),
  };
}
