/** Which rules make megaflows over a capture: the figures of a capture whose cost can be counted by hand. */
import { expect, test } from 'vitest';
import { CaptureArena } from '#src/capture/capture-arena.js';
import { cacheCost, renderCacheCost } from '#src/explain/cache-cost.js';
import { setUpFlowFile } from '#src/explain/switch-setup.js';
import { eth } from '../support/packet-builder.js';

/** UDP from many source ports to one destination. */
function frames(count: number): CaptureArena {
  const arena = new CaptureArena();
  for (let i = 0; i < count; i++) {
    const frame = eth()
      .ipv4('10.0.0.1', '10.0.0.2')
      .udp(1000 + i, 53)
      .bytes();
    arena.add(frame, frame.length, i, 0);
  }
  return arena;
}

const costOf = async (text: string, count: number) =>
  cacheCost(await setUpFlowFile({ file: 'f', text, directory: '.', seed: 1 }, new Set([1])), frames(count), '1');

test('one megaflow for all, and nobody to blame', async () => {
  expect(await costOf('actions=output:2', 20)).toMatchObject({ frames: 20, megaflows: 1, masks: 1, culprits: [] });
});

test('a rule whose action looks at the source port makes a megaflow for each', async () => {
  const cost = await costOf('priority=9,udp,actions=move:NXM_OF_UDP_SRC[]->NXM_NX_REG0[0..15],output:2', 20);
  expect(cost).toMatchObject({ frames: 20, megaflows: 20, masks: 1 });
  expect(cost.culprits[0]).toMatchObject({ table: 0, megaflows: 20, megaflowsSaved: 19, fields: ['tp_src'] });
  expect(cost.culprits[0]!.text).toMatch(/^action move:/);
  expect(renderCacheCost(cost)).toContain('20 frames made 20 megaflows with 1 masks.');
});
