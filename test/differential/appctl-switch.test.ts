/**
 * The commands of ovs-appctl around the switch: threads, implementations, logging, rules and what a bridge does not
 * have, asked of real OVS and of Upcall; the same words and errors, wrong arguments included.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { APPCTL_SETUP, type AppctlSession, appctlDifferences } from './appctl-differences.js';
import { OurSwitch } from './bridge/our-switch.js';
import { RealSwitch } from './bridge/switch.js';

type Commands = readonly (readonly string[])[];

const ETH = 'in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07)';
const receive = (port: string, flow: string): readonly string[] => ['netdev-dummy/receive', port, flow];

const THREADS: Commands = [
  ['dpif-netdev/pmd-stats-show'],
  ['dpif-netdev/pmd-stats-show', 'ovs-dummy'],
  ['dpif-netdev/pmd-stats-show', 'x'],
  ['dpif-netdev/pmd-stats-show', '-pmd', '0'],
  ['dpif-netdev/pmd-stats-show', '-pmd', '4294967295'],
  ['dpif-netdev/pmd-stats-show', '-pmd', 'x'],
  ['dpif-netdev/pmd-stats-show', '-pmd'],
  ['dpif-netdev/pmd-stats-show', 'a', 'b', 'c', 'd'],
  ['dpif-netdev/pmd-stats-clear'],
  ['dpif-netdev/pmd-stats-clear', '-pmd', '4'],
  ['dpif-netdev/pmd-rxq-show'],
  ['dpif-netdev/pmd-rxq-show', '-pmd', 'x'],
  ['dpif-netdev/pmd-rxq-show', '-pmd', '3'],
  ['dpif-netdev/pmd-rxq-show', '-secs', '4'],
  ['dpif-netdev/pmd-rxq-show', '-secs', '0'],
  ['dpif-netdev/pmd-rxq-show', '-secs', '61'],
  ['dpif-netdev/pmd-rxq-show', '-secs', 'x'],
  ['dpif-netdev/pmd-perf-show'],
  ['dpif-netdev/pmd-perf-show', '-nh', '-it', '5', '-ms', '6', 'ovs-dummy'],
  ['dpif-netdev/pmd-perf-log-set'],
  ['dpif-netdev/pmd-perf-log-set', 'on'],
  ['dpif-netdev/pmd-perf-log-set', 'sideways'],
  ['dpif-netdev/pmd-perf-log-set', 'on', '-b', '10', '-a', '20', '-e', '-us', '50', '-q', '20'],
  ['dpif-netdev/pmd-perf-log-set', 'off', '-ne', '-b', 'x'],
  ['dpif-netdev/pmd-perf-log-set', '-b'],
  ['dpif-netdev/pmd-rxq-rebalance'],
  ['dpif-netdev/pmd-rxq-rebalance', 'ovs-dummy'],
  ['dpif-netdev/pmd-rxq-rebalance', 'x'],
  ['dpif-netdev/bond-show'],
  ['dpif-netdev/bond-show', 'ovs-dummy'],
  ['dpif-netdev/bond-show', 'x'],
  ['dpctl/add-dp', 'dummy@x'],
  ['dpif-netdev/pmd-stats-show'],
  ['dpif-netdev/pmd-stats-show', 'nonsense'],
  ['dpif-netdev/pmd-rxq-show'],
  ['dpif-netdev/pmd-perf-show'],
  ['dpif-netdev/pmd-rxq-rebalance'],
  ['dpif-netdev/bond-show'],
  ['dpif-netdev/dpif-impl-get'],
  ['dpif-netdev/miniflow-parser-get'],
  ['dpctl/del-dp', 'dummy@x'],
];

const IMPLEMENTATIONS: Commands = [
  ['dpif-netdev/dpif-impl-get'],
  ['dpif-netdev/dpif-impl-set'],
  ['dpif-netdev/dpif-impl-set', 'dpif_scalar'],
  ['dpif-netdev/dpif-impl-set', 'nonsense'],
  ['dpif-netdev/miniflow-parser-get'],
  ['dpif-netdev/miniflow-parser-set'],
  ['dpif-netdev/miniflow-parser-set', 'scalar'],
  ['dpif-netdev/miniflow-parser-set', 'scalar', '5'],
  ['dpif-netdev/miniflow-parser-set', 'nonsense'],
  ['dpif-netdev/miniflow-parser-set', '-pmd'],
  ['dpif-netdev/miniflow-parser-set', '-pmd', '3'],
  ['dpif-netdev/miniflow-parser-set', '-pmd', '3', 'scalar'],
  ['dpif-netdev/miniflow-parser-set', '-pmd', '3', 'nonsense'],
  ['dpif-netdev/miniflow-parser-set', '-pmd', 'x', 'scalar'],
  ['dpif-netdev/miniflow-parser-set', 'study'],
  ['dpif-netdev/miniflow-parser-set', 'study', '100'],
  ['dpif-netdev/miniflow-parser-set', 'study', '0'],
  ['dpif-netdev/miniflow-parser-set', 'study', 'x'],
  ['dpif-netdev/miniflow-parser-set', 'autovalidator'],
  ['dpif-netdev/subtable-lookup-info-get'],
  ['dpif-netdev/subtable-lookup-prio-get'],
  ['dpif-netdev/subtable-lookup-prio-set', 'generic'],
  ['dpif-netdev/subtable-lookup-prio-set', 'generic', '5'],
  ['dpif-netdev/subtable-lookup-prio-set', 'nonsense', '5'],
  ['dpif-netdev/subtable-lookup-prio-set', 'generic', 'x'],
  ['dpif-netdev/subtable-lookup-prio-set', 'generic', '300'],
  ['dpif-netdev/subtable-lookup-prio-set', 'generic', '-1'],
  ['dpif-netdev/subtable-lookup-prio-set', 'autovalidator', '7'],
  ['dpif-netdev/subtable-lookup-info-get'],
  ['dpif-netdev/subtable-lookup-prio-set', 'generic', '1'],
  ['dpif-netdev/subtable-lookup-prio-set', 'autovalidator', '0'],
  receive('p1', `${ETH},eth_type(0x1234)`),
  receive('p1', `${ETH},eth_type(0x1235)`),
  receive('p2', `${ETH},eth_type(0x1235)`),
  ['dpif-netdev/subtable-lookup-info-get'],
  ['odp-execute/action-impl-show'],
  ['odp-execute/action-impl-set', 'autovalidator'],
  ['odp-execute/action-impl-set', 'nonsense'],
  ['odp-execute/action-impl-set'],
  ['odp-execute/action-impl-show'],
  ['odp-execute/action-impl-set', 'scalar'],
  ['odp-execute/action-impl-show', 'x'],
];

/** All that can be logged at a level that no test of this run wants. */
const LOGGING: Commands = [
  ['vlog/list-pattern'],
  ['vlog/set', 'ANY:info'],
  ['vlog/set', 'console:off'],
  ['vlog/list'],
  ['vlog/set', 'x'],
  ['vlog/set', 'ANY:file:dbg'],
  ['vlog/list'],
  ['vlog/set', 'dpif:warn'],
  ['vlog/set', 'DPIF:Syslog:ERR'],
  ['vlog/set', 'dpif_netdev,file,emer', 'ofproto_dpif console info'],
  ['vlog/list'],
  ['vlog/set', 'dpif:x'],
  ['vlog/set', 'nonsense:dbg'],
  ['vlog/set', 'dpif:file:syslog:warn'],
  ['vlog/set', 'dpif:warn:info'],
  ['vlog/set', 'dpif:bridge'],
  ['vlog/set', 'PATTERN:console:%m'],
  ['vlog/set', 'PATTERN:x:%m'],
  ['vlog/set', 'PATTERN'],
  ['vlog/set', 'PATTERN:'],
  ['vlog/set', 'pattern:CONSOLE:%p: %m'],
  ['vlog/list-pattern'],
  ['vlog/set', 'PATTERN:console:%D{%Y-%m-%dT%H:%M:%SZ}|%05N|%c%T|%p|%m'],
  ['vlog/list-pattern'],
  ['vlog/set', 'FACILITY:x'],
  ['vlog/set', 'FACILITY:local3'],
  ['vlog/set', 'facility:DAEMON'],
  ['vlog/set', 'FACILITY'],
  ['vlog/set', ''],
  ['vlog/disable-rate-limit', 'dpif', 'BRIDGE'],
  ['vlog/list'],
  ['vlog/disable-rate-limit', 'x'],
  ['vlog/disable-rate-limit'],
  ['vlog/enable-rate-limit', 'dpif'],
  ['vlog/list'],
  ['vlog/enable-rate-limit', 'ANY'],
  ['vlog/set'],
  ['vlog/list'],
  ['vlog/set', 'info'],
  ['vlog/set', 'console:off'],
  ['vlog/list', 'x'],
  ['vlog/list-pattern', 'x'],
];

