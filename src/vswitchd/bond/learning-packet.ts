/**
 * What a switch sends in the name of a machine behind it, so that its neighbours learn where that machine is now: a
 * reverse ARP request for its address (RFC 903). Mirrors compose_rarp() and bundle_send_learning_packets().
 */
const ETH_TYPE_VLAN = 0x8100;
const ETH_TYPE_RARP = 0x8035;
const OP_RARP = 3;

/** mac: 12 hexadecimal digits. vlan 0: without a tag. */
export function composeLearningPacket(mac: string, vlan: number): Uint8Array {
  const address = Buffer.from(mac, 'hex');
  const short = (value: number): Uint8Array => Uint8Array.of(value >> 8, value & 0xff);
  const noAddress = new Uint8Array(4);
  return Buffer.concat([
    new Uint8Array(6).fill(0xff),
    address,
    ...(vlan === 0 ? [] : [short(ETH_TYPE_VLAN), short(vlan)]),
    short(ETH_TYPE_RARP),
    // Ethernet and IPv4, with addresses of 6 and 4 bytes.
    Uint8Array.of(0, 1, 8, 0, 6, 4),
    short(OP_RARP),
    address,
    noAddress,
    address,
    noAddress,
  ]);
}
