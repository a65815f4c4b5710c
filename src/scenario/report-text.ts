/** The report of scenarios as text: one line for each expectation, and of a failure where and why. */
import type { Palette } from '../report/colour.js';
import { formatDuration } from '../report/units.js';
import type { Check } from './step/step-kind.js';
import type { ScenarioReport, StepReport } from './run-scenario.js';

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

export function renderScenario(report: ScenarioReport, palette: Palette): string {
  const { scenario, steps, expectationCount, failureCount, virtualNs } = report;
  const lines = [palette.bold(`${scenario.id}: ${scenario.name}`)];
  for (const step of steps) lines.push(...renderStep(step, palette));
  const expectations = plural(expectationCount, 'expectation');
  const outcome =
    failureCount === 0
      ? palette.good(`passed, ${expectations}`)
      : palette.bad(`FAILED, ${failureCount} of ${expectations}`);
  lines.push(`  ${outcome} ${palette.dim(`(${formatDuration(virtualNs)} of virtual time)`)}`);
  return `${lines.join('\n')}\n`;
}

function renderStep({ name, title, line, checks, trace }: StepReport, palette: Palette): readonly string[] {
  const isFailed = checks.some((check) => !check.passed);
  const mark = checks.length === 0 ? palette.dim('  -   ') : isFailed ? palette.bad('  FAIL') : palette.good('  ok  ');
  const shown = name === null ? title : `${name} (${title})`;
  const head = checks.length === 1 ? `${shown}: ${checks[0]!.text}` : shown;
  const place = isFailed && line !== null ? palette.dim(` [line ${line}]`) : '';
  const lines = [`${mark}  ${head}${place}`, ...trace.map((event) => palette.dim(`          ${event}`))];
  for (const check of checks) lines.push(...renderCheck(check, checks.length === 1, palette));
  return lines;
}

/** `isInHead`: the line of the step has said it already. */
function renderCheck(check: Check, isInHead: boolean, palette: Palette): readonly string[] {
  const lines: string[] = [];
  if (!isInHead) lines.push(`        ${check.passed ? palette.good('ok  ') : palette.bad('FAIL')}  ${check.text}`);
  const indent = isInHead ? '        ' : '              ';
  lines.push(...check.details.map((detail) => (detail === '' ? '' : `${indent}${detail}`)));
  return lines;
}

export function renderSummary(reports: readonly ScenarioReport[], palette: Palette): string {
  const failed = reports.filter((report) => report.failureCount > 0).length;
  const expectations = reports.reduce((sum, report) => sum + report.expectationCount, 0);
  const failures = reports.reduce((sum, report) => sum + report.failureCount, 0);
  const text = `${plural(reports.length, 'scenario')}: ${reports.length - failed} passed, ${failed} failed; ${plural(expectations, 'expectation')}, ${failures} failed`;
  return `${failed === 0 ? palette.good(text) : palette.bad(text)}\n`;
}
