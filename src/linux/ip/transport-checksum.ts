/** The checksum of a TCP, UDP or ICMPv6 message under the pseudo-header of either family (RFC 9293 §3.1, RFC 8200 §8.1). */
import { addToSum, finishSum } from '#datapath/packet/checksum.js';
import type { IpAddress } from './address.js';

/** Over a message with a right checksum in it the result is 0. */
export function transportChecksum(
  source: IpAddress,
  destination: IpAddress,
  protocol: number,
  message: Uint8Array,
): number {
  const size = message.length;
  let sum = protocol + (size >>> 16) + (size & 0xffff);
  sum = addToSum(sum, source, 0, source.length);
  sum = addToSum(sum, destination, 0, destination.length);
  return finishSum(addToSum(sum, message, 0, size));
}
