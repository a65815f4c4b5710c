/**
 * The FTP helper: expects the data connections that a control connection announces, puts the right address into the
 * announcement under NAT, and keeps the sequence numbers of the control connection in step with the changed length.
 *
 * Mirrors handle_ftp_ctl() of lib/conntrack.c. An announcement of somebody else's address is invalid (the "bounce
 * attack" of RFC 2577 §3), for passive IPv6 there is no address to judge.
 *
 * Deliberately different: OVS moves what follows the address by a length that it keeps in eight bits; here the rest of
 * the segment is moved whatever its length.
 */
import { readU16, readU32, writeU16, writeU32 } from '../packet/byte-order.js';
import { finishSum, updateChecksum16 } from '../packet/checksum.js';
import { IP_PROTO_TCP } from '../packet/ipv4.js';
import type { Packet } from '../packet-buffer.js';
import type { Connection } from './connection.js';
import { ETH_TYPE_IPV4, etherTypeOf, isAddressEqual, KEY_DST, KEY_SRC } from './connection-key.js';
import { formatIpv4Text, formatIpv6Text } from './ftp-address.js';
import { type FtpMessage, ftpTextOf, parseFtpMessage } from './ftp-message.js';
import { transportSum } from './key-extract.js';

type Announcement = Extract<FtpMessage, { kind: 'announcement' }>;

export interface FtpPacket {
  readonly packet: Packet;
  readonly ip: number;
  readonly transport: number;
  /** The end of the IP packet. */
  end: number;
  readonly isReply: boolean;
  readonly hasNat: boolean;
  /** Bytes that the frame may still grow by. */
  readonly tailroom: number;
}

export function ftpMessageOf(given: FtpPacket, connection: Connection): FtpMessage {
  const { bytes } = given.packet;
  const payload = given.transport + (bytes[given.transport + 12]! >>> 4) * 4;
  return parseFtpMessage(ftpTextOf(bytes, payload, given.end), etherTypeOf(connection.key) !== ETH_TYPE_IPV4);
}

/** Is the address announced that of the end which announces it, before or after NAT? */
export function isAnnouncementHonest(message: Announcement, connection: Connection): boolean {
  const { address, isActive } = message;
  if (address === null) return true;
  const { key, reverseKey } = connection;
  return isActive
    ? isAddressEqual(address, 0, key, KEY_SRC) || isAddressEqual(address, 0, reverseKey, KEY_DST)
    : isAddressEqual(address, 0, reverseKey, KEY_SRC) || isAddressEqual(address, 0, key, KEY_DST);
}

/** Puts the address that the other end must see into the announcement; the change of the length in bytes. */
export function rewriteAnnouncement(given: FtpPacket, message: Announcement, connection: Connection): number {
  const { key, reverseKey } = connection;
  if (message.address === null) return 0;
  const isIpv4 = etherTypeOf(key) === ETH_TYPE_IPV4;
  const from = message.isActive ? reverseKey : key;
  const text = isIpv4 ? formatIpv4Text(from, KEY_DST).replaceAll('.', ',') : formatIpv6Text(from, KEY_DST);
  const change = text.length - message.addressSize;
  if (change > given.tailroom) return 0;
  const { packet, ip, transport } = given;
  const { bytes } = packet;
  const at = transport + (bytes[transport + 12]! >>> 4) * 4 + message.addressOffset;
  bytes.copyWithin(at + text.length, at + message.addressSize, packet.start + packet.length);
  for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
  packet.length += change;
  given.end += change;
  if (change !== 0) changeIpSize(bytes, ip, isIpv4, change);
  return change;
}

function changeIpSize(bytes: Uint8Array, ip: number, isIpv4: boolean, change: number): void {
  if (!isIpv4) {
    writeU16(bytes, ip + 4, readU16(bytes, ip + 4) + change);
    return;
  }
  const old = readU16(bytes, ip + 2);
  writeU16(bytes, ip + 10, updateChecksum16(readU16(bytes, ip + 10), old, old + change));
  writeU16(bytes, ip + 2, old + change);
}

/**
 * Moves the sequence or acknowledgement number by what earlier announcements have grown, and sums anew. A segment that
 * nothing changes in (`isTextChanged`: an announcement may have been rewritten) is left alone.
 */
export function adjustSequence(given: FtpPacket, connection: Connection, isTextChanged: boolean): void {
  const { packet, ip, transport, end } = given;
  const { bytes } = packet;
  const isSkewed = given.hasNat && connection.sequenceSkew !== 0;
  if (!isSkewed && !isTextChanged) return;
  if (isSkewed) {
    if (given.isReply !== connection.isReplySkewed) addTo(bytes, transport + 8, -connection.sequenceSkew);
    else addTo(bytes, transport + 4, connection.sequenceSkew);
  }
  writeU16(bytes, transport + 16, 0);
  const etherType = etherTypeOf(connection.key);
  const sum = transportSum(bytes, ip, transport, end - transport, etherType, IP_PROTO_TCP);
  writeU16(bytes, transport + 16, finishSum(sum));
  packet.isChanged = true;
}

function addTo(bytes: Uint8Array, at: number, change: number): void {
  writeU32(bytes, at, (readU32(bytes, at) + change) >>> 0);
}
