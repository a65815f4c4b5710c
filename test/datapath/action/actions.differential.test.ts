/**
 * What actions make of a frame, byte for byte against OVS: the same frames go through an OVS bridge of dummy ports and
 * through our datapath. Skipped where OVS is not installed.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DpAction } from '#datapath/dpif.js';
import { makeBench, output, setField } from '../../support/datapath-bench.js';
import { requireOracle } from '../../support/ovs-oracle.js';
import { type FrameSample, allFrames } from '../../support/frame-samples.js';
import { toHex } from '../../support/packet-builder.js';
import { frameKey } from '../../support/datapath-bench.js';

interface Case {
  readonly name: string;
  /** OpenFlow match and actions. */
  readonly match: string;
  readonly actions: string;
  readonly ours: readonly DpAction[];
  readonly applies: (sample: FrameSample) => boolean;
}

const typeOf = (sample: FrameSample): number => frameKey(sample.frame, 1).u16(24);
const protoOf = (sample: FrameSample): number => frameKey(sample.frame, 1).u8(27);
const isFirst = (sample: FrameSample): boolean => frameKey(sample.frame, 1).u8(26) < 2;
const isIp =
  (type: number, proto?: number) =>
  (sample: FrameSample): boolean =>
    typeOf(sample) === type && (proto === undefined || (protoOf(sample) === proto && isFirst(sample)));
/** OVS's userspace datapath takes a later fragment's payload for a transport header; ours, as the kernel's, does not. */
const isWholeOrFirst =
  (type: number) =>
  (sample: FrameSample): boolean =>
    typeOf(sample) === type && isFirst(sample);
const any = (): boolean => true;
const v6 = 0x20010db8_00000000_00000000_00000099n;
const half = 0x20010db8_00000000_00000000_00000000n;

