/**
 * What is told to collectors, beside real OVS: the same frames through both, and the datagrams of sFlow, IPFIX and
 * NetFlow byte for byte but for times and the process's own figures. Time stands still in both and is moved by hand.
 */
import { createSocket, type Socket } from 'node:dgram';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { TestSwitch } from '../support/test-switch.js';

const SFLOW = 1;
const IPFIX = 2;
const NETFLOW = 3;

/** {1}, {2} and {3} in a command are the ports of the collectors. */
type Step =
  | { readonly vsctl: string }
  | { readonly ofctl: string }
  | { readonly appctl: string }
  /** An ovs-ofctl command that both must answer with the same text. */
  | { readonly ask: string }
  | { readonly receive: readonly [port: string, packet: string] }
  | { readonly warp: number };

interface Collected {
  readonly collector: number;
  readonly datagram: Buffer;
}

const ETH = 'eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07)';
const ip = (proto: number, more: string): string =>
  `${ETH},eth_type(0x0800),ipv4(src=192.168.0.1,dst=10.0.0.2,proto=${proto},tos=0x2c,ttl=64,frag=no),${more}`;
const ip6 = (proto: number, more: string): string =>
  `${ETH},eth_type(0x86dd),ipv6(src=2001:db8::1,dst=fe80::2,label=0x12345,proto=${proto},tclass=0x70,hlimit=128,frag=no),${more}`;
const PACKETS = [
  ip(6, 'tcp(src=1000,dst=80),tcp_flags(psh|ack)'),
  ip(6, 'tcp(src=1000,dst=80),tcp_flags(fin|ack)'),
  ip(17, 'udp(src=53,dst=5353)'),
  ip(1, 'icmp(type=8,code=0)'),
  ip(132, 'sctp(src=7,dst=9)'),
  `${ETH},eth_type(0x0800),ipv4(src=192.168.0.1,dst=10.0.0.2,proto=50,tos=0,ttl=64,frag=no)`,
  ip6(6, 'tcp(src=1000,dst=80),tcp_flags(syn)'),
  ip6(17, 'udp(src=1,dst=2)'),
  ip6(58, 'icmpv6(type=128,code=0)'),
  ip6(51, '').replace(/,$/, ''),
  'eth(src=50:54:00:00:00:05,dst=ff:ff:ff:ff:ff:ff),eth_type(0x0806),arp(sip=1.1.1.1,tip=1.1.1.2,op=1,sha=50:54:00:00:00:05,tha=00:00:00:00:00:00)',
  `eth(src=50:54:00:00:00:05,dst=01:00:5e:00:00:05),eth_type(0x8100),vlan(vid=9,pcp=7),encap(eth_type(0x0800),ipv4(src=192.168.0.1,dst=224.0.0.5,proto=17,tos=0,ttl=1,frag=no),udp(src=1,dst=2))`,
  `${ETH},eth_type(0x8100),vlan(vid=10,pcp=0),encap(eth_type(0x88cc))`,
  ip(17, 'udp(src=53,dst=3784)'),
  `${ETH},eth_type(0x8847),mpls(label=17,tc=2,ttl=60,bos=1)`,
];
/** One after the other by each of the ports. */
const received = (ports: readonly string[]): readonly Step[] =>
  PACKETS.flatMap((packet) =>
    ports.map((port) => ({ receive: [port, `in_port(${port.slice(1)}),${packet}`] }) as const),
  );

const SETUP: readonly Step[] = [
  {
    vsctl:
      'add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure protocols=OpenFlow10,OpenFlow13 other-config:datapath-id=0000000000001234 -- ' +
      [1, 2, 3, 4, 5, 6]
        .map(
          (n) =>
            `add-port br0 p${n} -- set Interface p${n} type=dummy ofport_request=${n} options:ifindex=${n === 6 ? 0 : 1000 + n}`,
        )
        .join(' -- '),
  },
  { ofctl: 'add-flow br0 in_port=1,actions=2' },
  { ofctl: 'add-flow br0 in_port=2,actions=mod_vlan_vid:5,1' },
  { ofctl: 'add-flow br0 in_port=3,actions=drop' },
  { ofctl: 'add-flow br0 in_port=4,actions=1,2,6' },
  { ofctl: 'add-flow br0 in_port=5,actions=6' },
];

