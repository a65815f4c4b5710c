/**
 * A packet that goes to a port with IP addresses: it may be for a tunnel that ends here, or tell of a neighbour.
 * Mirrors terminate_native_tunnel() of ofproto-dpif-xlate.c and tnl_neigh_snoop() of lib/tnl-neigh-cache.c.
 */
import {
  type FlowKey,
  OFF_ARP_SHA,
  OFF_ARP_THA,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IPV6_DST,
  OFF_IPV6_SRC,
  OFF_ND_TARGET,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_TP_DST,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import type { SwitchPort } from '../bundle.js';
import type { Translation } from '../translate/translation.js';
import { ipv4Of, isMapped, mapped, sameAddress } from './address.js';
import type { NativeTunnels } from './native-tunnels.js';

const ETH_TYPE_IP = 0x0800;
const ETH_TYPE_ARP = 0x0806;
const ETH_TYPE_IPV6 = 0x86dd;
const ARP_REPLY = 2;
const IP_PROTO_ICMPV6 = 58;
const ND_SOLICIT = 135;
const ND_ADVERT = 136;

const isArp = (flow: FlowKey): boolean => flow.u16(OFF_ETH_TYPE) === ETH_TYPE_ARP;

/** The datapath port of the tunnel that takes the packet, or null where it simply goes out by the port. */
export function terminateNativeTunnel(t: Translation, port: SwitchPort): number | null {
  const { backer } = t.bridge;
  const native = backer.nativeTunnels;
  if (native === null || !backer.hasNativeTunnels()) return null;
  // A port without an address ends no tunnel, and nothing is looked at.
  if (native.addresses.of(port.netdev).length === 0) return null;
  const { flow, wc } = t;
  const taker = native.terminations().lookup(flow, wc);
  if (taker === null) {
    if (isAnswerToUs(t, native) || isGratuitous(t)) snoop(t, native);
    return null;
  }
  const type = flow.u16(OFF_ETH_TYPE);
  if (t.input.allowSideEffects && (type === ETH_TYPE_IP || type === ETH_TYPE_IPV6)) {
    const source =
      type === ETH_TYPE_IP
        ? mapped(flow.bytes.slice(OFF_NW_SRC, OFF_NW_SRC + 4))
        : flow.bytes.slice(OFF_IPV6_SRC, OFF_IPV6_SRC + 16);
    native.setNeighbour(t.bridge.name, source, flow.bytes.slice(OFF_ETH_SRC, OFF_ETH_SRC + 6));
  }
  return taker;
}

/** Is it ARP or ICMPv6 to one of the bridge's addresses? */
function isAnswerToUs({ flow, bridge }: Translation, native: NativeTunnels): boolean {
  const isIcmpv6 = flow.u8(OFF_NW_PROTO) === IP_PROTO_ICMPV6;
  if (!isArp(flow) && !isIcmpv6) return false;
  const addresses = [...bridge.ports.values()].flatMap(({ netdev }) => native.addresses.of(netdev));
  return addresses.some(({ ip }) =>
    isMapped(ip)
      ? isArp(flow) && sameAddress(ipv4Of(ip), flow.bytes.subarray(OFF_NW_DST, OFF_NW_DST + 4))
      : sameAddress(ip, flow.bytes.subarray(OFF_IPV6_DST, OFF_IPV6_DST + 16)),
  );
}

function isGratuitous({ flow, wc }: Translation): boolean {
  if (!isArp(flow)) return false;
  setExact(wc, OFF_NW_SRC, 4);
  setExact(wc, OFF_NW_DST, 4);
  return flow.u32(OFF_NW_SRC) === flow.u32(OFF_NW_DST);
}

function snoop(t: Translation, native: NativeTunnels): void {
  if (!snoopArp(t, native)) snoopNeighbour(t, native);
}

/** True for an ARP that tells something. */
function snoopArp(t: Translation, native: NativeTunnels): boolean {
  const { flow, wc } = t;
  if (!isArp(flow)) return false;
  if (!isGratuitous(t)) {
    setExact(wc, OFF_NW_PROTO, 1);
    if (flow.u8(OFF_NW_PROTO) !== ARP_REPLY) return false;
  }
  setExact(wc, OFF_ARP_SHA, 6);
  if (flow.isZero(OFF_ARP_SHA, 6)) return false;
  setExact(wc, OFF_NW_SRC, 4);
  if (t.input.allowSideEffects) {
    const ip = mapped(flow.bytes.slice(OFF_NW_SRC, OFF_NW_SRC + 4));
    native.setNeighbour(t.bridge.name, ip, flow.bytes.slice(OFF_ARP_SHA, OFF_ARP_SHA + 6));
  }
  return true;
}

function snoopNeighbour(t: Translation, native: NativeTunnels): void {
  const { flow, wc } = t;
  if (flow.u16(OFF_ETH_TYPE) !== ETH_TYPE_IPV6) return;
  setExact(wc, OFF_NW_PROTO, 1);
  if (flow.u8(OFF_NW_PROTO) !== IP_PROTO_ICMPV6) return;
  setExact(wc, OFF_TP_DST, 2);
  if (flow.u16(OFF_TP_DST) !== 0) return;
  setExact(wc, OFF_TP_SRC, 2);
  const type = flow.u16(OFF_TP_SRC);
  if (type !== ND_SOLICIT && type !== ND_ADVERT) return;
  if (type !== ND_ADVERT) return;
  setExact(wc, OFF_ARP_THA, 6);
  if (flow.isZero(OFF_ARP_THA, 6)) return;
  setExact(wc, OFF_IPV6_SRC, 16);
  setExact(wc, OFF_IPV6_DST, 16);
  setExact(wc, OFF_ND_TARGET, 16);
  if (t.input.allowSideEffects) {
    const ip = flow.bytes.slice(OFF_ND_TARGET, OFF_ND_TARGET + 16);
    native.setNeighbour(t.bridge.name, ip, flow.bytes.slice(OFF_ARP_THA, OFF_ARP_THA + 6));
  }
}
