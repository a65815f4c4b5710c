/**
 * Flows read and written by the real ovs-ofctl and by ours: the same protocols, the same text, the same complaints.
 * OVS_SEED and OVS_CASES choose the flows.
 */
import { spawnSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { FlowTextGenerator } from '../openflow/random-flow-text.js';
import { requireOracle } from '../support/ovs-oracle.js';
import { suiteSettings } from './dice.js';

interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The real tool's output, without the lines that it logs with a time. */
function real(args: readonly string[], input = ''): Output {
  const done = spawnSync('ovs-ofctl', args, { input, encoding: 'utf8' });
  // Nor do we have the bytes that it shows in hexadecimal where a message cannot be decoded.
  const isLogged = (line: string): boolean => /^\d{4}-\d\d-\d\dT/.test(line) || /^[0-9a-f]{8} {2}/.test(line);
  const without = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !isLogged(line))
      .join('\n');
  const stderr = without(done.stderr);
  const stdout = without(done.stdout);
  return { stdout, stderr, exitCode: done.status ?? -1 };
}

function ours(args: readonly string[], stdin = ''): Promise<Output> {
  return runOfctl(args, {
    connection: () => undefined,
    readFile: () => Promise.reject(new Error('no files')),
    stdin,
  });
}

describe.skipIf(!requireOracle())('ovs-ofctl parse-flow', () => {
  const { seed, cases } = suiteSettings('flow text', 300);

  for (const version of ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15']) {
    test(`random flows in ${version} come out as the real tool's`, async () => {
      const generator = new FlowTextGenerator(seed * 100 + Number(version.slice(-2)));
      const differences: unknown[] = [];
      for (let i = 0; i < cases; i++) {
        const args = ['-O', version, 'parse-flow', generator.flow()];
        const expected = real(args);
        const received = await ours(args);
        if (!isDeepStrictEqual(expected, received)) differences.push({ args: args.join(' '), expected, received });
      }
      expect(differences).toEqual([]);
    });
  }
});
