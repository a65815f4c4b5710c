/** Flow tables: limits, eviction, table mods, bundles; the answers are those of ovs-vswitchd 3.1.0. */
import { describe, expect, it } from 'vitest';
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import type { BundleMessage } from '#src/openflow/switch-connection.js';
import { TestSwitch } from '../support/test-switch.js';

const OF14 = '-O OpenFlow14';

function openSwitch(): TestSwitch {
  const sw = TestSwitch.withPorts(4);
  sw.vsctl('set bridge br0 protocols=OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15');
  return sw;
}

const flows = (sw: TestSwitch): Promise<string> => sw.ofctl(`${OF14} dump-flows br0 --no-stats`);
const add = (sw: TestSwitch, flow: string): Promise<string> => sw.ofctl(`${OF14} add-flow br0 ${flow}`);
const tableDescription = async (sw: TestSwitch): Promise<string> =>
  (await sw.ofctl('-O OpenFlow15 dump-table-desc br0')).split('\n\n')[0]!;

describe('A table with a limit', () => {
  it('refuses flows beyond it', async () => {
    const sw = openSwitch();
    sw.vsctl('-- --id=@t create Flow_Table name=main flow_limit=1 -- set bridge br0 flow_tables:0=@t');
    await add(sw, 'priority=1,actions=output:1');
    await expect(add(sw, 'priority=2,actions=output:1')).rejects.toThrow('OFPFMFC_TABLE_FULL');
    // A flow that is there may change.
    await add(sw, 'priority=1,actions=output:2');
    expect(await flows(sw)).toBe(' priority=1 actions=output:2\n');
  });

  it('gives up the least important flow where it may', async () => {
    const sw = openSwitch();
    sw.vsctl('-- --id=@t create Flow_Table flow_limit=3 overflow_policy=evict -- set bridge br0 flow_tables:0=@t');
    for (let i = 1; i <= 5; i++) await add(sw, `priority=${i},importance=${i},hard_timeout=100,actions=output:1`);
    expect([...(await flows(sw)).matchAll(/priority=(\d)/g)].map((match) => match[1])).toEqual(['3', '4', '5']);
  });

  it('gives up flows of the largest group, and none without a time-out', async () => {
    const sw = openSwitch();
    sw.vsctl(
      '-- --id=@t create Flow_Table flow_limit=4 overflow_policy=evict \'groups="NXM_OF_IN_PORT[]"\' ' +
        '-- set bridge br0 flow_tables:0=@t',
    );
    await add(sw, 'in_port=1,hard_timeout=9,actions=1');
    await add(sw, 'in_port=2,udp,hard_timeout=5,importance=7,actions=1');
    await add(sw, 'in_port=2,tcp,hard_timeout=5,importance=9,actions=1');
    await add(sw, 'in_port=3,actions=1');
    await add(sw, 'in_port=4,actions=1');
    const left = await flows(sw);
    expect(left).not.toContain('udp');
    expect(left.trimEnd().split('\n')).toHaveLength(4);
  });

  it('has its settings back when the database lets go of it', async () => {
    const sw = openSwitch();
    sw.vsctl('-- --id=@t create Flow_Table name=main flow_limit=0 -- set bridge br0 flow_tables:0=@t');
    await expect(add(sw, 'actions=1')).rejects.toThrow('OFPFMFC_TABLE_FULL');
    sw.vsctl('remove bridge br0 flow_tables 0');
    await add(sw, 'actions=1');
  });
});

describe('mod-table', () => {
  it('switches eviction and vacancy events', async () => {
    const sw = openSwitch();
    expect(await tableDescription(sw)).toContain(
      'eviction=off eviction_flags=OTHER|IMPORTANCE|LIFETIME\n   vacancy=off',
    );
    sw.vsctl('-- --id=@t create Flow_Table flow_limit=4 -- set bridge br0 flow_tables:0=@t');
    await add(sw, 'actions=1');
    await sw.ofctl(`${OF14} mod-table br0 0 evict`);
    await sw.ofctl(`${OF14} mod-table br0 0 vacancy:20,80`);
    expect(await tableDescription(sw)).toContain(
      'eviction=on eviction_flags=OTHER|IMPORTANCE|LIFETIME\n   vacancy=on vacancy_down=20% vacancy_up=80% vacancy=75%',
    );
  });

  it('lets packets that no flow matches continue with the next table', async () => {
    const sw = openSwitch();
    await sw.ofctl('-O OpenFlow11 add-flow br0 table=2,actions=output:2');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('drop');
    await sw.ofctl('-O OpenFlow11 mod-table br0 0 continue');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('drop');
    await sw.ofctl('-O OpenFlow11 mod-table br0 1 continue');
    expect(sw.trace('br0', 'in_port=1', 'Datapath actions')).toBe('2');
  });
});

describe('A packet that no flow matches', () => {
  it('goes to the controllers where the table says so, and nowhere where it says that', async () => {
    const sw = openSwitch();
    await sw.ofctl('-O OpenFlow11 mod-table br0 0 controller');
    const text = sw.appctl('ofproto/trace br0 in_port=1');
    expect(text).toContain(' 0. No match, and a "packet-in" is called for.\n    controller(reason=)\n');
    expect(text).toContain('controller(reason=7,dont_send=1,continuation=0,');
    await sw.ofctl('-O OpenFlow11 mod-table br0 0 drop');
    expect(sw.appctl('ofproto/trace br0 in_port=1')).toContain(' 0. No match.\n    drop\n');
  });
});

