/** The report of scenarios as JSON: the same facts as the text, and no wall time, so that two runs give the same bytes. */
import type { ScenarioReport } from './run-scenario.js';

export function reportsToJson(reports: readonly ScenarioReport[]): object {
  const failed = reports.filter((report) => report.failureCount > 0).length;
  return {
    passed: reports.length - failed,
    failed,
    scenarios: reports.map(({ scenario, seed, steps, expectationCount, failureCount, virtualNs, drops }) => ({
      id: scenario.id,
      name: scenario.name,
      passed: failureCount === 0,
      seed,
      expectations: expectationCount,
      failures: failureCount,
      virtualNs,
      steps: steps.map(({ name, title, line, checks, trace }) => ({
        ...(name === null ? {} : { name }),
        title,
        ...(line === null ? {} : { line }),
        checks: checks.map((check) => ({
          passed: check.passed,
          text: check.text,
          ...(check.details.length === 0 ? {} : { details: check.details }),
        })),
        ...(trace.length === 0 ? {} : { trace }),
      })),
      drops,
    })),
  };
}