// Over IPv6, OVS's userspace datapath leaves a transport checksum stale behind a fragment or routing header; the kernel's
// and ours do not.
const CASES: readonly Case[] = [
  {
    name: 'eth_dst',
    match: '',
    actions: 'set_field:02:aa:bb:cc:dd:ee->eth_dst',
    ours: [setField('eth', { eth_dst: 0x02aabbccddeen })],
    applies: any,
  },
  {
    name: 'part of eth_src',
    match: '',
    actions: 'set_field:00:00:00:cc:00:00/00:00:00:ff:00:00->eth_src',
    ours: [{ ...setField('eth', { eth_src: 0x000000cc0000n }), mask: setMask('eth_src', 0x000000ff0000n) } as DpAction],
    applies: any,
  },
  {
    name: 'ip_src',
    match: 'ip',
    actions: 'mod_nw_src:192.0.2.77',
    ours: [setField('ipv4', { ip_src: 0xc000024d })],
    applies: isWholeOrFirst(0x800),
  },
  {
    name: 'part of ip_dst',
    match: 'ip',
    actions: 'set_field:0.0.7.0/0.0.255.0->ip_dst',
    ours: [{ ...setField('ipv4', { ip_dst: 0x700 }), mask: setMask('ip_dst', 0xff00n) } as DpAction],
    applies: isWholeOrFirst(0x800),
  },
  {
    name: 'TOS and TTL',
    match: 'ip',
    actions: 'mod_nw_tos:184,mod_nw_ttl:9',
    ours: [
      { ...setField('ipv4', { nw_tos: 184, nw_ttl: 9 }), mask: setMask('nw_tos', 0xfcn, 'nw_ttl', 0xffn) } as DpAction,
    ],
    applies: isIp(0x800),
  },
  {
    name: 'all of IPv4',
    match: 'ip',
    actions: 'mod_nw_src:1.2.3.4,mod_nw_dst:5.6.7.8,mod_nw_ecn:1,mod_nw_ttl:1',
    ours: [
      {
        ...setField('ipv4', { ip_src: 0x01020304, ip_dst: 0x05060708, nw_tos: 1, nw_ttl: 1 }),
        mask: setMask('ip_src', 0xffffffffn, 'ip_dst', 0xffffffffn, 'nw_tos', 3n, 'nw_ttl', 0xffn),
      } as DpAction,
    ],
    applies: isWholeOrFirst(0x800),
  },
  {
    name: 'TCP ports',
    match: 'tcp',
    actions: 'mod_tp_src:7,mod_tp_dst:65535',
    ours: [setField('tcp', { tcp_src: 7, tcp_dst: 65535 })],
    applies: isIp(0x800, 6),
  },
  {
    name: 'UDP port',
    match: 'udp',
    actions: 'mod_tp_dst:53',
    ours: [setField('udp', { udp_dst: 53 })],
    applies: isIp(0x800, 17),
  },
  {
    name: 'SCTP port',
    match: 'sctp',
    actions: 'set_field:99->sctp_src',
    ours: [setField('sctp', { sctp_src: 99 })],
    applies: isIp(0x800, 132),
  },
  {
    name: 'ICMP type and code',
    match: 'icmp',
    actions: 'set_field:3->icmp_type,set_field:1->icmp_code',
    ours: [setField('icmp', { icmp_type: 3, icmp_code: 1 }, true)],
    applies: isIp(0x800, 1),
  },
  {
    name: 'ipv6_src',
    match: 'ipv6',
    actions: 'set_field:2001:db8::99->ipv6_src',
    ours: [setField('ipv6', { ipv6_src: v6 })],
    applies: (s) => isIp(0x86dd)(s) && !/fragment|routing/.test(s.name),
  },
  {
    name: 'part of ipv6_dst',
    match: 'ipv6',
    actions: 'set_field:2001:db8::/32->ipv6_dst',
    ours: [
      {
        ...setField('ipv6', { ipv6_dst: half }),
        mask: setMask('ipv6_dst', 0xffffffff_00000000_00000000_00000000n),
      } as DpAction,
    ],
    applies: (s) => isIp(0x86dd)(s) && !s.name.includes('fragment'),
  },
  {
    name: 'label, class and hop limit',
    match: 'ipv6',
    actions: 'set_field:0xabcde->ipv6_label,mod_nw_ttl:3,set_field:46->ip_dscp',
    ours: [
      {
        ...setField('ipv6', { ipv6_label: 0xabcde, nw_ttl: 3, nw_tos: 184 }),
        mask: setMask('ipv6_label', 0xfffffn, 'nw_ttl', 0xffn, 'nw_tos', 0xfcn),
      } as DpAction,
    ],
    applies: isIp(0x86dd),
  },
  {
    name: 'UDP port over IPv6',
    match: 'udp6',
    actions: 'mod_tp_src:4242',
    ours: [setField('udp', { udp_src: 4242 })],
    applies: isIp(0x86dd, 17),
  },
  {
    name: 'ND target and source',
    match: 'icmp6,icmp_type=135,icmp_code=0',
    actions: 'set_field:fe80::77->nd_target,set_field:02:77:77:77:77:77->nd_sll',
    ours: [setField('nd', { nd_target: 0xfe80_0000_0000_0000_0000_0000_0000_0077n, nd_sll: 0x027777777777n })],
    applies: (s) => s.name.includes('nd solicit'),
  },
  {
    name: 'ARP',
    match: 'arp',
    actions:
      'set_field:2->arp_op,set_field:9.9.9.9->arp_spa,set_field:02:99:99:99:99:99->arp_sha,set_field:02:88:88:88:88:88->arp_tha',
    ours: [setField('arp', { arp_op: 2, arp_spa: 0x09090909, arp_sha: 0x029999999999n, arp_tha: 0x028888888888n })],
    applies: (s) => typeOf(s) === 0x806 && !s.name.includes('long'),
  },
  {
    name: 'MPLS label',
    match: 'mpls',
    actions: 'set_field:77->mpls_label',
    ours: [{ ...setField('mpls', { mpls_label: 77 }), mask: setMask('mpls_label', 0xfffffn) } as DpAction],
    applies: (s) => typeOf(s) === 0x8847,
  },
  {
    name: 'push 802.1Q',
    match: 'vlan_tci=0',
    actions: 'push_vlan:0x8100,set_field:4101->vlan_vid',
    ours: [{ kind: 'push_vlan', tpid: 0x8100, tci: 0x1005 }],
    applies: (s) => frameKey(s.frame, 1).u16(22) === 0,
  },
  {
    name: 'push 802.1ad',
    match: 'vlan_tci=0',
    actions: 'push_vlan:0x88a8,set_field:4101->vlan_vid,set_field:6->vlan_pcp',
    ours: [{ kind: 'push_vlan', tpid: 0x88a8, tci: 0xd005 }],
    applies: (s) => frameKey(s.frame, 1).u16(22) === 0,
  },
  {
    name: 'pop',
    match: 'vlan_tci=0x1000/0x1000',
    actions: 'strip_vlan',
    ours: [{ kind: 'pop_vlan' }],
    applies: (s) => frameKey(s.frame, 1).u16(22) !== 0,
  },
];