describe('Fragments', () => {
  it('are dropped where that is wanted', async () => {
    const sw = openSwitch();
    await sw.ofctl('add-flow br0 actions=1');
    sw.vswitchd.bridge('br0')!.setFragmentHandling!('drop');
    const text = sw.appctl('ofproto/trace br0 in_port=2,ip,nw_frag=first');
    expect(text).toContain(' 0. Packets are IP fragments and the fragment handling mode is "drop".\n    drop\n');
    expect(sw.trace('br0', 'in_port=2,ip', 'Datapath actions')).toBe('1');
  });
});

describe('A bundle', () => {
  const frame = Uint8Array.from(Buffer.from('505400000007505400000005123400', 'hex'));
  const flow = (text: string): BundleMessage => ({
    kind: 'flow-mod',
    mod: parseFlowMod(text, 'add', { ports: { nameOf: () => undefined, numberOf: () => undefined } }).mod,
  });
  const packet: BundleMessage = {
    kind: 'packet-out',
    message: { inPort: 0xffff, packet: frame, actions: [{ kind: 'output', port: 0xfff9, maxLen: 0 }] },
  };

  it('is carried out in order, packets by the flows before them', () => {
    const sw = openSwitch();
    sw.vswitchd.bridge('br0')!.bundle!([flow('actions=1'), packet, flow('actions=2'), packet]);
    expect(sw.sent.map(({ port }) => port)).toEqual(['p1', 'p2']);
  });

  it('leaves no trace where one message is refused', async () => {
    const sw = openSwitch();
    await add(sw, 'actions=3');
    const group = { command: 'add', type: 'all', groupId: 7, commandBucketId: 0xffffffff, buckets: [] } as const;
    const selection = { method: '', parameter: 0n, fields: [] };
    expect(() =>
      sw.vswitchd.bridge('br0')!.bundle!([
        flow('actions=1'),
        packet,
        { kind: 'group-mod', mod: { ...group, selection } },
        flow('actions=group:8'),
      ]),
    ).toThrow('OFPBAC_BAD_OUT_GROUP');
    expect(sw.sent).toEqual([]);
    expect(await flows(sw)).toBe(' actions=output:3\n');
    expect(await sw.ofctl('-O OpenFlow15 dump-groups br0')).not.toContain('group_id');
  });
});

describe('A bundle', () => {
  const send = (sw: TestSwitch, lines: readonly BundleMessage[]): void => sw.vswitchd.bridge('br0')!.bundle!(lines);
  const flow = (sw: TestSwitch, command: 'add' | 'delete', text: string): BundleMessage => ({
    kind: 'flow-mod',
    mod: parseFlowMod(text, command, { ports: sw.vswitchd.bridge('br0')!.ports }).mod,
  });
  const packetOut = (sw: TestSwitch, actions: string): BundleMessage => ({
    kind: 'packet-out',
    message: {
      inPort: 1,
      packet: new Uint8Array(60),
      actions: parseFlowMod(`actions=${actions}`, 'add', { ports: sw.vswitchd.bridge('br0')!.ports }).mod.actions,
    },
  });

  it('has its packets see what the messages before them have made, and nothing of those after', () => {
    const sw = openSwitch();
    send(sw, [
      flow(sw, 'add', 'actions=output:2'),
      packetOut(sw, 'resubmit(,0)'),
      flow(sw, 'add', 'actions=output:3'),
      packetOut(sw, 'resubmit(,0)'),
      flow(sw, 'delete', ''),
      packetOut(sw, 'resubmit(,0)'),
    ]);
    sw.scheduler.runDue();
    expect(sw.sent.map(({ port }) => port)).toEqual(['p2', 'p3']);
  });

  it.each([
    ['that is refused leaves nothing of what its packets taught', 'in_port=9,actions=group:7', false],
    ['that is carried out leaves it all', 'in_port=9,actions=drop', true],
  ])('%s', async (_name, last, isDone) => {
    const sw = openSwitch();
    await add(sw, 'table=0,actions=learn(table=1,NXM_OF_IN_PORT[],load:5->NXM_NX_REG0[]),resubmit(,1)');
    const run = (): void => send(sw, [packetOut(sw, 'resubmit(,0)'), flow(sw, 'add', last)]);
    if (isDone) run();
    else expect(run).toThrow('OFPBAC_BAD_OUT_GROUP');
    expect((await flows(sw)).includes(' table=1, ')).toBe(isDone);
    sw.scheduler.runDue();
    expect(sw.sent.map(({ port }) => port)).toEqual([]);
  });
});

describe('learn with a limit', () => {
  const frame = (n: number): Uint8Array =>
    Uint8Array.from({ length: 60 }, (_, i) => (i === 11 ? n : i === 12 ? 0x12 : 0));

  it('waits for the next packet before it learns again what was deleted (learn.at of OVS, "limit")', async () => {
    const sw = openSwitch();
    await add(sw, 'in_port=1,actions=learn(table=1,dl_dst=dl_src,cookie=1,limit=1),output:2');
    sw.receive('p1', frame(1));
    sw.receive('p1', frame(2));
    expect(await flows(sw)).toContain('dl_dst=00:00:00:00:00:01');
    await sw.ofctl('del-flows br0 table=1');
    sw.receive('p1', frame(2));
    sw.receive('p1', frame(1));
    expect(await flows(sw)).toContain('dl_dst=00:00:00:00:00:02');
    expect(await flows(sw)).not.toContain('dl_dst=00:00:00:00:00:01');
  });
});
