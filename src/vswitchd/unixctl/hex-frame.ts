/** Frames written as hexadecimal bytes, with white space between bytes. Mirrors eth_from_hex() of lib/packets.c. */

export type HexFrame =
  | { readonly ok: true; readonly frame: Uint8Array }
  | { readonly ok: false; readonly error: string };

const ETH_HEADER_SIZE = 14;

/** Any number of bytes, or null when something else follows them. */
export function parseHexBytes(text: string): Uint8Array | null {
  const found = /^[ \t\r\n]*(?:[0-9a-fA-F]{2}[ \t\r\n]*)*$/.test(text);
  if (!found) return null;
  const digits = text.replace(/[ \t\r\n]+/g, '');
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

export function parseHexFrame(text: string): HexFrame {
  const frame = parseHexBytes(text);
  if (frame === null) return { ok: false, error: 'Trailing garbage in packet data' };
  if (frame.length < ETH_HEADER_SIZE) return { ok: false, error: 'Packet data too short for Ethernet' };
  return { ok: true, frame };
}
