/**
 * Random command lines, right ones and ones with mistakes, through the real ovs-ofctl and through ours: the same text,
 * the same errors, the same exit codes. `OVS_SEED=7 OVS_CASES=5000` runs others, and more of them.
 */
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { TestSwitch } from '../support/test-switch.js';
import { suiteSettings } from './dice.js';
import { CLEAR, PARSED_KINDS, SWITCH_KINDS } from './text/case.js';
import { compareLines, type Disagreement, ourRunner, type Runner } from './text/compare.js';

const SHOWN = Number(process.env.OVS_SHOWN ?? 5);

const real: Runner = ({ args, stdin }) => {
  const done = spawnSync('ovs-ofctl', args, { input: stdin, encoding: 'utf8' });
  return { stdout: done.stdout, stderr: done.stderr, exitCode: done.status ?? -1 };
};

function report(disagreements: readonly Disagreement[], cases: number): void {
  const found = { count: disagreements.length, of: cases, some: disagreements.slice(0, SHOWN) };
  expect(found).toEqual({ count: 0, of: cases, some: [] });
}

const hasOracle = requireOracle();

describe.skipIf(!hasOracle)('ovs-ofctl without a switch', () => {
  for (const kind of PARSED_KINDS) {
    const { seed, cases } = suiteSettings(kind.name, kind.defaultCases);
    test(`${kind.name} of random texts`, { timeout: 1e8 }, async () => {
      const ours = ourRunner(() => undefined);
      const disagreements: Disagreement[] = [];
      for (let i = 0; i < cases; i++) {
        const found = await compareLines(kind.linesOf(seed * 1_000_000 + i), real, ours);
        if (found !== null) disagreements.push(found);
      }
      report(disagreements, cases);
    });
  }
});

describe.skipIf(!hasOracle)('ovs-ofctl with a switch', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
    oracle.must('ovs-vsctl', [
      ...['add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy', 'fail-mode=secure'],
      ...['--', 'add-port', 'br0', 'p1', '--', 'set', 'Interface', 'p1', 'type=dummy', 'ofport_request=1'],
      ...['--', 'add-port', 'br0', 'p2', '--', 'set', 'Interface', 'p2', 'type=dummy', 'ofport_request=2'],
    ]);
  });
  afterAll(() => oracle.stop());

  for (const kind of SWITCH_KINDS) {
    const { seed, cases } = suiteSettings(kind.name, kind.defaultCases);
    test(`random ${kind.name}`, { timeout: 1e8 }, async () => {
      const onReal: Runner = ({ args, stdin }) => oracle.run('ovs-ofctl', args, stdin);
      const disagreements: Disagreement[] = [];
      for (let i = 0; i < cases; i++) {
        for (const line of CLEAR) await onReal(line);
        const { vswitchd } = TestSwitch.withPorts(2);
        const ours = ourRunner((name) => vswitchd.bridge(name));
        const found = await compareLines(kind.linesOf(seed * 1_000_000 + i), onReal, ours);
        if (found !== null) disagreements.push(found);
      }
      report(disagreements, cases);
    });
  }
});
