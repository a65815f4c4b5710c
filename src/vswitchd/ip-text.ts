/** IP addresses of the configuration as bytes (ip-address does the reading). */
import { Address4, Address6 } from 'ip-address';

/** 4 or 16 bytes in network order, or null when the text is no address. */
export function parseIpAddress(text: string): Uint8Array | null {
  if (Address4.isValid(text) && !text.includes('/')) return Uint8Array.from(new Address4(text).toArray());
  if (Address6.isValid(text) && !text.includes('/')) {
    const bytes = new Address6(text).toUnsignedByteArray();
    return Uint8Array.from([...new Array<number>(16 - bytes.length).fill(0), ...bytes]);
  }
  return null;
}
