/** A frame in one line, as people read captures: `vlan 10, icmp echo request 10.0.0.1 > 10.0.0.2 seq 1`. */
import type { FrameParts } from './dissect.js';
import { frameField } from './frame-fields.js';

const ECHO_NAMES: ReadonlyMap<string, string> = new Map([
  ['icmp 8', 'echo request'],
  ['icmp 0', 'echo reply'],
  ['icmp 3', 'unreachable'],
  ['icmp 11', 'time exceeded'],
  ['icmpv6 1', 'unreachable'],
  ['icmpv6 2', 'packet too big'],
  ['icmpv6 3', 'time exceeded'],
  ['icmpv6 128', 'echo request'],
  ['icmpv6 129', 'echo reply'],
]);

export function describeFrame(frame: FrameParts): string {
  const vlan = frameField('dl_vlan').read(frame);
  const tag = vlan === null ? '' : `vlan ${vlan}, `;
  if (frame.vxlan !== null && frame.inner !== null) {
    return `${tag}vxlan ${frame.vxlan.vni} ${read(frame, 'ip_src', 'ipv6_src')} > ${read(frame, 'ip_dst', 'ipv6_dst')} { ${describeFrame(frame.inner)} }`;
  }
  return tag + describeHeaders(frame);
}

/** The first of the fields that the frame has. */
function read(frame: FrameParts, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = frameField(name).read(frame);
    if (value !== null) return value;
  }
  return null;
}

function describeHeaders(frame: FrameParts): string {
  const operation = read(frame, 'arp_op');
  if (operation !== null) return describeArp(frame, operation);
  const target = read(frame, 'nd_target');
  if (target !== null) {
    const isQuestion = read(frame, 'icmpv6_type') === '135';
    return isQuestion
      ? `nd who has ${target}, asks ${read(frame, 'ipv6_src')}`
      : `nd ${target} is at ${read(frame, 'nd_tll')}`;
  }
  const source = read(frame, 'ip_src', 'ipv6_src');
  const destination = read(frame, 'ip_dst', 'ipv6_dst');
  if (source === null) {
    return `${read(frame, 'eth_src')} > ${read(frame, 'eth_dst')} eth_type ${read(frame, 'eth_type')}`;
  }
  for (const protocol of ['tcp', 'udp', 'sctp']) {
    const port = read(frame, `${protocol}_src`);
    if (port === null) continue;
    const flags = protocol === 'tcp' ? ` ${read(frame, 'tcp_flags')}` : '';
    return `${protocol} ${source}:${port} > ${destination}:${read(frame, `${protocol}_dst`)}${flags}`;
  }
  for (const protocol of ['icmp', 'icmpv6']) {
    const type = read(frame, `${protocol}_type`);
    if (type === null) continue;
    const name = ECHO_NAMES.get(`${protocol} ${type}`) ?? `type ${type}`;
    const sequence = name.startsWith('echo') && frame.echo !== null ? ` seq ${frame.echo & 0xffff}` : '';
    return `${protocol} ${name} ${source} > ${destination}${sequence}`;
  }
  const fragment = read(frame, 'ip_frag');
  return `ip protocol ${read(frame, 'nw_proto')} ${source} > ${destination}${fragment === 'no' ? '' : ` fragment ${fragment}`}`;
}

function describeArp(frame: FrameParts, operation: string): string {
  const sender = read(frame, 'arp_spa');
  const target = read(frame, 'arp_tpa');
  if (operation === '1') {
    return sender === target ? `arp announcement of ${sender}` : `arp who has ${target}, asks ${sender}`;
  }
  if (operation === '2') return `arp ${sender} is at ${read(frame, 'arp_sha')}`;
  return `arp operation ${operation} ${sender} > ${target}`;
}
