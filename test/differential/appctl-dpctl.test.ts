/**
 * What dpctl/ commands change in datapaths, asked of real OVS and of Upcall: datapaths and ports made by hand, flows
 * from files, fragments, and the forms of actions; the same words, errors and outcomes.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { eth, toHex } from '../support/packet-builder.js';
import { type AppctlSession, appctlDifferences } from './appctl-differences.js';

type Commands = readonly (readonly string[])[];

const DATAPATHS: Commands = [
  ['dpctl/list-commands'],
  ['dpctl/list-commands', 'x'],
  ['dpctl/help'],
  ['dpctl/add-dp'],
  ['dpctl/add-dp', 'dummy@x1'],
  ['dpctl/add-dp', 'dummy@x1'],
  ['dpctl/add-dp', 'dummy@ovs-dummy'],
  ['dpctl/add-dp', 'nonsense@x1'],
  ['dpctl/add-dp', 'dummy@x2', 'q1,type=dummy', 'q2,type=nonsense'],
  ['dpctl/add-dp', 'dummy@a', 'q1,type=dummy'],
  ['dpctl/add-dp', 'dummy@zzz'],
  ['dpctl/dump-dps'],
  ['dpctl/show'],
  ['dpctl/show', 'dummy@x1', 'nonsense@y', 'dummy@zzz'],
  ['dpctl/dump-flows'],
  ['dpctl/cache-get-size'],
  ['dpctl/cache-get-size', 'dummy@x1'],
  ['dpctl/cache-get-size', 'dummy@x9'],
  ['dpctl/cache-set-size', 'dummy@x1', 'emc', '5'],
  ['dpctl/cache-set-size', 'dummy@x1', 'emc', 'x'],
  ['dpctl/cache-set-size', 'dummy@x9', 'emc', '5'],
  ['dpctl/cache-set-size', 'dummy@x9', 'emc'],
  ['dpctl/offload-stats-show'],
  ['dpctl/offload-stats-show', 'dummy@x1'],
  ['dpctl/del-dp', 'dummy@zzz'],
  ['dpctl/del-dp', 'dummy@a'],
  ['dpctl/del-dp', 'dummy@x2'],
  ['dpctl/del-dp', 'dummy@x2'],
  ['dpctl/del-dp'],
  ['dpctl/add-if', 'dummy@x1', 'q7,type=dummy'],
  ['dpctl/add-if', 'dummy@x1', 'q8,type=dummy,port_no=33'],
  ['dpctl/add-if', 'dummy@x1', 'q8,type=dummy,port_no=34'],
  ['dpctl/add-if', 'dummy@x1', 'q9,type=dummy,port_no=33'],
  ['dpctl/add-if', 'dummy@x1', 'q9,type=nonsense', 'br7,type=dummy', 'noname,type=dummy'],
  ['dpctl/add-if', 'dummy@x1', 'q9,type=dummy-internal,,a=b'],
  ['dpctl/add-if', 'dummy@x1', 'q9'],
  ['dpctl/add-if', 'dummy@x1', 'vx0,type=vxlan,remote_ip=1.2.3.4'],
  ['dpctl/add-if', 'dummy@x1', 'vx1,type=vxlan,remote_ip=1.2.3.5'],
  ['dpctl/add-if', 'dummy@x1', 'vx2,type=vxlan'],
  ['dpctl/add-if', 'dummy@x1', ','],
  ['dpctl/add-if', 'dummy@x1', 'q10,type=dummy,a=b,a=c'],
  ['dpctl/add-if', 'dummy@x1', 'q11,type=internal'],
  ['dpctl/add-if', 'dummy@x9', 'q10,type=dummy'],
  ['dpctl/add-if', 'dummy@x1'],
  ['dpctl/show'],
  ['dpctl/show', '-s', 'dummy@x1'],
  ['dpctl/set-if', 'dummy@x1', 'q7,type=dummy', 'q7,foo=bar,port_no=7'],
  ['dpctl/set-if', 'dummy@x1', 'q7,type=vxlan'],
  ['dpctl/set-if', 'dummy@x1', 'q7,port_no=9'],
  ['dpctl/set-if', 'dummy@x1', 'q77,foo=bar'],
  ['dpctl/set-if', 'dummy@x1', ','],
  ['dpctl/set-if', 'dummy@x9', 'q7'],
  ['dpctl/del-if', 'dummy@x1', 'q7'],
  ['dpctl/del-if', 'dummy@x1', 'q7', '99', '0', 'x1', '33'],
  ['dpctl/del-if', 'dummy@x9', 'q7'],
  ['dpctl/show', 'dummy@x1'],
  ['dpctl/add-flow', 'dummy@x1', 'in_port(q10),eth(),eth_type(0x1234)', '2'],
  ['dpctl/dump-flows', 'dummy@x1', '--names'],
  ['dpctl/dump-flows', '--names', 'dummy@x1'],
  ['netdev-dummy/receive', 'q10', 'in_port(10),eth(),eth_type(0x1234)'],
  ['version'],
  ['dpctl/dump-flows', 'dummy@x1'],
  ['dpctl/show', '-s', 'dummy@x1'],
  ['dpctl/del-dp', 'dummy@x1'],
  ['dpctl/del-dp', 'dummy@ovs-dummy'],
  ['dpctl/show'],
];

const FLOWS: Readonly<Record<string, string>> = {
  added: [
    '# a comment',
    'in_port(1),eth(),eth_type(0x1234) 2',
    'add in_port(2),eth(),eth_type(0x1234) 1,3',
    '   in_port(3),eth(),eth_type(0x1234)   1,\\',
    '2',
    'in_port(3),eth(),eth_type(0x1235)',
    'add',
    '',
    'nonsense() 5',
    'in_port(3),eth(),eth_type(0x1237) nonsense',
    'in_port(1),eth(),eth_type(0x1234) 2 # again',
    'a in_port(2),eth(),eth_type(0x1236) 1,3',
    'addd in_port(2),eth(),eth_type(0x1236) 1,3',
    'delete in_port(2),eth(),eth_type(0x1236)',
    'delete in_port(2),eth(),eth_type(0x1236) 5',
    ', in_port(2),eth(),eth_type(0x1237) 5',
  ].join('\n'),
  changed: [
    'in_port(1),eth(),eth_type(0x1234) 3',
    'in_port(1),eth(),eth_type(0x1299) 3',
    'modify in_port(2),eth(),eth_type(0x1234) drop',
    'add in_port(2),eth(),eth_type(0x1238) drop\n',
  ].join('\n'),
  deleted: 'in_port(1),eth(),eth_type(0x1234)\nin_port(1),eth(),eth_type(0x1299)\n',
};

const FLOW_FILES: Commands = [
  // A revalidator deletes flows that it did not install.
  ['revalidator/pause'],
  ['dpctl/add-flows', '{added}'],
  ['dpctl/dump-flows'],
  ['dpctl/mod-flows', '{changed}'],
  ['dpctl/dump-flows'],
  ['dpctl/del-flows', '{deleted}'],
  ['dpctl/dump-flows'],
  ['dpctl/del-flows', 'dummy@ovs-dummy', '{deleted}'],
  ['dpctl/add-flows', 'dummy@ovs-dummy', '{added}'],
  ['dpctl/add-flows', '/no/such/file'],
  ['dpctl/del-flows', '/no/such/file'],
  ['dpctl/mod-flows', '/no/such/file'],
  ['dpctl/add-flows'],
  ['dpctl/add-flows', 'a', 'b', 'c'],
  ['dpctl/dump-flows', 'pmd=-1'],
  ['dpctl/dump-flows', 'pmd=3'],
  ['dpctl/dump-flows', 'pmd=x'],
  ['dpctl/dump-flows', 'pmd=-1', 'type=ovs', 'filter=in_port=2'],
  ['dpctl/dump-flows', 'type=ovs,offloaded', 'pmd=-1'],
  ['dpctl/dump-flows', 'type=tc,nonsense'],
  ['dpctl/dump-flows', 'filter=tcp', 'filter=udp'],
  ['dpctl/dump-flows', 'dummy@ovs-dummy', 'filter=arp'],
  ['dpctl/dump-flows', 'a', 'b', 'c', 'd', 'e', 'f', 'g'],
  ['dpctl/del-flows', 'dummy@ovs-dummy'],
  ['dpctl/dump-flows'],
  ['revalidator/resume'],
];

const FRAGMENTS: Commands = [
  ['dpctl/ipf-get-status'],
  ['dpctl/ipf-get-status', '-m'],
  ['dpctl/ipf-get-status', 'x'],
  ['dpctl/ipf-get-status', 'x', 'y'],
  ['dpctl/ipf-set-disabled', 'v4'],
  ['dpctl/ipf-set-enabled', 'v6'],
  ['dpctl/ipf-set-enabled', 'v7'],
  ['dpctl/ipf-set-enabled', 'dummy@ovs-dummy', 'v4x'],
  ['dpctl/ipf-set-enabled'],
  ['dpctl/ipf-set-min-frag', 'v4', '300'],
  ['dpctl/ipf-set-min-frag', 'v4', '500'],
  ['dpctl/ipf-set-min-frag', 'v6', 'x'],
  ['dpctl/ipf-set-min-frag', 'v5', '500'],
  ['dpctl/ipf-set-min-frag', 'v6'],
  ['dpctl/ipf-set-max-nfrags', '500'],
  ['dpctl/ipf-set-max-nfrags', 'x'],
  ['dpctl/ipf-set-max-nfrags', '50000'],
  ['dpctl/ipf-set-max-nfrags', 'dummy@ovs-dummy', '1000'],
  ['dpctl/ipf-get-status'],
  ['dpctl/ipf-set-enabled', 'v4'],
  ['dpctl/ipf-set-min-frag', 'v4', '1200'],
];

/** A fragment of an IPv4 packet, 1208 bytes of it at a time; the last has 100. */
const fragment = (part: 0 | 1 | 2, id: number): string => {
  const isLast = part === 2;
  const options = { id, protocol: 17, fragmentOffset: part * 1208, moreFragments: !isLast };
  const packet = eth().ipv4('10.0.0.1', '10.0.0.2', options);
  if (part > 0) return toHex(packet.payload(isLast ? 100 : 1208).bytes());
  // A UDP header of 2516 bytes without a checksum, and the beginning of its payload.
  const header = Uint8Array.of(0, 7, 0, 9, 9, 0xd4, 0, 0);
  return toHex(packet.payload(Uint8Array.of(...header, ...new Uint8Array(1200))).bytes());
};
const receive = (part: 0 | 1 | 2, id: number): readonly string[] => ['netdev-dummy/receive', 'p1', fragment(part, id)];

