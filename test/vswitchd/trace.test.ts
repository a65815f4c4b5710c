/** What a traced packet does, and queues as the datapath's priority; the answers are those of ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { eth } from '../support/packet-builder.js';
import { TestSwitch } from '../support/test-switch.js';

const PACKET = 'in_port=1,dl_src=50:54:00:00:00:01,dl_dst=50:54:00:00:00:02,dl_type=0x1234';

describe('A trace with a packet', () => {
  it('sends it nowhere, not out of a clone either', async () => {
    const sw = TestSwitch.withPorts(3);
    await sw.ofctl('add-flow br0 actions=clone(output(port=2,max_len=60)),output:3');
    const text = sw.appctl(`ofproto/trace br0 ${PACKET} -generate`);
    expect(text).toContain('Datapath actions: clone(trunc(60),2),3');
    expect(sw.sent).toEqual([]);
  });
});

describe('The trace of a packet-out', () => {
  it('does not follow a copy that comes back', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl('add-flow br0 table=3,actions=2');
    const text = sw.appctl('ofproto/trace-packet-out br0 in_port=1,udp ct(table=3)');
    expect(text).toContain('\nthaw\n     >>>> Recirculation conflict (actions)! <<<<\n');
    expect(text).toContain('Translation failed (Recirculation conflict), packet is dropped.\n');
  });
});

describe('A bridge beyond a patch port', () => {
  it.each([
    ['NORMAL', 'clone(trunc(60),1),100,3'],
    ['output:20,3', 'clone(trunc(60),1),3'],
    ['output:3,20', '3,trunc(60),1'],
    ['all', 'clone(trunc(60),1),100,3'],
  ])('has a copy where %s does more to the packet, if it cuts it', async (actions, expected) => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('add-br br1 -- set bridge br1 datapath-type=dummy fail-mode=secure');
    sw.addPort('br1', 'p2', 2);
    sw.vsctl('add-port br0 pa -- set interface pa type=patch options:peer=pb ofport_request=20');
    sw.vsctl('add-port br1 pb -- set interface pb type=patch options:peer=pa ofport_request=20');
    sw.addPort('br1', 'p3', 3);
    await sw.ofctl('add-flow br0 actions=output(port=1,max_len=60)');
    await sw.ofctl(`add-flow br1 actions=${actions}`);
    const shown = sw.trace('br1', 'in_port=2,dl_src=50:54:00:00:00:01', 'Datapath actions');
    expect(
      shown
        .replace(/\b101\b/, '100')
        .split(/,(?![^(]*\))/)
        .sort(),
    ).toEqual(expected.split(/,(?![^(]*\))/).sort());
  });
});

describe('A neighbour solicitation', () => {
  it('leaves the type of its option among the TCP flags of its megaflow', () => {
    const sw = TestSwitch.withPorts(1);
    const frame = eth().ipv6('fe80::1', 'fe80::2').nd('solicit', 'fe80::2', { sll: '02:00:00:00:00:01' }).bytes();
    sw.receive('p1', frame);
    sw.receive('p1', frame);
    expect(sw.appctl('dpctl/dump-flows')).toContain('packets:1, bytes:86, used:0.000s, flags:F, actions:drop');
  });
});

describe('A queue', () => {
  it.each([
    ['set_queue:0,output:2', '2'],
    ['set_queue:5,output:2', 'set(skb_priority(0x5)),2'],
    ['enqueue:2:7', 'set(skb_priority(0x7)),2'],
  ])('%s is the priority of that number', async (actions, expected) => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl(`add-flow br0 actions=${actions}`);
    const text = sw.appctl(`ofproto/trace br0 ${PACKET}`);
    expect(text).toContain(`Datapath actions: ${expected}\n`);
    expect(text).not.toContain('queue =');
  });
});

describe('Counters of a patch port', () => {
  it('are packets and bytes, and nothing else', async () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('add-port br0 pa -- set interface pa type=patch options:peer=pb ofport_request=20');
    expect((await sw.ofctl('dump-ports br0 20')).split('\n').slice(1, 3)).toEqual([
      '  port 20: rx pkts=0, bytes=0, drop=?, errs=?, frame=?, over=?, crc=?',
      '           tx pkts=0, bytes=0, drop=?, errs=?, coll=?',
    ]);
  });
});
