/**
 * Recorded captures through the learning switch: every one ends with a report or the right refusal, and the figures
 * add up. The captures are not part of this repository; without their folder these tests are skipped and say so.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeLearningSwitch } from '../../src/replay/learning-switch.js';
import { replayCaptures } from '../../src/replay/replay-captures.js';

const FOLDER = fileURLToPath(new URL('../../../shared/captures', import.meta.url));
const isThere = existsSync(FOLDER);
if (!isThere) console.log(`skipped: no captures in ${FOLDER}`);

describe.skipIf(!isThere)('recorded captures through a learning switch', () => {
  const files = isThere ? readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name)) : [];

  it.each(files)('%s', async (name) => {
    const [report] = await replayCaptures(
      { captures: [join(FOLDER, name)], by: 'src-mac', maxPorts: 1024, loops: 1 },
      {
        standardInput: () => {
          throw new Error('not used');
        },
        makeTarget: async (wish) => makeLearningSwitch({ ...wish, seed: 1 }),
        makePace: () => ({ wallNs: () => 0, until: () => null, breathe: async () => false }),
        onScan: () => {},
        onReport: () => {},
      },
    );
    const { counts, result, error } = report!;
    const refused = counts!.linkTypes.filter(({ replayable }) => !replayable);
    expect(error === null).toBe(refused.length === 0);
    const refusedCount = refused.reduce((sum, { packets }) => sum + packets, 0);
    expect(counts!.replayable + counts!.withoutEthernetForm + refusedCount).toBe(counts!.packets);
    if (counts!.replayable === 0) {
      expect(result).toBeNull();
      return;
    }
    expect(result!.packets).toBe(counts!.replayable);
    const { microflowHits, megaflowHits, missed, lost, recirculations } = result!.stats;
    const tooShort = result!.drops.get('frame-too-short') ?? 0;
    expect(microflowHits + megaflowHits + missed - recirculations).toBe(result!.packets - tooShort);
    expect(lost).toBe(0);
    const received = result!.ports.reduce((sum, port) => sum + port.rxPackets, 0);
    expect(received).toBe(result!.packets);
  });
});
