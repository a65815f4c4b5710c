/**
 * What a trace supposes that address translation does to a packet: it takes the first address and port of the range.
 * Mirrors the end of trace_recirc_node() of ofproto-dpif-trace.c.
 */
import {
  type FlowKey,
  OFF_IPV6_DST,
  OFF_IPV6_SRC,
  OFF_NW_DST,
  OFF_NW_SRC,
  OFF_TP_DST,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import { formatIpv4, formatIpv6 } from '#src/openflow/address-text.js';
import type { NatRequest } from '#src/openflow/translate-context.js';

/** Translates the packet, and tells how. */
export function supposeNat(flow: FlowKey, nat: NatRequest): string {
  const initial = describe(flow, nat);
  const { type, addresses } = nat;
  if (type !== null && addresses !== null) {
    const size = addresses.family === 4 ? 4 : 16;
    const [v4, v6, port] =
      type === 'src' ? [OFF_NW_SRC, OFF_IPV6_SRC, OFF_TP_SRC] : [OFF_NW_DST, OFF_IPV6_DST, OFF_TP_DST];
    writeBytes(flow, size === 4 ? v4 : v6, size, addresses.min);
    if (nat.ports !== null && nat.ports.min !== 0) flow.setU16(port, nat.ports.min);
  }
  return `Replacing src/dst IP/ports to simulate NAT:\n Initial flow: ${initial}\n Modified flow: ${describe(flow, nat)}\n`;
}

function describe(flow: FlowKey, { addresses }: NatRequest): string {
  if (addresses === null) return '';
  const ports = [flow.u16(OFF_TP_SRC), flow.u16(OFF_TP_DST)];
  if (addresses.family === 4) {
    const address = (offset: number): string => formatIpv4(BigInt(flow.u32(offset)));
    return `nw_src=${address(OFF_NW_SRC)},tp_src=${ports[0]},nw_dst=${address(OFF_NW_DST)},tp_dst=${ports[1]}`;
  }
  const address = (offset: number): string => `[${formatIpv6(readBytes(flow, offset, 16))}]`;
  return `ipv6_src=${address(OFF_IPV6_SRC)},tp_src=${ports[0]},ipv6_dst=${address(OFF_IPV6_DST)},tp_dst=${ports[1]}`;
}

function readBytes(flow: FlowKey, offset: number, size: number): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(flow.bytes[offset + i]!);
  return value;
}

function writeBytes(flow: FlowKey, offset: number, size: number, value: bigint): void {
  for (let i = 0; i < size; i++) flow.bytes[offset + i] = Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn);
}
