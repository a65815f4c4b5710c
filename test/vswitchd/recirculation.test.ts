/**
 * The numbers of recirculations: who holds one, and when it is given out again. The numbers are those of ovs-vswitchd
 * 3.1.0 after the same commands.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { RecirculationIds } from '#src/vswitchd/recirculation.js';
import { eth } from '../support/packet-builder.js';
import { TestSwitch } from '../support/test-switch.js';

const packet = (last: number): Uint8Array => eth().ipv4(`1.1.2.${last}`, '1.1.2.88').udp(7777, 80).bytes();

describe('numbers of recirculations', () => {
  let sw: TestSwitch;

  beforeEach(async () => {
    sw = TestSwitch.withPorts(2);
    await sw.ofctl("add-flow br0 'in_port=1,ip,actions=ct(table=1),controller'");
    await sw.ofctl("add-flow br0 'table=1,ip,actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG0[],ct(commit,table=2)'");
    await sw.ofctl("add-flow br0 'table=2,ip,actions=2'");
  });

  const traced = (): readonly string[] =>
    [...sw.appctl('ofproto/trace br0 in_port=1,udp').matchAll(/\n(recirc\(0x\w+\)) - resume/g)].map(
      (match) => match[1]!,
    );
  const installed = (): readonly string[] =>
    [...new Set(sw.appctl('dpctl/dump-flows').match(/recirc\(0x\w+\)/g))].sort();

  it('are given out anew by each trace, which holds them no longer than it lasts', () => {
    expect([traced(), traced()]).toEqual([
      ['recirc(0x1)', 'recirc(0x3)'],
      ['recirc(0x4)', 'recirc(0x6)'],
    ]);
  });

  it('are shared by all who are in the same state while a flow holds them', () => {
    for (const last of [1, 2, 1, 3]) sw.receive('p1', packet(last));
    expect(installed()).toEqual(['recirc(0x1)', 'recirc(0x3)', 'recirc(0x4)', 'recirc(0x5)']);
    expect(traced()).toEqual(['recirc(0x1)', 'recirc(0x6)']);
  });

  it('are let go with their flows', () => {
    for (const last of [1, 2]) sw.receive('p1', packet(last));
    sw.sleep(20);
    expect(sw.appctl('dpctl/dump-flows')).not.toContain('recirc_id');
    expect(traced()[0]).toBe('recirc(0x5)');
  });
});

describe('an id that nobody holds', () => {
  const ids = new RecirculationIds();
  const bridge = TestSwitch.withPorts(1).vswitchd.bridgeNamed('br0')!;

  it('is found for a while, and is not held again', () => {
    const id = ids.reserve(bridge);
    expect(ids.ref(id)).toBe(true);
    ids.unref([id, id]);
    expect([ids.ref(id), ids.find(id)?.bridge.name]).toEqual([false, 'br0']);
    ids.expire(1000);
    ids.expire(1100);
    expect(ids.find(id)).toBeDefined();
    ids.expire(1300);
    expect(ids.find(id)).toBeUndefined();
  });
});

describe('a megaflow', () => {
  it('matches the whole port where an action asked for a part of it', async () => {
    const sw = TestSwitch.withPorts(2);
    await sw.ofctl('add-flow br0 actions=push:OXM_OF_IN_PORT[],2');
    sw.receive('p1', packet(1));
    expect(sw.appctl('dpctl/dump-flows')).toMatch(/recirc_id\(0\),in_port\(1\),/);
  });
});
