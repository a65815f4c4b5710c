/** A machine's switch tells a collector on another machine: over the simulated network, when virtual time says so. */
import { expect, test } from 'vitest';
import { Machine } from '#src/linux/machine.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';

const NS_PER_SEC = 1e9;
const FRAME = Uint8Array.from(
  Buffer.from(
    '505400000007505400000005080045000020000000004011000001010101020202020035003500000000'.padEnd(120, '0'),
    'hex',
  ),
);

/** A machine with a bridge that one dummy port feeds, and what its collector on port 5000 of 127.0.0.1 has got. */
function machine(settings: string): {
  readonly got: Buffer[];
  readonly send: () => void;
  readonly scheduler: Scheduler;
} {
  const scheduler = new Scheduler();
  const host = new Machine({ name: 'host', scheduler, rng: new SeededRng(7) });
  const got: Buffer[] = [];
  host.root.stack.udp.bind({ port: 5000 }, (_datagram, payload) => got.push(Buffer.from(payload)));
  const words =
    `add-br br0 -- set Bridge br0 datapath-type=dummy -- add-port br0 p1 -- set Interface p1 type=dummy -- ${settings}`.split(
      ' ',
    );
  const { stderr } = runVsctl(words, { database: host.database });
  expect(stderr).toBe('');
  scheduler.runDue();
  const send = (): void => {
    host.vswitchd.unixctl('netdev-dummy/receive', ['p1', Buffer.from(FRAME).toString('hex')]);
    scheduler.runDue();
  };
  return { got, send, scheduler };
}

test('sFlow is sent once a second', () => {
  const { got, send, scheduler } = machine(
    '--id=@s create sFlow targets="127.0.0.1:5000" sampling=1 polling=0 -- set Bridge br0 sflow=@s',
  );
  for (let i = 0; i < 3; i++) send();
  expect(got).toEqual([]);
  scheduler.runUntil(1 * NS_PER_SEC);
  expect(got).toHaveLength(1);
  // Version 5, an IPv4 agent, which is the address that the collector is reached with, and three samples.
  expect(got[0]!.subarray(0, 12).toString('hex')).toBe('00000005000000017f000001');
  expect(got[0]!.readUInt32BE(24)).toBe(3);
});

test('one of four packets is sampled, and the same ones for the same seed', () => {
  const samples = (): number => {
    const { got, send, scheduler } = machine(
      '--id=@s create sFlow targets="127.0.0.1:5000" sampling=4 polling=0 -- set Bridge br0 sflow=@s',
    );
    for (let i = 0; i < 400; i++) send();
    scheduler.runUntil(1 * NS_PER_SEC);
    return got.reduce((sum, datagram) => sum + datagram.readUInt32BE(24), 0);
  };
  const count = samples();
  expect(count).toBeGreaterThan(60);
  expect(count).toBeLessThan(140);
  expect(samples()).toBe(count);
});

test('an IPFIX flow ends when it has been active for so long', () => {
  const { got, send, scheduler } = machine(
    '--id=@i create IPFIX targets="127.0.0.1:5000" sampling=1 cache_active_timeout=5 cache_max_flows=9 ' +
      'other_config:enable-output-sampling=true -- set Bridge br0 ipfix=@i',
  );
  send();
  send();
  scheduler.runUntil(4 * NS_PER_SEC);
  expect(got).toEqual([]);
  scheduler.runUntil(5 * NS_PER_SEC);
  const last = got.at(-1)!;
  // A record of UDP over IPv4 that came in, of two packets; flowEndReason 2 in front of the 80 bytes of IP's counts.
  expect(last.readUInt16BE(16)).toBe(256 + 28);
  expect(last[last.length - 81]).toBe(2);
  expect(last.readBigUInt64BE(last.length - 193 + 24)).toBe(2n);
});
