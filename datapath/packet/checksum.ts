/**
 * The Internet checksum (RFC 1071), in full and incrementally (RFC 1624 equation 3), with the pseudo-headers of IPv4
 * (RFC 9293 §3.1) and IPv6 (RFC 8200 §8.1).
 *
 * Mirrors lib/csum.c of OVS. A one's complement sum does not care for byte order as long as all words are read the
 * same way, so the incremental forms work on numbers in network order and on raw little-endian words alike. They
 * fold after each 16 bits as OVS does, so that even the two zeros (0x0000, 0xffff) come out as they do there.
 */

/** Adds the 16-bit words of bytes[offset, offset + size) to a partial sum; an odd last byte counts as its high half. */
export function addToSum(sum: number, bytes: Uint8Array, offset: number, size: number): number {
  let total = sum;
  let at = offset;
  const end = offset + size;
  for (; at + 1 < end; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if (at < end) total += bytes[at]! << 8;
  return total;
}

/** Folds the partial sum and complements it: what stands in the header. */
export function finishSum(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}

/** The checksum of bytes[offset, offset + size). Over data that contain a right checksum it is 0. */
export function checksum(bytes: Uint8Array, offset: number, size: number): number {
  return finishSum(addToSum(0, bytes, offset, size));
}

/** The partial sum of the pseudo-header of the IPv4 header at ipOffset. */
export function pseudoHeaderSum4(bytes: Uint8Array, ipOffset: number, protocol: number, size: number): number {
  return addToSum(protocol + size, bytes, ipOffset + 12, 8);
}

/** The partial sum of the pseudo-header of the IPv6 header at ipOffset. */
export function pseudoHeaderSum6(bytes: Uint8Array, ipOffset: number, nextHeader: number, size: number): number {
  return addToSum(nextHeader + (size >>> 16) + (size & 0xffff), bytes, ipOffset + 8, 32);
}

/** The checksum after a 16-bit word under it has changed. */
export function updateChecksum16(old: number, from: number, to: number): number {
  let sum = (~old & 0xffff) + (~from & 0xffff) + (to & 0xffff);
  sum = (sum & 0xffff) + (sum >>> 16);
  sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** The checksum after a 32-bit word under it has changed. */
export function updateChecksum32(old: number, from: number, to: number): number {
  return updateChecksum16(updateChecksum16(old, from, to), from >>> 16, to >>> 16);
}

/** True when the transport checksum of the segment at offset is right under the given pseudo-header sum. */
export function isSumRight(pseudoHeader: number, bytes: Uint8Array, offset: number, size: number): boolean {
  return finishSum(addToSum(pseudoHeader, bytes, offset, size)) === 0;
}

/** The UDP checksum as it is sent: a computed zero becomes all ones (RFC 768). */
export function udpWireChecksum(computed: number): number {
  return computed === 0 ? 0xffff : computed;
}
