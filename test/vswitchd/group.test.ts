/** Groups as packets and controllers see them; the answers are those of ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../support/test-switch.js';

const OF15 = '-O OpenFlow15';
const TCP =
  'in_port=5,tcp,dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02,nw_src=10.0.0.1,nw_dst=10.0.0.2,tcp_src=1000,tcp_dst=80';
const SYMMETRIC =
  'recirc_id=0,eth,tcp,in_port=5,dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02,' +
  'nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_frag=no,tp_src=1000,tp_dst=80';
const PLAIN = 'recirc_id=0,eth,ip,in_port=5,nw_frag=no';

function fivePorts(): TestSwitch {
  const sw = TestSwitch.withPorts(5);
  sw.vsctl('set bridge br0 protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15');
  return sw;
}

async function withGroups(...groups: readonly string[]): Promise<TestSwitch> {
  const sw = fivePorts();
  for (const group of groups) await sw.ofctl(`${OF15} add-group br0 ${group}`);
  await sw.ofctl(`${OF15} add-flow br0 actions=group:1`);
  return sw;
}

const TWO = 'bucket=bucket_id=1,actions=output:1,bucket=bucket_id=2,actions=output:2';

describe('A packet for a group', () => {
  it.each([
    [
      'of type all goes to every bucket, each with a copy of its own',
      'type=all,bucket=actions=output:1,bucket=actions=set_field:50:54:00:00:00:09->eth_dst,output:2',
      TCP,
      'recirc_id=0,eth,ip,in_port=5,dl_dst=50:54:00:00:00:02,nw_frag=no',
      '1,set(eth(dst=50:54:00:00:00:09)),2',
    ],
    ['of type select is hashed by the datapath first', `type=select,${TWO}`, TCP, PLAIN, 'hash(sym_l4(0)),recirc(0x1)'],
    [
      'of type select goes to the bucket of its hash',
      `type=select,${TWO}`,
      `dp_hash=7,${TCP}`,
      'recirc_id=0,dp_hash=0x7/0xf,eth,ip,in_port=5,nw_frag=no',
      '2',
    ],
    [
      'with dp_hash and a parameter is hashed with that basis',
      'type=select,selection_method=dp_hash,selection_method_param=5,bucket=bucket_id=1,actions=output:1',
      TCP,
      PLAIN,
      'hash(l4(5)),recirc(0x1)',
    ],
    [
      'with hash and no fields is hashed over both ends',
      `type=select,selection_method=hash,${TWO}`,
      TCP,
      SYMMETRIC,
      '1',
    ],
    [
      'with hash and fields depends on those fields only',
      `type=select,selection_method=hash,fields(ip_src,tcp_dst),${TWO}`,
      TCP,
      'recirc_id=0,eth,tcp,in_port=5,nw_src=10.0.0.1,nw_frag=no,tp_dst=80',
      '1',
    ],
    [
      'whose weights are all zero goes nowhere',
      'type=select,bucket=bucket_id=1,weight=0,actions=output:1',
      TCP,
      SYMMETRIC,
      'drop',
    ],
    [
      'whose weights would take too many hash values is hashed in userspace',
      'type=select,bucket=bucket_id=1,weight=1,actions=output:1,bucket=bucket_id=2,weight=1000,actions=output:2',
      TCP,
      SYMMETRIC,
      '2',
    ],
    [
      'of type fast failover goes to the first live bucket',
      'type=fast_failover,bucket=watch_port=9,actions=output:1,bucket=watch_port=2,actions=output:2',
      TCP,
      PLAIN,
      '2',
    ],
    [
      'without a live bucket goes nowhere',
      'type=fast_failover,bucket=watch_port=9,actions=output:1',
      TCP,
      PLAIN,
      'drop',
    ],
    [
      'can go to the controller, for the reason of a group',
      'type=all,bucket=actions=controller,bucket=actions=in_port',
      TCP,
      PLAIN,
      'userspace(pid=0,controller(reason=4,dont_send=1,continuation=0,recirc_id=1,rule_cookie=0,controller_id=0,max_len=65535)),5',
    ],
  ])('%s', async (_, group, flow, megaflow, actions) => {
    const sw = await withGroups(`group_id=1,${group}`);
    expect(sw.trace('br0', flow, 'Datapath actions')).toBe(actions);
    expect(sw.trace('br0', flow, 'Megaflow')).toBe(megaflow);
  });

  it('follows a port that goes down, through the group that watches it', async () => {
    const sw = await withGroups(
      'group_id=2,type=fast_failover,bucket=watch_port=1,actions=output:1',
      'group_id=1,type=fast_failover,bucket=watch_group=2,actions=group:2,bucket=watch_port=3,actions=output:3',
    );
    expect(sw.trace('br0', TCP, 'Datapath actions')).toBe('1');
    sw.appctl('netdev-dummy/set-admin-state p1 down');
    expect(sw.trace('br0', TCP, 'Datapath actions')).toBe('3');
    sw.appctl('netdev-dummy/set-admin-state p1 up');
    expect(sw.trace('br0', TCP, 'Datapath actions')).toBe('1');
  });

  it('is not caught by groups that watch each other in a circle', async () => {
    const watch = (id: number, other: number): string => `bucket=bucket_id=${id},watch_group=${other},actions=drop`;
    const sw = await withGroups(
      `group_id=1,type=fast_failover,${watch(1, 2)},${watch(2, 2)},${watch(3, 1)}`,
      `group_id=2,type=fast_failover,${watch(1, 1)},${watch(2, 2)},${watch(3, 1)}`,
    );
    expect(sw.trace('br0', TCP, 'Datapath actions')).toBe('drop');
    expect(sw.appctl(`ofproto/trace br0 ${TCP}`)).toContain('>>>> bucket chaining exceeded 128 links <<<<');
  });

  it('in an action set takes the place of an output, and hides it from actset_output', async () => {
    const sw = await withGroups('group_id=1,type=all,bucket=actions=output:1');
    await sw.ofctl(`${OF15} add-flow br0 actions=write_actions(output:1,group:1),goto_table:1`);
    await sw.ofctl(`${OF15} add-flow br0 table=1,actset_output=1,actions=output:4`);
    await sw.ofctl(`${OF15} add-flow br0 table=1,priority=1,actions=output:5`);
    expect(sw.trace('br0', 'in_port=3', 'Datapath actions')).toBe('5,1');
  });

  it('that is hashed by the datapath comes back to its bucket', async () => {
    const sw = await withGroups(`group_id=1,type=select,${TWO}`);
    const ports = new Set<string>();
    for (let port = 1; port <= 40; port++) {
      sw.appctl(
        `netdev-dummy/receive p5 'in_port(5),eth(src=50:54:00:00:00:01,dst=50:54:00:00:00:02),eth_type(0x0800),` +
          `ipv4(src=10.0.0.1,dst=10.0.0.${port},proto=6,tos=0,ttl=64,frag=no),tcp(src=1,dst=2)'`,
      );
    }
    expect(sw.sent).toHaveLength(40);
    for (const { port } of sw.sent) ports.add(port);
    expect([...ports].sort()).toEqual(['p1', 'p2']);
  });
});

describe('The trace of a group', () => {
  it('names buckets and scores', async () => {
    const sw = await withGroups(`group_id=1,type=select,selection_method=hash,fields(eth_src),${TWO}`);
    const text = sw.appctl('ofproto/trace br0 in_port=5,dl_src=50:54:00:00:00:01');
    expect(text.slice(text.indexOf(' 0. '), text.indexOf('\nFinal'))).toMatch(
      / 0\. priority 32768\n {4}group:1\n {5}-> bucket 1: score \d+\n {5}-> bucket 2: score \d+\n {5}-> using bucket (\d)\n {4}bucket \1\n {12}output:\1\n/,
    );
  });
});

describe('A change of a group', () => {
  const BASE = 'group_id=1,type=all,bucket=bucket_id=1,actions=1,bucket=bucket_id=2,actions=2';

  it('puts buckets where they are asked for', async () => {
    const sw = await withGroups(BASE);
    const insert = (rest: string) => sw.ofctl(`${OF15} insert-buckets br0 group_id=1,command_bucket_id=${rest}`);
    await insert('first,bucket=bucket_id=3,actions=3');
    await insert('last,bucket=bucket_id=4,actions=4');
    await insert('1,bucket=bucket_id=5,actions=5,bucket=bucket_id=6,actions=6');
    const ids = async () =>
      [...(await sw.ofctl(`${OF15} dump-groups br0`)).matchAll(/bucket_id:(\d+)/g)].map((m) => m[1]);
    expect(await ids()).toEqual(['3', '1', '5', '6', '2', '4']);
    for (const which of ['first', 'last', '6']) {
      await sw.ofctl(`${OF15} remove-buckets br0 group_id=1,command_bucket_id=${which}`);
    }
    expect(await ids()).toEqual(['1', '5', '2']);
    await sw.ofctl(`${OF15} remove-buckets br0 group_id=1,command_bucket_id=all`);
    expect(await ids()).toEqual([]);
  });

  it.each([
    ['add-group br0 group_id=1,type=all', 'OFPGMFC_GROUP_EXISTS'],
    ['mod-group br0 group_id=77,type=all', 'OFPGMFC_UNKNOWN_GROUP'],
    ['insert-buckets br0 group_id=1,command_bucket_id=44,bucket=bucket_id=9,actions=1', 'OFPGMFC_UNKNOWN_BUCKET'],
    ['insert-buckets br0 group_id=1,command_bucket_id=last,bucket=bucket_id=1,actions=1', 'OFPGMFC_BUCKET_EXISTS'],
    [
      'insert-buckets br0 group_id=1,command_bucket_id=last,bucket=bucket_id=9,watch_port=1,actions=1',
      'OFPGMFC_WATCH_UNSUPPORTED',
    ],
    ['remove-buckets br0 group_id=1,command_bucket_id=44', 'OFPGMFC_UNKNOWN_BUCKET'],
    ['remove-buckets br0 group_id=88,command_bucket_id=all', 'OFPGMFC_UNKNOWN_GROUP'],
    ['add-group br0 group_id=5,type=indirect', 'OFPGMFC_INVALID_GROUP'],
    ['add-flow br0 actions=group:99', 'OFPBAC_BAD_OUT_GROUP'],
    ['add-flow br0 actions=write_actions(group:99)', 'OFPBAC_BAD_OUT_GROUP'],
  ])('%s is refused: %s', async (command, code) => {
    const sw = await withGroups(BASE);
    const before = await sw.ofctl(`${OF15} dump-groups br0`);
    await expect(sw.ofctl(`${OF15} ${command}`)).rejects.toThrow(code);
    expect(await sw.ofctl(`${OF15} dump-groups br0`)).toBe(before);
  });

  it('to a select group spreads hash values over what was inserted, as OVS 3.1 does', async () => {
    const sw = await withGroups(
      'group_id=1,type=select,bucket=bucket_id=1,weight=100,actions=output:1,bucket=bucket_id=2,weight=50,actions=output:2',
    );
    await sw.ofctl(
      `${OF15} insert-buckets br0 group_id=1,command_bucket_id=last,bucket=bucket_id=3,weight=10,actions=output:3`,
    );
    for (const hash of [1, 2, 3, 8]) {
      expect(sw.trace('br0', `in_port=4,tcp,dp_hash=${hash}`, 'Datapath actions')).toBe('3');
    }
    await sw.ofctl(`${OF15} remove-buckets br0 group_id=1,command_bucket_id=2`);
    expect(sw.appctl('ofproto/trace br0 in_port=4,tcp')).toContain(' -> bucket 3: score 204490\n');
  });

  it('takes the flows that send to a deleted group along, and no others', async () => {
    const sw = await withGroups(BASE, 'group_id=2,type=all');
    await sw.ofctl(`${OF15} add-flow br0 in_port=3,actions=write_actions(group:1)`);
    await sw.ofctl(`${OF15} add-flow br0 in_port=4,actions=group:2`);
    await sw.ofctl(`${OF15} del-groups br0 group_id=1`);
    expect(await sw.ofctl(`${OF15} dump-flows br0 --no-stats`)).toBe(' in_port=4 actions=group:2\n');
  });

  it('is counted bucket by bucket', async () => {
    const sw = await withGroups(
      BASE,
      'group_id=2,type=fast_failover,bucket=bucket_id=7,watch_port=9,actions=1,bucket=bucket_id=8,watch_port=3,actions=3',
    );
    await sw.ofctl(`${OF15} add-flow br0 in_port=5,actions=group:1,group:2`);
    await sw.ofctl(`${OF15} del-flows --strict br0 priority=32768`);
    for (let i = 0; i < 2; i++) {
      sw.appctl(
        "netdev-dummy/receive p5 'in_port(5),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),eth_type(0x1234)'",
      );
    }
    const stats = (await sw.ofctl(`${OF15} dump-group-stats br0`)).replaceAll(/duration=[\d.]+s,/g, '');
    expect(stats).toContain(
      ' group_id=1,ref_count=1,packet_count=2,byte_count=28,bucket0:packet_count=2,byte_count=28,bucket1:packet_count=2,byte_count=28\n',
    );
    expect(stats).toContain(
      ' group_id=2,ref_count=1,packet_count=2,byte_count=28,bucket0:packet_count=0,byte_count=0,bucket1:packet_count=2,byte_count=28\n',
    );
  });
});
