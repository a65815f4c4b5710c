/**
 * The network service header (RFC 8300) in datapath text: the key attribute `nsh(flags=0,ttl=63,mdtype=1,np=1,spi=0x1,
 * si=255,c1=0x0,…)`, and the action push_nsh. Mirrors format_odp_nsh_attr(), parse_odp_nsh_key_mask_attr(),
 * format_odp_push_nsh_action() and parse_odp_push_nsh_action() of lib/odp-util.c.
 *
 * As in OVS a header without fixed context shows, under a mask, four context words of zero. Deliberately different:
 * what is written can be read, where OVS 3.1 takes no nsh() at all (its parser goes on behind the attribute as if it
 * had not been one).
 */
import {
  buildNsh,
  NSH_BASE_SIZE,
  NSH_MD_TYPE_1,
  NSH_MD_TYPE_2,
  NSH_NEXT_ETHERNET,
  parseNsh,
} from '#datapath/packet/nsh.js';
import { readU32 } from '#datapath/packet/byte-order.js';
import {
  FlowKey,
  OFF_NSH_CONTEXT,
  OFF_NSH_FLAGS,
  OFF_NSH_MDTYPE,
  OFF_NSH_NP,
  OFF_NSH_PATH_HDR,
  OFF_NSH_TTL,
} from '#flowtable/flow-key.js';
import { type OdpScanner, OdpSyntaxError, put, scanMemberList } from './odp-scanner.js';

const OFF_NSH_SI = OFF_NSH_PATH_HDR + 3;
/** Most bytes of context: what a length field of six bits leaves beside the base header (NSH_CTX_HDRS_MAX_LEN). */
const MAX_CONTEXT_SIZE = 244;
const DEFAULT_TTL = 63;
const DEFAULT_SERVICE_INDEX = 255;

interface Member {
  readonly name: string;
  readonly offset: number;
  /** 3: the service path identifier, the upper bytes of its word. */
  readonly size: 1 | 3 | 4;
}

const BASE: readonly Member[] = [
  { name: 'flags', offset: OFF_NSH_FLAGS, size: 1 },
  { name: 'ttl', offset: OFF_NSH_TTL, size: 1 },
  { name: 'mdtype', offset: OFF_NSH_MDTYPE, size: 1 },
  { name: 'np', offset: OFF_NSH_NP, size: 1 },
  { name: 'spi', offset: OFF_NSH_PATH_HDR, size: 3 },
  { name: 'si', offset: OFF_NSH_SI, size: 1 },
];
const CONTEXT: readonly Member[] = [1, 2, 3, 4].map((i) => ({
  name: `c${i}`,
  offset: OFF_NSH_CONTEXT + 4 * (i - 1),
  size: 4,
}));

function read(key: FlowKey, { offset, size }: Member): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + key.u8(offset + i);
  return value;
}

const hex = (value: number, digits = 1): string => `0x${value.toString(16).padStart(digits, '0')}`;

/** What stands within nsh(): all that there is without a mask, else what the mask covers. */
export function formatNsh(key: FlowKey, mask: FlowKey | null): string {
  const hasContext = key.u8(OFF_NSH_MDTYPE) === NSH_MD_TYPE_1;
  const members = hasContext || mask !== null ? [...BASE, ...CONTEXT] : BASE;
  const parts: string[] = [];
  for (const member of members) {
    const isMissing = member.size === 4 && !hasContext;
    const value = isMissing ? 0 : read(key, member);
    const ones = 256 ** member.size - 1;
    const bits = mask === null || isMissing ? ones : read(mask, member);
    if (bits === 0) continue;
    if (bits !== ones) {
      const isByte = member.size === 1;
      parts.push(`${member.name}=${hex(value, isByte ? 2 : 1)}/${hex(bits, isByte ? 2 : 8)}`);
    } else parts.push(`${member.name}=${member.size === 1 ? value : hex(value)}`);
  }
  return parts.join(',');
}

/** The scanner stands behind `nsh(`. isSet: of a set action. */
export function scanNsh(scanner: OdpScanner, key: FlowKey, mask: FlowKey, isSet: boolean): void {
  scanMemberList(scanner, () => {
    const member = [...BASE, ...CONTEXT].find(({ name }) => scanner.take(`${name}=`));
    if (member === undefined) return false;
    const bits = member.size === 3 ? 32 : member.size * 8;
    const value = scanner.number(bits);
    const given = scanner.slashNumber(bits) ?? BigInt.asUintN(bits, -1n);
    put(key, member.offset, member.size, BigInt.asUintN(member.size * 8, value));
    put(mask, member.offset, member.size, BigInt.asUintN(member.size * 8, given));
    return true;
  });
  // A header of another kind has no fixed context; in a set action it is not said which kind it is.
  if (isSet) key.setU8(OFF_NSH_MDTYPE, NSH_MD_TYPE_1);
  else if (key.u8(OFF_NSH_MDTYPE) !== NSH_MD_TYPE_1) key.bytes.fill(0, OFF_NSH_CONTEXT, OFF_NSH_CONTEXT + 16);
}

