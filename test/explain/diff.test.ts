/** Two rule sets over one capture: what changes, why, and that nothing changes between a set and itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CaptureArena } from '#src/capture/capture-arena.js';
import { renderDiff } from '#src/explain/diff/diff-report.js';
import { diffRuleSets } from '#src/explain/diff/diff-rule-sets.js';
import { Side } from '#src/explain/diff/side.js';
import { portsNamedIn, setUpFlowFile } from '#src/explain/switch-setup.js';
import { PLAIN } from '#src/report/colour.js';
import { eth } from '../support/packet-builder.js';

/** Frames of UDP from 10.0.0.1, one for each destination port. */
function frames(...ports: readonly number[]): CaptureArena {
  const arena = new CaptureArena();
  ports.forEach((port, i) => {
    const frame = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1000, port).bytes();
    arena.add(frame, frame.length, i * 1e6, 0);
  });
  return arena;
}

async function diff(a: string, b: string, arena: CaptureArena, inPort: string | undefined = '1') {
  const ports = new Set([1, 2, 3, ...portsNamedIn('a', a), ...portsNamedIn('b', b)]);
  const side = async (name: string, text: string): Promise<Side> =>
    new Side(name, await setUpFlowFile({ file: name, text, directory: '.', seed: 1 }, ports));
  return diffRuleSets(await side('a', a), await side('b', b), arena, inPort);
}

describe('flows whose fate changes', () => {
  test.each<[string, string, string, readonly (readonly [string, string, number])[]]>([
    ['no change', 'actions=2', 'actions=2', []],
    ['the same by other rules', 'actions=2', 'udp,actions=2\npriority=1,actions=drop', []],
    ['dropped', 'actions=2', 'udp,tp_dst=53,actions=drop\npriority=1,actions=2', [['p2', 'drop', 2]]],
    ['elsewhere', 'actions=2', 'actions=3', [['p2', 'p3', 3]]],
    ['also elsewhere', 'actions=2', 'actions=2,3', [['p2', 'p2, p3', 3]]],
    ['changed on the way', 'actions=2', 'ip,actions=mod_vlan_vid:5,2', [['p2', 'p2 with dl_vlan=5,dl_vlan_pcp=0', 3]]],
  ])('%s', async (_name, a, b, expected) => {
    const { changes } = await diff(a, b, frames(53, 80, 53));
    expect(changes.map(({ from, to, frames: count }) => [from, to, count])).toEqual(expected);
  });

  test('by flow, with the first difference', async () => {
    const result = await diff('udp,tp_dst=53,actions=2', 'udp,tp_dst=54,actions=2', frames(53, 53, 54));
    expect(
      result.changes.map(({ flows }) => flows.map(({ flow, frames: count, firstFrame }) => [flow, count, firstFrame])),
    ).toEqual([
      [['udp,in_port=p1,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=53', 2, 1]],
      [['udp,in_port=p1,nw_src=10.0.0.1,nw_dst=10.0.0.2,tp_src=1000,tp_dst=54', 1, 3]],
    ]);
    expect(result.changes[0]!.explanation).toEqual({
      bridge: 'br0',
      table: 0,
      a: 'table 0 of br0: udp,tp_dst=53, priority 32768, actions=output:p2',
      b: 'table 0 of br0: no rule matches',
      details: [
        "B's nearest rule udp,tp_dst=54, priority 32768, actions=output:p2 wants tp_dst=54 (the packet has tp_dst=53)",
      ],
    });
    expect(renderDiff(result, ['a', 'b'], PLAIN)).toContain('p2 -> drop: 1 flow, 2 frames\n');
  });

  test('a port that only one side has', async () => {
    const a = new Side(
      'a',
      await setUpFlowFile({ file: 'a', text: 'actions=2', directory: '.', seed: 1 }, new Set([1])),
    );
    const b = new Side('b', await setUpFlowFile({ file: 'b', text: 'actions=2', directory: '.', seed: 1 }));
    expect(() => diffRuleSets(a, b, frames(1), '1')).toThrow('has no port p1');
  });
});

test('a rule set does not differ from itself', async () => {
  const flow = fc.constantFrom('udp,tp_dst=53', 'ip,nw_dst=10.0.0.0/8', 'in_port=1', 'arp', 'udp,tp_src=1000');
  const actions = fc.constantFrom(
    'output:2',
    'NORMAL',
    'drop',
    'FLOOD',
    'mod_vlan_vid:3,output:3',
    'resubmit(,1)',
    'dec_ttl,2',
  );
  const line = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.constantFrom(0, 1), flow, actions);
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { minLength: 1, maxLength: 8 }),
      fc.array(fc.constantFrom(53, 80, 99), { minLength: 1, maxLength: 12 }),
      async (lines, ports) => {
        const text = lines
          .map(([priority, table, match, acts]) => {
            const safe = table === 1 && acts.startsWith('resubmit') ? 'drop' : acts;
            // A change of the TTL wants a match on IP.
            const fit = safe.startsWith('dec_ttl') && !/udp|ip/.test(match) ? 'output:2' : safe;
            return `priority=${priority},table=${table},${match},actions=${fit}`;
          })
          .join('\n');
        const result = await diff(text, text, frames(...ports), undefined);
        expect(result).toMatchObject({ changedFrames: 0, changes: [], frames: ports.length });
      },
    ),
    { numRuns: 40 },
  );
});
