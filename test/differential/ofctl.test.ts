/**
 * ovs-ofctl against a bridge: the real tool on real OVS and ours on our own switch, the same commands and the same
 * words. Names of the switch and times are not compared: addresses and identifiers are made up by each.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { TestSwitch } from '../support/test-switch.js';

/** Each a sequence of ovs-ofctl's command lines, run on a fresh bridge br0 with ports p1 and p2. */
const SCRIPTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'an empty bridge': [
    ['show', 'br0'],
    ['-O', 'OpenFlow13', 'show', 'br0'],
    ['-O', 'OpenFlow14', 'show', 'br0'],
    ['dump-flows', 'br0'],
    ['-O', 'OpenFlow13', 'dump-flows', 'br0'],
    ['dump-aggregate', 'br0'],
    ['-O', 'OpenFlow15', 'dump-aggregate', 'br0'],
    ['dump-ports', 'br0'],
    ['dump-ports', 'br0', 'p1'],
    ['dump-ports', 'br0', '2'],
    ['dump-ports', 'br0', '7'],
    ['dump-ports', 'br0', 'LOCAL'],
    ['dump-ports', 'br0', 'p9'],
    ['--names', 'dump-ports', 'br0', '1'],
    ['dump-ports-desc', 'br0'],
    ['dump-ports-desc', 'br0', 'p1'],
    ['-O', 'OpenFlow15', 'dump-ports-desc', 'br0', 'p1'],
    ['get-frags', 'br0'],
    ['probe', 'br0'],
  ],
  'cookies of modified flows, by version': ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow15'].flatMap(
    (version) => [
      ['-O', version, 'add-flow', 'br0', 'cookie=7,in_port=1,actions=1'],
      ['-O', version, 'mod-flows', 'br0', 'cookie=8,in_port=1,actions=2'],
      ['-O', version, '--strict', 'mod-flows', 'br0', 'cookie=9,in_port=2,actions=2'],
      ['-O', version, 'mod-flows', 'br0', 'cookie=7/-1,in_port=1,actions=1,2'],
      ['--no-stats', 'dump-flows', 'br0'],
      ['del-flows', 'br0'],
    ],
  ),
  'names of tables': [
    ['-O', 'OpenFlow13', 'mod-table', 'br0', '1', 'name:second'],
    ['-O', 'OpenFlow15', 'mod-table', 'br0', '2', 'name:a "quoted" name'],
    ['add-flow', 'br0', 'table=second,ip,actions=1'],
    ['add-flow', 'br0', 'table=0,ip,actions=resubmit(,second),resubmit(,"a \\"quoted\\" name")'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'table=0,arp,actions=goto_table:second'],
    ['add-flow', 'br0', 'table=0,tcp,actions=ct(table=second),learn(table=second,NXM_OF_IN_PORT[])'],
    ['add-flow', 'br0', 'table=third,actions=drop'],
    ['--names', '--no-stats', 'dump-flows', 'br0'],
    ['--no-stats', 'dump-flows', 'br0'],
    ['--no-stats', 'dump-flows', 'br0', 'table=second'],
    ['--no-names', '--no-stats', 'dump-flows', 'br0', 'table=second'],
    ['--names', 'add-flow', 'br0', 'table=second,actions=goto_table:1'],
    ['-O', 'OpenFlow15', '--names', 'dump-table-desc', 'br0'],
    ['--names', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow13', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow13', 'mod-table', 'br0', 'second', `name:${'x'.repeat(40)}`],
    ['--names', '--no-stats', 'dump-flows', 'br0', 'table=1'],
    ['-O', 'OpenFlow13', 'mod-table', 'br0', '1', 'name:'],
    ['--names', '--no-stats', 'dump-flows', 'br0', 'table=1'],
    ['mod-table', 'br0', '1', 'name:x'],
    ['-O', 'OpenFlow10', 'mod-table', 'br0', '1', 'name:x'],
    ['-O', 'OpenFlow13', 'mod-table', 'br0', 'all', 'name:x'],
    ['-O', 'OpenFlow13', 'mod-table', 'br0', '254', 'name:x'],
  ],
  'flows by version': [
    ['add-flow', 'br0', 'priority=5,in_port=1,actions=mod_vlan_vid:5,output:2'],
    ['add-flow', 'br0', 'priority=6,in_port=p1,actions=output:p2'],
    ['add-flow', 'br0', 'table=1,cookie=0x1234,idle_timeout=60,hard_timeout=70,tcp,tp_dst=80,actions=drop'],
    ['add-flow', 'br0', 'table=2,ip,actions=set_field:1.2.3.4->ip_dst,load:5->reg0[],mod_nw_ttl:5,resubmit(,3)'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'table=3,actions=push_vlan:0x8100,set_field:4101->vlan_vid,goto_table:4'],
    ['-O', 'OpenFlow14', 'add-flow', 'br0', 'table=4,importance=9,send_flow_rem,actions=clear_actions,goto_table:5'],
    ['-O', 'OpenFlow15', 'add-flow', 'br0', 'table=5,udp,actions=set_field:5/0xff->reg1,mod_tp_src:3'],
    ['dump-flows', 'br0'],
    ['-O', 'OpenFlow11', 'dump-flows', 'br0'],
    ['-O', 'OpenFlow12', 'dump-flows', 'br0'],
    ['-O', 'OpenFlow13', 'dump-flows', 'br0'],
    ['-O', 'OpenFlow14', 'dump-flows', 'br0'],
    ['-O', 'OpenFlow15', 'dump-flows', 'br0'],
    ['-F', 'OpenFlow10', 'dump-flows', 'br0', 'table=1'],
    ['--no-stats', 'dump-flows', 'br0'],
    ['--names', 'dump-flows', 'br0'],
    ['--names', '--no-stats', 'dump-flows', 'br0', 'in_port=p1'],
    ['--no-names', 'dump-flows', 'br0', 'table=0'],
    ['dump-flows', 'br0', 'table=1'],
    ['dump-flows', 'br0', 'tcp'],
    ['dump-flows', 'br0', 'cookie=0x1234/-1'],
    ['dump-flows', 'br0', 'out_port=2'],
    ['dump-flows', 'br0', 'in_port=p1'],
    ['--sort', 'dump-flows', 'br0', 'table=0'],
    ['--rsort', 'dump-flows', 'br0', 'table=0'],
    ['--rsort=in_port', 'dump-flows', 'br0', 'table=0'],
    ['--sort=tcp_dst', 'dump-flows', 'br0', 'table=1'],
    ['dump-aggregate', 'br0', 'table=0'],
    ['dump-aggregate', 'br0', 'ip'],
  ],
  'changing and deleting': [
    ['add-flow', 'br0', 'priority=5,ip,nw_src=10.0.0.0/8,actions=output:1'],
    ['add-flow', 'br0', 'priority=6,ip,nw_src=10.1.0.0/16,actions=output:1'],
    ['mod-flows', 'br0', 'ip,nw_src=10.0.0.0/8,actions=output:2'],
    ['dump-flows', 'br0', '--sort'],
    ['--strict', 'mod-flows', 'br0', 'priority=6,ip,nw_src=10.1.0.0/16,actions=output:1'],
    ['dump-flows', 'br0', '--sort'],
    ['mod-flows', 'br0', 'arp,actions=flood'],
    ['-O', 'OpenFlow13', 'mod-flows', 'br0', 'icmp,actions=flood'],
    ['dump-flows', 'br0', '--sort'],
    ['--strict', 'del-flows', 'br0', 'priority=7,ip'],
    ['--strict', 'del-flows', 'br0', 'priority=6,ip,nw_src=10.1.0.0/16'],
    ['dump-flows', 'br0', '--sort'],
    ['del-flows', 'br0', 'out_port=2'],
    ['dump-flows', 'br0', '--sort'],
    ['del-flows', 'br0'],
    ['dump-flows', 'br0'],
  ],
  'what the switch refuses': [
    ['add-flow', 'br0', 'table=254,actions=1'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'table=254,actions=1'],
    ['add-flow', 'br0', 'priority=5,in_port=1,actions=1'],
    ['add-flow', 'br0', 'check_overlap,priority=5,ip,actions=1'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'check_overlap,priority=5,cookie=7,ip,actions=1'],
    ['--no-names', 'add-flow', 'br0', 'check_overlap,priority=5,reg0=1,actions=1'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'actions=goto_table:0'],
    ['add-flow', 'br0', 'ip,actions=write_metadata:5,goto_table:3'],
    ['add-flow', 'br0', 'actions=mod_nw_ttl:5'],
    ['add-flow', 'br0', 'actions=push_vlan:0x8100,1'],
    ['-O', 'OpenFlow11', 'add-flow', 'br0', 'actions=mod_nw_src:1.2.3.4'],
    ['dump-flows', 'br0', '--no-stats'],
  ],
  ports: [
    ['mod-port', 'br0', 'p1', 'no-flood'],
    ['mod-port', 'br0', '2', 'noreceive'],
    ['mod-port', 'br0', 'LOCAL', 'no-packet-in'],
    ['mod-port', 'br0', 'p2', 'NO-FORWARD'],
    ['mod-port', 'br0', 'p1', 'down'],
    ['show', 'br0'],
    ['-O', 'OpenFlow13', 'show', 'br0'],
    ['mod-port', 'br0', 'p1', 'up'],
    ['mod-port', 'br0', 'p1', 'flood'],
    ['dump-ports-desc', 'br0'],
    ['mod-port', 'br0', 'p7', 'up'],
    ['mod-port', 'br0', 'p1', 'sideways'],
    ['-O', 'OpenFlow13', 'mod-port', 'br0', 'p1', 'no-flood'],
    ['dump-ports-desc', 'br0'],
  ],
  packets: [
    ['packet-out', 'br0', 'in_port=p1 packet=00112233445566778899aabb0800,actions=p2'],
    [
      'packet-out',
      'br0',
      'LOCAL',
      'output:1',
      '00112233445566778899aabb0800',
      '00.11.22.33.44.55.66.77.88.99.aa.bb.08.00',
    ],
    ['packet-out', 'br0', 'packet=00112233445566778899aabb0800'],
    ['dump-ports', 'br0'],
    ['packet-out', 'br0', 'LOCAL', 'output:1', '00'],
    ['packet-out', 'br0', 'LOCAL', 'output:1'],
    ['packet-out', 'br0', 'p9', 'output:1', '00112233445566778899aabb0800'],
    ['packet-out', 'br0', 'in_port=LOCAL packet=001x,actions=1'],
    ['packet-out', 'br0', 'in_port=LOCAL,actions=1'],
    ['packet-out', 'br0', 'in_port=flood packet=00112233445566778899aabb0800,actions=1'],
    ['packet-out', 'br0', 'in_port=p9 packet=00112233445566778899aabb0800,actions=1'],
    ['packet-out', 'br0', 'foo=1 packet=00112233445566778899aabb0800,actions=1'],
    ['packet-out', 'br0', 'tcp_src=1 packet=00112233445566778899aabb0800,actions=1'],
    ['packet-out', 'br0', 'packet=00112233445566778899aabb0800,actions=output:65535'],
    ['packet-out', 'br0', 'packet=00112233445566778899aabb0800,actions=foo'],
  ],
  files: [
    ['add-flows', 'br0', '-'],
    ['dump-flows', 'br0', '--no-stats', '--sort'],
    ['replace-flows', 'br0', '-'],
    ['dump-flows', 'br0', '--no-stats', '--sort'],
    ['--bundle', 'add-flows', 'br0', '-'],
    ['add-flows', 'br0', '/no/such/file'],
    ['add-flow', 'br0', '-'],
    ['del-flows', 'br0', '-'],
    ['dump-flows', 'br0', '--no-stats', '--sort'],
  ],
};

