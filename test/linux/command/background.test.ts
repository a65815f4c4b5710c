/** Processes beside the shell: &, --detach, $!, kill, timeout, and where their output goes. */
import { describe, expect, test } from 'vitest';
import { freshShell, scratchFolder } from '../shell-network.js';

const BRIDGE = `
ovs-vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure -- \
  add-port br0 p1 -- set interface p1 type=dummy ofport_request=1
ovs-ofctl add-flow br0 actions=controller
packet() { ovs-appctl netdev-dummy/receive p1 0000000000010000000000020800aabb; }
`;
const run = async (script: string, options = {}): Promise<string> => {
  const { stdout, stderr } = await freshShell(options).run(`${BRIDGE}${script}`);
  return `${stdout}${stderr}`;
};

describe('a monitor', () => {
  test.each([
    ['in the background', 'ovs-ofctl monitor br0 9 2>log & packet; grep -c PACKET_IN log', '1\n'],
    ['that leaves the shell', 'ovs-ofctl monitor br0 9 --detach 2>log; packet; packet; grep -c PACKET_IN log', '2\n'],
    ['both of whose streams go to a file', 'ovs-ofctl monitor br0 9 >log 2>&1 & packet; grep -c PACKET_IN log', '1\n'],
    ['into nothing', 'ovs-ofctl monitor br0 9 2>/dev/null & packet; ls /dev/null', '/dev/null\n'],
    [
      'in a loop of files',
      'for f in a b; do ovs-ofctl monitor br0 9 2>$f & done; packet; grep -c PACKET_IN a b',
      'a:1\nb:1\n',
    ],
    [
      'that is killed',
      'ovs-ofctl monitor br0 9 2>log & kill $!; packet; grep -c . log; kill $!',
      '0\nkill: (2001) - No such process\n',
    ],
    [
      'whose time ends',
      'timeout 5 ovs-ofctl monitor br0 9 2>log & packet; sleep 6; packet; cut -c1-30 log | grep -c PACKET_IN; tail -n 1 log',
      '1\n1970-01-01T00:00:05Z|00001|fatal_signal|WARN|terminating with signal 15 (Terminated)\n',
    ],
    ['that has no end', 'ovs-ofctl monitor br0; echo $?', /^1\novs-ofctl: nothing would end it/],
    ['with a pidfile', 'ovs-ofctl monitor br0 --detach --pidfile; cat /var/run/openvswitch/ovs-ofctl.pid', '2001\n'],
    [
      'with a socket of its own',
      'ovs-ofctl monitor br0 --detach --unixctl=/tmp/c1; ovs-appctl -t /tmp/c1 version; ovs-appctl -t /tmp/c1 exit; ovs-appctl -t /tmp/c1 version',
      'ovs-ofctl (Open vSwitch) 3.1.0\novs-appctl: cannot connect to "/tmp/c1" (No such file or directory)\n',
    ],
  ])('%s', async (_, script, expected) => {
    const output = await run(script);
    if (typeof expected === 'string') expect(output).toBe(expected);
    else expect(output).toMatch(expected);
  });

  test('writes to the disk that the machine sees', async () => {
    const mount = scratchFolder();
    const script = 'ovs-ofctl monitor br0 9 --detach --pidfile 2>log; packet; grep -c PACKET_IN log';
    expect(await run(script, { mount })).toBe('1\n');
  });

  test('says on the terminal what it hears, as it comes', async () => {
    expect(await run('ovs-ofctl monitor br0 9 & packet')).toMatch(
      /^NXT_PACKET_IN2 \(xid=0x0\): cookie=0x0 total_len=16/,
    );
  });
});

describe('timeout', () => {
  test.each([
    ['a command that takes no time', 'timeout 5 echo a', 'a\n0\n0\n'],
    ['one that waits less', 'timeout 5 sleep 3', '0\n3\n'],
    ['one that waits longer', 'timeout 5 sleep 30', '124\n5\n'],
    ['no limit', 'timeout 0 sleep 30', '0\n30\n'],
    ['one in another', 'timeout 9 timeout 2 sleep 30', '124\n2\n'],
    ['no command', 'timeout 5', "125\n0\ntimeout: missing operand\nTry 'timeout --help' for more information.\n"],
  ])('of %s', async (_, command, expected) => {
    const { stdout, stderr } = await freshShell().run(`${command}; echo $?; date +%s`);
    expect(`${stdout}${stderr}`).toBe(expected);
  });
});
