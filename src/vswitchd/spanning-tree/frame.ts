/**
 * The frame of a BPDU: an IEEE 802.3 length and an LLC header with the service access point of IEEE 802.1D (§7.12.3 of
 * its edition of 2004), to the address that no bridge forwards.
 *
 *   +------------------------------+----------------+--------+------+------+------+---------+
 *   | 01:80:c2:00:00:00            | source         | length | 0x42 | 0x42 | 0x03 | BPDU    |
 *   +------------------------------+----------------+--------+------+------+------+---------+
 */

const BRIDGE_GROUP_ADDRESS = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x00];
const LLC = [0x42, 0x42, 0x03];
const ETH_HEADER_SIZE = 14;
const LENGTH = 12;
const VLAN_HEADER_SIZE = 4;
const ETH_TYPE_VLAN = 0x8100;

export function composeBpduFrame(source: Uint8Array, bpdu: Uint8Array): Uint8Array {
  const frame = new Uint8Array(ETH_HEADER_SIZE + LLC.length + bpdu.length);
  frame.set(BRIDGE_GROUP_ADDRESS);
  frame.set(source, 6);
  new DataView(frame.buffer).setUint16(LENGTH, LLC.length + bpdu.length);
  frame.set(LLC, ETH_HEADER_SIZE);
  frame.set(bpdu, ETH_HEADER_SIZE + LLC.length);
  return frame;
}

/** The BPDU of a frame, without padding, or null where there is none. As in OVS only RSTP looks behind a VLAN tag. */
export function bpduOf(frame: Uint8Array, looksBehindTag: boolean): Uint8Array | null {
  if (frame.length < ETH_HEADER_SIZE) return null;
  const length = new DataView(frame.buffer, frame.byteOffset).getUint16(LENGTH);
  const end = Math.min(frame.length, ETH_HEADER_SIZE + length);
  const tag = looksBehindTag && length === ETH_TYPE_VLAN ? VLAN_HEADER_SIZE : 0;
  const start = ETH_HEADER_SIZE + tag + LLC.length;
  return start > end ? null : frame.subarray(start, end);
}