/** A mask of bits of fields, given in pairs. */
function setMask(...pairs: (string | bigint)[]): ReturnType<typeof frameKey> {
  const fields: Record<string, bigint> = {};
  for (let i = 0; i < pairs.length; i += 2) fields[String(pairs[i])] = pairs[i + 1] as bigint;
  const action = setField('eth', fields);
  if (action.kind !== 'set') throw new Error('not a set action');
  return action.value;
}

/** Frames of a capture that OVS writes, from a byte on. */
function readPcap(file: string, from: number): { frames: string[]; end: number } {
  const bytes = readFileSync(file);
  const frames: string[] = [];
  let at = Math.max(from, 24);
  while (at + 16 <= bytes.length) {
    const length = bytes.readUInt32LE(at + 8);
    frames.push(bytes.subarray(at + 16, at + 16 + length).toString('hex'));
    at += 16 + length;
  }
  return { frames, end: at };
}

describe.skipIf(!requireOracle())('actions agree with OVS', () => {
  let folder = '';
  let environment: NodeJS.ProcessEnv = {};
  let read = 0;
  const run = (command: string, args: readonly string[]): string =>
    execFileSync(command, args, { encoding: 'utf8', env: environment, stdio: ['ignore', 'pipe', 'pipe'] });

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'actions-'));
    environment = { ...process.env, OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
    run('ovsdb-tool', ['create', `${folder}/conf.db`, '/usr/share/openvswitch/vswitch.ovsschema']);
    const daemon = ['--detach', '--no-chdir', '--pidfile', '--log-file'];
    run('ovsdb-server', [`${folder}/conf.db`, ...daemon, `--remote=punix:${folder}/db.sock`]);
    run('ovs-vsctl', ['--no-wait', 'init']);
    const dummy = ['--enable-dummy', '--disable-system', '--disable-system-route'];
    run('ovs-vswitchd', [...dummy, ...daemon, `unix:${folder}/db.sock`]);
    const port = (n: number): string[] => [
      '--',
      'add-port',
      'br0',
      `p${n}`,
      '--',
      'set',
      'Interface',
      `p${n}`,
      'type=dummy',
      `ofport_request=${n}`,
    ];
    const bridge = ['add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy', 'fail-mode=secure'];
    run('ovs-vsctl', [...bridge, ...port(1), ...port(2), `options:tx_pcap=${folder}/p2.pcap`]);
  });

  afterAll(() => {
    for (const daemon of ['ovs-vswitchd', 'ovsdb-server']) {
      spawnSync('ovs-appctl', ['-t', daemon, 'exit'], { env: environment });
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(CASES)('$name', ({ match, actions, ours, applies }) => {
    const samples = allFrames().filter(applies);
    expect(samples.length).toBeGreaterThan(0);
    const flow = `${match === '' ? '' : `${match},`}actions=${actions},output:2`;
    run('ovs-ofctl', ['-O', 'OpenFlow13,OpenFlow15', 'del-flows', 'br0']);
    run('ovs-ofctl', ['-O', 'OpenFlow13', 'add-flow', 'br0', flow]);
    for (const sample of samples) run('ovs-appctl', ['netdev-dummy/receive', 'p1', toHex(sample.frame)]);
    const { frames, end } = readPcap(`${folder}/p2.pcap`, read);
    read = end;
    const bench = makeBench();
    for (const sample of samples) bench.datapath.execute(sample.frame, frameKey(sample.frame, 1), [...ours, output(2)]);
    const label = (list: readonly string[]): string[] => list.map((frame, i) => `${samples[i]?.name}: ${frame}`);
    expect(label(bench.sent.map((s) => s.frame))).toEqual(label(frames));
  });
});
