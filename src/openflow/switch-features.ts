/**
 * What a switch says it can do (OFPT_FEATURES_REPLY), and how ovs-ofctl prints it. Mirrors struct ofputil_switch_features
 * and ofputil_switch_features_format() of lib/ofp-switch.c.
 */
import { formatActionTypes } from './action-types.js';
import type { OpenFlowVersion } from './protocol.js';
import { formatBitNames } from './bit-names.js';
import type { SwitchFeatures } from './switch-connection.js';

/** In the order in which they are printed. STP is of OpenFlow 1.0, GROUP_STATS of later versions. */
export const CAPABILITIES = [
  'FLOW_STATS',
  'TABLE_STATS',
  'PORT_STATS',
  'STP',
  'GROUP_STATS',
  'IP_REASM',
  'QUEUE_STATS',
  'ARP_MATCH_IP',
  'PORT_BLOCKED',
  'BUNDLES',
  'FLOW_MONITORING',
] as const;
export type Capability = (typeof CAPABILITIES)[number];

export interface ShownSwitchFeatures extends SwitchFeatures {
  /** OpenFlow 1.3 and later: which of a controller's connections it is. */
  readonly auxiliaryId: number;
  readonly capabilities: readonly Capability[];
  /** OpenFlow 1.0: the actions that it knows (action-types.ts). */
  readonly actions: number;
}

/** What a bridge of OVS says it can do, by version. */
export function switchCapabilities(version: OpenFlowVersion): readonly Capability[] {
  return CAPABILITIES.filter((capability) => {
    switch (capability) {
      case 'FLOW_STATS':
      case 'TABLE_STATS':
      case 'PORT_STATS':
      case 'QUEUE_STATS':
        return true;
      case 'GROUP_STATS':
        return version >= 11;
      case 'ARP_MATCH_IP':
        return version <= 11;
      case 'BUNDLES':
        return version >= 14;
      default:
        return false;
    }
  });
}

export function formatSwitchFeatures(features: ShownSwitchFeatures): string {
  const auxiliary = features.auxiliaryId === 0 ? '' : `, auxiliary_id:${features.auxiliaryId}`;
  const bits = CAPABILITIES.reduce((set, name, i) => (features.capabilities.includes(name) ? set | (1 << i) : set), 0);
  return (
    ` dpid:${features.datapathId.toString(16).padStart(16, '0')}\n` +
    `n_tables:${features.tableCount}, n_buffers:${features.bufferCount}${auxiliary}\n` +
    `capabilities: ${formatBitNames(bits, CAPABILITIES)}\n` +
    (features.actions === 0 ? '' : `actions: ${formatActionTypes(features.actions)}\n`)
  );
}