const CASES: readonly (readonly [name: string, steps: readonly Step[]])[] = [
  [
    'sFlow of flows',
    [
      {
        vsctl:
          '-- --id=@s create sFlow targets="127.0.0.1:{1}" agent=127.0.0.1 sampling=1 polling=0 header=128 -- set Bridge br0 sflow=@s',
      },
      ...received(['p1', 'p2', 'p3', 'p4', 'p5']),
      { warp: 1000 },
      // Packets of flows that are there already.
      ...received(['p1', 'p4']),
      { warp: 1000 },
    ],
  ],
  [
    'sFlow of counters, cut headers and another agent',
    [
      {
        vsctl:
          '-- --id=@s create sFlow targets="127.0.0.1:{1}" agent="fe80::1" sampling=1 polling=1 header=28 -- set Bridge br0 sflow=@s',
      },
      ...received(['p1', 'p3']),
      { warp: 1000 },
      { warp: 1000 },
    ],
  ],
  [
    'sFlow of tunnels and labels',
    [
      {
        vsctl:
          'add-port br0 vx -- set Interface vx type=vxlan ofport_request=21 options:remote_ip=1.1.1.1 options:local_ip=2.2.2.2 options:key=5 options:tos=8 -- ' +
          'add-port br0 gr -- set Interface gr type=gre ofport_request=22 options:remote_ip=1.1.1.2 options:key=flow -- ' +
          '--id=@s create sFlow targets="127.0.0.1:{1}" agent=127.0.0.1 sampling=1 polling=0 -- set Bridge br0 sflow=@s -- ' +
          '--id=@i create IPFIX targets="127.0.0.1:{2}" sampling=1 -- set Bridge br0 ipfix=@i',
      },
      { appctl: 'dpif/set-dp-features br0 tnl_push_pop false' },
      { ofctl: 'add-flow br0 in_port=1,actions=21' },
      { ofctl: 'add-flow br0 in_port=2,actions=set_tunnel:7,22' },
      { ofctl: 'add-flow br0 in_port=3,actions=21,22' },
      { ofctl: 'add-flow br0 in_port=4,ip,actions=push_mpls:0x8847,load:5->OXM_OF_MPLS_LABEL[],push_mpls:0x8847,2' },
      { ofctl: 'add-flow br0 in_port=5,mpls,actions=load:9->OXM_OF_MPLS_LABEL[],2' },
      ...received(['p1', 'p2', 'p3', 'p4', 'p5']),
      { ask: 'dump-ipfix-bridge br0' },
      { warp: 1000 },
    ],
  ],
  [
    'IPFIX of a bridge, flow by flow',
    [
      {
        vsctl:
          '-- --id=@i create IPFIX targets="127.0.0.1:{2}" obs_domain_id=123 obs_point_id=456 sampling=1 -- set Bridge br0 ipfix=@i',
      },
      ...received(['p1', 'p2', 'p3', 'p4']),
      { ask: 'dump-ipfix-bridge br0' },
      { ask: 'dump-ipfix-flow br0' },
      { warp: 1000 },
    ],
  ],
  [
    'IPFIX with a cache and a virtual observation',
    [
      {
        vsctl:
          '-- --id=@i create IPFIX targets="127.0.0.1:{2}" sampling=1 cache_active_timeout=500 cache_max_flows=20 ' +
          'other_config:virtual_obs_id=vm-7 other_config:enable-output-sampling=true -- set Bridge br0 ipfix=@i',
      },
      ...received(['p1', 'p3']),
      ...received(['p1', 'p3']),
      { ask: '-O OpenFlow13 dump-ipfix-bridge br0' },
      // Its clock stands still for nobody: what is cached is forced out.
      { vsctl: 'clear Bridge br0 ipfix' },
    ],
  ],
  [
    'IPFIX of sample actions',
    [
      {
        vsctl:
          '-- --id=@b get Bridge br0 -- --id=@i create IPFIX targets="127.0.0.1:{2}" cache_max_flows=1000 cache_active_timeout=300 -- ' +
          'create Flow_Sample_Collector_Set id=7 bridge=@b ipfix=@i',
      },
      {
        ofctl:
          'add-flow br0 in_port=1,actions=sample(probability=65535,collector_set_id=7,obs_domain_id=3,obs_point_id=4,sampling_port=1),2',
      },
      {
        ofctl:
          'add-flow br0 in_port=2,actions=sample(probability=65535,collector_set_id=7,obs_domain_id=5,obs_point_id=6,sampling_port=1,egress),1',
      },
      {
        ofctl: 'add-flow br0 in_port=3,actions=sample(probability=65535,collector_set_id=7,egress)',
      },
      ...received(['p1', 'p2', 'p3']),
      { ask: 'dump-ipfix-bridge br0' },
      { ask: 'dump-ipfix-flow br0' },
      { vsctl: '--all destroy Flow_Sample_Collector_Set' },
    ],
  ],
  [
    'NetFlow',
    [
      {
        vsctl:
          '-- --id=@n create NetFlow targets="127.0.0.1:{3}" active_timeout=2 engine_id=5 engine_type=9 add_id_to_interface=true -- set Bridge br0 netflow=@n',
      },
      ...received(['p1', 'p2', 'p3', 'p4']),
      { warp: 1000 },
      ...received(['p1']),
      ...Array.from({ length: 5 }, () => ({ warp: 1000 })),
    ],
  ],
];

