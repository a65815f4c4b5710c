/** Each kind of step, as it passes and as it fails. */
import { describe, expect, test } from 'vitest';
import { details, outcomes, runText, withSteps } from './run-text.js';

const CASES: readonly (readonly [title: string, steps: readonly string[], outcomes: readonly string[]])[] = [
  // run
  [
    'a script that succeeds',
    ['run: { on: host1, script: "ovs-vsctl list-br", contains: br0, lacks: br1, equals: br0 }'],
    ['ok exit code 0', 'ok output: "br0" is there', 'ok output: "br1" is not there', 'ok output: as written'],
  ],
  ['a script that fails', ['run: { on: host1, script: "false; true" }'], ['FAIL expected exit code 0, found 1']],
  ['a script that is to fail', ['run: { on: vm1, script: "exit 3", exit: 3 }'], ['ok exit code 3']],
  [
    'output that is not as expected',
    ['run: { on: host1, script: "echo a; echo b", contains: c, lacks: a, equals: "a\\nc" }'],
    ['ok exit code 0', 'FAIL output: "c" is missing', 'FAIL output: "a" is there', 'FAIL output: not as written'],
  ],
  // ping
  ['ping that is answered', ['ping: { from: vm1, to: vm2, count: 3 }'], ['ok 3 of 3 answered']],
  ['ping of an address', ['ping: { from: vm1, to: fd00::2 }'], ['ok 1 of 1 answered']],
  ['ping over VLANs', ['ping: { from: vm1, to: vm3 }'], ['FAIL 0 of 1 answered']],
  ['ping that is to fail and does', ['ping: { from: vm1, to: vm3, expect: fail }'], ['ok 0 of 1 answered']],
  ['ping that is to fail and does not', ['ping: { from: vm1, to: vm2, expect: fail }'], ['FAIL 1 of 1 answered']],
  [
    'ping that is to lose some and loses none',
    ['ping: { from: vm1, to: vm2, expect: loss }'],
    ['FAIL 1 of 1 answered'],
  ],
  ['ping without a route', ['ping: { from: vm1, to: 192.0.2.1 }'], ['FAIL 0 of 1 answered']],
  ['ping of a host without an address', ['ping: { from: vm1, to: host1 }'], ['FAIL host1 has no address to ping']],
  // pingall
  [
    'pingall by groups',
    ['pingall: { groups: [[vm1, vm2], [vm3]] }'],
    ['ok 6 of 6 pairs as expected, 67% dropped (2/6 received)'],
  ],
  ['pingall of hosts', ['pingall: { hosts: [vm1, vm2] }'], ['ok 2 of 2 pairs as expected, 0% dropped (2/2 received)']],
  [
    'pingall that misses some',
    ['pingall: { hosts: [vm1, vm3] }'],
    [
      'FAIL 0 of 2 pairs as expected, 100% dropped (0/2 received)',
      'FAIL vm1 does not reach vm3',
      'FAIL vm3 does not reach vm1',
    ],
  ],
  [
    'pingall that reaches too many',
    ['pingall: { groups: [[vm1], [vm2]] }'],
    ['FAIL 0 of 2 pairs as expected, 0% dropped (2/2 received)', 'FAIL vm1 reaches vm2', 'FAIL vm2 reaches vm1'],
  ],
  // tcp
  ['a connection', ['tcp: { from: vm1, to: vm2, port: 80, send: hello }'], ['ok connected, and the text arrived']],
  [
    'a long text over a connection',
    [`tcp: { from: vm1, to: vm2, port: 80, send: ${'x'.repeat(5000)} }`],
    ['ok connected, and the text arrived'],
  ],
  [
    'a port where nothing listens',
    ['tcp: { from: vm1, to: vm2, port: 80, listen: false }'],
    ['FAIL the connection is refused'],
  ],
  [
    'a refusal that is expected',
    ['tcp: { from: vm1, to: vm2, port: 80, listen: false, expect: refused }'],
    ['ok the connection is refused'],
  ],
  [
    'a connection that is not to be',
    ['tcp: { from: vm1, to: vm2, port: 80, expect: fail }'],
    ['FAIL connected, and the text arrived'],
  ],
  [
    'a host that does not answer',
    ['tcp: { from: vm1, to: vm3, port: 80, expect: unreachable }'],
    ['ok the connection is unreachable'],
  ],
  // udp
  ['datagrams', ['udp: { from: vm1, to: vm2, port: 9, count: 5 }'], ['ok 5 of 5 arrived']],
  ['datagrams to nobody', ['udp: { from: vm1, to: vm3, port: 9 }'], ['FAIL 0 of 1 arrived']],
  [
    'a port that is unreachable',
    ['udp: { from: vm1, to: vm2, port: 9, listen: false, expect: refused }'],
    ['ok the port is unreachable'],
  ],
  ['datagrams that are not to arrive', ['udp: { from: vm1, to: vm2, port: 9, expect: fail }'], ['FAIL 1 of 1 arrived']],
  // arp
  [
    'a question for an address',
    ['arp: { from: vm1, to: vm2, mac: 52:54:00:00:00:02 }'],
    ['ok 10.0.0.2 is at 52:54:00:00:00:02'],
  ],
  [
    'an answer with another address',
    ['arp: { from: vm1, to: vm2, mac: 52:54:00:00:00:07 }'],
    ['FAIL 10.0.0.2 is at 52:54:00:00:00:02, not 52:54:00:00:00:07'],
  ],
  ['a question that nobody answers', ['arp: { from: vm1, to: 10.0.0.9 }'], ['FAIL nobody has 10.0.0.9']],
  ['no answer, as expected', ['arp: { from: vm1, to: vm3, expect: fail }'], ['ok nobody has 10.0.0.3']],
  // send and wait
  [
    'a frame of ones own',
    [
      'send: { from: vm1, frame: { ip_src: 1.2.3.4, ip_dst: 5.6.7.8, udp_dst: 9 } }',
      'expect: { frames: { at: "vm2:eth0", sequence: [{ ip_src: 1.2.3.4, udp_dst: 9, dl_vlan: none }] } }',
    ],
    ['ok frames at vm2:eth0: 1 in order as written'],
  ],
  [
    'frames that vary',
    [
      'send: { from: vm1, frame: { eth_type: 0x88b5, eth_src: 02:00:00:00:00:ff }, vary: eth_src, count: 3 }',
      'expect: { frames: { at: "vm2:eth0", sequence: [{ eth_src: 02:00:00:00:00:ff }, { eth_src: 02:00:00:00:01:00 }, { eth_src: 02:00:00:00:01:01 }] } }',
    ],
    ['ok frames at vm2:eth0: 3 in order as written'],
  ],
  [
    'a frame that contradicts itself',
    ['send: { from: vm1, frame: { ip_src: 1.2.3.4, arp_op: 1 } }'],
    ['FAIL the frame cannot be made: arp_op contradicts the fields before it'],
  ],
  [
    'a card that is not there',
    ['send: { from: "vm1:eth7", frame: { eth_type: 0x88b5 } }'],
    ['FAIL there is no device vm1:eth7'],
  ],
  ['time that passes', ['wait: 90s', 'run: { on: host1, script: "date +%s" }'], ['ok exit code 0']],
  // expect flows
  [
    'flows of a bridge',
    [
      'ping: { from: vm1, to: vm2 }',
      'expect: { flows: { on: host1, bridge: br0, count: 1, packets: 4, equals: "cookie=0x0, table=0, n_packets=4, n_bytes=280, priority=0 actions=NORMAL" } }',
    ],
    [
      'ok 1 of 1 answered',
      'ok flows of br0 on host1: 1',
      'ok packets of flows of br0 on host1: 4',
      'ok flows of br0 on host1: as written',
    ],
  ],
  [
    'flows of the datapath',
    ['ping: { from: vm1, to: vm2 }', 'expect: { flows: { on: host1, count: 4, contains: "in_port(vm1)" } }'],
    ['ok 1 of 1 answered', 'ok datapath flows on host1: 4', 'ok datapath flows on host1: "in_port(vm1)" is there'],
  ],
  [
    'flows that are not there',
    ['expect: { flows: { on: host1, bridge: br0, count: { min: 2 }, contains: drop } }'],
    ['FAIL flows of br0 on host1: expected at least 2, found 1', 'FAIL flows of br0 on host1: "drop" is missing'],
  ],
  [
    'a bridge that is not there',
    ['expect: { flows: { on: host1, bridge: br9, count: 0 } }'],
    ['FAIL flows of br9 on host1: ovs-ofctl dump-flows br9 failed'],
  ],
  // expect counters
  [
    'counters of a device and a datapath',
    [
      'ping: { from: vm1, to: vm2 }',
      'expect: { counters: { at: "vm1:eth0", tx_packets: 2, rx_packets: 2, tx_bytes: 140 } }',
      'expect: { counters: { on: host1, missed: 4, lost: 0 } }',
    ],
    [
      'ok 1 of 1 answered',
      'ok rx_packets of vm1:eth0: 2',
      'ok tx_packets of vm1:eth0: 2',
      'ok tx_bytes of vm1:eth0: 140',
      'ok missed of the datapath of host1: 4',
      'ok lost of the datapath of host1: 0',
    ],
  ],
  [
    'a counter that is not right',
    ['expect: { counters: { at: "vm1:eth0", tx_packets: { min: 1, max: 3 } } }'],
    ['FAIL tx_packets of vm1:eth0: expected 1 to 3, found 0'],
  ],
  [
    'a counter of another kind',
    ['expect: { counters: { at: "vm1:eth0", lost: 0 } }'],
    ['FAIL lost of vm1:eth0: it has no such counter'],
  ],
  [
    'a device that is not there',
    ['expect: { counters: { at: "host1:eth7", tx_packets: 0 } }'],
    ['FAIL host1 has no device or datapath port eth7'],
  ],
  // expect frames
  [
    'frames that are counted',
    [
      'ping: { from: vm1, to: vm2 }',
      'expect: { frames: { at: "host1:vm2", direction: out, where: { icmp_type: 8 }, count: 1, each: { nw_ttl: 64 }, some: { ip_df: true } } }',
    ],
    [
      'ok 1 of 1 answered',
      'ok frames out at host1:vm2 (icmp_type 8): 1',
      'ok frames out at host1:vm2 (icmp_type 8): each as written, 1 of them',
      'ok frames out at host1:vm2 (icmp_type 8): one as written',
    ],
  ],
  [
    'frames that are not as written',
    [
      'ping: { from: vm1, to: vm2 }',
      'expect: { frames: { at: "host1:vm2", where: { icmp_type: 8 }, count: 2, each: { nw_ttl: 63 }, sequence: [] } }',
    ],
    [
      'ok 1 of 1 answered',
      'FAIL frames at host1:vm2 (icmp_type 8): expected 2, found 1',
      'FAIL frames at host1:vm2 (icmp_type 8): each as written: 1 of 1 is not',
      'FAIL frames at host1:vm2 (icmp_type 8): 0 in order as written: they are not',
    ],
  ],
  [
    'frames since the last step only',
    [
      'ping: { from: vm1, to: vm2 }',
      'wait: 1s',
      'expect: { frames: { at: "host1:vm2", count: 0 } }',
      'expect: { frames: { at: "host1:vm2", since: start, count: 4 } }',
    ],
    ['ok 1 of 1 answered', 'ok frames at host1:vm2: 0', 'ok frames at host1:vm2: 4'],
  ],
  [
    'frames at no device',
    ['expect: { frames: { at: "host1:eth7", count: 0 } }'],
    ['FAIL host1 has no device or datapath port eth7: it has lo, vm1, vm2, vm3, br0'],
  ],
  // expect drops
  [
    'drops by reason',
    [
      'send: { from: vm1, frame: { dl_vlan: 30, eth_type: 0x88b5 } }',
      'expect: { drops: { at: "host1:vm1", reason: flow-drop, count: 1 } }',
    ],
    ['ok drops at host1:vm1 (flow-drop): 1'],
  ],
  [
    'drops that were not',
    ['expect: { drops: { at: host1, count: { min: 1 } } }'],
    ['FAIL drops at host1: expected at least 1, found 0'],
  ],
];

