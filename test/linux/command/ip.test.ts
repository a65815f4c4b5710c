/**
 * `ip` against the real one of iproute2 6.1: the same command lines in a fresh network namespace of the kernel and on
 * a simulated machine, output, errors and exit codes compared byte for byte.
 */
import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { freshShell } from '../shell-network.js';

/** Shell that prints each command line, what it says (n: in order, the kernel's is that of a hash), and how it ends. */
const RUNNER = 'n() { echo "\\$ $*"; "$@" 2>&1 | sort; }\nt() { echo "\\$ $*"; "$@" 2>&1; echo "rc $?"; }\n';

function realIp(script: string): string | null {
  try {
    execFileSync('unshare', ['-n', 'ip', '-V'], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return execFileSync('unshare', ['-n', 'bash', '-c', RUNNER + script], { encoding: 'utf8' });
}

async function simulatedIp(script: string): Promise<string> {
  const shell = freshShell();
  const namespace = shell.machine.addNamespace('fresh')!;
  const { stdout, stderr } = await shell.run(RUNNER + script, { namespace });
  return stdout + stderr;
}

const VETH = `ip link add veth0 address 02:00:00:00:00:01 type veth peer name veth1 address 02:00:00:00:00:02\n`;
/** What the kernel does on its own in the first second: duplicate address detection, which is not simulated. */
const SETTLE = 'sleep 2.2\n';

const SCRIPTS: readonly (readonly [string, string])[] = [
  [
    'links',
    `t ip link; t ip -br link; ${VETH} t ip link; t ip -br link; t ip link set veth0 up; ${SETTLE} t ip link; t ip -br l
     t ip addr; t ip -br addr; t ip link set veth1 up; t ip link show veth0; t ip -o link show dev veth1; t ip link show up
     t ip link set dev veth0 mtu 1400; t ip link set veth0 address 02:00:00:00:00:11; t ip link set veth0 name foo
     t ip link show foo
     t ip link set foo down; ${SETTLE} t ip link show; t ip link del foo; t ip link; t ip link del foo`,
  ],
  [
    'what links refuse',
    `${VETH} t ip link set veth0 mtu 40; t ip link set veth0 mtu x; t ip link set veth0 address zz; t ip link set veth0 frob
     t ip link set nope up; t ip link set; t ip link set veth0; t ip link show nope; t ip link frob; t ip link show frob veth0
     t ip link add veth0 type veth peer name veth9; t ip link add x type frob; t ip link add veth5; t ip -Z link; t ip frob
     t ip link set veth0 name veth1; t ip link set dev; t ip link del nope; t ip link del; t ip link add type veth; t ip -V`,
  ],
  [
    'addresses',
    `${VETH} t ip addr add 10.0.0.1/24 brd + dev veth0; t ip addr add 10.0.0.2/24 dev veth0; t ip addr add 10.0.0.3 dev veth0
     t ip addr add fd00::1/64 dev veth0; t ip addr add 192.168.1.1/30 brd 192.168.1.9 label veth0:x dev veth0
     t ip link set veth0 up; t ip link set veth1 up; ${SETTLE} t ip addr; t ip a s veth0; t ip -4 addr show veth0; t ip -6 a
     t ip -o addr; t ip addr show up; t ip -br a; t ip -br addr show veth0; t ip -o -4 a; t ip addr show scope link
     t ip addr del 10.0.0.1/24 dev veth0; t ip addr show veth0; t ip addr flush dev veth0; t ip -br a
     ip link set lo up; t ip addr show lo; t ip addr add 127.0.0.2/8 dev lo; t ip -br a; t ip link set veth0 down; ${SETTLE} t ip -br a`,
  ],
  [
    'what addresses refuse',
    `${VETH} ip addr add 10.0.0.1/24 dev veth0; t ip addr add 10.0.0.1/24 dev veth0; t ip addr add 10.0.0.300/24 dev veth0
     t ip addr add 10.0.0.1/33 dev veth0; t ip addr del 10.7.0.1/24 dev veth0; t ip addr add 10.0.0.9/24; t ip addr add
     t ip addr add 10.0.0.5/24 dev nope; t ip addr add 10.0.0.5/24 dev veth0 frob; t ip addr add dev veth0; t ip addr flush
     t ip addr frob; t ip addr show nope; t ip addr add 10.0.0.1/24 dev; ip addr add fd00::1/64 dev veth0
     t ip addr add fd00::1/64 dev veth0; t ip addr del fd00::7/64 dev veth0; t ip addr add fd00::1/129 dev veth0`,
  ],
  [
    'routes',
    `${VETH} ip link set veth0 up; ip link set veth1 up; ip addr add 10.0.0.1/24 dev veth0; ip addr add fd00::1/64 dev veth0
     ${SETTLE} t ip route; t ip -6 route; t ip route add default via 10.0.0.254; t ip route add 10.5.0.0/16 via 10.0.0.2 dev veth0 metric 50
     t ip route add 10.1.0.0/16 via 10.0.0.9 src 10.0.0.1 metric 5; t ip route add 10.2.0.0/16 dev veth0; t ip route add 10.2.0.1 dev veth0
     t ip route add 10.3.0.0/16 dev veth1 proto static; t ip r; t ip route show 10.2.0.0/16; t ip route show dev veth1
     t ip route list default; t ip route replace default via 10.0.0.7; t ip r; t ip route add default via 10.0.0.8 metric 10; t ip r
     t ip r get 10.1.2.3; t ip r get 10.0.0.77; t ip r get 10.0.0.1; t ip r get 8.8.8.8; t ip r get fd00::5; t ip route del 10.1.0.0/16; t ip r
     t ip -6 route add 2001:db8::/32 via fd00::9; t ip -6 route add default via fe80::9 dev veth0; t ip -6 r; t ip -6 route del default; t ip -6 r
     t ip route flush dev veth1; t ip r; t ip link set veth0 down; ${SETTLE} t ip r; t ip link set veth0 up; t ip r`,
  ],
  [
    'what routes refuse',
    `${VETH} ip link set veth0 up; ip link set veth1 up; ip addr add 10.0.0.1/24 dev veth0
     t ip route add 10.0.0.0/24 dev veth0 proto kernel scope link src 10.0.0.1; t ip route add 10.9.0.0/16 via 192.168.1.1
     t ip route add 10.2.0.1/16 dev veth0; t ip route add 10.9.0.0/16; t ip route add 10.9.0.0/16 dev nope; t ip route add 10.9.0.0/16 frob
     t ip route del 10.77.0.0/16; t ip route frob; t ip route get; t ip r get 8.8.8.8; t ip route add 10.9.0.0/33 dev veth0
     t ip route add 10.9.0.0/16 via 10.0.0.1; t ip route add 10.9.0.0/16 via 10.0.0.2 src 10.0.0.77; t ip route flush`,
  ],
  [
    'neighbours',
    `${VETH} ip link set veth0 up; ip link set veth1 up; ip addr add 10.0.0.1/24 dev veth0; ${SETTLE} n ip neigh
     t ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev veth0; t ip neigh add 10.0.0.9 lladdr 02:00:00:00:00:09 dev veth0
     t ip neigh replace 10.0.0.8 lladdr 02:00:00:00:00:08 nud reachable dev veth0; n ip neigh; n ip n show dev veth0; t ip neigh show 10.0.0.9
     t ip neigh add fd00::9 lladdr 02:00:00:00:00:09 dev veth0; n ip -6 neigh; t ip neigh flush dev veth0; n ip neigh; t ip neigh flush
     t ip neigh del 10.0.0.77 dev veth0; t ip neigh del 10.0.0.9 dev veth0; n ip neigh; t ip neigh add 10.0.0.5 lladdr xx dev veth0
     t ip neigh add 10.0.0.5; t ip neigh frob; t ip neigh add 10.0.0.5 dev nope`,
  ],
];

describe('ip prints what iproute2 prints:', () => {
  test.each(SCRIPTS)('%s', { timeout: 30_000 }, async (_, script) => {
    const real = realIp(script);
    if (real === null) {
      if (process.env.CI === 'true') throw new Error('no network namespaces or no iproute2 here');
      return;
    }
    const lines = (text: string): string[] => text.split('\n');
    expect(lines(await simulatedIp(script))).toEqual(lines(real));
  });
});

test('counters', async () => {
  const { stdout } = await freshShell().run('ping -c2 127.0.0.1 > /dev/null; ip -s link show lo');
  expect(stdout.split('\n').slice(2)).toEqual([
    '    RX:  bytes packets errors dropped  missed   mcast           ',
    '           392       4      0       0       0       0 ',
    '    TX:  bytes packets errors dropped carrier collsns           ',
    '           392       4      0       0       0       0 ',
    '',
  ]);
});

test('what is not simulated says so', async () => {
  const { stderr, exitCode } = await freshShell().run('ip rule; ip -j link; ip tunnel');
  expect(exitCode).toBe(1);
  expect(stderr).toBe(
    'upcall: ip rule is not simulated\nupcall: ip -j is not simulated\nupcall: ip tunnel is not simulated\n',
  );
});
