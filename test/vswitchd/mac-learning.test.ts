/** The table of learned addresses: who gives up an address when it is full, and what goes with a port. */
import { describe, expect, it } from 'vitest';
import { MaxHeap } from '#src/vswitchd/max-heap.js';
import { TestSwitch } from '../support/test-switch.js';

async function normalSwitch(ports: number): Promise<TestSwitch> {
  const sw = TestSwitch.withPorts(ports);
  await sw.ofctl('add-flow br0 actions=NORMAL');
  return sw;
}

const hear = (sw: TestSwitch, port: number, mac: string): string =>
  sw.appctl(`ofproto/trace ovs-dummy 'in_port(${port}),eth(src=${mac},dst=ff:ff:ff:ff:ff:ff)' -generate`);

/** "port MAC" of each entry, sorted. */
const learned = (sw: TestSwitch, bridge: string): readonly string[] =>
  sw
    .appctl(`fdb/show ${bridge}`)
    .split('\n')
    .slice(1)
    .filter((line) => line !== '')
    .map((line) => line.trim().split(/\s+/))
    .map(([port, , mac]) => `${port} ${mac}`)
    .sort();

describe('a full table', () => {
  it('takes the oldest address of the ports that have most, the one that its heap has on top', async () => {
    const sw = await normalSwitch(4);
    sw.vsctl('set bridge br0 other_config:mac-table-size=12');
    for (let i = 0; i < 12; i++) hear(sw, 1 + Math.floor(i / 4), `02:00:00:00:01:${i.toString(16).padStart(2, '0')}`);
    for (let i = 0; i < 5; i++) hear(sw, 4, `02:00:00:00:02:0${i}`);
    expect(learned(sw, 'br0')).toEqual(LEFT_BY_OVS);
    expect(sw.appctl('coverage/read-counter mac_learning_evicted')).toBe('5\n');
  });
});

/** As ovs-vswitchd 3.1.0 shows it. */
const LEFT_BY_OVS: readonly string[] = [
  ...['01', '02', '03'].map((end) => `1 02:00:00:00:01:${end}`),
  ...['05', '06', '07'].map((end) => `2 02:00:00:00:01:${end}`),
  ...['0a', '0b'].map((end) => `3 02:00:00:00:01:${end}`),
  ...['01', '02', '03', '04'].map((end) => `4 02:00:00:00:02:${end}`),
];

describe('an address', () => {
  it('is unlearned on all bridges when the port goes that it was learned on', async () => {
    const sw = await normalSwitch(2);
    sw.vsctl(
      'add-br br1 -- set bridge br1 datapath-type=dummy -- add-port br0 q0 -- set interface q0 type=patch options:peer=q1' +
        ' -- add-port br1 q1 -- set interface q1 type=patch options:peer=q0',
    );
    hear(sw, 1, '02:00:00:00:01:01');
    hear(sw, 2, '02:00:00:00:02:02');
    expect(learned(sw, 'br1')).toEqual(['1 02:00:00:00:01:01', '1 02:00:00:00:02:02']);
    sw.vsctl('del-port p1');
    expect(learned(sw, 'br0')).toEqual(['2 02:00:00:00:02:02']);
    expect(learned(sw, 'br1')).toEqual(['1 02:00:00:00:02:02']);
  });

  it('stays on other bridges when its port gets another VLAN', async () => {
    const sw = await normalSwitch(2);
    sw.vsctl(
      'add-br br1 -- set bridge br1 datapath-type=dummy -- add-port br0 q0 -- set interface q0 type=patch options:peer=q1' +
        ' -- add-port br1 q1 -- set interface q1 type=patch options:peer=q0',
    );
    hear(sw, 1, '02:00:00:00:01:01');
    sw.vsctl('set port p1 tag=5');
    expect(learned(sw, 'br0')).toEqual([]);
    expect(learned(sw, 'br1')).toEqual(['1 02:00:00:00:01:01']);
  });

  it('that is static does not move, and is counted where it seems to', async () => {
    const sw = await normalSwitch(2);
    sw.appctl('fdb/add br0 p1 0 02:00:00:00:01:01');
    hear(sw, 1, '02:00:00:00:01:01');
    expect(sw.appctl('coverage/read-counter mac_learning_static_none_move')).toBe('0\n');
    hear(sw, 2, '02:00:00:00:01:01');
    expect(sw.appctl('coverage/read-counter mac_learning_static_none_move')).toBe('1\n');
    expect(learned(sw, 'br0')).toEqual(['1 02:00:00:00:01:01']);
  });
});

describe('the heap of ports', () => {
  it.each([
    ['the greater is on top', [3, 9, 5], 1],
    ['the first of equals is', [7, 7, 7], 0],
    ['none of none', [], null],
  ] as const)('%s', (_, priorities, top) => {
    const heap = new MaxHeap<{ readonly id: number; priority: number; place: number }>();
    for (const [id, priority] of priorities.entries()) heap.insert({ id, priority: 0, place: 0 }, priority);
    expect(heap.top?.id ?? null).toBe(top);
  });

  it('keeps the greatest on top whatever is put in, changed and taken out', () => {
    const heap = new MaxHeap<{ priority: number; place: number }>();
    const nodes: { priority: number; place: number }[] = [];
    let word = 1;
    const next = (bound: number): number => {
      word = (Math.imul(word, 1103515245) + 12345) >>> 0;
      return (word >>> 8) % bound;
    };
    for (let step = 0; step < 3000; step++) {
      const which = next(3);
      if (nodes.length === 0 || which === 0) {
        const node = { priority: 0, place: 0 };
        nodes.push(node);
        heap.insert(node, next(50));
      } else if (which === 1) {
        heap.change(nodes[next(nodes.length)]!, next(50));
      } else {
        const [node] = nodes.splice(next(nodes.length), 1);
        heap.remove(node!);
      }
      expect(heap.top?.priority ?? null).toBe(nodes.length === 0 ? null : Math.max(...nodes.map((n) => n.priority)));
    }
  });
});
