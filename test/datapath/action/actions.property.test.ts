/** Frames of any kind under actions of any kind: sent, sent up or counted as dropped, and never an exception. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DpAction } from '#datapath/dpif.js';
import { UserError } from '#src/report/user-error.js';
import { parseOdpActions } from '#src/vswitchd/odp/odp-actions-parse.js';
import { Dice } from '../../differential/dice.js';
import { OdpGenerator } from '../../differential/odp-generator.js';
import { frameKey, makeBench, output } from '../../support/datapath-bench.js';
import { allFrames } from '../../support/frame-samples.js';

const samples = allFrames().map(({ frame }) => frame);
const frame = fc.oneof(
  fc.constantFrom(...samples),
  fc.tuple(fc.constantFrom(...samples), fc.nat(80), fc.nat(255)).map(([bytes, at, byte]) => {
    const changed = bytes.slice();
    if (at < changed.length) changed[at] = byte;
    return changed;
  }),
  fc.uint8Array({ minLength: 14, maxLength: 100 }),
);

/** Actions that a text gives and the datapath takes; others are refused before a packet meets them. */
function actionsOf(seed: number): readonly DpAction[] {
  const generator = new OdpGenerator(new Dice(seed), true);
  for (;;) {
    try {
      return parseOdpActions(generator.actions());
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
}

it('frames survive any actions', () => {
  fc.assert(
    fc.property(frame, fc.array(fc.nat(1e6), { minLength: 1, maxLength: 4 }), (bytes, seeds) => {
      const bench = makeBench();
      for (const [port, type] of [
        [4789, 'vxlan'],
        [16, 'geneve'],
        [17, 'gre'],
      ] as const) {
        bench.addPort(port, { type });
      }
      const actions: DpAction[] = seeds.flatMap((seed) => [...actionsOf(seed)]);
      actions.push({ kind: 'tnl_pop', port: 17 }, { kind: 'hash', algorithm: 1, basis: 0 }, output(2));
      try {
        bench.datapath.flowPut({ key: frameKey(bytes, 1), mask: frameKey(bytes, 1), actions, mode: 'put' });
      } catch (error) {
        // An action that no packet can have.
        expect(String(error)).toMatch(/^Error: (output|push_vlan|push_mpls|tnl_push|ct|sample)/);
        return;
      }
      bench.datapath.execute(bytes, frameKey(bytes, 1), actions);
      expect(bench.datapath.pool.inUseCount).toBe(0);
    }),
    { numRuns: 600 },
  );
});

it('a label is pushed, popped and the frame is as it was', () => {
  fc.assert(
    fc.property(fc.constantFrom(...samples), fc.nat(0xfffff), (bytes, label) => {
      const key = frameKey(bytes, 1);
      const type = key.u16(24);
      if (type < 0x600 || type === 0x8847 || type === 0x8848 || bytes[12]! < 6) return;
      const bench = makeBench();
      bench.datapath.execute(bytes, key, [
        { kind: 'push_mpls', ethertype: 0x8847, lse: ((label << 12) | 0x140) >>> 0 },
        { kind: 'pop_mpls', ethertype: type },
        output(2),
      ]);
      expect(bench.takeSent().map((sent) => sent.frame)).toEqual([Buffer.from(bytes).toString('hex')]);
    }),
  );
});
