/**
 * Reads the ct action. Mirrors parse_conntrack_action() and scan_ct_nat() of lib/odp-util.c, with what follows from the
 * attributes they make: a mark or label without mask bits is none, and ports or options of a NAT without an address
 * say nothing. Helpers other than ftp and tftp are refused by name: no datapath here has them.
 */
import type { ConntrackAction, ConntrackNat } from '#datapath/dpif.js';
import { parseIntString } from '#src/openflow/number-text.js';
import { UserError } from '#src/report/user-error.js';
import { type ScannedAddress, scanIpv4, scanIpv6 } from './address-text.js';
import { type OdpScanner, OdpSyntaxError } from './odp-scanner.js';

/** The scanner stands behind `ct`. */
export function scanConntrack(scanner: OdpScanner): ConntrackAction {
  let commit = false;
  let force = false;
  let zone = 0;
  let mark: ConntrackAction['mark'] = null;
  let label: ConntrackAction['label'] = null;
  let helper: ConntrackAction['helper'] = null;
  let timeout: string | null = null;
  let nat: ConntrackNat | null = null;
  if (scanner.take('(')) {
    while (!scanner.take(')')) {
      scanner.skipDelimiters();
      if (scanner.take('commit')) commit = true;
      else if (scanner.take('force_commit')) force = true;
      else if (scanner.take('zone=')) zone = scanDecimal(scanner);
      else if (scanner.take('mark=')) {
        const value = scanHexadecimal(scanner);
        mark = { value, mask: scanner.take('/') ? scanHexadecimal(scanner) : 0xffffffff };
      } else if (scanner.take('label=')) {
        const value = scanLong(scanner);
        label = { value, mask: scanner.take('/') ? scanLong(scanner) : new Uint8Array(16).fill(0xff) };
      } else if (scanner.take('helper=')) helper = helperOf(scanWord(scanner, 15));
      else if (scanner.take('timeout=')) timeout = scanWord(scanner, 31);
      else if (scanner.take('nat')) nat = scanNat(scanner);
      else throw new OdpSyntaxError();
    }
  }
  if (commit && force) throw new OdpSyntaxError();
  return {
    kind: 'ct',
    commit: commit || force,
    force,
    zone,
    mark: mark?.mask === 0 ? null : mark,
    label: label?.mask.every((byte) => byte === 0) ? null : label,
    helper,
    nat,
    ...(timeout === null ? {} : { timeout }),
  };
}

function scanDecimal(scanner: OdpScanner): number {
  const found = /^\d+/.exec(scanner.rest());
  if (found === null) throw new OdpSyntaxError();
  scanner.at += found[0].length;
  return Number(BigInt(found[0]) & 0xffffn);
}

function scanHexadecimal(scanner: OdpScanner): number {
  const found = /^(?:0[xX])?([0-9a-fA-F]+)/.exec(scanner.rest());
  if (found === null) throw new OdpSyntaxError();
  scanner.at += found[0].length;
  return Number(BigInt(`0x${found[1]}`) & 0xffffffffn);
}

function scanLong(scanner: OdpScanner): Uint8Array {
  const parsed = parseIntString(scanner.rest(), 16);
  if (!parsed.ok) throw new OdpSyntaxError();
  scanner.at += parsed.length;
  return Uint8Array.from({ length: 16 }, (_, i) => Number((parsed.value >> BigInt(120 - 8 * i)) & 0xffn));
}

function scanWord(scanner: OdpScanner, limit: number): string {
  const word = /^[^, \t\r\n)]*/.exec(scanner.rest())![0];
  if (word.length === 0 || word.length > limit) throw new OdpSyntaxError();
  scanner.at += word.length;
  return word;
}

function helperOf(name: string): 'ftp' | 'tftp' {
  if (name === 'ftp' || name === 'tftp') return name;
  throw new UserError(`ct(helper=${name}) is not supported: want ftp or tftp`);
}

/** The scanner stands behind `nat`. */
function scanNat(scanner: OdpScanner): ConntrackNat {
  const types = new Set<'src' | 'dst'>();
  const words = new Set<'persistent' | 'hash' | 'random'>();
  let range: Range = { min: null, max: null, ports: null };
  if (scanner.take('(')) {
    while (!scanner.take(')')) {
      scanner.skipDelimiters();
      const type = (['src', 'dst'] as const).find((word) => scanner.take(word));
      if (type !== undefined) {
        types.add(type);
        range = scanRange(scanner, range);
        continue;
      }
      const word = (['persistent', 'hash', 'random'] as const).find((candidate) => scanner.take(candidate));
      if (word === undefined) throw new OdpSyntaxError();
      words.add(word);
    }
  }
  if (types.size > 1 || (words.has('hash') && words.has('random'))) throw new OdpSyntaxError();
  const [type] = types;
  if (type === undefined || range.min === null) {
    return { type: type ?? null, addresses: null, ports: null, persistent: false, selection: null };
  }
  return {
    type,
    addresses: { min: range.min, max: range.max ?? range.min },
    ports: range.ports,
    persistent: words.has('persistent'),
    selection: words.has('hash') ? 'hash' : words.has('random') ? 'random' : null,
  };
}

interface Range {
  readonly min: Uint8Array | null;
  readonly max: Uint8Array | null;
  readonly ports: ConntrackNat['ports'];
}

function scanRange(scanner: OdpScanner, before: Range): Range {
  if (!scanner.take('=')) return before;
  const min = scanAddress(scanner, null);
  let max = scanner.take('-') ? scanAddress(scanner, min.length) : null;
  // An address of zeros is how OVS says that there is none.
  if (max?.every((byte) => byte === 0)) max = null;
  if (max !== null && compareBytes(max, min) < 0) throw new OdpSyntaxError();
  if (!/^:\d/.test(scanner.rest())) return { min, max, ports: null };
  scanner.at++;
  const first = scanDecimal(scanner);
  const last = scanner.take('-') ? scanDecimal(scanner) : 0;
  if (last !== 0 && last < first) throw new OdpSyntaxError();
  return { min, max, ports: first === 0 ? null : { min: first, max: last === 0 ? first : last } };
}

/** size: 4 or 16 where the family is known already. */
function scanAddress(scanner: OdpScanner, size: number | null): Uint8Array {
  const rest = scanner.rest();
  const ipv4 = size === 16 ? null : scanIpv4(rest);
  const scanned = ipv4 ?? (size === 4 ? null : scanBracketedIpv6(rest));
  if (scanned === null) throw new OdpSyntaxError();
  scanner.at += scanned.length;
  return scanned.bytes;
}

function scanBracketedIpv6(text: string): ScannedAddress | null {
  if (!text.startsWith('[')) return scanIpv6(text);
  const inner = scanIpv6(text.slice(1));
  return inner === null || text[1 + inner.length] !== ']' ? null : { bytes: inner.bytes, length: inner.length + 2 };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return 0;
}
