/** The scenarios that come with Upcall: they pass, twice the same, and make the captures that come with them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { MemorySink } from '#src/capture/byte-sink.js';
import { readCapture } from '#src/capture/capture-reader.js';
import { PLAIN } from '#src/report/colour.js';
import { readScenarioFile } from '#src/scenario/file/read-scenario.js';
import { reportsToJson } from '#src/scenario/report-json.js';
import { renderScenario } from '#src/scenario/report-text.js';
import { runScenario } from '#src/scenario/run-scenario.js';

const FOLDER = new URL('../../scenarios/', import.meta.url);
const NAMES = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

interface Run {
  readonly text: string;
  readonly json: string;
  readonly captures: ReadonlyMap<string, Uint8Array>;
}

async function run(name: string, seed = 1): Promise<Run> {
  const result = readScenarioFile(fileURLToPath(new URL(name, FOLDER)));
  if (!result.ok) throw new Error(result.errors.map((error) => error.toString()).join('\n'));
  const sinks = new Map<string, MemorySink>();
  const report = await runScenario(result.scenario, {
    seed,
    trace: true,
    openCapture: (file) => {
      const sink = new MemorySink();
      sinks.set(file, sink);
      return sink;
    },
  });
  return {
    text: renderScenario(report, PLAIN),
    json: JSON.stringify(reportsToJson([report])),
    captures: new Map([...sinks].map(([file, sink]) => [file, sink.bytes().slice()])),
  };
}

describe.each(NAMES)('%s', (name) => {
  test('passes, and two runs with one seed give the same bytes', async () => {
    const first = await run(name);
    expect(first.text).toMatch(/\n {2}passed, \d+ expectations/);
    expect(await run(name)).toEqual(first);
  });

  test('passes with another seed', async () => {
    expect((await run(name, 12_345)).text).toMatch(/\n {2}passed, \d+ expectations/);
  });

  test('makes the captures that come with Upcall', async () => {
    const { captures } = await run(name);
    expect(captures.size).toBeGreaterThan(0);
    for (const [file, bytes] of captures) {
      const path = new URL(`captures/${file}`, FOLDER);
      if (process.env.UPDATE_CAPTURES === '1') writeFileSync(path, bytes);
      const isSame = Buffer.from(bytes).equals(readFileSync(path));
      expect(
        isSame,
        `${file} is not what the scenario makes now; scenarios/captures/PROVENANCE.md says how to renew it`,
      ).toBe(true);
    }
  });
});

describe('the captures', () => {
  const files = readdirSync(new URL('captures/', FOLDER)).filter((name) => name.endsWith('.pcap'));

  test.each(files)('%s is whole, and small', async (file) => {
    const bytes = readFileSync(new URL(`captures/${file}`, FOLDER));
    expect(bytes.length).toBeLessThan(20_000);
    const reader = await readCapture(bytes);
    let count = 0;
    for await (const record of reader) {
      expect(record.capturedLength).toBe(record.originalLength);
      count++;
    }
    expect(count).toBeGreaterThan(10);
    expect(reader.damage).toBeNull();
  });

  test.each(files)('%s has its line in PROVENANCE.md', (file) => {
    expect(readFileSync(new URL('captures/PROVENANCE.md', FOLDER), 'utf8')).toContain(`| \`${file}\` `);
  });
});
