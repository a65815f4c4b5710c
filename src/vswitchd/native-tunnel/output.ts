/**
 * Output to a native tunnel: the way there is looked up, the outer headers are built, and translation goes on in the
 * bridge that the packet leaves by, as behind a patch port. Mirrors native_tunnel_output() of ofproto-dpif-xlate.c.
 *
 * The invariant: flow, base and mask are afterwards what they were; what the out bridge looked at of the outer headers
 * is no match on the packet.
 */
import type { DpAction } from '#datapath/dpif.js';
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IPV6_DST,
  OFF_IPV6_SRC,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_NW_TTL,
  OFF_PACKET_TYPE,
  OFF_PKT_MARK,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_DST,
  OFF_TUN_IPV6_DST,
  OFF_TUN_IPV6_SRC,
  OFF_TUN_SRC,
  OFF_TUN_TOS,
  OFF_TUN_TP_DST,
  OFF_TUN_TP_SRC,
  OFF_TUN_TTL,
  OFF_VLAN_TPID,
  OFF_VLAN1_TPID,
  PT_ETH,
} from '#flowtable/flow-key.js';
import { OFPP_TABLE } from '#src/openflow/ports.js';
import type { SwitchPort } from '../bundle.js';
import { formatMac } from '../odp/address-text.js';
import type { OutputManner } from '../translate/output.js';
import { crossPatch } from '../translate/patch.js';
import type { Translation } from '../translate/translation.js';
import { formatAddress, ipv4Of, isMapped, isSet, mapped, NO_ADDRESS } from './address.js';
import { buildHeader, pushTypeOf } from './header.js';
import type { NativeTunnels } from './native-tunnels.js';
import { arpRequest, neighbourSolicitation } from './neighbour-request.js';
import { tunnelProtocol } from './termination.js';

/** The way to the other end. */
interface Way {
  /** The other end, or the gateway towards it. */
  readonly nextHop: Uint8Array;
  readonly source: Uint8Array;
  readonly out: SwitchPort;
}

/** The flow has the tunnel's header in it, and the packet is committed. */
export function outputToNativeTunnel(t: Translation, port: SwitchPort, odpPort: number, manner: OutputManner): void {
  const native = t.bridge.backer.nativeTunnels;
  const type = pushTypeOf(port.tunnel!.type);
  if (native === null || type === null) {
    t.report('error', `native tunnels of type ${port.tunnel!.type} are not built yet`);
    return;
  }
  const way = findWay(t, native);
  if (way === null) {
    t.report('warn', 'native tunnel routing failed');
    return;
  }
  const { nextHop, source, out } = way;
  const nextHopText = formatAddress(nextHop);
  t.note(`tunneling to ${nextHopText} via ${out.name}`);
  const sourceMac = out.netdev.mac;
  const bridgeName = out.bridge.name;
  const destinationMac = native.neighbours.lookup(bridgeName, nextHop, native.nowMs);
  if (destinationMac === null) {
    const isIpv4 = isSet(ipv4Of(nextHop));
    const kind = isIpv4 ? 'ARP' : 'ND';
    t.note(`neighbor cache miss for ${nextHopText} on bridge ${bridgeName}, sending ${kind} request`);
    const asker = native.sourceFor(bridgeName, nextHop) ?? source;
    const request = isIpv4 ? arpRequest(sourceMac, asker, nextHop) : neighbourSolicitation(sourceMac, asker, nextHop);
    native.ask(() =>
      out.bridge.backer.packetOut(out.bridge, {
        packet: request,
        inPort: out.ofPort,
        actions: [{ kind: 'output', port: OFPP_TABLE, maxLen: 0 }],
      }),
    );
    return;
  }
  t.credits.push({ kind: 'neighbour', native, bridge: bridgeName, ip: nextHop });
  t.note(
    `tunneling from ${formatMac(sourceMac, 0)} ${formatAddress(source)} to ${formatMac(destinationMac, 0)} ${nextHopText}`,
  );
  const { flow, base, wc } = t;
  const header = buildHeader({ config: port.tunnel!, flow, source, sourceMac, destinationMac }, type);
  if (header === null) {
    t.report('warn', 'native tunnel header build failed');
    return;
  }
  const push: DpAction = { kind: 'tnl_push', port: odpPort, outPort: out.odpPort!, type, header };
  const { isLast } = manner;
  let inner: readonly DpAction[] = [push];
  // What is cut short comes back to be looked up anew, so that it is counted with its length.
  if (manner.truncates === true) inner = [push, { kind: 'recirc', id: 0 }];
  else {
    const saved = { flow: flow.clone(), base: base.clone(), wc: wc.clone(), input: t.input, actions: t.actions };
    for (const key of [base, flow]) putOuterHeaders(key, saved.flow, way, header, port.tunnel!.type);
    wc.bytes.fill(0);
    t.actions = [push];
    // Addresses are learned when packets are credited.
    t.input = { ...t.input, allowSideEffects: false, packet: null };
    t.credits.push({ kind: 'tunnel-header', size: header.length });
    t.isLast = isLast;
    crossPatch(t, port, out);
    t.credits.push({ kind: 'tunnel-header', size: -header.length });
    inner = t.actions;
    t.actions = saved.actions;
    t.input = saved.input;
    flow.copyFrom(saved.flow);
    base.copyFrom(saved.base);
    wc.copyFrom(saved.wc);
  }
  if (inner.length === 1) return;
  if (isLast) t.actions.push(...inner);
  else t.actions.push({ kind: 'clone', actions: inner });
}

