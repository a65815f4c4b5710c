/**
 * Reads the `tunnel(...)` attribute. Its members take masks even where other attributes may have none, as in OVS.
 * Mirrors the nested part of parse_odp_key_mask_attr__() and odp_tun_key_from_attr__() of lib/odp-util.c.
 */
import {
  type FlowKey,
  OFF_TUN_DST,
  OFF_TUN_ERSPAN_DIR,
  OFF_TUN_ERSPAN_HWID,
  OFF_TUN_ERSPAN_IDX,
  OFF_TUN_ERSPAN_VER,
  OFF_TUN_FLAGS,
  OFF_TUN_GBP_FLAGS,
  OFF_TUN_GBP_ID,
  OFF_TUN_GTPU_FLAGS,
  OFF_TUN_GTPU_MSGTYPE,
  OFF_TUN_ID,
  OFF_TUN_IPV6_DST,
  OFF_TUN_IPV6_SRC,
  OFF_TUN_OPTIONS_PRESENT,
  OFF_TUN_SRC,
  OFF_TUN_TOS,
  OFF_TUN_TP_DST,
  OFF_TUN_TP_SRC,
  OFF_TUN_TTL,
  TUN_F_CSUM,
  TUN_F_DF,
  TUN_F_KEY,
  TUN_F_OAM,
} from '#flowtable/flow-key.js';
import { setRawOptions } from '#flowtable/tunnel-options.js';
import { scanIpv4, scanIpv6 } from './address-text.js';
import { scanGeneveOptions } from './odp-geneve.js';
import { TUNNEL_FLAGS_ALL, TUNNEL_FLAG_NAMES, tunnelFlagsFromOvs } from './odp-flags.js';
import { OdpScanner, OdpSyntaxError, put, scanMemberList } from './odp-scanner.js';

const ADDRESSES: readonly (readonly [name: string, offset: number, size: 4 | 16])[] = [
  ['src=', OFF_TUN_SRC, 4],
  ['dst=', OFF_TUN_DST, 4],
  ['ipv6_src=', OFF_TUN_IPV6_SRC, 16],
  ['ipv6_dst=', OFF_TUN_IPV6_DST, 16],
];

const NUMBERS: readonly (readonly [name: string, offset: number, size: number])[] = [
  ['tun_id=', OFF_TUN_ID, 8],
  ['tos=', OFF_TUN_TOS, 1],
  ['ttl=', OFF_TUN_TTL, 1],
  ['tp_src=', OFF_TUN_TP_SRC, 2],
  ['tp_dst=', OFF_TUN_TP_DST, 2],
];

/** Flags that have an attribute of their own; KEY follows from tun_id. */
const FLAG_ATTRIBUTES = TUN_F_DF | TUN_F_CSUM | TUN_F_OAM;

