/**
 * Reads datapath flow text into a list of attributes, each with the bits it gave of the key and of the mask. Whether
 * the attributes make sense together is odp-parse.ts's to say.
 *
 * Mirrors odp_flow_from_string() and parse_odp_key_mask_attr() of lib/odp-util.c. Numbers are read as C's %i and cut to
 * their width. Attributes for which the flow key has no place (NSH, options of Geneve, ERSPAN and GTP-U) are refused by
 * name.
 */
import {
  FRAG_ANY,
  FRAG_LATER,
  FlowKey,
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_STATE,
  OFF_CT_ZONE,
  OFF_DP_HASH,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IN_PORT,
  OFF_MPLS,
  OFF_PKT_MARK,
  OFF_RECIRC_ID,
  OFF_SKB_PRIORITY,
  OFF_TCP_FLAGS,
  OFF_VLAN_TCI,
  VLAN_CFI,
} from '#flowtable/flow-key.js';
import { parseIntString, scanInteger } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { scanIpv4, scanIpv6, scanMac } from './address-text.js';
import { MEMBER_ATTRIBUTES, type Member, isMemberAttribute } from './odp-attributes.js';
import { CT_STATE_NAMES, CT_STATE_SUPPORTED, TCP_FLAGS_ALL, TCP_FLAG_NAMES } from './odp-flags.js';
import { scanNsh } from './odp-nsh.js';
import { OdpScanner, OdpSyntaxError, put, scanMemberList } from './odp-scanner.js';
import { scanTunnel } from './odp-tunnel-scan.js';

export interface OdpAttribute {
  readonly name: string;
  readonly key: FlowKey;
  readonly mask: FlowKey;
  /** encap: what is inside. */
  readonly inner: readonly OdpAttribute[];
  /** tunnel: whether the TTL was given. mpls: labels given. arp: the whole opcode. */
  readonly detail: number;
}

export interface OdpScanOptions {
  readonly portNames: PortNames;
  /** Are masks (`src=10.0.0.0/255.0.0.0`) part of the language here? */
  readonly masks: boolean;
}

/** Deeper nesting than this is refused, as OVS does. */
const MAX_NESTED = 32;

/** Numbers in parentheses: offset in the key and width. recirc_id is always matched whole. */
const NUMBERS: ReadonlyMap<string, readonly [offset: number, size: 2 | 4]> = new Map([
  ['skb_priority', [OFF_SKB_PRIORITY, 4]],
  ['skb_mark', [OFF_PKT_MARK, 4]],
  ['recirc_id', [OFF_RECIRC_ID, 4]],
  ['dp_hash', [OFF_DP_HASH, 4]],
  ['ct_zone', [OFF_CT_ZONE, 2]],
  ['ct_mark', [OFF_CT_MARK, 4]],
  ['eth_type', [OFF_ETH_TYPE, 2]],
]);

/** All attributes of a text; throws UserError `syntax error at ...`. */
export function scanOdpFlow(text: string, options: OdpScanOptions): OdpAttribute[] {
  const scanner = new OdpScanner(text, options.masks);
  const attributes: OdpAttribute[] = [];
  for (;;) {
    scanner.skipDelimiters();
    if (scanner.at >= text.length) return attributes;
    const start = scanner.at;
    try {
      skipUfid(scanner);
      attributes.push(scanOdpAttribute(scanner, options.portNames, 0));
    } catch (error) {
      if (error instanceof OdpSyntaxError) throw new UserError(`syntax error at ${text.slice(start)}`);
      throw error;
    }
  }
}

/** `ufid:` and a UUID may stand before a flow, as dump-flows -m writes them. */
export function scanUfid(text: string): { readonly ufid: string; readonly length: number } | 'invalid' | null {
  if (!text.startsWith('ufid:')) return null;
  const found = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}/.exec(text.slice(5));
  if (found === null) return 'invalid';
  return { ufid: found[0].replaceAll('-', '').toLowerCase(), length: 5 + found[0].length };
}

function skipUfid(scanner: OdpScanner): void {
  const ufid = scanUfid(scanner.rest());
  if (ufid === 'invalid') throw new OdpSyntaxError();
  if (ufid === null) return;
  scanner.at += ufid.length;
  scanner.take(' ');
}

