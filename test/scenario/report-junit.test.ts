/** The report as JUnit XML. */
import { expect, test } from 'vitest';
import { reportsToJunit } from '#src/scenario/report-junit.js';
import type { ScenarioReport } from '#src/scenario/run-scenario.js';
import type { Check } from '#src/scenario/step/step-kind.js';

const check = (passed: boolean, text: string, ...details: string[]): Check => ({ passed, text, details });

const report = (...checks: readonly Check[]): ScenarioReport =>
  ({
    scenario: { id: 'lab', name: 'a "lab" & more' },
    seed: 7,
    steps: [
      { name: null, title: 'wait', line: 3, checks: [], trace: [] },
      { name: 'first', title: 'ping a -> b', line: 4, checks, trace: [] },
    ],
    expectationCount: checks.length,
    failureCount: checks.filter(({ passed }) => !passed).length,
    virtualNs: 1.5e9,
    drops: [],
  }) as unknown as ScenarioReport;

test('a suite for each scenario, a case for each expectation', () => {
  expect(reportsToJunit([report(check(true, 'answered'), check(false, '0 of 1 < 1', 'dropped by', 'br0\u0007'))])).toBe(
    [
      '<?xml version="1.0" encoding="UTF-8"?>',
      '<testsuites name="upcall" tests="3" failures="1">',
      '  <testsuite name="lab: a &quot;lab&quot; &amp; more" tests="3" failures="1" errors="0" skipped="0" time="1.500">',
      '    <properties><property name="seed" value="7"/></properties>',
      '    <testcase classname="lab" name="wait" line="3" time="0"/>',
      '    <testcase classname="lab" name="first (ping a -&gt; b): answered" line="4" time="0"/>',
      '    <testcase classname="lab" name="first (ping a -&gt; b): 0 of 1 &lt; 1" line="4" time="0"><failure type="expectation" message="0 of 1 &lt; 1">dropped by',
      'br0\ufffd</failure></testcase>',
      '  </testsuite>',
      '</testsuites>',
      '',
    ].join('\n'),
  );
});

test('no scenarios', () => {
  expect(reportsToJunit([])).toContain('<testsuites name="upcall" tests="0" failures="0">');
});
