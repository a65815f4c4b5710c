/** Topologies in one word. */
import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { makeTopology } from '#src/scenario/topology.js';
import { outcomes, runText } from './run-text.js';

describe('a topology', () => {
  test.each([
    ['single', 1, 2, 0],
    ['single,4', 1, 4, 0],
    ['linear', 2, 2, 1],
    ['linear,3', 3, 3, 2],
    ['linear,3,2', 3, 6, 2],
    ['tree', 1, 2, 0],
    ['tree,2', 3, 4, 2],
    ['tree,2,3', 4, 9, 3],
    ['tree,3,2', 7, 8, 6],
  ])('%s has %i switches, %i hosts and %i links', (word, switches, hosts, links) => {
    const file = makeTopology(word, []);
    expect([Object.keys(file.machines).length, Object.keys(file.vms).length, file.links.length]).toEqual([
      switches,
      hosts,
      links,
    ]);
  });

  test.each(['single,3', 'linear,3', 'linear,2,2', 'tree,2,2'])('%s: every host reaches every other', async (word) => {
    const report = await runText(stringify(makeTopology(word, [{ pingall: {} }], { latency: '1ms' })));
    expect(outcomes(report)).toEqual([expect.stringMatching(/^ok (\d+) of \1 pairs as expected, 0% dropped/)]);
  });

  test.each([
    ['lineer,3', 'there is no topology "lineer"', 'did you mean "linear"?'],
    ['', 'there is no topology ""', 'there are: single, linear, tree'],
    ['linear,0', 'linear,0: expected a number of switches from 1 on, found "0"', undefined],
    ['linear,x', 'linear,x: expected a number of switches from 1 on, found "x"', undefined],
    ['tree,1,2,3', 'tree takes at most 2 numbers: depth, fanout', undefined],
    ['single,2000', 'a topology may have at most 1024 hosts', undefined],
    ['linear,1025', 'a topology may have at most 1024 switches', undefined],
  ])('%s is refused', (word, message, hint) => {
    expect(() => makeTopology(word, [])).toThrow(expect.objectContaining({ message, hint }));
  });
});
