/**
 * Ethernet addresses that depend on names alone, so that a scenario that grows keeps the addresses it had. All are
 * locally administered unicast addresses; the first byte shows the kind, as QEMU's (52) and libvirt's taps (fe) do.
 */

/** FNV-1a, two lanes of 32 bits: names differ, so do 40 bits of address (but for a chance in 10^12). */
function hashName(text: string): readonly [number, number] {
  let a = 0x811c9dc5;
  let b = 0x01000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b) ^ (b >>> 15);
  }
  return [(a ^ (a >>> 16)) >>> 0, (b ^ (b >>> 13)) >>> 0];
}

export const NIC_MAC_PREFIX = 0x52;
export const TAP_MAC_PREFIX = 0xfe;
export const SOFTWARE_MAC_PREFIX = 0x0e;

export function macOf(prefix: number, host: string, device: string): Uint8Array {
  const [a, b] = hashName(`${host}/${device}`);
  return new Uint8Array([prefix, b & 0xff, a >>> 24, (a >>> 16) & 0xff, (a >>> 8) & 0xff, a & 0xff]);
}

/** The address of the tap that belongs to a guest's card: libvirt's, fe and the card's other bytes. */
export function tapMacOf(guestMac: Uint8Array): Uint8Array {
  const mac = guestMac.slice();
  mac[0] = TAP_MAC_PREFIX;
  return mac;
}
