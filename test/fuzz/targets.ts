/**
 * What is fuzzed: everything that reads what others wrote. Each target takes any bytes, and either is done with them or
 * throws an error of the kind that users are shown; anything else is a finding.
 */
import { gzipSync } from 'node:zlib';
import { Datapath } from '../../datapath/datapath.js';
import { extractFlow } from '../../datapath/flow-extract.js';
import { memorySource } from '../../src/capture/byte-source.js';
import { MemorySink } from '../../src/capture/byte-sink.js';
import { readCaptureFrom } from '../../src/capture/capture-reader.js';
import { toEthernetFrame } from '../../src/capture/ethernet-frame.js';
import { PcapngWriter } from '../../src/capture/pcapng-writer.js';
import { parseFlow, parseMatch } from '../../src/openflow/match-parse.js';
import { parseFlowFile } from '../../src/openflow/flow-file.js';
import { parseFlowMod } from '../../src/openflow/flow-mod-parse.js';
import { NO_PORT_NAMES } from '../../src/openflow/ports.js';
import { MemoryDatabase } from '../../src/ovsdb/memory-database.js';
import type { Operation } from '../../src/ovsdb/database.js';
import { runVsctl } from '../../src/ovsdb/vsctl/vsctl.js';
import { UserError } from '../../src/report/user-error.js';
import { readScenario } from '../../src/scenario/file/read-scenario.js';
import { SeededRng } from '../../src/sim/rng.js';
import { Scheduler } from '../../src/sim/scheduler.js';
import { parseOdpActions } from '../../src/vswitchd/odp/odp-actions-parse.js';
import { parseOdpFlow } from '../../src/vswitchd/odp/odp-parse.js';
import { OdpSyntaxError } from '../../src/vswitchd/odp/odp-scanner.js';
import { Vswitchd } from '../../src/vswitchd/vswitchd.js';
import { buildPcap, someFrames } from '../capture/build-capture.js';
import { allFrames } from '../support/frame-samples.js';

export interface FuzzTarget {
  readonly name: string;
  /** Inputs that are right, to start from. */
  readonly samples: readonly Uint8Array[];
  run(input: Uint8Array): void | Promise<void>;
}

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** Runs a parser; an error for users is an answer. */
function accepts(parse: () => unknown, ...alsoFine: readonly (new () => Error)[]): void {
  try {
    parse();
  } catch (error) {
    if (error instanceof UserError || alsoFine.some((kind) => error instanceof kind)) return;
    throw error;
  }
}

