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

describe('A packet out of a tunnel', () => {
  it('does not leave for the IPv4 address it came to, whatever the IPv6 one is', async () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('add-port br0 vx -- set interface vx type=vxlan ofport_request=9 options:remote_ip=flow options:key=flow');
    await sw.ofctl('add-flow br0 actions=set_field:fc00::2->tun_ipv6_dst,9');
    const text = sw.appctl('ofproto/trace br0 in_port=1,tun_src=1.1.1.1,tun_dst=2.2.2.2,tun_id=5');
    expect(text).toContain('>> Not tunneling to our own address');
    expect(text).toContain('Datapath actions: drop');
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

describe('The trace of a packet from the datapath', () => {
  it.each([
    ['a port that no bridge has', 'in_port(42),eth()', 'no OpenFlow port for datapath port 42'],
    [
      'a tunnel that no port ends',
      'tunnel(src=5.5.5.5,dst=6.6.6.6,ttl=64,flags()),in_port(1),eth()',
      'no OpenFlow tunnel port for this packet',
    ],
    [
      'a recirculation that is not known',
      'recirc_id(0x77),in_port(1),eth()',
      'no recirculation data for recirc_id 0x77',
    ],
    [
      'that, without a port',
      'recirc_id(0x77),eth(),eth_type(0x0800),ipv4()',
      'no recirculation data for recirc_id 0x77',
    ],
  ])('says where it cannot come from: %s', (_, flow, error) => {
    const sw = TestSwitch.withPorts(2);
    expect(() => sw.appctl(`ofproto/trace ovs-dummy '${flow}'`)).toThrow(error);
  });
});

describe('Megaflows that are turned off', () => {
  it('leave a flow that can be traced as it is shown', () => {
    const sw = TestSwitch.withPorts(2);
    sw.appctl('upcall/disable-megaflows');
    sw.appctl(
      'netdev-dummy/receive p1 in_port(1),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),ipv4()',
    );
    const [flow = ''] = sw.appctl('dpif/dump-flows -m br0').split(', packets');
    expect(flow.replace(/^ufid:\S+ /, '')).toBe(
      'skb_priority(0),skb_mark(0),ct_state(0/0xff),ct_zone(0),ct_mark(0),ct_label(0),recirc_id(0),dp_hash(0),' +
        'in_port(p1),packet_type(ns=0,id=0),eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02),eth_type(0x0800),' +
        'ipv4(src=0.0.0.0,dst=0.0.0.0,proto=0,tos=0,ttl=0,frag=no)',
    );
    expect(sw.appctl(`ofproto/trace '${flow}'`)).toContain('Datapath actions: drop\n');
  });
});

describe('What a datapath cannot do', () => {
  const SLOW =
    'This flow is handled by the userspace slow path because it:\n  - Uses action(s) not supported by datapath.\n';

  it.each([
    [
      'clone',
      ['clone false'],
      'clone(ct(commit),output:2),output:1',
      'sample(sample=100.0%,actions(ct(commit),2)),1\n',
    ],
    ['clone, nor samples within samples', ['clone false', 'sample_nesting 3'], 'clone(ct(commit),output:2),1', '1\n'],
    [
      'check_pkt_len, without a packet',
      ['check_pkt_len false'],
      'check_pkt_larger(60)->NXM_NX_REG0[0],output:NXM_NX_REG0[]',
      `drop\n${SLOW}`,
    ],
    [
      'add_mpls, a label in front',
      ['add_mpls false'],
      'encap(mpls),encap(ethernet),output:2',
      `add_mpls(label=0,tc=0,ttl=64,bos=1,eth_type=0x8847),push_eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:00),2\n${SLOW}`,
    ],
    [
      'add_mpls, as it can',
      [],
      'encap(mpls),encap(ethernet),output:2',
      'add_mpls(label=0,tc=0,ttl=64,bos=1,eth_type=0x8847),push_eth(src=00:00:00:00:00:00,dst=00:00:00:00:00:00),2\n',
    ],
  ])('is done another way: %s', async (_, features, actions, expected) => {
    const sw = TestSwitch.withPorts(3);
    for (const feature of features) sw.appctl(`dpif/set-dp-features br0 ${feature}`);
    await sw.ofctl(`-OOpenFlow13 add-flow br0 'in_port=3,ip,actions=${actions}'`);
    const text = sw.appctl('ofproto/trace br0 in_port=3,ip,nw_proto=1,nw_ttl=64');
    expect(text.split('Datapath actions: ')[1]).toBe(expected);
  });

  it('is asked anew for all flows whenever it is set', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl('add-flow br0 in_port=1,actions=2');
    const packets = (): string[] => {
      sw.appctl(`netdev-dummy/receive p1 ${'02'.repeat(12)}1234`);
      return sw.appctl('dpif/dump-flows br0').match(/packets:\d+/g) ?? [];
    };
    expect([packets(), packets()]).toEqual([['packets:0'], ['packets:1']]);
    sw.appctl('dpif/set-dp-features br0 add_mpls');
    expect(packets()).toEqual(['packets:2']);
    for (const value of ['true', 'false']) {
      sw.appctl(`dpif/set-dp-features br0 add_mpls ${value}`);
      expect(packets()).toEqual(['packets:0']);
    }
  });

  it('check_pkt_len, for packets of either size', async () => {
    const sw = TestSwitch.withPorts(3);
    sw.appctl('dpif/set-dp-features br0 check_pkt_len false');
    await sw.ofctl("add-flow br0 'in_port=3,actions=check_pkt_larger(60)->NXM_NX_REG0[0],resubmit(,1)'");
    await sw.ofctl('add-flow br0 table=1,reg0=0,actions=1');
    await sw.ofctl('add-flow br0 table=1,reg0=1,actions=2');
    for (const size of [60, 61, 60]) {
      sw.appctl(`netdev-dummy/receive p3 ${'02'.repeat(12)}1234${'00'.repeat(size - 14)}`);
    }
    expect(sw.sent.map(({ port, hex }) => [port, hex.length / 2])).toEqual([
      ['p1', 60],
      ['p2', 61],
      ['p1', 60],
    ]);
  });
});

describe('A congestion mark of a tunnel', () => {
  it.each([
    ['is taken over by a packet that can', 1, 'set(ipv4(tos=0x3/0x3)),2', '0'],
    ['is the end of one that cannot', 0, 'drop', '1'],
  ])('%s', async (_, tos, actions, counted) => {
    const sw = TestSwitch.withPorts(2);
    sw.vsctl('add-port br0 t1 -- set interface t1 type=gre options:remote_ip=1.1.1.1 ofport_request=9');
    sw.appctl('dpif/set-dp-features br0 tnl_push_pop false');
    await sw.ofctl('add-flow br0 in_port=9,actions=2');
    const flow =
      'tunnel(src=1.1.1.1,dst=2.2.2.2,tos=0x3,ttl=64,flags()),in_port(3),' +
      `eth(),eth_type(0x0800),ipv4(tos=${tos},proto=17,frag=no),udp()`;
    expect(sw.trace('ovs-dummy', flow, 'Datapath actions')).toBe(actions);
    sw.appctl(`ofproto/trace ovs-dummy ${flow} -generate`);
    expect(sw.appctl('coverage/read-counter drop_action_congestion')).toBe(`${counted}\n`);
  });
});
