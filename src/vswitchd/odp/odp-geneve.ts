/**
 * Options of Geneve (RFC 8926 §3.5) as text: `{class=0x102,type=0x80,len=4,0xa/0xff}`. Mirrors format_geneve_opts() and
 * scan_geneve() of lib/odp-util.c.
 */
import { readU16, writeU16 } from '#datapath/packet/byte-order.js';
import { formatHex, parseIntString } from '#src/openflow/number-text.js';
import { type OdpScanner, OdpSyntaxError } from './odp-scanner.js';

/** Room for options in a header: 63 words. */
const MAX_OPTIONS_SIZE = 252;
const MAX_OPTION_SIZE = 124;
/** All of the bits of an option's length. */
const LENGTH_ONES = 0x1f;

/** A mask has as many bytes as the options; without one they are shown whole. */
export function formatGeneveOptions(options: Uint8Array, mask: Uint8Array | null = null, verbose = false): string {
  let text = '';
  for (let at = 0; at < options.length; ) {
    const left = options.length - at;
    if (left < 4) return `${text}opt len ${left} less than minimum 4`;
    const size = (options[at + 3]! & LENGTH_ONES) * 4;
    if (4 + size > left) return `${text}opt len ${4 + size} greater than remaining ${left}`;
    const parts: string[] = [];
    const add = (name: string, value: number, shown: string, bits: number, ones: number): void => {
      if (mask === null || bits === ones) parts.push(`${name}=${shown}`);
      else if (bits !== 0 || verbose) parts.push(`${name}=${name === 'len' ? value : shown}/${formatHex(bits)}`);
    };
    const [optionClass, type] = [readU16(options, at), options[at + 2]!];
    add('class', optionClass, formatHex(optionClass), mask === null ? 0 : readU16(mask, at), 0xffff);
    add('type', type, formatHex(type), mask?.[at + 2] ?? 0, 0xff);
    const lengthMask = (mask?.[at + 3] ?? 0) & LENGTH_ONES;
    add('len', size, `${size}`, lengthMask === LENGTH_ONES ? 0xff : lengthMask, 0xff);
    const bits = mask?.subarray(at + 4, at + 4 + size) ?? null;
    if (size > 0 && (verbose || bits === null || bits.some((byte) => byte !== 0))) {
      const isExact = bits === null || bits.every((byte) => byte === 0xff);
      parts.push(`${formatBytes(options.subarray(at + 4, at + 4 + size))}${isExact ? '' : `/${formatBytes(bits)}`}`);
    }
    text += `{${parts.join(',')}}`;
    at += 4 + size;
  }
  return text;
}

function formatBytes(bytes: Uint8Array): string {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return formatHex(value);
}

export interface ScannedOptions {
  readonly options: Uint8Array;
  readonly mask: Uint8Array;
}

/** Any number of options and the closing parenthesis. */
export function scanGeneveOptions(scanner: OdpScanner): ScannedOptions {
  const options: number[] = [];
  const masks: number[] = [];
  while (options.length < MAX_OPTIONS_SIZE && scanner.take('{')) {
    const head = new Uint8Array(4);
    const headMask = new Uint8Array(4);
    if (scanner.take('class=')) {
      writeU16(head, 0, Number(scanner.number(16)));
      writeU16(headMask, 0, Number(scanner.slashNumber(16) ?? 0xffffn));
    }
    scanner.take(',');
    if (scanner.take('type=')) {
      head[2] = Number(scanner.number(8));
      headMask[2] = Number(scanner.slashNumber(8) ?? 0xffn);
    }
    scanner.take(',');
    let size = 0;
    // As in OVS a length that is not given leaves the type unmatched, and is matched itself.
    headMask[3] = LENGTH_ONES;
    if (scanner.take('len=')) {
      size = Number(scanner.number(8));
      headMask[3] = Number(scanner.slashNumber(8) ?? 0xffn) & LENGTH_ONES;
    } else {
      headMask[2] = 0;
    }
    if (size > MAX_OPTION_SIZE || size % 4 !== 0) throw new OdpSyntaxError();
    head[3] = size / 4;
    const data = scanner.take(',') ? scanBytes(scanner, size) : new Uint8Array(size);
    const dataMask = scanner.masks && scanner.take('/') ? scanBytes(scanner, size) : new Uint8Array(size).fill(0xff);
    scanner.expect('}');
    options.push(...head, ...data);
    masks.push(...headMask, ...dataMask);
    if (options.length > MAX_OPTIONS_SIZE) throw new OdpSyntaxError();
  }
  scanner.expect(')');
  return { options: Uint8Array.from(options), mask: Uint8Array.from(masks) };
}

function scanBytes(scanner: OdpScanner, size: number): Uint8Array {
  const parsed = parseIntString(scanner.rest(), size);
  if (!parsed.ok) throw new OdpSyntaxError();
  scanner.at += parsed.length;
  return Uint8Array.from({ length: size }, (_, i) => Number((parsed.value >> BigInt(8 * (size - 1 - i))) & 0xffn));
}