const EXTENDED_SCRIPTS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  groups: [
    ['dump-groups', 'br0'],
    ['add-group', 'br0', 'group_id=1,type=all,bucket=output:1,bucket=mod_vlan_vid:5,output:p2'],
    ['-O', 'OpenFlow11', 'add-group', 'br0', 'group_id=2,type=indirect,bucket=output:1'],
    ['-O', 'OpenFlow15', 'add-group', 'br0', 'group_id=3,type=select,bucket=weight:5,1,bucket=bucket_id:9,2'],
    [
      'add-group',
      'br0',
      'group_id=4,type=select,selection_method=hash,fields(ip_src=255.255.0.0,ip_dst),bucket=1,bucket=2',
    ],
    ['add-group', 'br0', 'group_id=5,type=ff,bucket=watch_port:1,1,bucket=watch_group:2,group:2'],
    ['dump-groups', 'br0'],
    ['dump-groups', 'br0', '3'],
    ['dump-groups', 'br0', 'foo'],
    ['--names', 'dump-groups', 'br0', '5'],
    ['-O', 'OpenFlow11', 'dump-groups', 'br0', '3'],
    ['-O', 'OpenFlow13', 'dump-groups', 'br0'],
    ['-O', 'OpenFlow15', 'dump-groups', 'br0', '4'],
    ['add-flow', 'br0', 'in_port=1,actions=group:1'],
    ['add-flow', 'br0', 'in_port=2,actions=group:77'],
    ['dump-flows', 'br0', '--no-stats'],
    ['dump-flows', 'br0', '--no-stats', 'out_port=1'],
    ['-O', 'OpenFlow13', 'dump-flows', 'br0', '--no-stats', 'out_group=1'],
    ['dump-group-stats', 'br0'],
    ['dump-group-stats', 'br0', 'group_id=1'],
    ['-O', 'OpenFlow11', 'dump-group-stats', 'br0'],
    ['-O', 'OpenFlow13', 'dump-group-stats', 'br0', 'group_id=3'],
    ['dump-group-features', 'br0'],
    ['-O', 'OpenFlow11', 'dump-group-features', 'br0'],
    ['-O', 'OpenFlow12', 'dump-group-features', 'br0'],
    ['-O', 'OpenFlow15', 'dump-group-features', 'br0'],
    ['mod-group', 'br0', 'group_id=1,type=all,bucket=output:2'],
    ['mod-group', 'br0', 'group_id=9,type=all,bucket=output:2'],
    ['--may-create', 'mod-group', 'br0', 'group_id=9,type=all,bucket=output:2'],
    ['add-group', 'br0', 'group_id=9,type=all,bucket=output:2'],
    ['-O', 'OpenFlow13', 'add-group', 'br0', 'group_id=9,type=all,bucket=output:2'],
    ['insert-buckets', 'br0', 'group_id=9,command_bucket_id=first,bucket=bucket_id:7,output:1'],
    ['insert-buckets', 'br0', 'group_id=9,command_bucket_id=7,bucket=bucket_id:8,output:1'],
    ['insert-buckets', 'br0', 'group_id=9,command_bucket_id=77,bucket=bucket_id:18,output:1'],
    ['insert-buckets', 'br0', 'group_id=99,command_bucket_id=7,bucket=bucket_id:8,output:1'],
    ['dump-groups', 'br0', '9'],
    ['remove-buckets', 'br0', 'group_id=9,command_bucket_id=7'],
    ['remove-buckets', 'br0', 'group_id=9,command_bucket_id=last'],
    ['-O', 'OpenFlow13', 'remove-buckets', 'br0', 'group_id=9,command_bucket_id=all'],
    ['dump-groups', 'br0', '9'],
    ['add-group', 'br0', 'group_id=10,type=all,bucket=watch_port:1,output:1'],
    ['add-group', 'br0', 'group_id=10,type=indirect'],
    ['add-groups', 'br0', '/no/such/file'],
    ['del-groups', 'br0', 'group_id=1'],
    ['dump-flows', 'br0', '--no-stats'],
    ['del-groups', 'br0'],
    ['dump-groups', 'br0'],
  ],
  meters: [
    ['-O', 'OpenFlow13', 'dump-meters', 'br0'],
    ['-O', 'OpenFlow13', 'add-meter', 'br0', 'meter=1 pktps burst stats bands=type=drop rate=1 burst_size=1'],
    ['-O', 'OpenFlow14', 'add-meter', 'br0', 'meter=2,kbps,band=type=drop,rate=1000'],
    ['-O', 'OpenFlow13', 'add-meter', 'br0', 'meter=2 kbps band=type=drop rate=1000'],
    ['-O', 'OpenFlow13', 'dump-meters', 'br0'],
    ['-O', 'OpenFlow15', 'dump-meter', 'br0', 'meter=2'],
    ['-O', 'OpenFlow13', 'dump-meter', 'br0', 'meter=7'],
    ['-O', 'OpenFlow13', 'mod-meter', 'br0', 'meter=2 kbps stats band=type=drop rate=2000'],
    ['-O', 'OpenFlow13', 'mod-meter', 'br0', 'meter=7 kbps band=type=drop rate=2000'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'in_port=1,actions=meter:1,output:2'],
    ['-O', 'OpenFlow13', 'add-flow', 'br0', 'in_port=2,actions=meter:7,output:2'],
    ['-O', 'OpenFlow15', 'dump-flows', 'br0', '--no-stats'],
    ['-O', 'OpenFlow10', 'dump-flows', 'br0', '--no-stats'],
    ['-O', 'OpenFlow13', 'meter-stats', 'br0'],
    ['-O', 'OpenFlow13', 'meter-stats', 'br0', 'meter=1'],
    ['-O', 'OpenFlow13', 'meter-features', 'br0'],
    ['-O', 'OpenFlow13', 'del-meter', 'br0', 'meter=1'],
    ['-O', 'OpenFlow13', 'dump-flows', 'br0', '--no-stats'],
    ['-O', 'OpenFlow13', 'del-meters', 'br0'],
    ['-O', 'OpenFlow13', 'dump-meters', 'br0'],
  ],
  tables: [
    ['dump-tables', 'br0'],
    ['-O', 'OpenFlow11', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow12', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow13', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow15', 'dump-tables', 'br0'],
    ['add-flow', 'br0', 'table=5,actions=drop'],
    ['-O', 'OpenFlow11', 'mod-table', 'br0', '3', 'drop'],
    ['-O', 'OpenFlow12', 'mod-table', 'br0', '253', 'continue'],
    ['dump-tables', 'br0'],
    ['-O', 'OpenFlow11', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow12', 'dump-tables', 'br0'],
    ['-O', 'OpenFlow13', 'dump-tables', 'br0'],
    ['mod-table', 'br0', '3', 'foo'],
    ['mod-table', 'br0', 'foo', 'drop'],
    ['mod-table', 'br0', '3', 'drop'],
    ['mod-table', 'br0', '3', 'evict'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '3', 'evict'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '4', 'vacancy:20,80'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '3', 'vacancy:20'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '3', 'vacancy'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '3', 'vacancy:80,20'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '3', 'vacancy:101,20'],
    ['-O', 'OpenFlow11', 'mod-table', 'br0', '254', 'drop'],
    ['-O', 'OpenFlow11', 'mod-table', 'br0', '254', 'continue'],
    ['-O', 'OpenFlow14', 'mod-table', 'br0', '254', 'evict'],
    ['-O', 'OpenFlow14', 'dump-table-desc', 'br0'],
    ['-O', 'OpenFlow15', 'mod-table', 'br0', '3', 'noevict'],
    ['-O', 'OpenFlow15', 'mod-table', 'br0', '4', 'novacancy'],
    ['-O', 'OpenFlow15', 'dump-table-desc', 'br0'],
    ['-O', 'OpenFlow13', 'dump-table-desc', 'br0'],
  ],
  bundles: [
    ['bundle', 'br0', '-'],
    ['dump-flows', 'br0', '--no-stats', '--sort'],
    ['dump-groups', 'br0'],
    ['-O', 'OpenFlow13', 'bundle', 'br0', '-'],
    ['bundle', 'br0', '/no/such/file'],
  ],
  'statistics of queues': [
    ...['OpenFlow10', 'OpenFlow11', 'OpenFlow13', 'OpenFlow14'].map((version) => ['-O', version, 'queue-stats', 'br0']),
    ['queue-stats', 'br0', 'p1'],
    ['queue-stats', 'br0', '2', '0'],
    ['queue-stats', 'br0', 'ALL', '0'],
    ['queue-stats', 'br0', 'ALL', '7'],
    ['queue-stats', 'br0', 'p1', '7'],
    ['queue-stats', 'br0', '9'],
    ['-O', 'OpenFlow13', 'queue-stats', 'br0', '9', '0'],
  ],
  'a switch as a whole': [
    ['set-frags', 'br0', 'foo'],
    ['set-frags', 'br0', 'normal'],
    ['set-frags', 'br0', 'reassemble'],
    ['ct-flush-zone', 'br0', 'x'],
    ['dump-ipfix-bridge', 'br0'],
    ['-O', 'OpenFlow13', 'dump-ipfix-flow', 'br0'],
  ],
};

/** Standard input of the commands that read it. */
const FILE = `# two tables
priority=1,ip,actions=output:1
add table=1,priority=2,arp,actions=p2   # by name
delete table=1
priority=9,icmp,actions=drop
`;

const BUNDLE_FILE = `# all at once
group add_or_mod group_id=5,type=all,bucket=output:1
flow add table=1,priority=5,ip,actions=group:5
flow table=2,actions=drop
packet-out in_port=1 packet=00112233445566778899aabb0800,actions=2
flow delete table=2
`;

/** The order of groups and meters is that of a hash table, which is the switch's affair. */
function inOrder(text: string): string {
  const lines = text.split('\n');
  const isGroup = (line: string): boolean => line.startsWith(' group_id=');
  const groups = lines.filter(isGroup).sort();
  return lines.map((line) => (isGroup(line) ? groups.shift()! : line)).join('\n');
}

/** What differs from one switch to the next by chance, made equal. */
function normalize(text: string): string {
  return (
    inOrder(text)
      .split('\n')
      .filter((line) => !/^\d{4}-\d\d-\d\dT/.test(line) && !/^[0-9a-f]{8} {2}/.test(line))
      .join('\n')
      .replace(/dpid:\w+/, 'dpid:X')
      .replace(/addr:[0-9a-f:]+/g, 'addr:X')
      // Which counters a dummy device has is the device's affair.
      .replace(/(drop|errs)=[\d?]+/g, '$1=X')
      .replace(/duration=[\d.]+s/g, 'duration=X')
      .replace(/^ +CUSTOM Statistics\n(^ {22}.*\n)*/gm, '')
  );
}

describe.skipIf(!requireOracle())('ovs-ofctl on a bridge', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  test.each(Object.entries({ ...SCRIPTS, ...EXTENDED_SCRIPTS }))('%s', async (_name, script) => {
    oracle.clear();
    oracle.must('ovs-vsctl', [
      'add-br',
      'br0',
      '--',
      'set',
      'bridge',
      'br0',
      'datapath-type=dummy',
      'fail-mode=secure',
    ]);
    for (const [number, name] of ['p1', 'p2'].entries()) {
      const settings = ['type=dummy', `ofport_request=${number + 1}`];
      oracle.must('ovs-vsctl', ['add-port', 'br0', name, '--', 'set', 'Interface', name, ...settings]);
    }
    const { vswitchd } = TestSwitch.withPorts(2);
    // Whether a new device is up is the device's affair.
    const up = ['p1', 'p2', 'LOCAL'].map((port) => ['mod-port', 'br0', port === 'LOCAL' ? 'br0' : port, 'up']);
    for (const line of [...up, ...script]) {
      const stdin = line.includes('bundle') ? BUNDLE_FILE : FILE;
      const real = oracle.run('ovs-ofctl', line, line.includes('-') ? stdin : '');
      const ours = await runOfctl(line, {
        connection: (name) => vswitchd.bridge(name),
        readFile: () => Promise.reject(new Error('no files')),
        stdin,
      });
      expect({
        line: line.join(' '),
        stdout: normalize(ours.stdout),
        stderr: normalize(ours.stderr),
        exitCode: ours.exitCode,
      }).toEqual({
        line: line.join(' '),
        stdout: normalize(real.stdout),
        stderr: normalize(real.stderr),
        exitCode: real.exitCode,
      });
    }
  });
});