/** Says whether the TTL was given, which a tunnel cannot do without. */
export function scanTunnel(outer: OdpScanner, key: FlowKey, mask: FlowKey): boolean {
  const scanner = new OdpScanner(outer.text, true);
  scanner.at = outer.at;
  let hasTtl = false;
  const addFlags = (flags: number, bits: number): void => {
    key.setU16(OFF_TUN_FLAGS, key.u16(OFF_TUN_FLAGS) | flags);
    mask.setU16(OFF_TUN_FLAGS, mask.u16(OFF_TUN_FLAGS) | bits);
  };
  scanMemberList(scanner, () => {
    const number = NUMBERS.find(([name]) => scanner.take(name));
    if (number !== undefined) {
      const [name, offset, size] = number;
      put(key, offset, size, scanner.number(size * 8));
      put(mask, offset, size, scanner.slashNumber(size * 8) ?? BigInt.asUintN(size * 8, -1n));
      if (name === 'tun_id=') addFlags(TUN_F_KEY, TUN_F_KEY);
      if (name === 'ttl=') hasTtl = true;
      return true;
    }
    const address = ADDRESSES.find(([name]) => scanner.take(name));
    if (address !== undefined) {
      const [, offset, size] = address;
      const scanned = scanner.address(size === 4 ? scanIpv4 : scanIpv6, size);
      key.bytes.set(scanned.value, offset);
      mask.bytes.set(scanned.mask, offset);
      return true;
    }
    if (scanner.take('vxlan(gbp(')) {
      scanGbp(scanner, key, mask);
      return true;
    }
    if (scanner.take('flags(')) {
      const { flags, mask: bits } = scanner.flags(TUNNEL_FLAG_NAMES, TUNNEL_FLAGS_ALL);
      scanner.expect(')');
      addFlags(tunnelFlagsFromOvs(flags) & FLAG_ATTRIBUTES, tunnelFlagsFromOvs(bits) & FLAG_ATTRIBUTES);
      return true;
    }
    if (scanner.take('geneve(')) {
      scanGeneve(scanner, key, mask);
      return true;
    }
    if (scanner.take('erspan(')) {
      scanErspan(scanner, key);
      return true;
    }
    if (scanner.take('gtpu(')) {
      scanGtpu(scanner, key, mask);
      return true;
    }
    return false;
  });
  outer.at = scanner.at;
  return hasTtl;
}

function scanGbp(scanner: OdpScanner, key: FlowKey, mask: FlowKey): void {
  if (scanner.take('id=')) {
    put(key, OFF_TUN_GBP_ID, 2, scanner.number(16));
    put(mask, OFF_TUN_GBP_ID, 2, scanner.slashNumber(16) ?? 0xffffn);
  }
  scanner.take(',');
  if (scanner.take('flags=')) {
    put(key, OFF_TUN_GBP_FLAGS, 1, scanner.number(8));
    put(mask, OFF_TUN_GBP_FLAGS, 1, scanner.slashNumber(8) ?? 0xffn);
  }
  if (!scanner.take('))')) throw new OdpSyntaxError();
}

function scanGeneve(scanner: OdpScanner, key: FlowKey, mask: FlowKey): void {
  const scanned = scanGeneveOptions(scanner);
  setRawOptions(key, scanned.options);
  setRawOptions(mask, scanned.mask);
  mask.setU16(OFF_TUN_OPTIONS_PRESENT, 0xffff);
}

/** As in OVS no mask comes of it: its version would have to be one that is matched on. */
function scanErspan(scanner: OdpScanner, key: FlowKey): void {
  const member = (name: string, bits: number): number => {
    if (!scanner.take(name)) return 0;
    const value = Number(scanner.number(bits));
    scanner.slashNumber(bits);
    return value;
  };
  const version = member('ver=', 8);
  scanner.take(',');
  if (version !== 1 && version !== 2) throw new OdpSyntaxError();
  key.setU8(OFF_TUN_ERSPAN_VER, version);
  if (version === 1) {
    key.setU32(OFF_TUN_ERSPAN_IDX, member('idx=', 32));
  } else {
    key.setU8(OFF_TUN_ERSPAN_DIR, member('dir=', 8) & 1);
    scanner.take(',');
    key.setU8(OFF_TUN_ERSPAN_HWID, member('hwid=', 8) & 0xf);
  }
  scanner.expect(')');
}

function scanGtpu(scanner: OdpScanner, key: FlowKey, mask: FlowKey): void {
  if (scanner.take('flags=')) {
    put(key, OFF_TUN_GTPU_FLAGS, 1, scanner.number(8));
    put(mask, OFF_TUN_GTPU_FLAGS, 1, scanner.slashNumber(8) ?? 0xffn);
  }
  scanner.take(',');
  if (scanner.take('msgtype=')) {
    put(key, OFF_TUN_GTPU_MSGTYPE, 1, scanner.number(8));
    put(mask, OFF_TUN_GTPU_MSGTYPE, 1, scanner.slashNumber(8) ?? 0xffn);
  }
  scanner.expect(')');
}