const BRIDGES: Commands = [
  ['bridge/dump-flows', 'br0'],
  ['bridge/dump-flows', '--offload-stats', 'br0'],
  ['bridge/dump-flows', '--nonsense', 'br0'],
  ['bridge/dump-flows', 'br1'],
  ['bridge/dump-flows', 'br9'],
  ['bridge/dump-flows'],
  ['bridge/dump-flows', 'a', 'b', 'c'],
  ['bridge/reconnect'],
  ['bridge/reconnect', 'br0'],
  ['bridge/reconnect', 'br9'],
  ['bridge/reconnect', 'a', 'b'],
  ['qos/show', 'p1'],
  ['qos/show', 'p9'],
  ['qos/show'],
  ['qos/show-types', 'p1'],
  ['qos/show-types', 'br0'],
  ['qos/show-types', 'p9'],
  ['mdb/show', 'br0'],
  ['mdb/show', 'br9'],
  ['mdb/show'],
  ['mdb/flush'],
  ['mdb/flush', 'br0'],
  ['mdb/flush', 'br9'],
  ['ofproto/list-tunnels'],
  ['ofproto/list-tunnels', 'x'],
  ['autoattach/status'],
  ['autoattach/status', 'br0'],
  ['autoattach/show-isid', 'br9'],
  ['autoattach/statistics', 'br0'],
  ['autoattach/statistics', 'br0', 'br1'],
  ['netdev-dummy/conn-state'],
  ['netdev-dummy/conn-state', 'p1'],
  ['netdev-dummy/conn-state', 'p9'],
  ['netdev-dummy/conn-state', 'p1', 'p2'],
  ['memory/show'],
  ['memory/show', 'x'],
  ['upcall/disable-ufid'],
  ['upcall/show'],
  ['upcall/enable-ufid'],
  ['upcall/show'],
  ['upcall/show', 'x'],
  ['upcall/enable-ufid', 'x'],
  ['upcall/set-flow-limit'],
  ['upcall/set-flow-limit', 'x'],
  ['upcall/set-flow-limit', '10000'],
  ['revalidator/pause'],
  ['revalidator/resume'],
  ['revalidator/pause', 'x'],
  ['list-commands', 'x'],
  ['exit', 'now', 'please'],
  ['version', 'x'],
  receive('p1', `${ETH},eth_type(0x1234)`),
  ['version'],
  ['bridge/dump-flows', 'br0'],
  ['memory/show'],
];