function findWay(t: Translation, native: NativeTunnels): Way | null {
  const { flow } = t;
  const ownSource = addressIn(flow, OFF_TUN_SRC, null);
  const destination = addressIn(flow, OFF_TUN_DST, OFF_TUN_IPV6_DST);
  const route = native.routes.lookup(flow.u32(OFF_PKT_MARK), destination, ownSource);
  if (route === null) return null;
  const { gateway } = route;
  const hasGateway = isSet(gateway) && (!isMapped(gateway) || isSet(ipv4Of(gateway)));
  const out = findOutPort(t, route.device);
  return out === null
    ? null
    : { nextHop: hasGateway ? gateway : destination, source: isSet(ownSource) ? ownSource : route.source, out };
}

function addressIn(flow: FlowKey, offset4: number, offset6: number | null): Uint8Array {
  if (flow.u32(offset4) !== 0) return mapped(flow.bytes.slice(offset4, offset4 + 4));
  return offset6 === null ? NO_ADDRESS : flow.bytes.slice(offset6, offset6 + 16);
}

/** The port of the device: a bridge's own comes first. */
function findOutPort(t: Translation, device: string): SwitchPort | null {
  const { bridges } = t.bridge.backer;
  for (const bridge of bridges) if (bridge.name === device) return bridge.portNamed(device);
  return t.bridge.backer.portNamed(device);
}

/** The key of the packet with its outer headers; what they do not have stays the inner packet's, as in OVS. */
function putOuterHeaders(key: FlowKey, from: FlowKey, { source }: Way, header: Uint8Array, type: string): void {
  const copy = (to: number, offset: number, size: number): void => {
    key.bytes.set(from.bytes.subarray(offset, offset + size), to);
  };
  key.bytes.set(header.subarray(0, 6), OFF_ETH_DST);
  key.bytes.set(header.subarray(6, 12), OFF_ETH_SRC);
  key.setU32(OFF_VLAN_TPID, 0);
  key.setU32(OFF_VLAN1_TPID, 0);
  key.setU32(OFF_PACKET_TYPE, PT_ETH);
  copy(OFF_NW_DST, OFF_TUN_DST, 4);
  copy(OFF_NW_SRC, OFF_TUN_SRC, 4);
  copy(OFF_IPV6_DST, OFF_TUN_IPV6_DST, 16);
  copy(OFF_IPV6_SRC, OFF_TUN_IPV6_SRC, 16);
  key.setU8(OFF_NW_FRAG, 0);
  copy(OFF_NW_TOS, OFF_TUN_TOS, 1);
  copy(OFF_NW_TTL, OFF_TUN_TTL, 1);
  copy(OFF_TP_DST, OFF_TUN_TP_DST, 2);
  copy(OFF_TP_SRC, OFF_TUN_TP_SRC, 2);
  if (isMapped(source)) {
    key.setU16(OFF_ETH_TYPE, 0x0800);
    if (key.u32(OFF_NW_SRC) === 0) key.bytes.set(ipv4Of(source), OFF_NW_SRC);
  } else {
    key.setU16(OFF_ETH_TYPE, 0x86dd);
    if (key.isZero(OFF_IPV6_SRC, 16)) key.bytes.set(source, OFF_IPV6_SRC);
  }
  key.setU8(OFF_NW_PROTO, tunnelProtocol(type));
}
