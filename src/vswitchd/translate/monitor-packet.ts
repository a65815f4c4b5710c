/**
 * Packets of BFD and CFM, as a port with either knows them, and the bits that this depends on. Mirrors
 * bfd_should_process_flow() of lib/bfd.c and cfm_should_process_flow() of lib/cfm.c.
 */
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_NW_DST,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_TP_DST,
  OFF_TUN_ID,
} from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { ethTypeOf } from '#src/openflow/packet-type.js';
import { BFD_PORT } from '../bfd/packet.js';
import type { SwitchPort } from '../bundle.js';
import { ccmAddress, ETH_TYPE_CFM } from '../cfm/packet.js';

const IP_PROTO_UDP = 17;
const FRAG_LATER = 2;

/** Is it for the port's link monitors? In the order in which they are asked. */
export const isMonitorPacket = (port: SwitchPort, flow: FlowKey, wc: FlowKey): boolean =>
  isCfmPacket(port, flow, wc) || isBfdPacket(port, flow, wc);

export function isCfmPacket({ cfm }: SwitchPort, flow: FlowKey, wc: FlowKey): boolean {
  if (cfm === null || ethTypeOf(flow) !== ETH_TYPE_CFM) return false;
  setExact(wc, OFF_ETH_DST, 6);
  if (!hasBytes(flow, OFF_ETH_DST, ccmAddress(cfm.settings.isExtended))) return false;
  return !cfm.settings.checksTunnelKey || hasNoTunnelKey(flow, wc);
}

export function isBfdPacket({ bfd }: SwitchPort, flow: FlowKey, wc: FlowKey): boolean {
  if (bfd === null) return false;
  const { remoteDestination, hasPresetSource, ipSource, checksTunnelKey } = bfd.settings;
  if (remoteDestination !== null) {
    setExact(wc, OFF_ETH_DST, 6);
    if (!hasBytes(flow, OFF_ETH_DST, remoteDestination)) return false;
  }
  if (ethTypeOf(flow) !== 0x0800) return false;
  setExact(wc, OFF_NW_PROTO, 1);
  if (flow.u8(OFF_NW_PROTO) !== IP_PROTO_UDP || (flow.u8(OFF_NW_FRAG) & FRAG_LATER) !== 0) return false;
  if (!hasBfdPort(flow, wc)) return false;
  const isToUs = hasBytes(flow, OFF_NW_DST, ipSource);
  if (!hasPresetSource && !isToUs) return false;
  if (isToUs) setExact(wc, OFF_NW_DST, 4);
  return !checksTunnelKey || hasNoTunnelKey(flow, wc);
}

/** One bit is enough to tell another port. */
function hasBfdPort(flow: FlowKey, wc: FlowKey): boolean {
  const differing = flow.u16(OFF_TP_DST) ^ BFD_PORT;
  const looked = differing === 0 ? 0xffff : 0x8000_0000 >>> Math.clz32(differing);
  wc.setU16(OFF_TP_DST, wc.u16(OFF_TP_DST) | looked);
  return differing === 0;
}

function hasNoTunnelKey(flow: FlowKey, wc: FlowKey): boolean {
  setExact(wc, OFF_TUN_ID, 8);
  return flow.u64(OFF_TUN_ID) === 0n;
}

const hasBytes = (flow: FlowKey, offset: number, bytes: Uint8Array): boolean =>
  bytes.every((byte, i) => flow.bytes[offset + i] === byte);
