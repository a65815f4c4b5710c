/**
 * set(ipv6): addresses, traffic class, flow label and hop limit, with the checksums of TCP, UDP and ICMPv6 kept right.
 *
 * Mirrors packet_set_ipv6() of lib/packets.c: with segments left in a routing header, the destination is not the one
 * of the pseudo-header (RFC 8200 §8.1), so changing it leaves the checksum alone. Different from OVS's userspace, and
 * as the kernel does: the checksum of an atomic fragment (RFC 6946) is kept right too, and that of a packet with a
 * routing header when the source changes.
 */
import { FRAG_LATER } from '#flowtable/flow-key.js';
import { L3_WORD, L4_WORD } from '../flow-extract.js';
import { ipv6ExtensionSize, isIpv6Extension } from '../packet/ipv6.js';
import { updateChecksum32 } from '../packet/checksum.js';
import { swap32 } from '../packet/byte-order.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_IPV6, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const LE_IPV6 = 0xdd86;
const LABEL_MASK = 0xfffff;

export function compileSetIpv6(action: SetAction, builder: ProgramBuilder): void {
  const { value, mask } = action;
  // The first word of the header as a number: class in bits 20..27, label below.
  const word = (key: typeof value): number => (key.u8(28) << 20) | (swap32(key.words[28]!) & LABEL_MASK) | 0;
  builder.add(OP_SET_IPV6);
  builder.addMasked(word(value), mask === null ? 0x0fff_ffff : word(mask));
  builder.addMasked(value.u8(29), mask === null ? 0xff : mask.u8(29));
  for (let i = 20; i < 28; i++) builder.addKeyWord(i, value, mask);
}

export function setIpv6(packet: Packet, code: Int32Array, at: number): void {
  const { view, words, row } = packet;
  const ip = packet.layer(L3_WORD);
  if ((words[row + 6]! & 0xffff) !== LE_IPV6 || ip < 0 || ip + 40 > packet.start + packet.length) return;
  const isRouted = hasSegmentsLeft(packet, ip);
  for (let i = 0; i < 8; i++) {
    const address = ip + 8 + 4 * i;
    const from = view.getInt32(address, true);
    const to = code[at + 4 + 2 * i]! | (from & ~code[at + 5 + 2 * i]!);
    if (from === to) continue;
    if (i < 4 || !isRouted) updateIpv6Transport(packet, from, to);
    view.setInt32(address, to, true);
  }
  view.setInt32(ip, code[at]! | (view.getInt32(ip) & ~code[at + 1]!));
  view.setUint8(ip + 7, code[at + 2]! | (view.getUint8(ip + 7) & ~code[at + 3]!));
  packet.isChanged = true;
}

/** The checksum of TCP, UDP or ICMPv6 after a word under it, or of the pseudo-header, has changed. */
export function updateIpv6Transport(packet: Packet, from: number, to: number): void {
  const { view } = packet;
  const protocolWord = packet.words[packet.row + 6]!;
  if ((protocolWord & (FRAG_LATER << 16)) !== 0) return;
  const transport = packet.layer(L4_WORD);
  const size = packet.transportSize();
  const protocol = protocolWord >>> 24;
  let at = -1;
  if (protocol === 6 && size >= 20) at = transport + 16;
  else if (protocol === 17 && size >= 8) at = transport + 6;
  else if (protocol === 58 && size >= 4) at = transport + 2;
  if (at < 0) return;
  const old = view.getUint16(at, true);
  if (protocol === 17 && old === 0) return;
  const sum = updateChecksum32(old, from, to);
  view.setUint16(at, protocol === 17 && sum === 0 ? 0xffff : sum, true);
}

/** Is there a routing header with segments left before the transport header? */
function hasSegmentsLeft(packet: Packet, ip: number): boolean {
  const { view } = packet;
  const end = packet.layer(L4_WORD);
  let next = view.getUint8(ip + 6);
  let at = ip + 40;
  while (isIpv6Extension(next) && end - at >= 8) {
    if (next === 43 && view.getUint8(at + 3) > 0) return true;
    const size = ipv6ExtensionSize(next, view.getUint8(at + 1));
    next = view.getUint8(at);
    at += size;
  }
  return false;
}
