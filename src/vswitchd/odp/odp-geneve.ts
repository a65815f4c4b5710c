/**
 * Options of Geneve (RFC 8926 §3.5) as text: `{class=0x102,type=0x80,len=4,0xa}`. Mirrors format_geneve_opts() and
 * scan_geneve() of lib/odp-util.c for options without masks.
 */
import { readU16, writeU16 } from '#datapath/packet/byte-order.js';
import { formatHex, parseIntString } from '#src/openflow/number-text.js';
import { type OdpScanner, OdpSyntaxError } from './odp-scanner.js';

/** Room for options in a header: 63 words. */
const MAX_OPTIONS_SIZE = 252;
const MAX_OPTION_SIZE = 124;

export function formatGeneveOptions(options: Uint8Array): string {
  let text = '';
  for (let at = 0; at < options.length; ) {
    const left = options.length - at;
    if (left < 4) return `${text}opt len ${left} less than minimum 4`;
    const size = (options[at + 3]! & 0x1f) * 4;
    if (4 + size > left) return `${text}opt len ${4 + size} greater than remaining ${left}`;
    const value = size === 0 ? '' : `,${formatBytes(options.subarray(at + 4, at + 4 + size))}`;
    text += `{class=${formatHex(readU16(options, at))},type=${formatHex(options[at + 2]!)},len=${size}${value}}`;
    at += 4 + size;
  }
  return text;
}

function formatBytes(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return formatHex(value);
}

/** Any number of options and the closing parenthesis. */
export function scanGeneveOptions(scanner: OdpScanner): Uint8Array {
  const options: number[] = [];
  while (scanner.take('{')) {
    const head = new Uint8Array(4);
    if (scanner.take('class=')) writeU16(head, 0, Number(scanner.number(16)));
    scanner.take(',');
    if (scanner.take('type=')) head[2] = Number(scanner.number(8));
    scanner.take(',');
    const size = scanner.take('len=') ? Number(scanner.number(8)) : 0;
    if (size > MAX_OPTION_SIZE || size % 4 !== 0) throw new OdpSyntaxError();
    head[3] = size / 4;
    const data = new Uint8Array(size);
    if (scanner.take(',')) {
      const parsed = parseIntString(scanner.rest(), size);
      if (!parsed.ok) throw new OdpSyntaxError();
      scanner.at += parsed.length;
      for (let i = 0; i < size; i++) data[i] = Number((parsed.value >> BigInt(8 * (size - 1 - i))) & 0xffn);
    }
    scanner.expect('}');
    options.push(...head, ...data);
    if (options.length > MAX_OPTIONS_SIZE) throw new OdpSyntaxError();
  }
  scanner.expect(')');
  return Uint8Array.from(options);
}
