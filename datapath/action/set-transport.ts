/**
 * set(tcp), set(udp), set(sctp): the ports. The checksum of TCP and UDP changes by the difference (RFC 1624); that of
 * SCTP is a CRC, of which the difference is carried over, so that a wrong checksum stays wrong. // hot path
 *
 * Mirrors packet_set_tcp_port(), packet_set_udp_port() and packet_set_sctp_port() of lib/packets.c.
 */
import { L4_WORD } from '../flow-extract.js';
import { updateChecksum16 } from '../packet/checksum.js';
import { crc32c } from '../packet/sctp.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_SCTP, OP_SET_TCP, OP_SET_UDP, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const PORTS_WORD = 10;

export function compileSetTcp(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_TCP);
  builder.addKeyWord(PORTS_WORD, action.value, action.mask);
}

export function compileSetUdp(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_UDP);
  builder.addKeyWord(PORTS_WORD, action.value, action.mask);
}

export function compileSetSctp(action: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_SCTP);
  builder.addKeyWord(PORTS_WORD, action.value, action.mask);
}

/** Protocol (bits 24..31) without a later fragment's mark. */
const isTransport = (packet: Packet, protocol: number): boolean =>
  (packet.words[packet.row + 6]! & 0xff02_0000) === protocol << 24;

export function setTcp(packet: Packet, code: Int32Array, at: number): void {
  const { view } = packet;
  const tcp = packet.layer(L4_WORD);
  const size = packet.transportSize();
  if (!isTransport(packet, 6) || size < 20) return;
  const headerSize = (view.getUint8(tcp + 12) >>> 4) * 4;
  if (headerSize < 20 || headerSize > size) return;
  const from = view.getInt32(tcp, true);
  const to = code[at]! | (from & ~code[at + 1]!);
  view.setUint16(tcp + 16, portsChecksum(view.getUint16(tcp + 16, true), from, to), true);
  view.setInt32(tcp, to, true);
  packet.isChanged = true;
}

export function setUdp(packet: Packet, code: Int32Array, at: number): void {
  const { view } = packet;
  const udp = packet.layer(L4_WORD);
  if (!isTransport(packet, 17) || packet.transportSize() < 8) return;
  const from = view.getInt32(udp, true);
  const to = code[at]! | (from & ~code[at + 1]!);
  const old = view.getUint16(udp + 6, true);
  if (old !== 0) {
    const sum = portsChecksum(old, from, to);
    view.setUint16(udp + 6, sum === 0 ? 0xffff : sum, true);
  }
  view.setInt32(udp, to, true);
  packet.isChanged = true;
}

export function setSctp(packet: Packet, code: Int32Array, at: number): void {
  const { view, bytes } = packet;
  const sctp = packet.layer(L4_WORD);
  const size = packet.transportSize();
  if (!isTransport(packet, 132) || size < 12) return;
  const from = view.getInt32(sctp, true);
  const to = code[at]! | (from & ~code[at + 1]!);
  const old = view.getInt32(sctp + 8, true);
  view.setInt32(sctp + 8, 0, true);
  const rightBefore = crc32c(bytes, sctp, size);
  view.setInt32(sctp, to, true);
  view.setInt32(sctp + 8, old ^ rightBefore ^ crc32c(bytes, sctp, size), true);
  packet.isChanged = true;
}

/** Each port on its own, and only if it changes, as OVS does it. */
function portsChecksum(old: number, from: number, to: number): number {
  let sum = old;
  if ((from & 0xffff) !== (to & 0xffff)) sum = updateChecksum16(sum, from, to);
  if (from >>> 16 !== to >>> 16) sum = updateChecksum16(sum, from >>> 16, to >>> 16);
  return sum;
}
