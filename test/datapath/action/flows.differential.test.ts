/**
 * The datapath's actions against real OVS's userspace datapath: OVS translates OpenFlow rules into datapath flows while
 * frames come in; those flows, as it prints them, are put into our datapath, and the same frames must leave by the same
 * ports. Hashes decide which flow a recirculated frame meets, so they are compared too.
 */
import { existsSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MeterSpec, VportType } from '#datapath/dpif.js';
import { formatOdpActions } from '#src/vswitchd/odp/odp-actions-format.js';
import { parseOdpActions } from '#src/vswitchd/odp/odp-actions-parse.js';
import { parseOdpFlow } from '#src/vswitchd/odp/odp-parse.js';
import { OFF_ETH_TYPE, OFF_NW_TOS } from '#flowtable/flow-key.js';
import { type DatapathBench, frameKey, makeBench } from '../../support/datapath-bench.js';
import { allFrames } from '../../support/frame-samples.js';
import { OvsOracle, requireOracle } from '../../support/ovs-oracle.js';
import { eth, hex, toHex } from '../../support/packet-builder.js';

interface Case {
  readonly name: string;
  readonly flows: string;
  readonly groups?: string;
  readonly meters?: readonly string[];
  readonly ourMeters?: readonly MeterSpec[];
  /** Frames that come in by p1, or those of p2 where marked. */
  readonly frames: readonly (readonly [port: 1 | 2, frame: Uint8Array])[];
}

/** Is there a fragment or routing header next to the IPv6 header? */
const isBehindHeader = (frame: Uint8Array): boolean =>
  frameKey(frame, 1).u16(OFF_ETH_TYPE) === 0x86dd && (frame[20] === 43 || frame[20] === 44);

const A = '02:00:00:00:00:01';
const B = '02:00:00:00:00:02';
/** Frames whose flow OVS can both write and read: those with an Ethernet type. */
const FRAMES = allFrames()
  .map(({ frame }) => frame)
  .filter((frame) => frameKey(frame, 1).u16(OFF_ETH_TYPE) >= 0x600);
const SAMPLES = FRAMES.map((frame) => [1, frame] as const);
const udp = (from: number, size = 10): Uint8Array =>
  eth(A, B).ipv4('10.0.0.1', '10.0.0.2').udp(from, 53).payload(new Uint8Array(size).fill(7)).bytes();
const SYN = 0x02;
const ACK = 0x10;
const tcp = (side: 1 | 2, flags: number): readonly [1 | 2, Uint8Array] => {
  const there = side === 1;
  const ip = there ? eth(A, B).ipv4('10.0.0.1', '10.0.0.2') : eth(B, A).ipv4('10.0.0.2', '10.0.0.1');
  const seq = there ? { sequence: 100, acknowledgement: 900 } : { sequence: 899, acknowledgement: 101 };
  return [side, ip.tcp(there ? 4000 : 80, there ? 80 : 4000, { flags, ...seq, window: 1000 }).bytes()];
};

