/**
 * What Interface:cfm_mpid and other_config:cfm_* ask for (ovs-vswitchd.conf.db(5), "802.1ag Connectivity Fault
 * Management"). Mirrors iface_configure_cfm() of vswitchd/bridge.c and cfm_configure() of lib/cfm.c.
 */
import type { Row } from '#src/ovsdb/database.js';
import { integerOption, isOptionTrue } from '../row-options.js';

/** By the number of the interval; 0 stands for none of them. */
const INTERVALS_MS = [0, 3, 10, 100, 1000, 10_000, 60_000, 600_000] as const;
const DEFAULT_INTERVAL_MS = 1000;
const MAX_MPID = 8191n;
const MAX_U16 = 0xffff;

export interface CfmSettings {
  readonly mpid: bigint;
  /** By number; 0: intervalMs is none of the standard's. */
  readonly interval: number;
  readonly intervalMs: number;
  readonly isExtended: boolean;
  /** Do other packets that come in say that the link works, too? */
  readonly isDemand: boolean;
  readonly isUp: boolean;
  /** 0: without a tag, unless there is a priority. */
  readonly vlan: number | 'random';
  readonly priority: number;
  /** Take only packets whose tunnel has the key 0. */
  readonly checksTunnelKey: boolean;
}

/** Null without CFM, or with an MPID that cannot be. */
export function cfmSettings(iface: Row, checksTunnelKey: boolean): CfmSettings | null {
  const given = iface.integer('cfm_mpid');
  if (given === undefined) return null;
  const other = iface.map('other_config');
  const mpid = BigInt.asUintN(64, BigInt(given));
  const isExtended = isOptionTrue(other, 'cfm_extended');
  if (mpid < 1n || (!isExtended && mpid > MAX_MPID)) return null;
  const asked = integerOption(other, 'cfm_interval', 0);
  const wantedMs = asked > 0 ? asked : DEFAULT_INTERVAL_MS;
  const interval = Math.max(
    1,
    INTERVALS_MS.findLastIndex((ms) => ms <= wantedMs),
  );
  const isOwn = isExtended && INTERVALS_MS[interval] !== wantedMs;
  return {
    mpid,
    interval: isOwn ? 0 : interval,
    intervalMs: isOwn ? Math.min(wantedMs, MAX_U16) : INTERVALS_MS[interval]!,
    isExtended,
    isDemand: isExtended && isOptionTrue(other, 'cfm_demand'),
    isUp: (other.get('cfm_opstate')?.toLowerCase() ?? 'up') === 'up',
    vlan: vlanOption(other.get('cfm_ccm_vlan')),
    priority: integerOption(other, 'cfm_ccm_pcp', 0) & 7,
    checksTunnelKey,
  };
}

function vlanOption(text: string | undefined): number | 'random' {
  if (text?.toLowerCase() === 'random') return 'random';
  const number = Number(/^\s*[-+]?\d+/.exec(text ?? '')?.[0] ?? 0) & MAX_U16;
  return number === MAX_U16 ? 0 : number & 0xfff;
}
