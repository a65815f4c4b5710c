/**
 * pop_nsh: takes a network service header off (RFC 8300); a packet without one stays as it is. // hot path
 * Mirrors pop_nsh() of lib/packets.c: what the packet is then is known, what it holds only once it is looked up again.
 */
import { L2_5_WORD, L3_WORD, L4_WORD, PACKET_TYPE_WORD } from '../flow-extract.js';
import { nshSizeAt } from '../packet/nsh.js';
import type { Packet } from '../packet-buffer.js';
import { OP_POP_NSH, type ProgramBuilder } from './program.js';
import { LE_PT_NSH, packetTypeBehind, UNKNOWN_TYPE } from './push-nsh.js';

export function compilePopNsh(builder: ProgramBuilder): void {
  builder.add(OP_POP_NSH);
}

/** False when the header names a next protocol that is not known, or is longer than the packet. */
export function popNsh(packet: Packet): boolean {
  const { words, row, bytes } = packet;
  const at = packet.layer(L3_WORD);
  if (words[row + PACKET_TYPE_WORD] !== LE_PT_NSH || at < 0 || packet.length < 8) return true;
  const size = nshSizeAt(bytes, at);
  const next = packetTypeBehind(bytes[at + 3]!);
  if (next === UNKNOWN_TYPE || size > packet.length) return false;
  packet.start += size;
  packet.length -= size;
  words[row + PACKET_TYPE_WORD] = next;
  words[row + L2_5_WORD] = -1;
  words[row + L3_WORD] = -1;
  words[row + L4_WORD] = -1;
  packet.isChanged = true;
  return true;
}
