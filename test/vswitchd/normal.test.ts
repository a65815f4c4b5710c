/** NORMAL by VLAN mode; the actions are those that ovs-vswitchd 3.1.0 gives. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../support/test-switch.js';

async function vlanSwitch(): Promise<TestSwitch> {
  const sw = TestSwitch.withPorts(0);
  sw.addPort('br0', 'p1', 1, 'tag=10');
  sw.addPort('br0', 'p2', 2, 'tag=10');
  sw.addPort('br0', 'p3', 3, 'tag=20');
  sw.addPort('br0', 'p4', 4, 'trunks=10,20');
  sw.addPort('br0', 'p5', 5, 'vlan_mode=native-untagged tag=10');
  sw.addPort('br0', 'p6', 6, 'vlan_mode=native-tagged tag=20');
  sw.addPort('br0', 'p7', 7, 'vlan_mode=dot1q-tunnel tag=30');
  await sw.ofctl('add-flow br0 actions=NORMAL');
  return sw;
}

describe('NORMAL', () => {
  it.each([
    [
      'untagged into an access port',
      'in_port=1',
      'push_vlan(vid=10,pcp=0),100,pop_vlan,2,push_vlan(vid=10,pcp=0),4,pop_vlan,5,push_vlan(vid=10,pcp=0),6',
    ],
    ['tagged into an access port', 'in_port=1,dl_vlan=10', 'drop'],
    ['its VLAN into a trunk', 'in_port=4,dl_vlan=20', '100,pop_vlan,3,push_vlan(vid=20,pcp=0),5,6'],
    ['another VLAN into a trunk', 'in_port=4,dl_vlan=30', 'drop'],
    [
      'untagged into native-untagged',
      'in_port=5',
      'push_vlan(vid=10,pcp=0),100,pop_vlan,1,2,push_vlan(vid=10,pcp=0),4,6',
    ],
    ['untagged into a dot1q-tunnel', 'in_port=7', 'push_vlan(tpid=0x88a8,vid=30,pcp=0),100,5,6'],
  ])('%s', async (_, flow, actions) => {
    const sw = await vlanSwitch();
    expect(sw.trace('br0', flow, 'Datapath actions')).toBe(actions);
  });

  it('does not forward reserved addresses, unless told to', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl('add-flow br0 actions=NORMAL');
    const bpdu = 'in_port=1,dl_dst=01:80:c2:00:00:00';
    expect(sw.trace('br0', bpdu, 'Datapath actions')).toBe('drop');
    sw.vsctl('set bridge br0 other_config:forward-bpdu=true');
    expect(sw.trace('br0', bpdu, 'Datapath actions')).toBe('100,2');
  });

  it('keeps protected ports apart', async () => {
    const sw = TestSwitch.withPorts(3);
    await sw.ofctl('add-flow br0 actions=NORMAL');
    sw.vsctl('set port p1 protected=true -- set port p2 protected=true');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('100,3');
  });
});

describe('other_config:vlan-limit', () => {
  const QINQ =
    "'in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x88a8),vlan(vid=5,pcp=1)," +
    "encap(eth_type(0x8100),vlan(vid=9,pcp=2),encap(eth_type(0x0806)))'";

  it.each([
    ['1, as it is unless set', null, 'drop'],
    ['2', 2, 'pop_vlan,pop_vlan,2'],
  ])('looks at that many tags: %s', async (_, limit, actions) => {
    const sw = TestSwitch.withPorts(2);
    if (limit !== null) sw.vsctl(`set Open_vSwitch . other_config:vlan-limit=${limit}`);
    await sw.ofctl(`add-flow br0 'in_port=1,arp,actions=strip_vlan,strip_vlan,output:2'`);
    const trace = sw.appctl(`ofproto/trace ovs-dummy ${QINQ}`);
    expect(trace).toContain(`Datapath actions: ${actions}\n`);
  });
});
