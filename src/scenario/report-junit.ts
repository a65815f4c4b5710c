/**
 * The report of scenarios as JUnit XML, which continuous integration systems read: a suite for each scenario, a case for
 * each expectation (a step that expects nothing is a case that passed).
 *
 * There is no standard; this is the part of the format that Jenkins, GitLab and GitHub's reporters agree on. Times are
 * virtual, so that two runs give the same bytes. Characters that XML 1.0 §2.2 forbids are replaced.
 */
import type { Check } from './step/step-kind.js';
import type { ScenarioReport, StepReport } from './run-scenario.js';

export function reportsToJunit(reports: readonly ScenarioReport[]): string {
  const cases = reports.map(({ steps }) => steps.flatMap(casesOf));
  const tests = cases.reduce((sum, list) => sum + list.length, 0);
  const failures = reports.reduce((sum, { failureCount }) => sum + failureCount, 0);
  const suites = reports.map((report, i) => suiteOf(report, cases[i]!));
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="upcall" tests="${tests}" failures="${failures}">`,
    ...suites,
    '</testsuites>',
    '',
  ].join('\n');
}

interface Case {
  readonly name: string;
  readonly line: number | null;
  readonly check: Check | null;
}

function casesOf({ name, title, line, checks }: StepReport): readonly Case[] {
  const step = name === null ? title : `${name} (${title})`;
  if (checks.length === 0) return [{ name: step, line, check: null }];
  return checks.map((check) => ({ name: `${step}: ${check.text}`, line, check }));
}

function suiteOf({ scenario, failureCount, virtualNs, seed }: ScenarioReport, cases: readonly Case[]): string {
  const time = (virtualNs / 1e9).toFixed(3);
  return [
    `  <testsuite name="${escapeXml(`${scenario.id}: ${scenario.name}`)}" tests="${cases.length}" failures="${failureCount}" errors="0" skipped="0" time="${time}">`,
    `    <properties><property name="seed" value="${seed}"/></properties>`,
    ...cases.map((item) => caseOf(scenario.id, item)),
    '  </testsuite>',
  ].join('\n');
}

function caseOf(id: string, { name, line, check }: Case): string {
  const head = `    <testcase classname="${escapeXml(id)}" name="${escapeXml(name)}"${line === null ? '' : ` line="${line}"`} time="0"`;
  if (check === null || check.passed) return `${head}/>`;
  const details = check.details.length === 0 ? check.text : check.details.join('\n');
  return `${head}><failure type="expectation" message="${escapeXml(check.text)}">${escapeXml(details)}</failure></testcase>`;
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeXml = (text: string): string =>
  [...text].map((character) => (isAllowed(character) ? (ENTITIES[character] ?? character) : '\ufffd')).join('');

/** XML 1.0 §2.2, production Char. */
function isAllowed(character: string): boolean {
  const code = character.codePointAt(0)!;
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return !(code >= 0xd800 && code <= 0xdfff) && code !== 0xfffe && code !== 0xffff;
}
