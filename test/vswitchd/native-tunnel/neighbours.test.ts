/** What ends a neighbour of tunnels: time, and its device; as in ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../../support/test-switch.js';

const NEIGHBOURS = { p1: '10.0.0.1', p2: '10.0.0.2', br0: '10.0.0.3', other: 'fd00::4' };

function known(): TestSwitch {
  const sw = TestSwitch.withPorts(2);
  for (const [device, ip] of Object.entries(NEIGHBOURS)) sw.appctl(`tnl/neigh/set ${device} ${ip} 02:00:00:00:00:01`);
  return sw;
}

const devices = (sw: TestSwitch): readonly string[] =>
  sw
    .appctl('tnl/neigh/show')
    .trimEnd()
    .split('\n')
    .slice(2)
    .map((line) => line.split(/ +/)[2] ?? '')
    .sort();

describe('A neighbour of tunnels', () => {
  it.each([
    ['its port is removed', 'del-port p1', ['br0', 'other', 'p2']],
    ['its port gets another number', 'set interface p2 ofport_request=9', ['br0', 'other', 'p1']],
    ['its bridge is removed, with the ports', 'del-br br0', ['other']],
  ])('is forgotten when %s', (_, line, left) => {
    const sw = known();
    sw.vsctl(line);
    expect(devices(sw)).toEqual(left);
  });

  it('stays when its port gets another VLAN', () => {
    const sw = known();
    sw.vsctl('set port p1 tag=4');
    expect(devices(sw)).toEqual(['br0', 'other', 'p1', 'p2']);
  });

  it('is gone as soon as it is too old', () => {
    const sw = known();
    sw.appctl('tnl/neigh/aging 5');
    sw.appctl('time/warp 4999');
    expect(devices(sw)).toEqual(['br0', 'other', 'p1', 'p2']);
    sw.appctl('time/warp 1');
    expect(devices(sw)).toEqual([]);
  });
});
