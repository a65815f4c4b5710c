/**
 * Output to one port: VLANs and other rewrites are committed, tunnels get their outer header, patch ports lead into
 * the next bridge. Mirrors compose_output_action() and flood_packets() of ofproto-dpif-xlate.c.
 */
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_NW_TOS,
  OFF_SKB_PRIORITY,
  OFF_PACKET_TYPE,
  OFF_TUN_DST,
  OFF_TUN_ID,
  OFF_TUN_IPV6_DST,
  OFF_USERSPACE,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
  PT_ETH,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { HashedOutput } from '../bond/bond.js';
import { NO_FLOOD, NO_FWD, packetTypesOf, type SwitchPort } from '../bundle.js';
import { outputToNativeTunnel } from '../native-tunnel/output.js';
import { terminateNativeTunnel } from '../native-tunnel/terminate.js';
import { setTunnelForOutput } from '../tunnel.js';
import { commitTunnel } from './commit.js';
import { loseEthernetHeader } from './encap.js';
import { crossPatch } from './patch.js';
import { putIpfixSample } from './sample.js';
import { isOutsideTree } from './spanning-tree.js';
import type { Translation } from './translation.js';

/** The parts of a flow that an output may change for its own sake: [offset, size]. */
const RESTORED: readonly (readonly [number, number])[] = [
  [OFF_VLAN_TPID, 4],
  [OFF_VLAN1_TPID, 4],
  [OFF_NW_TOS, 1],
  [OFF_ETH_DST, 12],
  [OFF_PACKET_TYPE, 4],
  [OFF_ETH_TYPE, 2],
];

const DSCP_MASK = 0xfc;
/** A longer one cuts nothing off. */
const MAX_SNAPLEN = 0xffff;

function isBetweenProtected(t: Translation, out: SwitchPort): boolean {
  const from = t.bridge.ports.get(t.flow.u32(OFF_IN_PORT));
  return from?.bundle?.isProtected === true && out.bundle?.isProtected === true;
}

/** How a packet goes out. */
export interface OutputManner {
  /** Nothing of the packet is needed afterwards. */
  readonly isLast: boolean;
  /** The datapath cuts it short. */
  readonly truncates?: boolean;
  /** Not out of the port itself, but of the member of its bond that a hash names. */
  readonly hashed?: HashedOutput | null;
  /** An output to all ports: as in OVS the spanning tree does not keep packets from leaving so. */
  readonly isToAll?: boolean;
}

/** Sends the packet as it is now out of a port of the current bridge. */
export function outputToPort(t: Translation, ofPort: number, manner: OutputManner = { isLast: false }): void {
  const port = t.bridge.ports.get(ofPort);
  if (port === undefined) {
    t.report('warn', 'Nonexistent output port');
    return;
  }
  if ((port.config & NO_FWD) !== 0) {
    t.report('detail', 'OFPPC_NO_FWD set, skipping output');
    return;
  }
  if (t.mirrorSnaplen !== 0 && port.odpPort === null) {
    t.report('warn', 'Mirror truncate to ODPP_NONE, skipping output');
    return;
  }
  if (isBetweenProtected(t, port)) {
    t.report('warn', 'Flow is between protected ports, skipping output.');
    return;
  }
  if (manner.isToAll !== true && isOutsideTree(t, port)) return;
  const types = packetTypesOf(port);
  const isEthernet = t.flow.u32(OFF_PACKET_TYPE) === PT_ETH;
  if (types === 'legacy_l2' && !isEthernet) {
    t.report('warn', 'Trying to send non-Ethernet packet through legacy L2 port. Dropping packet.');
    return;
  }
  const peer = t.bridge.peerOf(port);
  if (peer !== null) {
    crossPatch(t, port, peer);
    return;
  }
  const saved = RESTORED.map(([offset, size]) => t.flow.bytes.slice(offset, offset + size));
  if (types === 'legacy_l3' && isEthernet) loseEthernetHeader(t);
  markByQueue(t, port);
  // A patch port without a peer has no way on.
  const isSent = port.odpPort === null || sendTo(t, port, port.odpPort, manner);
  if (isSent && port.bundle !== null) t.mirrorEgress(port.bundle);
  RESTORED.forEach(([offset], i) => {
    t.flow.bytes.set(saved[i]!, offset);
  });
}