/** One attribute at the scanner; used for set actions, too. */
export function scanOdpAttribute(scanner: OdpScanner, portNames: PortNames, depth: number): OdpAttribute {
  if (depth >= MAX_NESTED) throw new OdpSyntaxError();
  const name = /^[a-z_0-9]+(?=\()/.exec(scanner.rest())?.[0];
  if (name === undefined) throw new OdpSyntaxError();
  scanner.at += name.length + 1;
  const key = new FlowKey();
  const mask = new FlowKey();
  const made = (detail = 0, inner: readonly OdpAttribute[] = []): OdpAttribute => ({ name, key, mask, inner, detail });

  if (isMemberAttribute(name)) return made(scanMembers(scanner, MEMBER_ATTRIBUTES[name], key, mask));
  const number = NUMBERS.get(name);
  if (number !== undefined) {
    const [offset, size] = number;
    const value = scanner.number(size * 8);
    const bits = name === 'recirc_id' ? null : scanner.slashNumber(size * 8);
    put(key, offset, size, value);
    put(mask, offset, size, bits ?? BigInt.asUintN(size * 8, -1n));
    scanner.expect(')');
    return made();
  }
  switch (name) {
    case 'in_port':
      scanInPort(scanner, portNames, key, mask);
      return made();
    case 'ct_state': {
      const { flags, mask: bits } = scanner.flags(CT_STATE_NAMES, CT_STATE_SUPPORTED);
      key.setU16(OFF_CT_STATE, flags);
      mask.setU16(OFF_CT_STATE, bits & CT_STATE_SUPPORTED);
      scanner.expect(')');
      return made();
    }
    case 'tcp_flags': {
      const { flags, mask: bits } = scanner.flags(TCP_FLAG_NAMES, TCP_FLAGS_ALL);
      key.setU16(OFF_TCP_FLAGS, flags);
      mask.setU16(OFF_TCP_FLAGS, bits & 0xffff);
      scanner.expect(')');
      return made();
    }
    case 'ct_label':
      scanLabel(scanner, key, mask);
      return made();
    case 'vlan':
      scanVlan(scanner, key, mask);
      return made();
    case 'mpls':
      return made(scanMpls(scanner, key, mask));
    case 'nsh':
      scanNsh(scanner, key, mask, false);
      return made();
    case 'nd_ext':
      scanNdExtensions(scanner, key, mask);
      return made();
    case 'tunnel':
      return made(scanTunnel(scanner, key, mask) ? 1 : 0);
    case 'encap':
      return made(0, scanEncap(scanner, portNames, depth));
    default:
      throw new OdpSyntaxError();
  }
}

/** Returns the opcode where the attribute is arp's. */
function scanMembers(scanner: OdpScanner, members: readonly Member[], key: FlowKey, mask: FlowKey): number {
  let opcode = 0;
  scanMemberList(scanner, () => {
    const member = members.find((candidate) => scanner.take(`${candidate.scanName ?? candidate.name}=`));
    if (member === undefined) return false;
    const value = scanMember(scanner, member, key, mask);
    if (member.format === 'arp-op') opcode = value;
    return true;
  });
  return opcode;
}

function scanMember(scanner: OdpScanner, member: Member, key: FlowKey, mask: FlowKey): number {
  const { offset, format } = member;
  switch (format) {
    case 'mac':
    case 'ipv4':
    case 'ipv6': {
      const scan = format === 'mac' ? scanMac : format === 'ipv4' ? scanIpv4 : scanIpv6;
      const scanned = scanner.address(scan, format === 'mac' ? 6 : format === 'ipv4' ? 4 : 16);
      key.bytes.set(scanned.value, offset);
      mask.bytes.set(scanned.mask, offset);
      return 0;
    }
    case 'label': {
      const value = scanner.number(32);
      const bits = scanner.slashNumber(32) ?? 0xfffffn;
      if (value > 0xfffffn || bits > 0xfffffn) throw new OdpSyntaxError();
      put(key, offset, 4, value);
      put(mask, offset, 4, bits);
      return 0;
    }
    case 'frag': {
      const word = /^[a-z]{1,7}/.exec(scanner.rest())?.[0];
      const frags: Readonly<Record<string, number>> = { no: 0, first: FRAG_ANY, later: FRAG_ANY | FRAG_LATER };
      const value = word === undefined ? undefined : frags[word];
      if (word === undefined || value === undefined) throw new OdpSyntaxError();
      scanner.at += word.length;
      key.setU8(offset, value);
      mask.setU8(offset, FRAG_ANY | FRAG_LATER);
      return 0;
    }
    case 'arp-op': {
      const value = scanner.number(16);
      const bits = scanner.slashNumber(16) ?? 0xffffn;
      key.setU8(offset, Number(value & 0xffn));
      mask.setU8(offset, Number(bits & 0xffn));
      return Number(value);
    }
    case 'u8':
    case 'u8x':
    case 'be16':
    case 'be16x': {
      const size = format === 'u8' || format === 'u8x' ? 1 : 2;
      put(key, offset, size, scanner.number(size * 8));
      put(mask, offset, size, scanner.slashNumber(size * 8) ?? BigInt.asUintN(size * 8, -1n));
      return 0;
    }
  }
}

function scanInPort(scanner: OdpScanner, portNames: PortNames, key: FlowKey, mask: FlowKey): void {
  if (scanInteger(scanner.rest()).length > 0) {
    put(key, OFF_IN_PORT, 4, scanner.number(32));
    put(mask, OFF_IN_PORT, 4, scanner.slashNumber(32) ?? 0xffffffffn);
  } else {
    const name = /^[^)]*/.exec(scanner.rest())![0];
    const port = portNames.numberOf(name);
    if (port === undefined) throw new OdpSyntaxError();
    scanner.at += name.length;
    key.setU32(OFF_IN_PORT, port);
    mask.setU32(OFF_IN_PORT, 0xffffffff);
  }
  scanner.expect(')');
}