const CASES: readonly Case[] = [
  { name: 'trunc', flows: 'actions=output(port=2,max_len=60),3\n', frames: SAMPLES },
  { name: 'trunc to less than a header', flows: 'actions=output(port=2,max_len=14),2\n', frames: SAMPLES },
  {
    name: 'clone',
    flows: 'ip,actions=clone(mod_dl_src:02:00:00:00:00:99,mod_nw_ttl:3,2),3,clone(push_vlan:0x8100,2)\n',
    frames: SAMPLES,
  },
  {
    name: 'sample of all packets',
    flows: 'ip,actions=sample(probability=65535,collector_set_id=1),2\n',
    frames: SAMPLES,
  },
  {
    name: 'check_pkt_larger',
    flows:
      'table=0,actions=check_pkt_larger(100)->NXM_NX_REG0[0],resubmit(,1)\n' +
      'table=1,reg0=1,actions=mod_dl_dst:02:00:00:00:00:77,2\ntable=1,reg0=0,actions=3\n',
    frames: SAMPLES,
  },
  { name: 'push_mpls', flows: 'actions=push_mpls:0x8847,set_field:77->mpls_label,2,3\n', frames: SAMPLES },
  {
    name: 'push_mpls twice',
    flows: 'ip,actions=push_mpls:0x8847,set_field:7->mpls_label,push_mpls:0x8848,set_field:5->mpls_tc,2\n',
    frames: SAMPLES,
  },
  {
    name: 'pop_mpls',
    flows: 'mpls,mpls_bos=1,actions=pop_mpls:0x0800,2\nmpls,mpls_bos=0,actions=pop_mpls:0x8847,2\n',
    frames: SAMPLES,
  },
  {
    name: 'pop_mpls and what is below',
    flows:
      'table=0,mpls,mpls_bos=1,actions=pop_mpls:0x0800,resubmit(,1)\ntable=1,ip,actions=mod_nw_ttl:9,2\n' +
      'table=1,actions=3\n',
    frames: SAMPLES,
  },
  {
    name: 'dp_hash of L4',
    flows: 'actions=group:1\n',
    groups:
      'group_id=1,type=select,selection_method=dp_hash,bucket=weight:1,actions=2,bucket=weight:1,actions=3,' +
      'bucket=weight:2,actions=mod_dl_src:02:00:00:00:00:55,2\n',
    // Behind a fragment or routing header OVS comes to another hash; which bytes it takes in is not known.
    frames: [
      ...SAMPLES.filter((_, i) => !isBehindHeader(FRAMES[i]!)),
      ...Array.from({ length: 24 }, (_, i) => [1, udp(1000 + i)] as const),
    ],
  },
  {
    name: 'dp_hash of L4 after headers have changed',
    flows: 'ip,actions=mod_nw_src:9.9.9.9,mod_nw_ttl:7,group:1\n',
    groups: 'group_id=1,type=select,selection_method=dp_hash,bucket=weight:1,actions=2,bucket=weight:1,actions=3\n',
    frames: Array.from({ length: 24 }, (_, i) => [1, udp(1000 + i)] as const),
  },
  {
    name: 'a meter of packets',
    flows: 'actions=meter:1,2\n',
    meters: ['meter=1,pktps,burst,band=type=drop,rate=1,burst_size=3'],
    ourMeters: [{ id: 0, unit: 'pktps', hasBurst: true, bands: [{ type: 'drop', rate: 1, burst: 3, precedence: 0 }] }],
    frames: Array.from({ length: 6 }, (_, i) => [1, udp(1000 + i)] as const),
  },
  {
    name: 'a meter of bits',
    flows: 'actions=meter:1,2\n',
    meters: ['meter=1,kbps,burst,bands=type=drop,rate=1,burst_size=3'],
    ourMeters: [{ id: 0, unit: 'kbps', hasBurst: true, bands: [{ type: 'drop', rate: 1, burst: 3, precedence: 0 }] }],
    frames: [100, 100, 10, 200, 10, 10, 10].map((size, i) => [1, udp(1000 + i, size)] as const),
  },
  {
    name: 'connection tracking',
    flows:
      'table=0,arp,actions=NORMAL\ntable=0,ip,actions=ct(table=1,zone=3)\n' +
      'table=1,in_port=1,ct_state=+trk+new,tcp,actions=ct(commit,zone=3,exec(set_field:0x7->ct_mark)),2\n' +
      'table=1,in_port=1,ct_state=+trk+est,ct_mark=7,actions=2\ntable=1,in_port=2,ct_state=+trk+est+rpl,actions=1\n' +
      'table=1,ct_state=+trk+inv,actions=3\n',
    frames: [tcp(1, SYN), tcp(2, SYN | ACK), tcp(1, ACK), tcp(2, ACK), [1, udp(5)], [2, udp(6)]],
  },
  {
    name: 'source NAT',
    flows:
      'table=0,ip,in_port=1,actions=ct(commit,table=1,zone=3,nat(src=192.0.2.1:5000))\n' +
      'table=0,ip,in_port=2,actions=ct(table=1,zone=3,nat)\n' +
      'table=1,in_port=1,ip,actions=2\ntable=1,in_port=2,ip,ct_state=+trk,actions=1\n',
    frames: [
      tcp(1, SYN),
      [
        2,
        eth(B, A)
          .ipv4('10.0.0.2', '192.0.2.1')
          .tcp(80, 5000, { flags: SYN | ACK, sequence: 899, acknowledgement: 101, window: 9 })
          .bytes(),
      ],
      tcp(1, ACK),
    ],
  },
  {
    name: 'ct_clear',
    flows:
      'table=0,ip,actions=ct(table=1,zone=3)\ntable=1,ct_state=+trk,actions=ct_clear,resubmit(,2)\n' +
      'table=2,ct_state=-trk,actions=2\ntable=2,actions=3\n',
    frames: [tcp(1, SYN)],
  },
];

