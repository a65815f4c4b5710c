/**
 * Recorded captures: as many records as capinfos counts, by both readers. The captures are not part of this repository;
 * without their folder, or without capinfos, these tests are skipped and say why.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readCapture } from '../../src/capture/capture-reader.js';

const FOLDER = fileURLToPath(new URL('../../../shared/captures', import.meta.url));

const whyNot = (): string | null => {
  if (!existsSync(FOLDER)) return `no captures in ${FOLDER}`;
  try {
    execFileSync('capinfos', ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'capinfos is not installed';
  }
};

const reason = whyNot();
if (reason !== null) console.log(`skipped: ${reason}`);

describe.skipIf(reason !== null)('recorded captures', () => {
  const files = reason === null ? readdirSync(FOLDER).filter((name) => /\.pcap(ng)?$/.test(name)) : [];

  it.each(files)('%s', async (name) => {
    const path = join(FOLDER, name);
    const table = execFileSync('capinfos', ['-T', '-m', '-r', '-c', '-s', '-d', path], { encoding: 'utf8' });
    const [, packets] = table.trim().split(',');
    for (const classicReader of ['own', 'pcap-parser'] as const) {
      const reader = await readCapture(path, { classicReader });
      let count = 0;
      for await (const batch of reader.batches()) count += batch.length;
      expect(count).toBe(Number(packets));
      expect(reader.damage).toBeNull();
    }
  });
});
