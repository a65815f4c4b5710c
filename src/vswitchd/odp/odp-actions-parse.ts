/**
 * Datapath action text to actions: the language that odp-actions-format.ts writes.
 * Mirrors odp_actions_from_string() of lib/odp-util.c. Deliberately different: hash(), push_mpls(), pop_mpls(),
 * push_eth(), pop_eth and set(nsh()) are read, too, which OVS 3.1 writes but cannot read, so that all that is written
 * can be read.
 */
import type { DpAction, SetAttribute } from '#datapath/dpif.js';
import { FlowKey, VLAN_CFI } from '#flowtable/flow-key.js';
import { NO_PORT_NAMES, type PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { scanMac } from './address-text.js';
import { isMemberAttribute, MEMBER_ATTRIBUTES, type Member, memberCover } from './odp-attributes.js';
import { scanConntrack } from './odp-conntrack-parse.js';
import { scanNsh, scanPushNsh } from './odp-nsh.js';
import { type OdpAttribute, scanOdpAttribute } from './odp-scan.js';
import { OdpScanner, OdpSyntaxError } from './odp-scanner.js';
import { scanTunnelPush } from './odp-tunnel-push-parse.js';
import { scanUserspace } from './odp-userspace.js';

export interface OdpActionsParseOptions {
  readonly portNames?: PortNames;
}

/** Deeper nesting than this is refused, as OVS does. */
const MAX_NESTED = 32;

const SET_ATTRIBUTES = new Set<string>([
  'skb_priority',
  'skb_mark',
  'tunnel',
  'eth',
  'ipv4',
  'ipv6',
  'tcp',
  'udp',
  'sctp',
  'icmp',
  'icmpv6',
  'arp',
  'nd',
  'nd_ext',
  'mpls',
  'nsh',
] satisfies readonly SetAttribute[]);

/** Throws UserError `Invalid argument` (OVS has no better words here) or one that names what Upcall does not have. */
export function parseOdpActions(text: string, options: OdpActionsParseOptions = {}): readonly DpAction[] {
  if (text.toLowerCase() === 'drop') return [{ kind: 'drop', reason: 'explicit-drop' }];
  const scanner = new OdpScanner(text, true);
  const actions: DpAction[] = [];
  try {
    for (;;) {
      scanner.skipDelimiters();
      if (scanner.at >= text.length) return actions;
      actions.push(scanAction(scanner, options.portNames ?? NO_PORT_NAMES, 0));
      const next = text[scanner.at];
      if (next !== undefined && !', \t\r\n'.includes(next)) throw new OdpSyntaxError();
    }
  } catch (error) {
    if (error instanceof OdpSyntaxError) throw new UserError('Invalid argument');
    throw error;
  }
}

/** Actions up to the closing parenthesis, which is taken. */
function scanNested(scanner: OdpScanner, portNames: PortNames, depth: number): readonly DpAction[] {
  const actions: DpAction[] = [];
  for (;;) {
    scanner.skipDelimiters();
    if (scanner.take(')')) return actions;
    actions.push(scanAction(scanner, portNames, depth + 1));
  }
}

function scanAction(scanner: OdpScanner, portNames: PortNames, depth: number): DpAction {
  if (depth >= MAX_NESTED) throw new OdpSyntaxError();
  const rest = scanner.rest();
  if (/^[-+]?\d/.test(rest)) return { kind: 'output', port: Number(scanner.number(32)) };
  const name = /^[^, \t\r\n)]*/.exec(rest)![0];
  const port = portNames.numberOf(name);
  if (port !== undefined) {
    scanner.at += name.length;
    return { kind: 'output', port };
  }
  if (scanner.take('recirc(')) {
    const id = Number(scanner.number(32));
    scanner.expect(')');
    return { kind: 'recirc', id };
  }
  if (scanner.take('userspace(')) return scanUserspace(scanner);
  if (scanner.take('set(')) return scanSet(scanner);
  if (scanner.take('push_vlan(')) return scanPushVlan(scanner);
  if (scanner.take('pop_vlan')) return { kind: 'pop_vlan' };
  if (scanner.take('trunc(')) return { kind: 'trunc', maxLen: scanClosed(scanner, 32) };
  if (scanner.take('meter(')) return { kind: 'meter', id: scanClosed(scanner, 32) };
  if (scanner.take('sample(sample=')) return scanSample(scanner, portNames, depth);
  if (scanner.take('clone(')) return { kind: 'clone', actions: scanNested(scanner, portNames, depth) };
  if (scanner.take('lb_output(')) return { kind: 'lb_output', bond: scanClosed(scanner, 32) };
  if (scanner.take('tnl_pop(')) return { kind: 'tnl_pop', port: scanClosed(scanner, 32) };
  if (scanner.take('tnl_push(')) return scanTunnelPush(scanner);
  if (scanner.take('check_pkt_len(size=')) return scanCheckLength(scanner, portNames, depth);
  if (scanner.take('ct_clear')) return { kind: 'ct_clear' };
  if (scanner.take('ct')) return scanConntrack(scanner);
  if (scanner.take('hash(')) return scanHash(scanner);
  if (scanner.take('push_mpls(')) return { kind: 'push_mpls', ...scanLabel(scanner) };
  if (scanner.take('pop_mpls(eth_type=')) return { kind: 'pop_mpls', ethertype: scanClosed(scanner, 16) };
  if (scanner.take('add_mpls(')) return { kind: 'add_mpls', ...scanLabel(scanner) };
  if (scanner.take('push_eth(src=')) return scanPushEth(scanner);
  if (scanner.take('pop_eth')) return { kind: 'pop_eth' };
  if (scanner.take('push_nsh(')) return { kind: 'push_nsh', header: scanPushNsh(scanner) };
  if (scanner.take('pop_nsh()')) return { kind: 'pop_nsh' };
  throw new OdpSyntaxError();
}

