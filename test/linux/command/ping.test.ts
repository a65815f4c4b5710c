/** `ping`: the words are iputils 20221126's, times are the simulation's. */
import { describe, expect, test } from 'vitest';
import { Shell } from '#src/linux/shell/shell.js';
import { twoMachines } from '../network.js';
import { freshShell } from '../shell-network.js';

const SLOW = { latencyNs: 250_000 };

async function ping(line: string, settings = SLOW, seed = 1) {
  const network = twoMachines(settings, seed);
  return { ...(await new Shell(network.a).run(line)), network };
}

describe('ping', () => {
  test('replies, the first with the ARP in it', async () => {
    const { stdout, stderr, exitCode, network } = await ping('ping -c 3 10.0.0.2');
    expect(stdout).toBe(`PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.
64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=1.00 ms
64 bytes from 10.0.0.2: icmp_seq=2 ttl=64 time=0.500 ms
64 bytes from 10.0.0.2: icmp_seq=3 ttl=64 time=0.500 ms

--- 10.0.0.2 ping statistics ---
3 packets transmitted, 3 received, 0% packet loss, time 2000ms
rtt min/avg/max/mdev = 0.500/0.666/1.000/0.235 ms
`);
    expect([stderr, exitCode]).toEqual(['', 0]);
    expect(network.scheduler.nowNs()).toBe(2_000_500_000);
  });

  test('IPv6', async () => {
    const { stdout } = await ping('ping -c1 fd00::2');
    expect(stdout).toBe(`PING fd00::2(fd00::2) 56 data bytes
64 bytes from fd00::2: icmp_seq=1 ttl=64 time=1.00 ms

--- fd00::2 ping statistics ---
1 packets transmitted, 1 received, 0% packet loss, time 0ms
rtt min/avg/max/mdev = 1.000/1.000/1.000/0.000 ms
`);
  });

  test('nobody there: errors of the own host, three requests in the pipe', async () => {
    const { stdout, exitCode } = await ping('ping -c3 10.0.0.78');
    expect(stdout).toBe(`PING 10.0.0.78 (10.0.0.78) 56(84) bytes of data.
From 10.0.0.1 icmp_seq=1 Destination Host Unreachable
From 10.0.0.1 icmp_seq=2 Destination Host Unreachable
From 10.0.0.1 icmp_seq=3 Destination Host Unreachable

--- 10.0.0.78 ping statistics ---
3 packets transmitted, 0 received, +3 errors, 100% packet loss, time 2000ms
pipe 3
`);
    expect(exitCode).toBe(1);
  });

  test('a deadline', async () => {
    const { stdout, exitCode, network } = await ping('ping -w 2 10.0.0.79');
    expect(stdout).toBe(`PING 10.0.0.79 (10.0.0.79) 56(84) bytes of data.

--- 10.0.0.79 ping statistics ---
2 packets transmitted, 0 received, 100% packet loss, time 1000ms

`);
    expect(exitCode).toBe(1);
    expect(network.scheduler.nowNs()).toBe(2e9);
  });

  test('what is lost shows, and the wait for it is ten seconds or -W', async () => {
    const lost = await ping('ping -c 10 -i 0.1 -q 10.0.0.2', { ...SLOW, lossRate: 0.3 } as typeof SLOW, 5);
    expect(lost.stdout).toMatch(/10 packets transmitted, [1-9] received, [1-9]0% packet loss, time 900ms/);
    const { network, stdout } = await ping('ping -c 1 10.0.0.2 > /dev/null; ping -c 1 -W 2 10.0.0.2', {
      ...SLOW,
      lossRate: 1,
    } as typeof SLOW);
    expect(stdout).toContain('1 packets transmitted, 0 received');
    expect(network.scheduler.nowNs()).toBeGreaterThan(2e9);
  });

  test.each([
    ['-s 8', 'PING 10.0.0.2 (10.0.0.2) 8(36) bytes of data.\n16 bytes from 10.0.0.2: icmp_seq=1 ttl=64\n'],
    [
      '-s 16',
      'PING 10.0.0.2 (10.0.0.2) 16(44) bytes of data.\n24 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=1.00 ms\n',
    ],
    [
      '-s 3000',
      'PING 10.0.0.2 (10.0.0.2) 3000(3028) bytes of data.\n3008 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=1.00 ms\n',
    ],
    ['-D', 'PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n[0.001000] 64 bytes from'],
    ['-I eth0', 'PING 10.0.0.2 (10.0.0.2) from 10.0.0.1 eth0: 56(84) bytes of data.\n64 bytes'],
    ['-I 10.0.0.1', 'PING 10.0.0.2 (10.0.0.2) from 10.0.0.1 : 56(84) bytes of data.\n64 bytes'],
    ['-p ff', 'PATTERN: 0xff\nPING 10.0.0.2'],
    ['-q', 'PING 10.0.0.2 (10.0.0.2) 56(84) bytes of data.\n\n--- 10.0.0.2'],
  ])('%s', async (option, expected) => {
    const { stdout } = await ping(`ping -c1 ${option} 10.0.0.2`);
    expect(stdout.startsWith(expected)).toBe(true);
  });

  test('a name from /etc/hosts', async () => {
    const { stdout } = await ping(
      'echo 10.0.0.2 bee >> /etc/hosts; ping -c1 bee | head -2; ping -c1 -n bee | sed -n 2p',
    );
    expect(stdout).toBe(
      'PING bee (10.0.0.2) 56(84) bytes of data.\n64 bytes from bee (10.0.0.2): icmp_seq=1 ttl=64 time=1.00 ms\n' +
        '64 bytes from 10.0.0.2: icmp_seq=1 ttl=64 time=0.500 ms\n',
    );
  });

  test('too long for the link and not to be fragmented', async () => {
    const { stderr, stdout } = await ping('ping -c 2 -M do -s 1500 10.0.0.2');
    expect(stderr).toBe('ping: local error: message too long, mtu=1500\n'.repeat(2));
    expect(stdout).toContain('2 packets transmitted, 0 received, +2 errors, 100% packet loss, time 1000ms\n\n');
  });

  test.each([
    ['ping', 1, 'ping: usage error: Destination address required\n'],
    ['ping -c x 127.0.0.1', 1, "ping: invalid argument: 'x'\n"],
    ['ping -c 0 127.0.0.1', 1, "ping: invalid argument: '0': out of range: 1 <= value <= 9223372036854775807\n"],
    ['ping -c1 8.8.8.8', 2, 'ping: connect: Network is unreachable\n'],
    ['ping -c1 nohost', 2, 'ping: nohost: Temporary failure in name resolution\n'],
    ['ping -c1 -I nodev 127.0.0.1', 2, 'ping: SO_BINDTODEVICE nodev: No such device\n'],
    ['ping -c1 -t 0 127.0.0.1', 2, 'ping: cannot set unicast time-to-live: Invalid argument\n'],
    ['ping 127.0.0.1', 2, 'ping: -c COUNT or -w DEADLINE is needed: in virtual time nobody can interrupt it\n'],
  ])('%s', async (line, exitCode, stderr) => {
    expect(await freshShell().run(line)).toEqual({ stdout: '', stderr, exitCode });
  });

  test('a broadcast is asked for twice', async () => {
    expect((await ping('ping -c1 10.0.0.255')).stderr).toBe(
      'ping: Do you want to ping broadcast? Then -b. If not, check your local firewall rules\n',
    );
  });
});
