/**
 * set(nd_ext): the reserved word of a neighbour message and the type of its first option (RFC 4861), with the ICMPv6
 * checksum made anew. Mirrors odp_set_nd_ext() and packet_set_nd_ext() of lib; a type is not written where the message
 * has no option.
 */
import { OFF_IGMP_GROUP, OFF_TCP_FLAGS } from '#flowtable/flow-key.js';
import { L3_WORD, L4_WORD } from '../flow-extract.js';
import { ND_MESSAGE_SIZE, writeIcmpv6Checksum } from '../packet/icmpv6.js';
import type { Packet } from '../packet-buffer.js';
import { OP_SET_ND_EXT, type ProgramBuilder } from './program.js';
import type { SetAction } from './set.js';

const RESERVED_WORD = OFF_IGMP_GROUP / 4;
/** The type stands in the low byte of tcp_flags. */
const OFF_TYPE = OFF_TCP_FLAGS + 1;

export function compileSetNdExt({ value, mask }: SetAction, builder: ProgramBuilder): void {
  builder.add(OP_SET_ND_EXT);
  builder.addKeyWord(RESERVED_WORD, value, mask);
  builder.add(value.u8(OFF_TYPE), mask === null ? 0xff : mask.u8(OFF_TYPE));
}

/** As in OVS a field is written whole, whichever of its bits the mask has. */
export function setNdExt(packet: Packet, code: Int32Array, at: number): void {
  const { view, bytes } = packet;
  const message = packet.layer(L4_WORD);
  const size = packet.transportSize();
  if ((packet.words[packet.row + 6]! & 0xff02_0000) !== 58 << 24 || size < ND_MESSAGE_SIZE) return;
  if (code[at + 1] !== 0) view.setInt32(message + 4, code[at]!, true);
  if (code[at + 3] !== 0 && size > ND_MESSAGE_SIZE) view.setUint8(message + ND_MESSAGE_SIZE, code[at + 2]!);
  writeIcmpv6Checksum(bytes, packet.layer(L3_WORD), message, size);
  packet.isChanged = true;
}