/** Zeros where a datagram tells times, or how much of the machine the process uses. */
function withoutTimes({ collector, datagram }: Collected): string {
  const bytes = Buffer.from(datagram);
  const clear = (at: number, size: number): void => {
    bytes.fill(0, at, at + size);
  };
  switch (collector) {
    case SFLOW: {
      const uptimeAt = bytes.readUInt32BE(4) === 1 ? 20 : 32;
      clear(uptimeAt, 4);
      for (const { format, at } of sflowRecords(bytes, uptimeAt + 8)) {
        // What the process uses; and what lies behind a sampled header, which OVS leaves as it was.
        if (format === 2203) clear(at, 40);
        if (format === 1) clear(at + 16 + bytes.readUInt32BE(at + 12), -bytes.readUInt32BE(at + 12) & 3);
      }
      break;
    }
    case IPFIX:
      clear(4, 4);
      clearFlowTimes(bytes);
      // The number of an exporter: they are counted as long as the process lives.
      if (bytes.readUInt16BE(16) === 462) clear(20, 4);
      break;
    default:
      clear(4, 12);
      for (let at = 24; at < bytes.length; at += 48) clear(at + 24, 8);
  }
  return `${collector} ${bytes
    .toString('hex')
    .match(/.{1,32}/g)!
    .join('\n  ')}`;
}

/** When a flow began and ended, in front of its counts: their size follows from the number of the template. */
function clearFlowTimes(bytes: Buffer): void {
  const template = bytes.readUInt16BE(16) - 256;
  if (template < 0 || template >= 120) return;
  const isIp = Math.floor(template / 20) % 3 !== 0;
  const isTcp = (template >> 2) % 5 === 1;
  const at = bytes.length - 113 - (isIp ? 80 : 0) - (isTcp ? 48 : 0);
  bytes.fill(0, at, at + 8);
}

