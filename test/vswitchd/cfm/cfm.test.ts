/** CFM on the virtual clock; what is expected here is what ovs-vswitchd 3.1.0 does (test/differential/link-monitoring.test.ts). */
import { describe, expect, it } from 'vitest';
import { composeCcmFrame, OVS_MAID, type Ccm } from '#src/vswitchd/cfm/packet.js';
import { TestSwitch } from '../../support/test-switch.js';

function twoEnds(settings: string): TestSwitch {
  const sw = TestSwitch.withPorts(0);
  const end = (bridge: string, name: string, peer: string, mpid: number): string =>
    `-- add-port ${bridge} ${name} -- set Interface ${name} type=patch options:peer=${peer} cfm_mpid=${mpid} ${settings}`;
  sw.vsctl(
    `add-br br1 -- set bridge br1 datapath-type=dummy ${end('br0', 'p0', 'p1', 1)} ${end('br1', 'p1', 'p0', 2)}`,
  );
  return sw;
}

const EXTENDED = 'other_config:cfm_interval=300 other_config:cfm_extended=true';

const shown = (sw: TestSwitch, port: string): string =>
  ['cfm_fault', 'cfm_fault_status', 'cfm_flap_count', 'cfm_health', 'cfm_remote_mpids', 'cfm_remote_opstate']
    .map((column) => sw.vsctl(`get Interface ${port} ${column}`).trim())
    .join(' ');

describe('CFM', () => {
  it('hears of the other end, and of its silence after three and a half intervals', () => {
    const sw = twoEnds(EXTENDED);
    expect(shown(sw, 'p0')).toBe('false [] 0 [] [] up');
    sw.appctl('time/warp 8000');
    expect(shown(sw, 'p0')).toBe('false [] 0 100 [2] up');
    sw.vsctl('clear Interface p1 cfm_mpid');
    expect(shown(sw, 'p1')).toBe('[] [] [] [] [] []');
    sw.appctl('time/warp 2100');
    expect(shown(sw, 'p0')).toBe('true [recv] 1 100 [] up');
    sw.vsctl('set Interface p1 cfm_mpid=9 other_config:cfm_opstate=down');
    sw.appctl('time/warp 1100');
    // Health is reckoned once in six looks.
    expect(shown(sw, 'p0')).toBe('false [] 2 100 [9] down');
  });

  it('has a fault where it hears of itself', () => {
    const sw = twoEnds('other_config:cfm_interval=100');
    sw.vsctl('set Interface p1 cfm_mpid=1');
    sw.appctl('time/warp 1000');
    expect(shown(sw, 'p0')).toMatch(/^true \[loopback\] /);
    sw.vsctl('set Interface p1 cfm_mpid=8192');
    expect(shown(sw, 'p1')).toBe('[] [] [] [] [] []');
  });

  it('takes other packets for a sign of life on demand', () => {
    const sw = twoEnds(`${EXTENDED} other_config:cfm_demand=true`);
    sw.addPort('br1', 'p7', 7);
    sw.appctl('time/warp 16000');
    sw.vsctl('clear Interface p1 cfm_mpid');
    const receiveFor = (seconds: number): string => {
      for (let i = 0; i < 2 * seconds; i++) {
        sw.receive('p7', Buffer.from('5054000000095054000000058888'.padEnd(120, '0'), 'hex'));
        sw.appctl('time/warp 500');
      }
      return shown(sw, 'p0');
    };
    expect(receiveFor(20)).toMatch(/^false \[\] 0 /);
    expect(receiveFor(15)).toMatch(/^true \[recv\] 1 /);
  });

  it('can be told that there is a fault, or none, and ports follow', async () => {
    const sw = twoEnds(EXTENDED);
    sw.appctl('time/warp 3000');
    const isLive = async (): Promise<boolean> =>
      /\(p0\)(.*\n){2}.*LIVE/.test(await sw.ofctl('-O OpenFlow13 dump-ports-desc br0'));
    expect(await isLive()).toBe(true);
    sw.appctl('cfm/set-fault p0 true');
    expect(shown(sw, 'p0')).toMatch(/^true \[override\] 0 /);
    expect(sw.appctl('cfm/show p0')).toContain('MPID 1: extended fault_override\n  fault: override\n');
    expect(await isLive()).toBe(false);
    sw.appctl('cfm/set-fault normal');
    expect(await isLive()).toBe(true);
  });

  it.each<[string, Partial<Ccm>, string]>([
    ['hears of others', {}, 'false [] 0 [] [7] []'],
    ['is told that it is not heard of', { rdi: true }, 'true [rdi] 1 [] [7] []'],
    ['hears of another association', { maid: new Uint8Array(48) }, 'true [maid, recv] 1 [] [] []'],
  ])('%s', (_, ccm, expected) => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('set Interface p1 cfm_mpid=3 other_config:cfm_interval=100');
    sw.receive(
      'p1',
      composeCcmFrame(
        { source: Uint8Array.of(2, 0, 0, 0, 0, 1), isExtended: false, vlanTci: 5 },
        {
          sequence: 1,
          mpid: 7,
          maid: OVS_MAID,
          interval: 3,
          intervalMs: 0,
          rdi: false,
          mpid64: 0n,
          isDown: false,
          ...ccm,
        },
      ),
    );
    sw.appctl('time/warp 350');
    expect(shown(sw, 'p1')).toBe(expected);
  });

  it('knows of 256 others at most', () => {
    const sw = TestSwitch.withPorts(1);
    sw.vsctl('set Interface p1 cfm_mpid=3');
    for (let mpid = 100; mpid < 400; mpid++) {
      sw.receive(
        'p1',
        composeCcmFrame(
          { source: new Uint8Array(6), isExtended: false, vlanTci: 0 },
          { sequence: 1, mpid, maid: OVS_MAID, interval: 4, intervalMs: 0, rdi: false, mpid64: 0n, isDown: false },
        ),
      );
    }
    expect(sw.appctl('cfm/show p1').match(/^Remote MPID/gm)).toHaveLength(256);
  });

  it('sends, to the byte, what ovs-vswitchd 3.1.0 does', () => {
    const sw = TestSwitch.withPorts(2);
    sw.vsctl(
      'set Interface p1 cfm_mpid=3 other_config:cfm_ccm_vlan=5 other_config:cfm_ccm_pcp=3 -- ' +
        'set Interface p2 cfm_mpid=70000 other_config:cfm_extended=true other_config:cfm_interval=300 ' +
        'other_config:cfm_opstate=down',
    );
    sw.appctl('time/warp 1300');
    const sent = (port: string, nth: number): string =>
      sw.sent.filter((frame) => frame.port === port)[nth]!.hex.replace(/(?<=^.{12}).{12}/, '');
    const maid = `0403${'6f7673'}0203${'6f7673'}`.padEnd(96, '0');
    expect(sent('p1', 0)).toBe(`0180c200003081006005890200010446000000010003${maid}${'0'.repeat(34)}`);
    expect(sent('p2', 0)).toBe(`01232000003089020001004600000001${'7636'}${maid}012c000000000001117001000000000000`);
    // Nobody was heard of.
    expect(sent('p2', 4)).toBe(`01232000003089020001804600000005${'7636'}${maid}012c000000000001117001000000000000`);
  });
});
