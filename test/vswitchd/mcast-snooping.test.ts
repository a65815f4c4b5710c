/** Multicast snooping; the texts are those of ovs-appctl 3.1.0. */
import { describe, expect, it } from 'vitest';
import { eth, toHex } from '../support/packet-builder.js';
import { TestSwitch } from '../support/test-switch.js';

const REPORT = (group: string, vlan = 0): string => igmp(0x16, group, vlan);
const LEAVE = (group: string): string => igmp(0x17, group, 0);
const QUERY = igmp(0x11, '0.0.0.0', 0);

function igmp(type: number, group: string, vlan: number): string {
  const frame = eth('02:00:00:00:00:01', '01:00:5e:01:01:01');
  return toHex((vlan === 0 ? frame : frame.vlan(vlan)).ipv4('10.0.0.1', '224.1.1.1').igmp(type, group).bytes());
}

type Step =
  | readonly ['receive', port: string, frame: string]
  | readonly ['warp', seconds: number]
  | readonly ['vsctl', string];

const HEADING = ' port  VLAN  GROUP                Age\n';

describe('mdb/show', () => {
  it.each<{ name: string; steps: readonly Step[]; shown: string }>([
    { name: 'is empty at first', steps: [], shown: '' },
    {
      name: 'tells members by group, those heard of last at the end',
      steps: [
        ['receive', 'p1', REPORT('224.1.1.1')],
        ['warp', 10],
        ['receive', 'p2', REPORT('224.2.2.2', 7)],
        ['receive', 'p3', REPORT('224.1.1.1')],
        ['receive', 'p3', QUERY],
      ],
      shown:
        '    2     7  224.2.2.2           0\n' +
        '    1     0  224.1.1.1          10\n' +
        '    3     0  224.1.1.1           0\n' +
        '    3     0  querier               0\n',
    },
    {
      name: 'forgets who leaves',
      steps: [
        ['receive', 'p1', REPORT('224.1.1.1')],
        ['receive', 'p2', REPORT('224.1.1.1')],
        ['receive', 'p1', LEAVE('224.1.1.1')],
      ],
      shown: '    2     0  224.1.1.1           0\n',
    },
    {
      name: 'forgets members after 300 seconds and routers after 180',
      steps: [
        ['receive', 'p1', REPORT('224.1.1.1')],
        ['receive', 'p3', QUERY],
        ['warp', 181],
        ['receive', 'p2', REPORT('224.1.1.1')],
        ['warp', 120],
      ],
      shown: '    2     0  224.1.1.1         120\n',
    },
    {
      name: 'takes a port that became a router’s out of no group that it was in',
      steps: [
        ['receive', 'p1', REPORT('224.1.1.1')],
        ['receive', 'p1', QUERY],
        ['receive', 'p1', REPORT('224.3.3.3')],
      ],
      shown: '    1     0  224.1.1.1           0\n    1     0  querier               0\n',
    },
    {
      name: 'forgets a port whose VLANs change, and one that goes',
      steps: [
        ['receive', 'p1', REPORT('224.1.1.1', 7)],
        ['receive', 'p2', REPORT('224.1.1.1', 7)],
        ['receive', 'p3', REPORT('224.1.1.1', 7)],
        ['vsctl', 'set port p1 tag=7'],
        ['vsctl', 'del-port p2'],
      ],
      shown: '    3     7  224.1.1.1           0\n',
    },
    {
      name: 'loses all when snooping is turned off and on',
      steps: [
        ['receive', 'p1', REPORT('224.1.1.1')],
        ['vsctl', 'set bridge br0 mcast_snooping_enable=false'],
        ['vsctl', 'set bridge br0 mcast_snooping_enable=true'],
      ],
      shown: '',
    },
  ])('$name', async ({ steps, shown }) => {
    const sw = await snooping();
    for (const step of steps) {
      if (step[0] === 'receive') sw.appctl(`netdev-dummy/receive ${step[1]} ${step[2]}`);
      else if (step[0] === 'warp') sw.sleep(step[1]);
      else sw.vsctl(step[1]);
    }
    expect(sw.appctl('mdb/show br0')).toBe(HEADING + shown);
  });

  it('says where there is no snooping', () => {
    const sw = TestSwitch.withPorts(1);
    expect(() => sw.appctl('mdb/show br0')).toThrow('multicast snooping is disabled');
    expect(() => sw.appctl('mdb/show br9')).toThrow('no such bridge');
  });
});

describe('a group of more reports than the table holds', () => {
  it('pushes out the oldest', async () => {
    const sw = await snooping();
    sw.vsctl('set bridge br0 other_config:mcast-snooping-table-size=10');
    for (let i = 1; i <= 11; i++) sw.appctl(`netdev-dummy/receive p1 ${REPORT(`224.1.1.${i}`)}`);
    const groups = sw.appctl('mdb/show br0').match(/224\.1\.1\.\d+/g);
    expect([groups?.length, groups?.[0]]).toEqual([10, '224.1.1.2']);
  });
});

async function snooping(): Promise<TestSwitch> {
  const sw = TestSwitch.withPorts(3);
  await sw.ofctl('add-flow br0 actions=NORMAL');
  sw.vsctl('set bridge br0 mcast_snooping_enable=true');
  return sw;
}