/** Fragments are held until the packet is whole; what misses is seen in the order in which it came. */
const GATHERING: Commands = [
  receive(0, 1),
  ['dpctl/ipf-get-status', '-m'],
  receive(2, 1),
  ['dpctl/ipf-get-status', '-m'],
  ['dpctl/dump-conntrack'],
  receive(1, 1),
  ['version'],
  ['dpctl/ipf-get-status', '-m'],
  ['dpctl/dump-conntrack'],
  ['dpctl/dump-flows'],
  receive(1, 2),
  receive(2, 3),
  ['dpctl/ipf-get-status', '-m'],
  receive(1, 3),
  receive(0, 3),
  ['dpctl/ipf-get-status', '-m'],
  ['dpctl/dump-flows'],
  ['dpctl/ipf-set-disabled', 'v4'],
  receive(0, 4),
  ['dpctl/ipf-get-status', '-m'],
  ['dpctl/ipf-set-enabled', 'v4'],
];

const ACTIONS: Commands = [
  ['dpctl/normalize-actions', 'in_port(1),eth()', '1,2'],
  ['dpctl/normalize-actions', 'in_port(1),eth()', '9,2,1'],
  [
    'dpctl/normalize-actions',
    'in_port(1),eth(),eth_type(0x8100),vlan(vid=9,pcp=1),encap(eth_type(0x1234))',
    '3,1,pop_vlan,4,push_vlan(vid=5,pcp=0),2,1,pop_vlan,3',
  ],
  [
    'dpctl/normalize-actions',
    '-m',
    'in_port(1),eth(),eth_type(0x1234)',
    '3,push_vlan(vid=9,pcp=0),1,pop_vlan,push_vlan(tpid=0x88a8,vid=11,pcp=2),4,pop_vlan,2',
  ],
  ['dpctl/normalize-actions', 'in_port(x),eth()', 'x', 'x=5'],
  ['dpctl/normalize-actions', 'in_port(x),eth()', '1', 'x'],
  ['dpctl/normalize-actions', 'nonsense()', '1'],
  [
    'dpctl/normalize-actions',
    'in_port(1),eth(),eth_type(0x8847),mpls(label=5,tc=1,ttl=7,bos=1)',
    '1,push_vlan(vid=5,pcp=0),2',
  ],
  ['dpctl/normalize-actions', 'in_port(1)', 'nonsense'],
  ['dpctl/normalize-actions', 'in_port(1),eth_type(0x0800)', '1'],
  ['dpctl/normalize-actions', 'in_port(1),eth(),eth_type(0x1234),tcp(src=1,dst=2)', '1'],
  ['dpctl/normalize-actions', 'in_port(1),eth()', 'drop'],
  [
    'dpctl/normalize-actions',
    'in_port(1),eth()',
    'push_vlan(vid=5,pcp=0),push_vlan(vid=6,pcp=0),1,set(eth(src=00:11:22:33:44:55)),2',
  ],
  ['dpctl/normalize-actions', 'in_port(1),eth()'],
  ['dpctl/parse-actions'],
  ['dpctl/parse-actions', '1,2', 'drop', 'push_vlan(vid=5,pcp=0),3'],
];

/** Dumps in no order; identifiers that are drawn at random; the layout of OVS's own tables. */
const comparable = (text: string): string => {
  const lines = text
    .replace(/ufid:[-0-9a-f]+/g, 'ufid')
    .replace(/, dp-extra-info:[^\n]*/g, '')
    .split('\n');
  return lines.some((line) => /^(recirc_id)?\(/.test(line)) ? lines.sort().join('\n') : lines.join('\n');
};

const SESSIONS: Readonly<Record<string, readonly [Commands, AppctlSession?]>> = {
  'datapaths and ports': [DATAPATHS],
  'flows from files': [FLOW_FILES, { files: FLOWS, flows: '' }],
  'settings of fragments': [FRAGMENTS],
  'gathering of fragments': [GATHERING, { flows: 'table=0,ip,actions=ct(commit,zone=5,table=1)\ntable=1,actions=2\n' }],
  'forms of actions': [ACTIONS],
};

describe.skipIf(!requireOracle())('dpctl as in real OVS', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  test.each(Object.entries(SESSIONS))('%s', async (_name, [commands, session]) => {
    expect(await appctlDifferences(oracle, commands, { comparable, ...session })).toBe('');
  });
});
