/** BFD sessions on the virtual clock; what is expected here is what ovs-vswitchd 3.1.0 does (test/differential/link-monitoring.test.ts). */
import { describe, expect, it } from 'vitest';
import { composeBfdFrame, type BfdMessage } from '#src/vswitchd/bfd/packet.js';
import { TestSwitch } from '../../support/test-switch.js';

/** Two bridges in one switch, joined by p0 and p1. */
function twoEnds(settings = 'bfd:enable=true'): TestSwitch {
  const sw = TestSwitch.withPorts(0);
  sw.vsctl(
    'add-br br1 -- set bridge br1 datapath-type=dummy ' +
      `-- add-port br0 p0 -- set Interface p0 type=patch options:peer=p1 ofport_request=1 ${settings} ` +
      `-- add-port br1 p1 -- set Interface p1 type=patch options:peer=p0 ofport_request=2 ${settings}`,
  );
  return sw;
}

const state = (sw: TestSwitch, port: string): string =>
  ['forwarding', 'state', 'diagnostic', 'flap_count', 'remote_state']
    .map((key) => sw.vsctl(`--if-exists get Interface ${port} bfd_status:${key}`).trim().replaceAll('"', ''))
    .join(', ');

const UP = 'true, up, No Diagnostic, 1, up';

describe('a BFD session', () => {
  it('comes up, goes down when the other end is silent, and comes up again', () => {
    const sw = twoEnds();
    sw.appctl('time/warp 2000');
    expect([state(sw, 'p0'), state(sw, 'p1')]).toEqual([UP, UP]);
    sw.vsctl('set Interface p0 bfd:enable=false');
    expect(state(sw, 'p0')).toBe(', , , , ');
    sw.appctl('time/warp 3000');
    expect(state(sw, 'p1')).toBe('false, down, Control Detection Time Expired, 2, down');
    sw.vsctl('set Interface p0 bfd:enable=true');
    sw.appctl('time/warp 2000');
    expect(state(sw, 'p1')).toBe('true, up, Control Detection Time Expired, 3, up');
  });

  it('says at the other end that the path behind it is down', () => {
    const sw = twoEnds();
    sw.appctl('time/warp 2000');
    sw.vsctl('set Interface p0 bfd:cpath_down=true');
    sw.appctl('time/warp 1000');
    expect(state(sw, 'p1')).toBe('false, up, No Diagnostic, 2, up');
  });

  it('agrees on other intervals by a poll sequence, before they are in force', () => {
    const sw = twoEnds();
    sw.appctl('time/warp 2000');
    sw.vsctl('set Interface p0 bfd:min_tx=200 bfd:mult=8');
    sw.vsctl('set Interface p1 bfd:min_rx=300');
    sw.appctl('time/warp 2000');
    expect(sw.appctl('bfd/show p0')).toMatch(/Local Flags: none\n(.*\n)* {2}Local Minimum TX Interval: 200ms/);
    expect(sw.appctl('bfd/show p1')).toMatch(
      /Remote Minimum TX Interval: 200ms\n(.*\n)* {2}Remote Detect Multiplier: 8/,
    );
    expect(sw.appctl('bfd/show p0')).toContain('Remote Minimum RX Interval: 300ms');
  });

  it('decays without traffic and goes back with it', () => {
    const sw = twoEnds('bfd:enable=true bfd:min_rx=300 bfd:min_tx=300');
    sw.addPort('br1', 'p7', 7);
    sw.appctl('time/warp 5000');
    sw.vsctl('set Interface p0 bfd:decay_min_rx=3000');
    sw.appctl('time/warp 7000');
    expect(sw.appctl('bfd/show p0')).toContain('Local Minimum RX Interval: 3000ms');
    for (let i = 0; i < 60; i++) {
      sw.receive('p7', Buffer.from('5054000000095054000000058888'.padEnd(120, '0'), 'hex'));
      sw.appctl('time/warp 100');
    }
    expect(sw.appctl('bfd/show p0')).toContain('Local Minimum RX Interval: 300ms');
  });

  it('forwards while other packets come, for so long as control packets do not stay away', () => {
    const sw = twoEnds('bfd:enable=true bfd:min_rx=300 bfd:forwarding_if_rx=true');
    sw.addPort('br1', 'p7', 7);
    sw.appctl('time/warp 5000');
    sw.vsctl('set Interface p1 bfd:enable=false');
    const receiveFor = (seconds: number): string => {
      for (let i = 0; i < 2 * seconds; i++) {
        sw.receive('p7', Buffer.from('5054000000095054000000058888'.padEnd(120, '0'), 'hex'));
        sw.appctl('time/warp 500');
      }
      return state(sw, 'p0');
    };
    expect(receiveFor(5)).toBe('true, down, Control Detection Time Expired, 1, down');
    expect(receiveFor(27)).toBe('false, down, Control Detection Time Expired, 2, down');
  });

  it('makes ports live or not: groups, port descriptions', async () => {
    const sw = twoEnds();
    sw.addPort('br0', 'p7', 7);
    await sw.ofctl(
      '-O OpenFlow13 add-group br0 group_id=1,type=ff,bucket=watch_port:1,output:1,bucket=watch_port:7,output:7',
    );
    await sw.ofctl('-O OpenFlow13 add-flow br0 in_port=LOCAL,actions=group:1');
    const out = (): string => sw.trace('br0', 'in_port=LOCAL', 'Datapath actions');
    sw.appctl('time/warp 2000');
    expect(out()).toBe('101');
    sw.appctl('bfd/set-forwarding p0 false');
    expect(out()).toBe('7');
    sw.appctl('bfd/set-forwarding normal');
    expect(out()).toBe('101');
  });

  it('is told of each packet that comes by a dummy port, and answers a poll at once', () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('set Interface p1 bfd:enable=true');
    const mine = Number(/Local Discriminator: (\S+)/.exec(sw.appctl('bfd/show p1'))![1]);
    const tell = (message: Partial<BfdMessage>): void =>
      sw.receive('p1', frameOf({ yourDiscriminator: mine, ...message }));
    sw.appctl('time/warp 100');
    sw.sent.length = 0;
    tell({ state: 1, yourDiscriminator: 0 });
    tell({ state: 2, flags: 1 << 5 });
    expect(sw.sent.map(({ hex }) => hex.slice(2 * 42, 2 * 44))).toEqual(['20d0']);
    expect(state(sw, 'p1')).toBe(UP.replace(/up$/, 'init'));
    tell({ state: 1 });
    expect(state(sw, 'p1')).toBe('false, down, Neighbor Signaled Session Down, 2, down');
  });

  it.each<[string, Partial<BfdMessage>, number]>([
    ['of another version', { version: 2 }, 255],
    ['with authentication', { flags: 1 << 2 }, 255],
    ['for several', { flags: 1 }, 255],
    ['without a multiplier', { multiplier: 0 }, 255],
    ['with too small a length', { size: 23 }, 255],
    ['from nobody', { myDiscriminator: 0 }, 255],
    ['for somebody else', { yourDiscriminator: 77 }, 255],
    ['that is up and names no session', { state: 3 }, 255],
    ['that has been forwarded', {}, 254],
  ])('ignores a packet %s', (_, message, ttl) => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('set Interface p1 bfd:enable=true');
    sw.receive('p1', frameOf(message, ttl));
    expect(state(sw, 'p1')).toBe('false, down, No Diagnostic, 0, down');
  });
});

function frameOf(message: Partial<BfdMessage>, ttl = 255): Uint8Array {
  const frame = composeBfdFrame(
    {
      ethSource: Uint8Array.of(2, 0, 0, 0, 0, 1),
      ethDestination: Uint8Array.of(0, 0x23, 0x20, 0, 0, 1),
      ipSource: Uint8Array.of(169, 254, 1, 1),
      ipDestination: Uint8Array.of(169, 254, 1, 0),
      sourcePort: 50_000,
    },
    {
      version: 1,
      diagnostic: 0,
      state: 1,
      flags: 0,
      multiplier: 3,
      size: 24,
      myDiscriminator: 5,
      yourDiscriminator: 0,
      minTxUs: 1_000_000,
      minRxUs: 1_000_000,
      minEchoRxUs: 0,
      ...message,
    },
  );
  frame[22] = ttl;
  return frame;
}
