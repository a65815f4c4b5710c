/**
 * Bytes as text: `01.02.ff`, with white space or dots between them (ofpbuf_put_hex() of lib/ofpbuf.c); packets may have
 * white space only (dp_packet_put_hex() of lib/dp-packet.c).
 */

/** Null where something is no pair of hexadecimal digits. */
export function parseHexBytes(text: string, mayHaveDots = true): Uint8Array | null {
  const digits = text.replace(mayHaveDots ? /^[ .\t\r\n]+/ : /^[ \t\r\n]+/, '');
  const bytes: number[] = [];
  const pattern = mayHaveDots ? /([0-9a-fA-F]{2})[ .\t\r\n]*/y : /([0-9a-fA-F]{2})[ \t\r\n]*/y;
  while (pattern.lastIndex < digits.length) {
    const found = pattern.exec(digits);
    if (found === null) return null;
    bytes.push(Number.parseInt(found[1]!, 16));
  }
  return Uint8Array.from(bytes);
}

/** Two digits a byte, dots between. */
export function formatHexBytes(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('.');
}

/** Sixteen bytes a line, a dash after the eighth whether others follow or not, as numbers and perhaps as characters (ds_put_hex_dump(), ovs_hex_dump() of OVS's lib). */
export function formatHexDump(bytes: Uint8Array, hasCharacters = true): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 16) {
    const line = [...bytes.subarray(at, at + 16)];
    const pairs = line.map((byte, i) => `${byte.toString(16).padStart(2, '0')}${i === 7 ? '-' : ' '}`).join('');
    if (!hasCharacters) {
      text += `${at.toString(16).padStart(8, '0')}  ${pairs.slice(0, 3 * line.length - 1)}\n`;
      continue;
    }
    const characters = line.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    text += `${at.toString(16).padStart(8, '0')}  ${pairs.padEnd(48)}|${characters.padEnd(16)}|\n`;
  }
  return text;
}
