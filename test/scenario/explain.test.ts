/** A failure says where and why the frame died, hop by hop. */
import { describe, expect, test } from 'vitest';
import { details, runText, withSteps } from './run-text.js';

/** Two machines with a VM each, the bridges joined by a cable. */
const twoMachines = (change: { link?: string; script2?: string } = {}): string => `
name: two machines
machines:
  host1: { nics: { eth0: {} }, script: "ovs-vsctl add-br br0 -- add-port br0 eth0" }
  host2: { nics: { eth0: {} }, script: "ovs-vsctl add-br br0 -- add-port br0 eth0${change.script2 ?? ''}" }
vms:
  vm1: { on: host1, bridge: br0, address: 10.0.0.1/24 }
  vm2: { on: host2, bridge: br0, address: 10.0.0.2/24 }
links:
  - { between: [host1:eth0, host2:eth0]${change.link ?? ''} }
steps:
  - ping: { from: vm1, to: vm2 }
`;

const tunnel = (key2: number, remote = '192.0.2.2'): string => `
name: a tunnel
machines:
  host1:
    nics: { eth0: { address: 192.0.2.1/24 } }
    script: ovs-vsctl add-br br0 -- add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=${remote} options:key=7
  host2:
    nics: { eth0: { address: 192.0.2.2/24 } }
    script: ovs-vsctl add-br br0 -- add-port br0 vx -- set Interface vx type=vxlan options:remote_ip=192.0.2.1 options:key=${key2}
vms:
  vm1: { on: host1, bridge: br0, address: 10.0.0.1/24 }
  vm2: { on: host2, bridge: br0, address: 10.0.0.2/24 }
links: [{ between: [host1:eth0, host2:eth0] }]
steps:
  - ping: { from: vm1, to: vm2 }
`;