function scanLabel(scanner: OdpScanner, key: FlowKey, mask: FlowKey): void {
  const read = (into: FlowKey): void => {
    const parsed = parseIntString(scanner.rest(), 16);
    if (!parsed.ok) throw new OdpSyntaxError();
    scanner.at += parsed.length;
    put(into, OFF_CT_LABEL, 16, parsed.value);
  };
  read(key);
  mask.bytes.fill(0xff, OFF_CT_LABEL, OFF_CT_LABEL + 16);
  if (scanner.masks && scanner.take('/')) read(mask);
  scanner.expect(')');
}

/** A bit field of a container: its value must fit, its mask is all ones unless given. */
function scanBits(
  scanner: OdpScanner,
  container: 16 | 32,
  bits: number,
  shift: number,
  key: number,
  mask: number,
): readonly [key: number, mask: number] {
  const ones = 2 ** bits - 1;
  const value = Number(scanner.number(container));
  const given = scanner.slashNumber(container);
  const wanted = given === null ? ones : Number(given);
  if (value > ones || wanted > ones) throw new OdpSyntaxError();
  const field = ones << shift;
  const newMask = given === null ? mask | field : (mask & ~field) | (wanted << shift);
  return [(key & ~field) | (value << shift), newMask];
}

function scanVlan(scanner: OdpScanner, key: FlowKey, mask: FlowKey): void {
  let tci = VLAN_CFI;
  let bits = VLAN_CFI;
  scanMemberList(scanner, () => {
    const field = scanner.take('vid=')
      ? [12, 0]
      : scanner.take('pcp=')
        ? [3, 13]
        : scanner.take('cfi=')
          ? [1, 12]
          : null;
    if (field === null) return false;
    [tci, bits] = scanBits(scanner, 16, field[0]!, field[1]!, tci, bits);
    return true;
  });
  key.setU16(OFF_VLAN_TCI, tci);
  mask.setU16(OFF_VLAN_TCI, bits);
}

const MPLS_FIELDS: readonly (readonly [name: string, bits: number, shift: number])[] = [
  ['label=', 20, 12],
  ['tc=', 3, 9],
  ['ttl=', 8, 0],
  ['bos=', 1, 8],
];
const MPLS_LABELS = 3;

/** A field that comes again begins the next label. Returns how many labels were given. */
function scanMpls(scanner: OdpScanner, key: FlowKey, mask: FlowKey): number {
  let index = 0;
  let seen = new Set<string>();
  let lse = 0;
  let bits = 0;
  const store = (): void => {
    key.setU32(OFF_MPLS + 4 * index, lse >>> 0);
    mask.setU32(OFF_MPLS + 4 * index, bits >>> 0);
  };
  scanMemberList(scanner, () => {
    const field = MPLS_FIELDS.find(([name]) => scanner.take(name));
    if (field === undefined) return false;
    const [name, width, shift] = field;
    if (seen.has(name)) {
      store();
      if (++index === MPLS_LABELS) throw new OdpSyntaxError();
      seen = new Set();
      lse = 0;
      bits = 0;
    }
    seen.add(name);
    [lse, bits] = scanBits(scanner, 32, width, shift, lse, bits);
    return true;
  });
  store();
  return index + 1;
}

function scanNdExtensions(scanner: OdpScanner, key: FlowKey, mask: FlowKey): void {
  scanMemberList(scanner, () => {
    if (scanner.take('nd_reserved=')) {
      put(key, OFF_IGMP_GROUP, 4, scanner.number(32));
      put(mask, OFF_IGMP_GROUP, 4, scanner.slashNumber(32) ?? 0xffffffffn);
    } else if (scanner.take('nd_options_type=')) {
      put(key, OFF_TCP_FLAGS, 2, scanner.number(8));
      put(mask, OFF_TCP_FLAGS, 2, scanner.slashNumber(8) ?? 0xffn);
    } else {
      return false;
    }
    return true;
  });
}

function scanEncap(scanner: OdpScanner, portNames: PortNames, depth: number): OdpAttribute[] {
  const inner: OdpAttribute[] = [];
  for (;;) {
    scanner.skipDelimiters();
    if (scanner.take(')')) return inner;
    if (scanner.at >= scanner.text.length) throw new OdpSyntaxError();
    inner.push(scanOdpAttribute(scanner, portNames, depth + 1));
  }
}
