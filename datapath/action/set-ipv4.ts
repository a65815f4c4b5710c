/**
 * set(ipv4): addresses, TOS and TTL, with the header's checksum and those of TCP and UDP kept right (RFC 1624). //
 * hot path
 *
 * Mirrors odp_set_ipv4() and packet_set_ipv4_addr() of lib. Different from OVS's userspace, and as the kernel's
 * update_ip_l4_checksum(): a later fragment has no transport header, so nothing in its payload is changed.
 */
import { FRAG_LATER } from '#flowtable/flow-key.js';
import { L3_WORD, L4_WORD } from '../flow-extract.js';
import { updateChecksum16, updateChecksum32 } from '../packet/checksum.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_IPV4, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const LE_IP = 0x0008;

export function compileSetIpv4(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_IPV4);
  builder.addKeyWord(8, action.value, action.mask);
  builder.addKeyWord(9, action.value, action.mask);
  // TOS and TTL are the two low bytes of word 7; TCP flags are above them.
  builder.addKeyWord(7, action.value, action.mask, 0xffff);
}

export function setIpv4(packet: Packet, code: Int32Array, at: number): void {
  const { view, words, row } = packet;
  const ip = packet.layer(L3_WORD);
  if ((words[row + 6]! & 0xffff) !== LE_IP || ip < 0 || ip + 20 > packet.start + packet.length) return;
  setAddress(packet, ip, ip + 12, code[at]!, code[at + 1]!);
  setAddress(packet, ip, ip + 16, code[at + 2]!, code[at + 3]!);
  const value = code[at + 4]!;
  const mask = code[at + 5]!;
  const tos = view.getUint8(ip + 1);
  const newTos = (value & 0xff) | (tos & ~mask & 0xff);
  if (newTos !== tos) {
    view.setUint16(ip + 10, updateChecksum16(view.getUint16(ip + 10), tos, newTos));
    view.setUint8(ip + 1, newTos);
  }
  const ttl = view.getUint8(ip + 8);
  const newTtl = (value >>> 8) | (ttl & ~(mask >>> 8) & 0xff);
  if (newTtl !== ttl) {
    view.setUint16(ip + 10, updateChecksum16(view.getUint16(ip + 10), ttl << 8, newTtl << 8));
    view.setUint8(ip + 8, newTtl);
  }
  packet.isChanged = true;
}

function setAddress(packet: Packet, ip: number, address: number, value: number, mask: number): void {
  const { view } = packet;
  const from = view.getInt32(address, true);
  const to = value | (from & ~mask);
  if (from === to) return;
  updateTransport(packet, from, to);
  view.setUint16(ip + 10, updateChecksum32(view.getUint16(ip + 10, true), from, to), true);
  view.setInt32(address, to, true);
}

/** The checksum of TCP or UDP after a word of the pseudo-header has changed. */
function updateTransport(packet: Packet, from: number, to: number): void {
  const { view } = packet;
  const protocolWord = packet.words[packet.row + 6]!;
  if ((protocolWord & (FRAG_LATER << 16)) !== 0) return;
  const transport = packet.layer(L4_WORD);
  const size = packet.transportSize();
  const protocol = protocolWord >>> 24;
  if (protocol === 6 && size >= 20) {
    view.setUint16(transport + 16, updateChecksum32(view.getUint16(transport + 16, true), from, to), true);
  } else if (protocol === 17 && size >= 8) {
    const old = view.getUint16(transport + 6, true);
    if (old === 0) return;
    const sum = updateChecksum32(old, from, to);
    view.setUint16(transport + 6, sum === 0 ? 0xffff : sum, true);
  }
}
