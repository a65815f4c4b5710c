/**
 * Reads a tnl_push action into the bytes of its headers. Mirrors ovs_parse_tnl_push() of lib/odp-util.c: the members
 * stand in one order, and size and type must be those of the headers that follow.
 */
import type { TunnelPushAction, TunnelPushType } from '#datapath/dpif.js';
import { writeU16, writeU32 } from '#datapath/packet/byte-order.js';
import { checksum } from '#datapath/packet/checksum.js';
import { scanIpv4, scanIpv6, scanMac } from './address-text.js';
import { scanGeneveOptions } from './odp-geneve.js';
import { type OdpScanner, OdpSyntaxError } from './odp-scanner.js';
import { GRE_CHECKSUM, GRE_OPTIONS, tunnelTypeNumber } from './odp-tunnel-push.js';

const IPV4 = 0x0800;
const TRANSPARENT_ETHERNET = 0x6558;
/** TNL_PUSH_HEADER_SIZE. */
const MAX_HEADER_SIZE = 512;

/** The scanner stands behind `tnl_push(`. */
export function scanTunnelPush(scanner: OdpScanner): TunnelPushAction {
  const bytes = new Uint8Array(MAX_HEADER_SIZE);
  const number = (before: string, bits: number): number => {
    scanner.expect(before);
    return Number(scanner.number(bits));
  };
  const port = number('tnl_port(', 32);
  const size = number('),header(size=', 32);
  const typeNumber = number(',type=', 32);
  scanner.expect(',eth(dst=');
  bytes.set(scanner.address(scanMac, 6).value, 0);
  scanner.expect(',src=');
  bytes.set(scanner.address(scanMac, 6).value, 6);
  const ethertype = scanHex(scanner, ',dl_type=0x', 16);
  writeU16(bytes, 12, ethertype);
  const isIpv4 = ethertype === IPV4;
  scanner.expect('),');
  const transport = isIpv4 ? scanOuterIpv4(scanner, bytes) : scanOuterIpv6(scanner, bytes);
  scanner.expect(',');
  const made = scanTunnelHeader(scanner, bytes, transport);
  scanner.expect(')');
  if (made.size !== size || tunnelTypeNumber(made.type, isIpv4) !== typeNumber) throw new OdpSyntaxError();
  const outPort = number(',out_port(', 32);
  scanner.expect('))');
  return { kind: 'tnl_push', port, outPort, type: made.type, header: bytes.slice(0, size) };
}

/** Hexadecimal digits behind `before`. */
function scanHex(scanner: OdpScanner, before: string, bits: number): number {
  scanner.expect(before);
  const digits = /^[0-9a-fA-F]+/.exec(scanner.rest())?.[0];
  if (digits === undefined) throw new OdpSyntaxError();
  scanner.at += digits.length;
  return Number(BigInt.asUintN(bits, BigInt(`0x${digits}`)));
}

/** Returns where the next header begins. */
function scanOuterIpv4(scanner: OdpScanner, bytes: Uint8Array): number {
  scanner.expect('ipv4(src=');
  bytes.set(scanner.address(scanIpv4, 4).value, 26);
  scanner.expect(',dst=');
  bytes.set(scanner.address(scanIpv4, 4).value, 30);
  for (const [name, at] of [
    [',proto=', 23],
    [',tos=', 15],
    [',ttl=', 22],
  ] as const) {
    scanner.expect(name);
    bytes[at] = Number(scanner.number(8));
  }
  writeU16(bytes, 20, scanHex(scanner, ',frag=0x', 16));
  scanner.expect(')');
  bytes[14] = 0x45;
  writeU16(bytes, 24, checksum(bytes, 14, 20));
  return 34;
}

function scanOuterIpv6(scanner: OdpScanner, bytes: Uint8Array): number {
  scanner.expect('ipv6(src=');
  bytes.set(scanner.address(scanIpv6, 16).value, 22);
  scanner.expect(',dst=');
  bytes.set(scanner.address(scanIpv6, 16).value, 38);
  scanner.expect(',label=');
  const label = Number(scanner.number(32));
  if (label > 0xfffff) throw new OdpSyntaxError();
  scanner.expect(',proto=');
  bytes[20] = Number(scanner.number(8));
  writeU32(bytes, 14, (6 << 28) | (scanHex(scanner, ',tclass=0x', 8) << 20) | label);
  scanner.expect(',hlimit=');
  bytes[21] = Number(scanner.number(8));
  scanner.expect(')');
  return 54;
}

interface TunnelHeader {
  readonly type: TunnelPushType;
  /** Of all headers together. */
  readonly size: number;
}

function scanTunnelHeader(scanner: OdpScanner, bytes: Uint8Array, at: number): TunnelHeader {
  if (scanner.take('gre((flags=0x')) return { type: 'gre', size: scanGre(scanner, bytes, at) };
  scanner.expect('udp(src=');
  writeU16(bytes, at, Number(scanner.number(16)));
  scanner.expect(',dst=');
  writeU16(bytes, at + 2, Number(scanner.number(16)));
  writeU16(bytes, at + 6, scanHex(scanner, ',csum=0x', 16));
  scanner.expect('),');
  if (scanner.rest().startsWith('vxlan(')) {
    writeU32(bytes, at + 8, scanHex(scanner, 'vxlan(flags=0x', 32));
    writeU32(bytes, at + 12, scanHex(scanner, ',vni=0x', 32) << 8);
    scanner.expect(')');
    return { type: 'vxlan', size: at + 16 };
  }
  return { type: 'geneve', size: scanGeneve(scanner, bytes, at + 8) };
}

function scanGeneve(scanner: OdpScanner, bytes: Uint8Array, at: number): number {
  scanner.expect('geneve(');
  if (scanner.take('oam,')) bytes[at + 1]! |= 0x80;
  if (scanner.take('crit,')) bytes[at + 1]! |= 0x40;
  scanner.expect('vni=');
  writeU16(bytes, at + 2, TRANSPARENT_ETHERNET);
  writeU32(bytes, at + 4, Number(scanner.number(32)) << 8);
  let size = 8;
  if (scanner.take(',options(')) {
    const { options } = scanGeneveOptions(scanner);
    bytes.set(options, at + 8);
    bytes[at] = options.length / 4;
    size += options.length;
  }
  scanner.expect(')');
  return at + size;
}

/** Behind `gre((flags=0x`. */
function scanGre(scanner: OdpScanner, bytes: Uint8Array, at: number): number {
  const flags = scanHex(scanner, '', 16);
  writeU16(bytes, at, flags);
  writeU16(bytes, at + 2, scanHex(scanner, ',proto=0x', 16));
  scanner.expect(')');
  let option = at + 4;
  for (const [bit, name] of GRE_OPTIONS) {
    if ((flags & bit) === 0) continue;
    const value = scanHex(scanner, `,${name}=0x`, bit === GRE_CHECKSUM ? 16 : 32);
    if (bit === GRE_CHECKSUM) writeU16(bytes, option, value);
    else writeU32(bytes, option, value);
    option += 4;
  }
  scanner.expect(')');
  return option;
}
