/** The table of goals, from figures that are made up: which are met, by how much others are not. */
import { expect, test } from 'vitest';
import { goalTable } from '../../bench/goals.js';

const udp = { frames: 'udp', skew: 'uniform' };

test.each([
  [[{ name: 'flows-1k', onCpuNs: 20, settings: udp }], '| 1k flows | ≤ 25.0 ns | 20.0 ns | met | – | – |'],
  [[{ name: 'flows-1k', onCpuNs: 50, settings: udp }], '| 1k flows | ≤ 25.0 ns | 50.0 ns | 2.0× too slow | – | – |'],
  [
    [{ name: 'flows-1k', onCpuNs: 20, settings: udp, peers: [{ peer: 'ovs-dpdk', onCpuNs: 100, claim: 3 }] }],
    '| 1k flows | ≤ 25.0 ns | 20.0 ns | met | 100.0 ns | 3.00× |',
  ],
  [
    [
      { name: 'masks-1', onCpuNs: 50, settings: { frames: 'udp' } },
      { name: 'masks-512', onCpuNs: 150, settings: { frames: 'udp' } },
    ],
    '| megaflow hit, 512 masks | ≤ 2× masks-1 | 150.0 ns | 1.5× too slow | – | – |',
  ],
  [
    [{ name: 'masks-512', onCpuNs: 150, settings: { frames: 'udp' } }],
    '| megaflow hit, 512 masks | ≤ 2× masks-1 | 150.0 ns | – | – | – |',
  ],
  [[], '| 1k flows | ≤ 25.0 ns | – | – | – | – |'],
])('%j', (measured, line) => {
  expect(goalTable(measured).split('\n')).toContain(line);
});