const PORT_NUMBERS: Commands = [
  ['dpif-dummy/change-port-number', 'dummy@ovs-dummy', 'p1', '4'],
  ['dpif-dummy/change-port-number', 'ovs-dummy', 'p9', '4'],
  ['dpif-dummy/change-port-number', 'ovs-dummy', 'p1', 'x'],
  ['dpif-dummy/change-port-number', 'ovs-dummy', 'p1', '2'],
  ['dpif-dummy/change-port-number', 'ovs-dummy', 'p1'],
  ['dpif-dummy/change-port-number', 'ovs-dummy', 'p1', '44'],
  ['dpctl/show'],
  ['dpif/show'],
  receive('p1', `${ETH},eth_type(0x1234)`),
  ['version'],
  ['dpctl/dump-flows'],
  ['ofproto/trace', 'br0', 'in_port=2'],
];

const TCP = `${ETH},eth_type(0x0800),ipv4(src=1.1.1.1,dst=2.2.2.2,proto=6,tos=0,ttl=64,frag=no),tcp(src=1,dst=2)`;

/** Dummy devices take frames of any length, and send none that is longer than their MTU. */
const LONG_FRAMES: Commands = [
  receive('p1', TCP),
  ['version'],
  ...['60', '16256', '16257', '20000', '65000', '70000'].map((size) => [...receive('p1', TCP), '--len', size]),
  ['version'],
  ['dpctl/dump-flows'],
  ['dpctl/show', '-s'],
  [...receive('p2', TCP), '--len', '30000'],
  ['version'],
  ['dpctl/dump-flows'],
  [...receive('p2', TCP), '--len', '59'],
];

