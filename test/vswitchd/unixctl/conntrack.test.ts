/** dpctl's commands for connection tracking, on a switch that tracks. Words were recorded from Open vSwitch 3.1.0. */
import { beforeEach, describe, expect, test } from 'vitest';
import { TestSwitch } from '../../support/test-switch.js';
import { eth } from '../../support/packet-builder.js';

const SYN = 2;
const TUPLE = 'ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=6,ct_tp_src=5,ct_tp_dst=80';
const TCP =
  'tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=5),zone=5,' +
  'protoinfo=(state=SYN_SENT)\n';
const UDP =
  'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=7,dport=53),reply=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=7),zone=5\n';

describe('tracked connections', () => {
  let sw: TestSwitch;
  beforeEach(() => {
    sw = TestSwitch.withPorts(2);
    const any = 'eth(),eth_type(0x0800),ipv4(frag=no)';
    sw.appctl(`dpctl/add-flow 'recirc_id(0),in_port(1),${any}' 'ct(commit,zone=5),2'`);
    sw.receive('p1', eth().ipv4('10.0.0.1', '10.0.0.2').tcp(5, 80, { flags: SYN }).bytes());
    sw.receive('p1', eth().ipv4('10.0.0.1', '10.0.0.2').udp(7, 53).bytes());
  });

  test.each([
    ['dump-conntrack', TCP + UDP],
    ['dump-conntrack zone=5', TCP + UDP],
    ['dump-conntrack zone=6', ''],
    ['ct-stats-show', 'Connections Stats:\n    Total: 2\n  TCP: 1\n  UDP: 1\n'],
    [
      'ct-stats-show -m',
      'Connections Stats:\n    Total: 2\n  TCP: 1\n    Conn per TCP states:\n\t  [SYN_SENT]=1\n  UDP: 1\n',
    ],
    ['ct-get-nconns', '2\n'],
    ['ct-get-maxconns', '3000000\n'],
    ['ct-set-maxconns 5', 'setting maxconns successful\n'],
    ['ct-get-tcp-seq-chk', 'TCP sequence checking: enabled\n'],
    ['ct-disable-tcp-seq-chk', 'disabling TCP sequence checking successful\n'],
    ['ct-get-limits', 'default limit=0\n'],
  ])('dpctl/%s', (line, text) => {
    expect(sw.appctl(`dpctl/${line}`)).toBe(text);
  });

  test.each([
    ['zone=5', ''],
    ['zone=6', TCP + UDP],
    [`zone=5 ${TUPLE}`, UDP],
    ['ct_nw_proto=17', TCP],
    ['', ''],
  ])('dpctl/flush-conntrack %s', (args, left) => {
    sw.appctl(`dpctl/flush-conntrack ${args}`);
    expect(sw.appctl('dpctl/dump-conntrack')).toBe(left);
  });

  test('limits are shown with what they count, and refuse more', () => {
    sw.appctl('dpctl/flush-conntrack');
    sw.appctl('dpctl/ct-set-limits zone=5,limit=1');
    for (const port of [7, 8, 9]) sw.receive('p1', eth().ipv4('10.0.0.1', '10.0.0.2').udp(port, 53).bytes());
    expect(sw.appctl('dpctl/ct-get-limits')).toBe('default limit=0\nzone=5,limit=1,count=1\n');
    expect(sw.appctl('dpctl/dump-conntrack')).toBe(UDP);
  });

  test('-s shows how long a connection has left', () => {
    expect(sw.appctl('dpctl/dump-conntrack -s zone=5').split('\n')[1]).toContain(',zone=5,timeout=60');
  });
});