async function readAll(input: Uint8Array, classicReader: 'own' | 'pcap-parser'): Promise<void> {
  const reader = readCaptureFrom(memorySource(input), { classicReader, maxInflatedSize: 1 << 24 });
  try {
    for await (const batch of reader.batches()) {
      for (const record of batch) toEthernetFrame(record.linkType, record.bytes);
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
  }
}

function pcapngSample(): Uint8Array {
  const sink = new MemorySink();
  const writer = new PcapngWriter(sink);
  const id = writer.addInterface('eth0');
  for (const { seconds, nanoseconds, bytes } of someFrames(4)) writer.write(id, seconds, nanoseconds, bytes);
  return sink.bytes().slice();
}

const frames = allFrames().map(({ frame }) => frame);

const FLOWS = [
  'table=1,priority=100,idle_timeout=5,cookie=0x1/0xff,tcp,nw_src=10.0.0.0/8,tp_dst=80,actions=output:2',
  'in_port=1,dl_vlan=5,dl_vlan_pcp=3,actions=strip_vlan,mod_dl_dst:02:00:00:00:00:01,normal',
  'ipv6,ipv6_dst=2001:db8::/32,actions=set_field:2001:db8::1->ipv6_src,resubmit(,2)',
  'arp,arp_tpa=10.0.0.1,actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[],load:0x2->NXM_OF_ARP_OP[],in_port',
  'ct_state=+trk-new,tun_id=0x5/0xf,reg0=1/3,actions=clone(push_vlan:0x8100,output:3),controller(max_len=64)',
];
const ODP_FLOWS = [
  'in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x0800),ipv4(src=192.168.0.1,dst=10.0.0.2,proto=1,tos=0,ttl=64,frag=no),icmp(type=8,code=0)',
  'recirc_id(0),in_port(2),eth(),eth_type(0x8100),vlan(vid=5,pcp=0),encap(eth_type(0x86dd),ipv6(src=::1,dst=::2/ffff::,label=0,proto=6,tclass=0,hlimit=64,frag=no),tcp(src=1,dst=2),tcp_flags(+syn-ack))',
  'tunnel(tun_id=0x1,src=1.1.1.1,dst=2.2.2.2,tos=0,ttl=64,tp_src=1,tp_dst=4789,flags(df|key)),in_port(3),eth_type(0x0806),arp(sip=1.1.1.1,tip=2.2.2.2,op=1,sha=00:00:00:00:00:01,tha=00:00:00:00:00:00)',
];
const ODP_ACTIONS = [
  '1,push_vlan(vid=5,pcp=0),2,pop_vlan,recirc(0x1)',
  'set(eth(src=00:00:00:00:00:01/ff:ff:ff:ff:ff:ff)),set(ipv4(ttl=63)),userspace(pid=0,slow_path(controller))',
  'set(tunnel(tun_id=0x1,dst=10.0.0.1,ttl=64,tp_dst=4789,flags(df|key))),4',
];
const SCENARIO = `name: two machines
machines:
  a: { nics: { eth0: { addresses: [10.0.0.1/24] } } }
  b: { nics: { eth0: { addresses: [10.0.0.2/24] } }, script: "ovs-vsctl add-br br0" }
links:
  - { ends: [a:eth0, b:eth0], latency: 1ms, bandwidth: 1gbit, loss: 1% }
steps:
  - ping: { from: a, to: 10.0.0.2, count: 3 }
  - run: { on: b, script: "ovs-vsctl show" }
`;
const TRANSACTIONS = [
  [
    { op: 'insert', table: 'Bridge', 'uuid-name': 'b', row: { name: 'br0', other_config: ['map', [['a', 'b']]] } },
    { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['bridges', 'insert', ['named-uuid', 'b']]] },
  ],
  [
    { op: 'select', table: 'Bridge', where: [['name', '==', 'br0']], columns: ['name', '_uuid'] },
    { op: 'update', table: 'Open_vSwitch', where: [], row: { next_cfg: 5 } },
    { op: 'wait', table: 'Bridge', where: [], columns: ['name'], until: '==', rows: [], timeout: 0 },
    { op: 'delete', table: 'Port', where: [['tag', 'includes', ['set', [1, 2]]]] },
  ],
].map((operations) => encode(JSON.stringify(operations)));
const COMMANDS = [
  'add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure other_config:a=b -- add-port br0 p1 tag=5',
  '--id=@p create port name=p2 interfaces=@i -- --id=@i create interface name=p2 type=dummy -- add bridge br0 ports @p',
  '--columns=name,tag --format=csv list port -- find interface type=dummy -- get bridge br0 _uuid',
  '--may-exist add-br br1 br0 7 -- br-to-vlan br1 -- remove bridge br0 other_config a -- clear port p1 tag',
].map(encode);

/** A datapath whose flows do something with whatever comes in. */
function busyDatapath(): Datapath {
  const datapath = new Datapath(
    { clock: { nowNs: () => 0 }, rng: new SeededRng(1), underlay: null },
    { name: 'fuzz', upcallQueueSize: 4 },
  );
  for (const port of [1, 2]) datapath.portAdd({ name: `p${port}`, type: 'dummy', port });
  return datapath;
}

const datapath = busyDatapath();

/** Installs a flow for exactly this frame, whose actions touch every layer; the next frame alike runs them. */
function receiveFrame(input: Uint8Array): void {
  datapath.receive(1, input);
  for (let upcall = datapath.upcallReceive(); upcall !== null; upcall = datapath.upcallReceive()) {
    const { key } = upcall;
    datapath.execute(upcall.packet, key, [
      { kind: 'set', attribute: 'ipv4', value: key, mask: null },
      { kind: 'set', attribute: 'ipv6', value: key, mask: null },
      { kind: 'set', attribute: 'tcp', value: key, mask: null },
      { kind: 'set', attribute: 'udp', value: key, mask: null },
      { kind: 'set', attribute: 'arp', value: key, mask: null },
      { kind: 'push_vlan', tpid: 0x8100, tci: 0x1005 },
      { kind: 'output', port: 2 },
      { kind: 'pop_vlan' },
      { kind: 'output', port: 2 },
    ]);
  }
}