export function formatPushNsh(header: Uint8Array): string {
  const parsed = parseNsh(header, 0);
  if (!parsed.ok) throw new Error('push_nsh of a malformed header');
  const { flags, ttl, mdType, nextProtocol, servicePath, serviceIndex, context } = parsed.header;
  const parts = [
    `flags=${flags},ttl=${ttl},mdtype=${mdType},np=${nextProtocol},spi=${hex(servicePath)},si=${serviceIndex}`,
  ];
  if (mdType === NSH_MD_TYPE_1) for (let i = 0; i < 4; i++) parts.push(`c${i + 1}=${hex(readU32(context, 4 * i))}`);
  else parts.push(`md2=${formatContext(context)}`);
  return `push_nsh(${parts.join(',')})`;
}

/** One number without leading zeros, as OVS writes bytes. */
function formatContext(context: Uint8Array): string {
  const digits = Buffer.from(context).toString('hex').replace(/^0+/, '');
  return digits === '' ? '0' : `0x${digits}`;
}

/** The scanner stands behind `push_nsh(`. */
export function scanPushNsh(scanner: OdpScanner): Uint8Array {
  const key = new FlowKey();
  key.setU8(OFF_NSH_TTL, DEFAULT_TTL);
  key.setU8(OFF_NSH_MDTYPE, NSH_MD_TYPE_1);
  key.setU8(OFF_NSH_NP, NSH_NEXT_ETHERNET);
  key.setU8(OFF_NSH_SI, DEFAULT_SERVICE_INDEX);
  let context = new Uint8Array();
  for (;;) {
    scanner.skipDelimiters();
    if (scanner.take(')')) return nshHeader(key, context);
    const isType1 = key.u8(OFF_NSH_MDTYPE) === NSH_MD_TYPE_1;
    if (!isType1 && scanner.take('md2=0x')) {
      context = scanContext(scanner);
      continue;
    }
    // As no context at all is written.
    if (!isType1 && scanner.take('md2=0')) continue;
    const member = [...BASE, ...(isType1 ? CONTEXT : [])].find(({ name, size }) =>
      scanner.take(size === 1 ? `${name}=` : `${name}=0x`),
    );
    if (member === undefined) throw new OdpSyntaxError();
    put(key, member.offset, member.size, member.size === 1 ? scanner.number(8) : scanHex(scanner, member.size * 8));
    const mdType = key.u8(OFF_NSH_MDTYPE);
    if (mdType !== NSH_MD_TYPE_1 && mdType !== NSH_MD_TYPE_2) throw new OdpSyntaxError();
  }
}

function scanHex(scanner: OdpScanner, bits: number): bigint {
  const digits = /^[0-9a-fA-F]+/.exec(scanner.rest())?.[0];
  if (digits === undefined) throw new OdpSyntaxError();
  scanner.at += digits.length;
  return BigInt.asUintN(bits, BigInt(`0x${digits}`));
}

/** Bytes, padded to words. */
function scanContext(scanner: OdpScanner): Uint8Array<ArrayBuffer> {
  const digits = /^[0-9a-fA-F]+/.exec(scanner.rest())?.[0];
  if (digits === undefined || digits.length > 2 * MAX_CONTEXT_SIZE) throw new OdpSyntaxError();
  scanner.at += digits.length;
  const bytes = Buffer.from(digits, 'hex');
  const padded = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  padded.set(bytes);
  return padded;
}

/** The header that the key's section describes; context: of MD type 2. */
export function nshHeader(key: FlowKey, context: Uint8Array): Uint8Array {
  const mdType = key.u8(OFF_NSH_MDTYPE);
  const held = mdType === NSH_MD_TYPE_1 ? key.bytes.slice(OFF_NSH_CONTEXT, OFF_NSH_CONTEXT + 16) : context;
  const header = new Uint8Array(NSH_BASE_SIZE + held.length);
  buildNsh(header, 0, {
    flags: key.u8(OFF_NSH_FLAGS),
    ttl: key.u8(OFF_NSH_TTL),
    mdType,
    nextProtocol: key.u8(OFF_NSH_NP),
    servicePath: key.u32(OFF_NSH_PATH_HDR) >>> 8,
    serviceIndex: key.u8(OFF_NSH_SI),
    context: held,
  });
  return header;
}
