/**
 * userspace() of datapath actions as text, with what goes up beside the packet: the reason of a slow path, a
 * controller's request, a sample's (sFlow, IPFIX), or bytes. Mirrors format_odp_userspace_action() and
 * parse_odp_userspace_action() of lib/odp-util.c.
 */
import type { SampleCookie, SlowPathReason, UserspaceAction, UserspaceCookie } from '#datapath/dpif.js';
import { VLAN_CFI } from '#flowtable/flow-key.js';
import { formatHex } from '#src/openflow/number-text.js';
import type { PortNames } from '#src/openflow/ports.js';
import { formatOdpPort } from './odp-format.js';
import { type OdpScanner, OdpSyntaxError } from './odp-scanner.js';

/** Of OVS's struct user_action_cookie: where text names none, it is that of none. */
const COOKIE_SIZE = 48;

/** Shorter ones are filled up with zeros. */
const MIN_USERDATA_SIZE = 8;

const SLOW_PATH_REASONS: readonly SlowPathReason[] = ['cfm', 'bfd', 'lacp', 'stp', 'lldp', 'action', 'match'];

export function formatUserspace(action: UserspaceAction, names: PortNames | undefined): string {
  const parts = [`pid=${action.pid}`, formatCookie(action.cookie, names)];
  if (action.withActions === true) parts.push('actions');
  if (action.tunnelOutPort !== undefined) parts.push(`tunnel_out_port=${formatOdpPort(action.tunnelOutPort, names)}`);
  return `userspace(${parts.join(',')})`;
}

function formatCookie(cookie: UserspaceCookie, names: PortNames | undefined): string {
  switch (cookie.kind) {
    case 'slow-path':
      return `slow_path(${cookie.reason})`;
    case 'controller':
      return (
        `controller(reason=${cookie.reason},dont_send=${cookie.dontSend ? 1 : 0}` +
        `,continuation=${cookie.continuation ? 1 : 0},recirc_id=${cookie.recircId}` +
        `,rule_cookie=${formatHex(cookie.ruleCookie)},controller_id=${cookie.controllerId},max_len=${cookie.maxLen})`
      );
    case 'sflow':
      return `sFlow(vid=${cookie.vlanTci & 0xfff},pcp=${cookie.vlanTci >> 13},output=${cookie.output})`;
    case 'flow-sample':
      return (
        `flow_sample(probability=${cookie.probability},collector_set_id=${cookie.collectorSetId}` +
        `,obs_domain_id=${cookie.observationDomainId},obs_point_id=${cookie.observationPointId}` +
        `,output_port=${formatOdpPort(cookie.outputPort, names)}` +
        `${cookie.direction === 'default' ? '' : `,${cookie.direction}`})`
      );
    case 'ipfix':
      return `ipfix(output_port=${formatOdpPort(cookie.outputPort, names)})`;
    case 'userdata':
      return `userdata(${Buffer.from(cookie.bytes).toString('hex')})`;
  }
}

/** What stands behind `userspace(`. */
export function scanUserspace(scanner: OdpScanner): UserspaceAction {
  const pid = scanMember(scanner, 'pid=', 32);
  const cookie = scanCookie(scanner);
  const withActions = scanner.take(',actions');
  const tunnelOutPort = scanner.take(',tunnel_out_port=') ? Number(scanner.number(32)) : null;
  scanner.expect(')');
  return {
    kind: 'userspace',
    pid,
    cookie,
    ...(withActions ? { withActions } : {}),
    ...(tunnelOutPort === null ? {} : { tunnelOutPort }),
  };
}

function scanMember(scanner: OdpScanner, name: string, bits: number): number {
  scanner.expect(name);
  return Number(scanner.number(bits));
}

function scanCookie(scanner: OdpScanner): UserspaceCookie {
  if (scanner.take(',slow_path(')) return scanSlowPath(scanner);
  if (scanner.take(',controller(')) return scanController(scanner);
  if (scanner.take(',sFlow(')) return scanSflow(scanner);
  if (scanner.take(',flow_sample(')) return scanFlowSample(scanner);
  if (scanner.take(',ipfix(')) {
    const outputPort = scanMember(scanner, 'output_port=', 32);
    scanner.expect(')');
    return { kind: 'ipfix', bridge: '', outputPort };
  }
  if (!scanner.take(',userdata(')) return { kind: 'userdata', bytes: new Uint8Array(COOKIE_SIZE) };
  const digits = /^(?:[ \t\r\n]*[0-9a-fA-F]{2})*[ \t\r\n]*/.exec(scanner.rest())![0];
  scanner.at += digits.length;
  scanner.expect(')');
  const given = Buffer.from(digits.replace(/\s/g, ''), 'hex');
  const bytes = new Uint8Array(Math.max(given.length, MIN_USERDATA_SIZE));
  bytes.set(given);
  return { kind: 'userdata', bytes };
}

function scanSlowPath(scanner: OdpScanner): UserspaceCookie {
  const word = /^[a-z]*/.exec(scanner.rest())![0];
  const reason = SLOW_PATH_REASONS.find((candidate) => candidate === word);
  if (reason === undefined) throw new OdpSyntaxError();
  scanner.at += word.length;
  scanner.expect(')');
  return { kind: 'slow-path', reason, inPort: 0xffff };
}

function scanController(scanner: OdpScanner): UserspaceCookie {
  const reason = scanMember(scanner, 'reason=', 16);
  const dontSend = scanMember(scanner, ',dont_send=', 8) !== 0;
  const continuation = scanMember(scanner, ',continuation=', 8) !== 0;
  const recircId = scanMember(scanner, ',recirc_id=', 32);
  scanner.expect(',rule_cookie=');
  const hexadecimal = /^(?:0[xX])?([0-9a-fA-F]+)/.exec(scanner.rest());
  if (hexadecimal === null) throw new OdpSyntaxError();
  scanner.at += hexadecimal[0].length;
  const controllerId = scanMember(scanner, ',controller_id=', 16);
  const maxLen = scanMember(scanner, ',max_len=', 16);
  scanner.expect(')');
  const ruleCookie = BigInt.asUintN(64, BigInt(`0x${hexadecimal[1]}`));
  return { kind: 'controller', reason, dontSend, continuation, recircId, ruleCookie, controllerId, maxLen };
}

function scanSflow(scanner: OdpScanner): SampleCookie {
  const vid = scanMember(scanner, 'vid=', 32);
  const pcp = scanMember(scanner, ',pcp=', 32);
  const output = scanMember(scanner, ',output=', 32);
  scanner.expect(')');
  const tci = (vid | (pcp << 13)) & 0xffff;
  return { kind: 'sflow', bridge: '', vlanTci: tci === 0 ? 0 : tci | VLAN_CFI, output };
}

function scanFlowSample(scanner: OdpScanner): SampleCookie {
  const probability = scanMember(scanner, 'probability=', 16);
  const collectorSetId = scanMember(scanner, ',collector_set_id=', 32);
  const observationDomainId = scanMember(scanner, ',obs_domain_id=', 32);
  const observationPointId = scanMember(scanner, ',obs_point_id=', 32);
  const outputPort = scanMember(scanner, ',output_port=', 32);
  const direction = scanner.take(',ingress') ? 'ingress' : scanner.take(',egress') ? 'egress' : 'default';
  scanner.expect(')');
  return {
    kind: 'flow-sample',
    bridge: '',
    probability,
    collectorSetId,
    observationDomainId,
    observationPointId,
    outputPort,
    direction,
  };
}
