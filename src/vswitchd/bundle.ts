/**
 * A Port of the database: one interface (or the members of a bond) and how it carries VLANs; and the OpenFlow ports
 * themselves. Mirrors struct ofbundle / xbundle and ofport_dpif / xport.
 */
import type { Dpif } from '#datapath/dpif.js';
import type { Bfd } from './bfd/bfd.js';
import type { Bond } from './bond/bond.js';
import type { Cfm } from './cfm/cfm.js';
import type { Lacp } from './lacp/lacp.js';
import type { Netdev } from './netdev.js';
import type { Bridge } from './bridge.js';
import type { PortTree } from './spanning-tree/tree.js';
import type { TunnelConfig } from './tunnel.js';

export type VlanMode = 'access' | 'trunk' | 'native-tagged' | 'native-untagged' | 'dot1q-tunnel';

/** What Port:other_config:priority-tags says of frames with VLAN 0. */
export type PriorityTags = 'never' | 'if-nonzero' | 'always';

export interface Bundle {
  readonly name: string;
  readonly bridge: Bridge;
  readonly ports: SwitchPort[];
  vlanMode: VlanMode;
  /** PVID: the VLAN of access and native modes, the outer VLAN of dot1q-tunnel; 0 for plain trunks. */
  vlan: number;
  /** VLANs that a trunk carries; null for all. */
  trunks: ReadonlySet<number> | null;
  /** Inner VLANs that a dot1q-tunnel carries; null for all. */
  cvlans: ReadonlySet<number> | null;
  qinqEthertype: number;
  priorityTags: PriorityTags;
  isProtected: boolean;
  /** Of a bundle with more than one port. */
  bond: Bond | null;
  lacp: Lacp | null;
  /** Does NORMAL flood to it, as far as the bridge's spanning tree goes? */
  floodsInTree: boolean;
}

export interface SwitchPort {
  readonly name: string;
  readonly bridge: Bridge;
  /** OpenFlow port number. */
  readonly ofPort: number;
  /** The interface's type: '' is system. */
  readonly type: string;
  readonly netdev: Netdev;
  /** Null for patch ports, which the datapath does not know. */
  odpPort: number | null;
  readonly dpif: Dpif;
  bundle: Bundle | null;
  /** OFPPC_* bits. */
  config: number;
  readonly createdNs: number;
  /** patch: the name of the other end. */
  peerName: string | null;
  tunnel: TunnelConfig | null;
  readonly tree: PortTree;
  bfd: Bfd | null;
  cfm: Cfm | null;
  /** The DSCP (in the upper six bits) that packets of a queue get when they leave, by skb_priority. */
  dscpByPriority: ReadonlyMap<number, number>;
  /** patch and tunnel ports: what translation credits. */
  readonly credited: { rxPackets: number; rxBytes: number; txPackets: number; txBytes: number };
}

/** OFPPC_* (OpenFlow 1.0): bits of SwitchPort.config. */
export const PORT_DOWN = 1 << 0;
export const NO_RECV = 1 << 2;
export const NO_RECV_STP = 1 << 3;
export const NO_FLOOD = 1 << 4;
export const NO_FWD = 1 << 5;
export const NO_PACKET_IN = 1 << 6;

/** What packets a port takes: frames, packets without an Ethernet header, or both (OpenFlow 1.5.1 §7.2.3.12). */
export type PacketTypes = 'legacy_l2' | 'legacy_l3' | 'ptap';

export function packetTypesOf({ tunnel, peerName }: SwitchPort): PacketTypes {
  return tunnel?.packetTypes ?? (peerName === null ? 'legacy_l2' : 'ptap');
}

/** Does NORMAL send to the bundle when it floods? */
export const isFloodable = (bundle: Bundle): boolean =>
  bundle.floodsInTree &&
  bundle.ports.every((port) => (port.config & NO_FLOOD) === 0 && packetTypesOf(port) !== 'legacy_l3');