const vswitchd = ((): Vswitchd => {
  const rng = new SeededRng(1);
  const database = new MemoryDatabase(rng);
  const open = (name: string) => ({ error: `could not open network device ${name} (No such device)` });
  const daemon = new Vswitchd({ database, scheduler: new Scheduler(), rng, netdevs: { open }, underlay: null });
  const words = 'add-br br0 -- set bridge br0 datapath-type=dummy -- add-port br0 p1 -- set interface p1 type=dummy';
  const { exitCode, stderr } = runVsctl(words.split(' '), { database });
  if (exitCode !== 0) throw new Error(stderr);
  return daemon;
})();

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  {
    name: 'extraction',
    samples: frames,
    run: (input) => {
      extractFlow(input);
      receiveFrame(input);
    },
  },
  {
    name: 'pcap',
    samples: [buildPcap(someFrames(4)), buildPcap([]), gzipSync(buildPcap(someFrames(2)))],
    run: (input) => readAll(input, 'own'),
  },
  { name: 'pcap-parser', samples: [buildPcap(someFrames(4))], run: (input) => readAll(input, 'pcap-parser') },
  { name: 'pcapng', samples: [pcapngSample()], run: (input) => readAll(input, 'own') },
  {
    name: 'flow-text',
    samples: FLOWS.map(encode),
    run: (input) => {
      const text = decode(input);
      accepts(() => parseFlowMod(text, 'add', { ports: NO_PORT_NAMES }));
      accepts(() => parseFlowFile(text, { ports: NO_PORT_NAMES, fileName: 'flows', command: null }));
      accepts(() => parseMatch(text, { ports: NO_PORT_NAMES }));
      accepts(() => parseFlow(text, NO_PORT_NAMES));
    },
  },
  {
    name: 'odp-text',
    samples: [...ODP_FLOWS, ...ODP_ACTIONS].map(encode),
    run: (input) => {
      const text = decode(input);
      accepts(() => parseOdpFlow(text), OdpSyntaxError);
      accepts(() => parseOdpFlow(text, { masks: false }), OdpSyntaxError);
      accepts(() => parseOdpActions(text), OdpSyntaxError);
    },
  },
  {
    name: 'appctl',
    samples: [
      ...FLOWS.map((flow) => `ofproto/trace br0 ${flow.split(',actions=')[0]}`),
      ...ODP_FLOWS.map((flow) => `ofproto/trace ovs-dummy ${flow}`),
      ...ODP_FLOWS.map((flow) => `netdev-dummy/receive p1 ${flow}`),
      `netdev-dummy/receive p1 ${Buffer.from(frames[0]!).toString('hex')}`,
      `dpctl/add-flow ${ODP_FLOWS[0]} 1,2`,
      'dpctl/dump-flows -m filter=in_port=1,tcp',
      'fdb/add br0 p1 0 02:00:00:00:00:01',
    ].map(encode),
    run: (input) => {
      const [command = '', ...args] = decode(input).split(' ');
      // Days of virtual time are a day's work for the fuzzer, and no finding.
      if (!command.startsWith('time/')) vswitchd.unixctl(command, args);
    },
  },
  {
    name: 'scenario',
    samples: [encode(SCENARIO)],
    run: (input) => accepts(() => readScenario(decode(input), 'fuzz.yaml', null)),
  },
  {
    name: 'transaction',
    samples: TRANSACTIONS,
    run: (input) => {
      let operations: unknown;
      try {
        operations = JSON.parse(decode(input));
      } catch {
        return;
      }
      if (Array.isArray(operations)) new MemoryDatabase(new SeededRng(1)).transact(operations as Operation[]);
    },
  },
  {
    name: 'vsctl',
    samples: COMMANDS,
    run: (input) => {
      runVsctl(decode(input).split(' '), { database: new MemoryDatabase(new SeededRng(1)) });
    },
  },
];