/** Actions that are given stand in for the tables, where a copy comes back, too. */
const RECIRCULATED: Commands = [
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp,tcp_dst=80', 'ct(table=1),output:2'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp,tcp_dst=80', 'ct(commit),output:2'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp,tcp_dst=80', 'ct(commit,table=2),resubmit(,3)'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,mpls,mpls_bos=1', 'pop_mpls:0x0800,dec_ttl,output:2'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp', 'ct(nat,table=1),ct(table=2),output:3', '--ct-next', 'trk,est'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp', '--ct-next', 'trk,est', 'ct(nat,table=1),ct(table=2),output:3'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp', '-generate', 'ct(table=1)'],
  ['ofproto/trace-packet-out', 'br0', 'in_port=1,tcp', ''],
];

/** Threads are counted by the CPUs there are, and OVS numbers its revalidators among all threads. */
const comparable = (text: string): string =>
  text
    .replace(/(handlers|revalidators):\d+/g, '$1')
    .replace(/^ {2}\d+: \(keys/gm, '  1: (keys')
    .replace(/^ {2}flows {9}:.*$/gm, 'flows')
    .split('\n')
    .sort()
    .join('\n');

const FLOWS = [
  'actions=NORMAL',
  'table=1,priority=5,tcp,nw_dst=10.0.0.0/8,actions=mod_nw_tos:32,output:2,p3',
  'table=1,cookie=0x5,in_port=1,reg0=5,actions=drop',
  'table=253,priority=0,actions=learn(table=2,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]),controller(max_len=20)',
].join('\n');

const SESSIONS: Readonly<Record<string, readonly [Commands, AppctlSession?]>> = {
  threads: [THREADS],
  implementations: [IMPLEMENTATIONS],
  logging: [LOGGING],
  'bridges and the daemon': [BRIDGES, { flows: `${FLOWS}\n` }],
  'packet-outs that come back': [
    RECIRCULATED,
    { flows: '', comparable: (text) => text.replace(/(recirc\(|recirc_id=)0x[0-9a-f]+/g, '$1ID') },
  ],
  'long frames': [
    LONG_FRAMES,
    { flows: 'in_port=1,ip,actions=mod_nw_src:9.9.9.9,mod_vlan_vid:5,output:2\nin_port=2,actions=1\n' },
  ],
  'numbers of ports': [PORT_NUMBERS],
};

const COUNTED = [
  'netdev_received',
  'mac_learning_learned',
  'mac_learning_moved',
  'mac_learning_evicted',
  'drop_action_of_pipeline',
  'drop_action_recursion_too_deep',
  'drop_action_too_many_resubmit',
  'drop_action_stack_too_deep',
  'drop_action_too_many_mpls_labels',
  'dpif_execute',
  'datapath_drop_meter',
  'datapath_drop_recirc_error',
  'upcall_flow_limit_hit',
  'bridge_reconfigure',
];

const COUNTED_FLOWS = [
  'priority=9,dl_type=0x1236,actions=drop',
  'priority=9,dl_type=0x1237,actions=resubmit(,0)',
  `priority=9,dl_type=0x1238,actions=${'push:NXM_NX_XXREG0[],'.repeat(900)}goto_table:1`,
  ...Array.from(
    { length: 5 },
    (_, i) => `table=${i + 1},actions=${'push:NXM_NX_XXREG0[],'.repeat(900)}goto_table:${i + 2}`,
  ),
  'priority=9,dl_type=0x1239,actions=resubmit(,20)',
  ...Array.from({ length: 14 }, (_, i) => `table=${i + 20},actions=resubmit(,${i + 21}),resubmit(,${i + 21})`),
  `priority=9,dl_type=0x123a,actions=${'push_mpls:0x8847,'.repeat(4)}2`,
  'actions=NORMAL\n',
].join('\n');

const COUNTED_COMMANDS: Commands = [
  receive('p1', `${ETH},eth_type(0x1234)`),
  receive('p2', 'in_port(2),eth(src=50:54:00:00:00:07,dst=50:54:00:00:00:05),eth_type(0x1234)'),
  receive('p1', `${ETH},eth_type(0x1234)`),
  receive('p1', `${ETH},eth_type(0x1236)`),
  ...[0x1236, 0x1237, 0x1237, 0x1238, 0x1238, 0x1239, 0x123a].map((type) =>
    receive('p1', `${ETH},eth_type(0x${type.toString(16)})`),
  ),
];

/** Commands of protocols that Upcall does not have, and of its own life. */
const NOT_LISTED = /^ {2}rstp\//;

describe.skipIf(!requireOracle())('ovs-appctl around the switch, as in real OVS', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  test.each(Object.entries(SESSIONS))('%s', async (_name, [commands, session]) => {
    expect(await appctlDifferences(oracle, commands, { comparable, ...session })).toBe('');
  });

  test('counts the same events', async () => {
    const theirs = new RealSwitch(oracle);
    const ours = new OurSwitch();
    const differences: string[] = [];
    const counts = new Map<RealSwitch | OurSwitch, readonly number[]>();
    for (const target of [theirs, ours]) {
      target.clear();
      target.vsctl(APPCTL_SETUP);
      await target.ofctl(['add-flows', 'br0', '-'], COUNTED_FLOWS);
      const read = async (): Promise<readonly number[]> => {
        const found: number[] = [];
        for (const name of COUNTED) found.push(Number((await target.appctl('coverage/read-counter', name)).text));
        return found;
      };
      // Threads of real OVS give their counts away now and then.
      const settled = async (): Promise<readonly number[]> => {
        for (let i = 0; i < 12; i++) await target.appctl('version');
        await target.appctl('time/warp', '1000');
        for (let i = 0; i < 12; i++) await target.appctl('version');
        return read();
      };
      const before = await settled();
      for (const [command, ...args] of COUNTED_COMMANDS) {
        await target.appctl(command!, ...args);
        for (let i = 0; i < 12; i++) await target.appctl('version');
      }
      const after = await settled();
      counts.set(
        target,
        after.map((count, i) => count - before[i]!),
      );
    }
    COUNTED.forEach((name, i) => {
      const [expected, actual] = [theirs, ours].map((target) => counts.get(target)![i]);
      if (expected !== actual) differences.push(`${name}: real OVS ${expected}, Upcall ${actual}`);
    });
    expect(differences).toEqual([]);
    expect(await appctlDifferences(oracle, [['coverage/read-counter', 'nonsense'], ['coverage/read-counter']])).toBe(
      '',
    );
  });

  test('lists the commands that real OVS lists', async () => {
    const lines = (text: string): readonly string[] => text.split('\n').filter((line) => !NOT_LISTED.test(line));
    const theirs = lines((await oracle.appctl('list-commands')).text);
    expect(lines((await new OurSwitch().appctl('list-commands')).text)).toEqual(theirs);
  });
});