/** Records of flow samples that begin there; those of counter samples but for the generic ones. */
function* sflowRecords(
  bytes: Buffer,
  samplesAt: number,
): IterableIterator<{ readonly format: number; readonly at: number }> {
  let sampleAt = samplesAt;
  while (sampleAt < bytes.length) {
    const isFlow = bytes.readUInt32BE(sampleAt) === 1;
    const end = sampleAt + 8 + bytes.readUInt32BE(sampleAt + 4);
    let at = sampleAt + (isFlow ? 40 : 20);
    while (at < end) {
      const format = bytes.readUInt32BE(at);
      if (isFlow || format !== 1) yield { format, at: at + 8 };
      at += 8 + bytes.readUInt32BE(at + 4);
    }
    sampleAt = end;
  }
}

describe.skipIf(!requireOracle())('what collectors are told', () => {
  let oracle: OvsOracle;
  const sockets: Socket[] = [];
  let collected: Collected[] = [];

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    for (const collector of [SFLOW, IPFIX, NETFLOW]) {
      const socket = createSocket('udp4', (datagram) => collected.push({ collector, datagram }));
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
      sockets.push(socket);
    }
  });
  afterAll(async () => {
    for (const socket of sockets) socket.close();
    await oracle.stop();
  });

  const withPorts = (text: string): string =>
    text.replace(/\{(\d)\}/g, (_, n) => String(sockets[Number(n) - 1]!.address().port));
  const words = (line: string): string[] => withPorts(line).split(' ').filter(Boolean);
  const moment = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

  interface Outcome {
    readonly collected: readonly Collected[];
    readonly answers: readonly string[];
  }

  async function real(steps: readonly Step[]): Promise<Outcome> {
    const answers: string[] = [];
    oracle.clear();
    await oracle.appctl('time/stop');
    await moment();
    collected = [];
    for (const step of steps) {
      if ('vsctl' in step) oracle.must('ovs-vsctl', words(step.vsctl));
      else if ('ofctl' in step) oracle.must('ovs-ofctl', words(step.ofctl));
      else if ('ask' in step) answers.push(oracle.run('ovs-ofctl', words(step.ask)).stdout);
      else if ('appctl' in step) expect((await oracle.appctl(...(step.appctl.split(' ') as [string]))).ok).toBe(true);
      else if ('warp' in step) {
        await oracle.appctl('revalidator/wait');
        await oracle.appctl('time/warp', String(step.warp), String(step.warp));
      } else {
        const reply = await oracle.appctl('netdev-dummy/receive', ...step.receive);
        expect(reply.text).toBe('');
        await oracle.appctl('version');
      }
      for (let i = 0; i < 12; i++) await oracle.appctl('version');
    }
    await moment();
    return { collected, answers };
  }

  async function ours(steps: readonly Step[]): Promise<Outcome> {
    const answers: string[] = [];
    const sw = new TestSwitch();
    for (const step of steps) {
      if ('vsctl' in step) sw.vsctl(withPorts(step.vsctl));
      else if ('ofctl' in step) await sw.ofctl(step.ofctl);
      else if ('ask' in step) answers.push(await sw.ofctl(step.ask));
      else if ('appctl' in step) sw.appctl(step.appctl);
      else if ('warp' in step) {
        sw.appctl('revalidator/wait');
        sw.appctl(`time/warp ${step.warp} ${step.warp}`);
      } else {
        const reply = sw.vswitchd.unixctl('netdev-dummy/receive', step.receive);
        expect(reply.text).toBe('');
        sw.scheduler.runDue();
      }
    }
    const collectors = new Map(sockets.map((socket, i) => [socket.address().port, i + 1]));
    return {
      collected: sw.exported.map(({ port, datagram }) => ({ collector: collectors.get(port)!, datagram })),
      answers,
    };
  }

  test.each(CASES)('%s', async (_name, more) => {
    const steps = [...SETUP, ...more];
    const theirs = await real(steps);
    const mine = await ours(steps);
    expect(theirs.collected.length).toBeGreaterThan(0);
    expect(mine.collected.map(withoutTimes)).toEqual(theirs.collected.map(withoutTimes));
    expect(mine.answers).toEqual(theirs.answers);
  });
});