/** Frames of a capture that OVS writes, in order. */
function readPcap(file: string): string[] {
  if (!existsSync(file)) return [];
  const bytes = readFileSync(file);
  const frames: string[] = [];
  for (let at = 24; at + 16 <= bytes.length; ) {
    const length = bytes.readUInt32LE(at + 8);
    frames.push(bytes.subarray(at + 16, at + 16 + length).toString('hex'));
    at += 16 + length;
  }
  return frames;
}

const PORTS = [1, 2, 3] as const;

describe.skipIf(!requireOracle())('datapath flows of OVS', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  const vsctl = (...args: readonly string[]): string => oracle.must('ovs-vsctl', args);
  const ofctl = (input: string, ...args: readonly string[]): string =>
    oracle.must('ovs-ofctl', ['-O', 'OpenFlow15', ...args], input);
  /** OVS appends to captures, so each case has its own. */
  let caseCount = 0;
  const pcapOf = (name: string): string => `${oracle.dir}/${name}-${caseCount}.pcap`;
  const port = (bridge: string, name: string, settings: readonly string[] = []): readonly string[] => [
    ...['--', 'add-port', bridge, name, '--', 'set', 'interface', name],
    ...(settings.length > 0 ? settings : ['type=dummy', `options:tx_pcap=${pcapOf(name)}`]),
  ];
  const addBridge = (): void => {
    oracle.clear();
    caseCount++;
    const ports = PORTS.flatMap((n) => [...port('br0', `p${n}`), `ofport_request=${n}`]);
    vsctl('add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy', 'fail-mode=secure', ...ports);
  };
  const lines = async (command: string, ...args: readonly string[]): Promise<string[]> => {
    const reply = await oracle.appctl(command, ...args);
    if (!reply.ok) throw new Error(`${command}: ${reply.text}`);
    return reply.text.split('\n').filter((line) => line !== '');
  };
  /** Lets OVS's main loop run until a frame has gone through. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 4; i++) await oracle.appctl('version');
  };
  const settleAll = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) {
      await settle();
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };
  const send = async (name: string, frame: Uint8Array): Promise<void> => {
    const reply = await oracle.appctl('netdev-dummy/receive', name, toHex(frame));
    if (!reply.ok) throw new Error(reply.text);
    await settle();
  };

  /** Puts what OVS's datapath holds into ours: tunnel ports and flows. */
  async function copyFlows(bench: DatapathBench): Promise<void> {
    for (const line of await lines('dpctl/show')) {
      const found = /^ {2}port (\d+): \S+ \((vxlan|geneve|gre)/.exec(line);
      if (found !== null) bench.addPort(Number(found[1]), { type: found[2] as VportType });
    }
    for (const line of await lines('dpctl/dump-flows', '-m', '--no-names')) {
      const [, flow, text] =
        /^(?:ufid:[^ ]*, )?(.*), packets:.*, actions:(.*?)(?:, dp-extra-info:.*)?$/.exec(line) ?? [];
      if (flow === undefined || text === undefined) continue;
      const { key, mask } = parseOdpFlow(flow);
      const actions = readActions(text);
      expect(formatOdpActions(actions)).toBe(text);
      expect(bench.datapath.flowPut({ key, mask, actions, mode: 'put' }), flow).toBe('ok');
    }
  }

  test.each(CASES)('$name', async ({ flows, groups, meters, ourMeters, frames }) => {
    addBridge();
    await oracle.appctl('dpctl/flush-conntrack');
    for (const meter of meters ?? []) ofctl('', 'add-meter', 'br0', meter);
    if (groups !== undefined) ofctl(groups, 'add-groups', 'br0', '-');
    ofctl(flows, 'add-flows', 'br0', '-');
    for (const [inPort, frame] of frames) await send(`p${inPort}`, frame);
    await settleAll();
    const theirs = PORTS.map((n) => readPcap(pcapOf(`p${n}`)));

    const bench = makeBench({ checkDisjoint: false });
    for (const meter of ourMeters ?? []) expect(bench.datapath.meterSet(meter)).toBe('ok');
    await copyFlows(bench);
    for (const [inPort, frame] of frames) bench.datapath.receive(inPort, frame);
    const ours = PORTS.map((n) => bench.sent.filter((sent) => sent.port === n).map((sent) => sent.frame));
    expect(ours).toEqual(theirs);
    expect(theirs.flat().length).toBeGreaterThan(0);
  });

  const TUNNELS = [
    ['vxlan', ['options:key=123']],
    ['vxlan', ['options:key=123', 'options:csum=true']],
    ['geneve', ['options:key=55']],
    ['gre', ['options:key=9', 'options:csum=true']],
    ['gre', []],
  ] as const;

  test.each(TUNNELS)('a native %s tunnel with %j', async (type, options) => {
    addBridge();
    vsctl(
      'add-br',
      'br1',
      '--',
      'set',
      'bridge',
      'br1',
      'datapath-type=dummy',
      'fail-mode=secure',
      ...port('br1', 'v1'),
    );
    vsctl(
      ...port('br1', 't1', [`type=${type}`, 'options:remote_ip=1.1.2.92', ...options, 'ofport_request=9']).slice(1),
    );
    for (const [command, ...args] of [
      ['netdev-dummy/ip4addr', 'br0', '1.1.2.88/24'],
      ['ovs/route/add', '1.1.2.92/24', 'br0'],
      ['tnl/neigh/set', 'br0', '1.1.2.92', 'f8:bc:12:44:34:b6'],
    ]) {
      await lines(command!, ...args);
    }
    ofctl('actions=NORMAL\n', 'add-flows', 'br0', '-');
    ofctl('in_port=v1,actions=t1\nin_port=t1,actions=v1\n', 'add-flows', 'br1', '-');
    const show = await lines('dpctl/show');
    const v1 = Number(/port (\d+): v1 /.exec(show.join('\n'))![1]);
    // A tunnel's TOS of 0 is not in the text of a flow, although it is matched on.
    const inner = FRAMES.filter((frame) => frameKey(frame, 1).u8(OFF_NW_TOS) === 0).slice(0, 12);
    for (const frame of inner) await send('v1', frame);
    await settleAll();
    const outer = readPcap(pcapOf('p1'));
    expect(outer).toHaveLength(inner.length);
    const answers = outer.map(turnRound);
    for (const answer of answers) await send('p1', answer);
    await settleAll();
    const theirs = readPcap(pcapOf('v1'));

    const bench = makeBench({ checkDisjoint: false });
    bench.addPort(v1, { name: 'v1' });
    await copyFlows(bench);
    for (const frame of inner) bench.datapath.receive(v1, frame);
    expect(bench.sent.filter((sent) => sent.port === 1).map((sent) => sent.frame)).toEqual(outer);
    for (const answer of answers) bench.datapath.receive(1, answer);
    expect(bench.sent.filter((sent) => sent.port === v1).map((sent) => sent.frame)).toEqual(theirs);
    expect(theirs).toHaveLength(inner.length);
  });
});

/** Actions as OVS writes them: those that it cannot read (`hash(...)`), too. */
function readActions(text: string): ReturnType<typeof parseOdpActions> {
  return text === 'drop' ? [] : parseOdpActions(text);
}

/** The frame of a tunnel as its other end would send it back: addresses of Ethernet and IPv4 exchanged. */
function turnRound(text: string): Uint8Array {
  const frame = hex(text);
  const swap = (a: number, b: number, size: number): void => {
    const first = frame.slice(a, a + size);
    frame.copyWithin(a, b, b + size);
    frame.set(first, b);
  };
  swap(0, 6, 6);
  swap(26, 30, 4);
  return frame;
}
