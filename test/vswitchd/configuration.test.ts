/** What configuration does and what the database shows of it; as ovs-vswitchd 3.1.0 does. */
import { describe, expect, it } from 'vitest';
import { TestSwitch } from '../support/test-switch.js';

describe('mtu_request', () => {
  it.each([
    ['is the MTU of the port', 'get Interface p1 mtu', '9000\n'],
    ['and, of the least of the ports, that of the local port', 'get Interface br0 mtu', '1500\n'],
  ])('%s', (_, question, answer) => {
    const sw = TestSwitch.withPorts(2);
    sw.vsctl('set Interface p1 mtu_request=9000');
    expect(sw.vsctl(question)).toBe(answer);
  });
});

describe('what cannot be', () => {
  const VXLAN = 'type=vxlan options:remote_ip=flow options:key=flow';

  it('a second tunnel that would take the same packets', () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl(`add-port br0 v1 -- set Interface v1 ${VXLAN}`);
    sw.vsctl(`add-port br0 v2 -- set Interface v2 ${VXLAN}`);
    expect(sw.vsctl('get Interface v2 ofport error')).toBe(
      '-1\n"could not add network device v2 to ofproto (File exists)"\n',
    );
  });

  it('and each attempt to add it takes an OpenFlow port number', () => {
    const sw = TestSwitch.withPorts(3);
    const add = (name: string, more = 'type=dummy'): void => {
      sw.vsctl(`add-port br0 ${name} -- set Interface ${name} ${more}`);
    };
    add('t1', 'type=vxlan');
    add('q1');
    add('t2', 'type=vxlan options:remote_ip=1.1.1.1');
    add('t3', 'type=vxlan options:remote_ip=1.1.1.1');
    add('q2');
    add('q3', 'type=nonsense');
    add('q4');
    add('q5', 'type=patch');
    add('q6');
    sw.vsctl('set Bridge br0 other_config:x=y');
    add('q7');
    add('t4', 'type=vxlan options:remote_ip=1.1.1.1 ofport_request=50');
    add('q8', 'type=dummy ofport_request=50');
    const numbers = ['q1', 't2', 'q2', 'q4', 'q6', 'q7', 'q8'].map((name) => `get Interface ${name} ofport`);
    expect(numbers.map((question) => sw.vsctl(question).trim()).join(' ')).toBe('4 5 8 10 13 16 50');
  });

  it('a bridge on a datapath that there is none of', () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('add-br br1 -- set Bridge br1 datapath_type=nope');
    expect(sw.vswitchd.bridge('br1')).toBeUndefined();
  });
});

describe('Bridge:protocols', () => {
  it('refuses other versions', async () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('set Bridge br0 protocols=OpenFlow10');
    await expect(sw.ofctl('-O OpenFlow13 dump-flows br0')).rejects.toThrow('failed to connect to socket');
    expect(await sw.ofctl('dump-flows br0')).not.toContain('cookie');
  });
});

it('a device that goes down shows in the database', () => {
  const sw = TestSwitch.withPorts(1);
  sw.appctl('netdev-dummy/set-admin-state p1 down');
  expect(sw.vsctl('get Interface p1 admin_state link_state')).toBe('down\ndown\n');
});

it('statistics are shown every five seconds', () => {
  const sw = TestSwitch.withPorts(1);
  sw.receive('p1', new Uint8Array(60));
  sw.sleep(11);
  expect(sw.vsctl('get Interface p1 statistics:rx_packets')).toBe('1\n');
});

describe('the number of a port', () => {
  it.each([
    ['stays when the options of a tunnel change', 'set Interface v1 options:key=5', '1'],
    ['is another when another is asked for', 'set Interface v1 ofport_request=9 options:key=5', '9'],
    ['is another when the type changes', 'set Interface v1 type=gre', '2'],
  ])('%s', (_name, change, number) => {
    const sw = TestSwitch.withPorts(0);
    sw.vsctl('add-port br0 v1 -- set Interface v1 type=vxlan options:remote_ip=1.1.1.1');
    sw.vsctl(change);
    expect(sw.vsctl('get Interface v1 ofport')).toBe(`${number}\n`);
  });
});
