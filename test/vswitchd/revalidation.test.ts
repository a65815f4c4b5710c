/** Cached answers equal computed ones: whatever changes, the flows in the datapath follow. */
import { describe, expect, it } from 'vitest';
import { eth } from '../support/packet-builder.js';
import { TestSwitch } from '../support/test-switch.js';

const A = '02:00:00:00:00:0a';
const B = '02:00:00:00:00:0b';
const frame = (source: string, destination: string): Uint8Array =>
  eth(source, destination).ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).bytes();
const portsOf = (sw: TestSwitch): string[] => sw.sent.flatMap(({ port }) => (port === 'br0' ? [] : port)).sort();

describe('revalidation', () => {
  it('a new rule changes what installed flows do', async () => {
    const sw = TestSwitch.withPorts(3);
    await sw.ofctl(`add-flow br0 'in_port=1,actions=output:2'`);
    sw.receive('p1', frame(A, B));
    await sw.ofctl(`add-flow br0 'priority=40000,in_port=1,udp,actions=output:3'`);
    sw.receive('p1', frame(A, B));
    expect(portsOf(sw)).toEqual(['p2', 'p3']);
  });

  it('a deleted rule stops its flows', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl(`add-flow br0 'in_port=1,actions=output:2'`);
    sw.receive('p1', frame(A, B));
    await sw.ofctl('del-flows br0');
    sw.receive('p1', frame(A, B));
    expect(portsOf(sw)).toEqual(['p2']);
  });

  it('NORMAL floods until it has learned, and follows an address that moves', async () => {
    const sw = TestSwitch.withPorts(3);
    await sw.ofctl(`add-flow br0 actions=NORMAL`);
    sw.receive('p1', frame(A, B));
    expect(portsOf(sw)).toEqual(['p2', 'p3']);
    sw.receive('p2', frame(B, A));
    sw.sent.length = 0;
    sw.receive('p1', frame(A, B));
    expect(portsOf(sw)).toEqual(['p2']);
    sw.receive('p3', frame(B, A));
    sw.sent.length = 0;
    sw.receive('p1', frame(A, B));
    expect(portsOf(sw)).toEqual(['p3']);
  });

  it('a port that is removed is no longer sent to', async () => {
    const sw = TestSwitch.withPorts(3);
    await sw.ofctl(`add-flow br0 actions=FLOOD`);
    sw.receive('p1', frame(A, B));
    sw.vsctl('del-port br0 p3');
    sw.sent.length = 0;
    sw.receive('p1', frame(A, B));
    expect(portsOf(sw)).toEqual(['p2']);
  });

  it('rules are credited with every packet, once', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl(`add-flow br0 'in_port=1,actions=output:2'`);
    for (let i = 0; i < 5; i++) sw.receive('p1', frame(A, B));
    expect(await sw.ofctl('dump-flows br0')).toContain('n_packets=5, n_bytes=210');
    sw.sleep(3);
    expect(await sw.ofctl('dump-flows br0')).toContain('n_packets=5, n_bytes=210');
  });

  it('idle flows leave the datapath after ten seconds, their statistics stay', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl(`add-flow br0 'in_port=1,actions=output:2'`);
    sw.receive('p1', frame(A, B));
    sw.receive('p1', frame(A, B));
    expect(sw.appctl('dpctl/dump-flows')).toContain('packets:1');
    sw.sleep(12);
    expect(sw.appctl('dpctl/dump-flows').trim().split('\n')).toHaveLength(1);
    expect(await sw.ofctl('dump-flows br0')).toContain('n_packets=2');
  });

  it.each([
    ['hard', 'hard_timeout=5', 6, true],
    ['idle', 'idle_timeout=5', 6, true],
    ['idle, not yet', 'idle_timeout=10', 6, false],
  ])('a rule goes at its time-out: %s', async (_, timeout, seconds, isGone) => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl(`add-flow br0 '${timeout},in_port=1,actions=output:2'`);
    sw.sleep(seconds);
    const rules = (await sw.ofctl('dump-flows br0')).split('\n').filter((line) => line.includes('actions='));
    expect(rules).toHaveLength(isGone ? 0 : 1);
  });

  it('packets keep a rule with an idle time-out alive', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl(`add-flow br0 'idle_timeout=5,in_port=1,actions=output:2'`);
    for (let i = 0; i < 4; i++) {
      sw.sleep(3);
      sw.receive('p1', frame(A, B));
    }
    expect(await sw.ofctl('dump-flows br0')).toContain('n_packets=4');
  });

  it('learned addresses age after five minutes', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl('add-flow br0 actions=NORMAL');
    sw.receive('p1', frame(A, B));
    sw.sleep(299);
    expect(sw.appctl('fdb/show br0')).toContain(A);
    sw.sleep(2);
    expect(sw.appctl('fdb/show br0')).not.toContain(A);
  });

  it('a batch of flow changes is applied whole or not at all', async () => {
    const sw = TestSwitch.withPorts(2);
    const connection = sw.vswitchd.bridge('br0')!;
    const { parseFlowMod } = await import('#src/openflow/flow-mod-parse.js');
    const mods = ['in_port=1,actions=output:2', 'check_overlap,tcp,actions=output:2'].map(
      (text) => parseFlowMod(text, 'add', { ports: connection.ports }).mod,
    );
    expect(() => connection.flowMods(mods)).toThrow();
    const dump = await sw.ofctl('dump-flows br0');
    expect(dump).not.toContain('in_port=1');
  });
});
