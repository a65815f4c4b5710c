/** Scenarios given as text, for tests: read, run, and told in short lines. */
import { readScenario } from '#src/scenario/file/read-scenario.js';
import { type RunScenarioOptions, runScenario, type ScenarioReport } from '#src/scenario/run-scenario.js';

export async function runText(text: string, options: Partial<RunScenarioOptions> = {}): Promise<ScenarioReport> {
  const result = readScenario(text, 'test.yaml', null);
  if (!result.ok) throw new Error(result.errors.map((error) => error.toString()).join('\n'));
  return runScenario(result.scenario, { seed: 1, ...options });
}

/** `ok TEXT` or `FAIL TEXT` for each expectation. */
export const outcomes = (report: ScenarioReport): string[] =>
  report.steps.flatMap(({ checks }) => checks.map(({ passed, text }) => `${passed ? 'ok' : 'FAIL'} ${text}`));

/** What a failure says, as one text. */
export const details = (report: ScenarioReport): string =>
  report.steps.flatMap(({ checks }) => checks.flatMap((check) => check.details)).join('\n');

/** Three VMs on one bridge: vm1 and vm2 in VLAN 10, vm3 in VLAN 20. */
export const THREE_VMS = `
name: three VMs
machines:
  host1: { script: ovs-vsctl add-br br0 }
vms:
  vm1: { on: host1, bridge: br0, tag: 10, mac: 52:54:00:00:00:01, address: [10.0.0.1/24, fd00::1/64] }
  vm2: { on: host1, bridge: br0, tag: 10, mac: 52:54:00:00:00:02, address: [10.0.0.2/24, fd00::2/64] }
  vm3: { on: host1, bridge: br0, tag: 20, mac: 52:54:00:00:00:03, address: 10.0.0.3/24 }
`;

/** Steps after THREE_VMS, each on a line. */
export const withSteps = (...steps: readonly string[]): string =>
  `${THREE_VMS}steps:\n${steps.map((step) => `  - ${step}\n`).join('')}`;