/** A number and the closing parenthesis. */
function scanClosed(scanner: OdpScanner, bits: number): number {
  const value = Number(scanner.number(bits));
  scanner.expect(')');
  return value;
}

function scanSample(scanner: OdpScanner, portNames: PortNames, depth: number): DpAction {
  const percentage = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?/.exec(scanner.rest())?.[0];
  if (percentage === undefined || !(Number(percentage) >= 0 && Number(percentage) <= 100)) throw new OdpSyntaxError();
  scanner.at += percentage.length;
  scanner.expect('%,actions(');
  const actions = scanNested(scanner, portNames, depth);
  scanner.expect(')');
  const probability = Math.floor(0xffffffff * (Number(percentage) / 100) + 0.5);
  return { kind: 'sample', probability, actions };
}

function scanCheckLength(scanner: OdpScanner, portNames: PortNames, depth: number): DpAction {
  // Here OVS reads `drop`, too, since it writes it for an empty list; but not so in a sample or a clone.
  const scanBranch = (): readonly DpAction[] => {
    if (scanner.rest().slice(0, 4).toLowerCase() !== 'drop') return scanNested(scanner, portNames, depth);
    scanner.at += 4;
    scanner.expect(')');
    return [];
  };
  const size = Number(scanner.number(16));
  scanner.expect(',gt(');
  const greater = scanBranch();
  scanner.expect(',le(');
  const lessOrEqual = scanBranch();
  scanner.expect(')');
  return { kind: 'check_pkt_len', size, greater, lessOrEqual };
}

function scanHash(scanner: OdpScanner): DpAction {
  const algorithm = scanner.take('l4(') ? 0 : 1;
  if (algorithm === 1) scanner.expect('sym_l4(');
  const basis = scanClosed(scanner, 32);
  scanner.expect(')');
  return { kind: 'hash', algorithm, basis };
}

function scanPushEth(scanner: OdpScanner): DpAction {
  const source = scanner.address(scanMac, 6).value;
  scanner.expect(',dst=');
  const destination = scanner.address(scanMac, 6).value;
  scanner.expect(')');
  return { kind: 'push_eth', source, destination };
}

/** Up to the closing parenthesis of push_mpls and add_mpls. */
function scanLabel(scanner: OdpScanner): { readonly ethertype: number; readonly lse: number } {
  const member = (name: string, limit: number): number => {
    scanner.expect(name);
    const value = Number(scanner.number(32));
    if (value > limit) throw new OdpSyntaxError();
    return value;
  };
  const label = member('label=', 0xfffff);
  const tc = member(',tc=', 7);
  const ttl = member(',ttl=', 0xff);
  const bos = member(',bos=', 1);
  const ethertype = member(',eth_type=', 0xffff);
  scanner.expect(')');
  return { ethertype, lse: ((label << 12) | (tc << 9) | (bos << 8) | ttl) >>> 0 };
}

function scanPushVlan(scanner: OdpScanner): DpAction {
  const member = (name: string): number => {
    scanner.expect(name);
    return Number(scanner.number(32));
  };
  let tpid = 0x8100;
  if (scanner.rest().startsWith('tpid=')) {
    tpid = member('tpid=') & 0xffff;
    scanner.expect(',');
  }
  const vid = member('vid=');
  const pcp = member(',pcp=');
  const cfi = scanner.rest().startsWith(',cfi=') ? member(',cfi=') : 1;
  scanner.expect(')');
  if (vid > 0xfff || pcp > 7) throw new OdpSyntaxError();
  return { kind: 'push_vlan', tpid, tci: vid | (pcp << 13) | (cfi !== 0 ? VLAN_CFI : 0) };
}

function scanSet(scanner: OdpScanner): DpAction {
  if (scanner.take('nsh(')) {
    const [value, mask] = [new FlowKey(), new FlowKey()];
    scanNsh(scanner, value, mask, true);
    scanner.expect(')');
    return { kind: 'set', attribute: 'nsh', value, mask };
  }
  const read = scanOdpAttribute(scanner, NO_PORT_NAMES, 1);
  scanner.expect(')');
  if (!SET_ATTRIBUTES.has(read.name)) throw new UserError(`set(${read.name}(...)) is not supported`);
  const attribute = read.name as SetAttribute;
  return { kind: 'set', attribute, value: read.key, mask: coversAll(read) ? null : read.mask };
}

/** Does the set write every bit of its attribute? The tunnel's metadata is always written whole. */
function coversAll(read: OdpAttribute): boolean {
  const { name, mask } = read;
  if (name === 'tunnel') return true;
  if (isMemberAttribute(name)) {
    return (MEMBER_ATTRIBUTES[name] as readonly Member[]).every((member) => memberCover(member, mask) === 'all');
  }
  return maskedBits(mask) === 32;
}

function maskedBits(mask: FlowKey): number {
  let count = 0;
  for (const byte of mask.bytes) for (let bit = byte; bit !== 0; bit >>= 1) count += bit & 1;
  return count;
}