const CASES: readonly (readonly [title: string, text: string, lines: readonly string[]])[] = [
  [
    'an address that nobody has',
    withSteps('ping: { from: vm1, to: 10.0.0.9 }'),
    [
      'vm1 was told: host unreachable, by 10.0.0.1',
      'it died at vm1:eth0: no-neighbour: The next hop did not answer ARP or neighbour discovery.',
      'vm1 asked who has 10.0.0.9: nobody here has it',
    ],
  ],
  [
    'no route',
    withSteps('ping: { from: vm1, to: 192.0.2.1 }'),
    ['vm1 could not send to 192.0.2.1: no-route: No route to the destination.'],
  ],
  [
    'another VLAN, which the question never reached',
    withSteps('ping: { from: vm1, to: vm3 }'),
    [
      'the question of vm1 who has 10.0.0.3 never reached vm3:',
      '  0.000 ms  vm1:eth0   out  arp who has 10.0.0.3, asks 10.0.0.1',
      '  0.000 ms  host1:vm1  in',
      '  0.000 ms  host1:vm2  out',
      'host1 had it by vm1 (tag 10), and did not send it out of vm3 (tag 20), where vm3 is',
      'what br0 of host1 does with it (ofproto/trace):',
      '       -> no learned MAC for destination, flooding',
    ],
  ],
  [
    'a rule that drops, with the rule',
    withSteps(
      'run: { on: host1, script: "ovs-ofctl add-flow br0 priority=9,icmp,actions=drop" }',
      'ping: { from: vm1, to: vm2 }',
    ),
    [
      'the echo request of vm1 never reached vm2:',
      'it died at host1:vm1 (in system@ovs-system): flow-drop: The matching flow has no actions: drop.',
      '   0. icmp, priority 9',
      '  Datapath actions: drop',
    ],
  ],
  [
    'a rule that drops the answer',
    withSteps(
      'run: { on: host1, script: "ovs-ofctl add-flow br0 priority=9,icmp,icmp_type=0,actions=drop" }',
      'ping: { from: vm1, to: vm2 }',
    ),
    [
      'the echo reply of vm2 never reached vm1:',
      'it died at host1:vm2 (in system@ovs-system): flow-drop: The matching flow has no actions: drop.',
    ],
  ],
  [
    'a port where nothing listens',
    withSteps('tcp: { from: vm1, to: vm2, port: 80, listen: false }'),
    [
      'the SYN of vm1 never reached vm2:',
      'it died at vm2:eth0 (TCP port 80): no-socket: Nothing listens on the destination port.',
    ],
  ],
  [
    'a cable that loses everything',
    twoMachines({ link: ', loss: 100%' }),
    ['it died at host1:eth0: link-loss: The link lost the frame.'],
  ],
  [
    'a card that is down',
    twoMachines().replace('- ping', '- run: { on: host2, script: ip link set eth0 down }\n  - ping'),
    ['it died at host2:eth0: vport-down: The port is administratively down or has no carrier.'],
  ],
  [
    'a switch without rules on the way',
    twoMachines({ script2: ' && ovs-ofctl del-flows br0' }),
    [
      'the question of vm1 who has 10.0.0.2 never reached vm2:',
      'it died at host2:eth0 (in system@ovs-system): flow-drop: The matching flow has no actions: drop.',
      'what br0 of host2 does with it (ofproto/trace):',
    ],
  ],
  [
    'a tunnel with another key at its end',
    tunnel(8),
    [
      'the question of vm1 who has 10.0.0.2 never reached vm2:',
      'it died at host2:vxlan_sys_4789 (in system@ovs-system): no-bridge-port: The frame came in on a port that no bridge has.',
      '  0.000 ms  host1:eth0  out  vxlan 7 192.0.2.1 > 192.0.2.2 { arp who has 10.0.0.2, asks 10.0.0.1 }',
    ],
  ],
  [
    'a rule behind a tunnel',
    tunnel(7).replace(
      '- ping',
      "- run: { on: host2, script: 'ovs-ofctl add-flow br0 priority=9,arp,tun_id=7,actions=drop' }\n  - ping",
    ),
    [
      'it died at host2:vxlan_sys_4789 (in system@ovs-system): flow-drop: The matching flow has no actions: drop.',
      'what ovs-system of host2 does with it (ofproto/trace):',
      '   0. arp,tun_id=0x7, priority 9',
    ],
  ],
  [
    'a tunnel to nowhere',
    tunnel(7, '192.0.2.77'),
    ['it died at host1:eth0: no-tunnel-neighbour: The tunnel endpoint did not answer ARP or neighbour discovery.'],
  ],
];

describe('the explanation of a loss', () => {
  test.each(CASES)('by %s', async (_, text, lines) => {
    const report = await runText(text);
    expect(report.failureCount).toBeGreaterThan(0);
    const found = details(report)
      .split('\n')
      .map((line) => line.replace(/ +/g, ' '));
    for (const line of lines) expect(found).toContain(line.replace(/ +/g, ' '));
  });

  test('shows a frame by its fields, not by its bytes', async () => {
    const report = await runText(
      withSteps(
        'ping: { from: vm1, to: vm2 }',
        'expect: { frames: { at: "vm2:eth0", where: { icmp_type: 8 }, each: { ip_src: 10.0.0.9, ip_dst: 10.0.0.2, nw_ttl: { max: 63 }, dl_vlan: 5 } } }',
      ),
    );
    expect(details(report)).toBe(
      [
        'frame 1: icmp echo request 10.0.0.1 > 10.0.0.2 seq 1',
        '   field    expected    found',
        '!  dl_vlan  5           -',
        '!  ip_src   10.0.0.9    10.0.0.1',
        '   ip_dst   10.0.0.2    10.0.0.2',
        '!  nw_ttl   at most 63  64',
      ].join('\n'),
    );
  });

  test('shows the way of what should not have arrived', async () => {
    const report = await runText(withSteps('ping: { from: vm1, to: vm2, expect: fail }'));
    const found = details(report);
    expect(found).toContain('the way of the echo request of vm1:');
    expect(found).toContain('vm2:eth0   delivered (ICMP echo request)');
  });
});