/** A packet for a queue of the port's QoS gets the queue's DSCP (RFC 2474 §3). */
function markByQueue({ flow, wc }: Translation, { dscpByPriority }: SwitchPort): void {
  if (dscpByPriority.size === 0) return;
  setExact(wc, OFF_SKB_PRIORITY, 4);
  const dscp = dscpByPriority.get(flow.u32(OFF_SKB_PRIORITY));
  if (dscp === undefined) return;
  wc.setU8(OFF_NW_TOS, wc.u8(OFF_NW_TOS) | DSCP_MASK);
  flow.setU8(OFF_NW_TOS, (flow.u8(OFF_NW_TOS) & ~DSCP_MASK) | dscp);
}

/** False when the packet cannot go there. */
function sendTo(t: Translation, port: SwitchPort, odpPort: number, manner: OutputManner): boolean {
  if (port.tunnel !== null) return outputToTunnel(t, port, odpPort, manner);
  t.commit();
  const tunnelPort = manner.hashed == null ? terminateNativeTunnel(t, port) : null;
  if (manner.hashed != null) pushHashedOutput(t, manner.hashed);
  else if (tunnelPort !== null) t.actions.push({ kind: 'tnl_pop', port: tunnelPort });
  else pushOutput(t, odpPort);
  t.tally.sent(odpPort, port.ofPort);
  return true;
}

function pushHashedOutput(t: Translation, { recircId, basis, usesLbOutput }: HashedOutput): void {
  if (usesLbOutput) t.actions.push({ kind: 'lb_output', bond: recircId });
  else t.actions.push({ kind: 'hash', algorithm: 0, basis }, { kind: 'recirc', id: recircId });
}

/** The output itself, cut short when it is a mirror's copy. */
function pushOutput(t: Translation, odpPort: number): void {
  putIpfixSample(t, odpPort);
  if (t.mirrorSnaplen > 0 && t.mirrorSnaplen < MAX_SNAPLEN) t.actions.push({ kind: 'trunc', maxLen: t.mirrorSnaplen });
  t.actions.push({ kind: 'output', port: odpPort });
}

/** Would the packet leave for the address it came to? An IPv4 address of the tunnel goes before one of IPv6. */
function goesHome(flow: FlowKey, original: FlowKey): boolean {
  const [to, from] = [flow.u32(OFF_TUN_DST), original.u32(OFF_TUN_DST)];
  if (to !== 0 || from !== 0) return to === from;
  return flow.bytes
    .subarray(OFF_TUN_IPV6_DST, OFF_TUN_IPV6_DST + 16)
    .every((byte, i) => byte === original.bytes[OFF_TUN_IPV6_DST + i]);
}

function outputToTunnel(t: Translation, port: SwitchPort, odpPort: number, manner: OutputManner): boolean {
  const { flow } = t;
  const saved = flow.bytes.slice(OFF_TUN_ID, OFF_USERSPACE);
  setTunnelForOutput(port.tunnel!, flow, t.wc);
  if (goesHome(flow, t.input.flow)) {
    t.report('warn', 'Not tunneling to our own address');
    return false;
  }
  t.credits.push({ kind: 'port', tx: port, rx: null });
  if (t.bridge.backer.hasNativeTunnels()) {
    t.report('detail', 'output to native tunnel');
    t.commit();
    // What the out bridge does with the tunnel's packets counts as one output.
    const { count } = t.tally;
    outputToNativeTunnel(t, port, odpPort, manner);
    t.tally.count = count;
    t.tally.sent(odpPort, port.ofPort);
    flow.bytes.set(saved, OFF_TUN_ID);
    return true;
  }
  t.report('detail', 'output to kernel tunnel');
  commitTunnel(t, port.tunnel!.type);
  flow.bytes.set(saved, OFF_TUN_ID);
  t.commit();
  pushOutput(t, odpPort);
  t.tally.sent(odpPort, port.ofPort);
  return true;
}

/** Sends to all ports but the one the packet came in by; `all`: also to those with NO_FLOOD. */
export function floodPackets(t: Translation, all: boolean): void {
  const ports = [...t.bridge.ports.values()].filter(
    (port) => port.ofPort !== t.flow.u32(OFF_IN_PORT) && (all || (port.config & NO_FLOOD) === 0),
  );
  const { isLast } = t;
  ports.forEach((port, i) => {
    t.isLast = isLast && i === ports.length - 1;
    outputToPort(t, port.ofPort, { isLast: false, isToAll: all });
  });
  t.isLast = isLast;
  t.tally.flooded();
}