describe('a step', () => {
  test.each(CASES)('%s', async (_, steps, expected) => {
    expect(outcomes(await runText(withSteps(...steps)))).toEqual(expected);
  });

  test('with a name is reported by it, and by its line', async () => {
    const { steps } = await runText(withSteps('{ name: never mind, ping: { from: vm1, to: vm2 } }'));
    expect(steps).toMatchObject([{ name: 'never mind', title: 'ping vm1 -> vm2', line: 10 }]);
  });
});

describe('setting up', () => {
  test.each([
    [
      'a script of a machine',
      'machines: { m: { script: "true; ovs-vsctl no-such-command; true" } }',
      'FAIL the script of m failed with exit code 1',
    ],
    [
      'a bridge that is not there',
      'machines: { m: {} }\nvms: { v: { on: m, bridge: br0 } }',
      'FAIL the port of v on br0 failed with exit code 1',
    ],
    [
      'a script of a VM',
      'machines: { m: {} }\nvms: { v: { on: m, script: exit 4 } }',
      'FAIL the script of v failed with exit code 4',
    ],
  ])('that fails by %s ends the scenario', async (_, text, outcome) => {
    const report = await runText(`name: x\n${text}\nsteps: [{ wait: 1s }]\n`);
    expect(outcomes(report)).toEqual([outcome]);
    expect(report.steps).toHaveLength(1);
  });

  test('says what the failing command said', async () => {
    const report = await runText('name: x\nmachines: { m: { script: ovs-vsctl del-br br7 } }\nsteps: []\n');
    expect(details(report)).toBe('ovs-vsctl: no bridge named br7');
  });
});
