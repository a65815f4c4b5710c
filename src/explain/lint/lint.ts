/** All checks of a set of rules, in the order of the lines that they are about; their text and their JSON. */
import type { Palette } from '#src/report/colour.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import { ruleText } from '../explain-packet.js';
import { findActionProblems } from './actions.js';
import type { Finding, LintSubject, RulePlace } from './finding.js';
import { findLoops } from './loops.js';
import { findMissingPorts } from './ports.js';
import { findMissingPrerequisites } from './prerequisites.js';
import { findOverlaps, findReplaced, findShadowed } from './shadowed.js';
import { findTableProblems } from './tables.js';
import { findVlanTraps } from './vlan-traps.js';

export function lint(subject: LintSubject): readonly Finding[] {
  const shadowed = findShadowed(subject);
  const hidden = new Set(shadowed.flatMap(({ rule }): readonly Rule[] => (rule === null ? [] : [rule])));
  const findings = [
    ...findReplaced(subject),
    ...shadowed,
    ...findOverlaps(subject),
    ...findTableProblems(subject, hidden),
    ...findLoops(subject, hidden),
    ...findMissingPrerequisites(subject),
    ...findActionProblems(subject),
    ...findMissingPorts(subject),
    ...findVlanTraps(subject),
  ];
  const lineOf = (finding: Finding): number => placeOf(subject, finding).line ?? Number.MAX_SAFE_INTEGER;
  return findings.sort((a, b) => lineOf(a) - lineOf(b) || a.table - b.table);
}

export function placeOf({ places, file }: LintSubject, { rule, place }: Finding): RulePlace {
  return place ?? (rule === null ? undefined : places.get(rule)) ?? { file, line: null, text: '' };
}

export function renderFindings(subject: LintSubject, findings: readonly Finding[], palette: Palette): string {
  const lines = findings.flatMap((finding) => {
    const { file, line } = placeOf(subject, finding);
    const where = line === null ? file : `${file}:${line}`;
    return [
      `${palette.bold(where)}: ${palette.warning(finding.check)}: ${textOf(subject, finding)}`,
      `  ${finding.why}`,
      palette.dim(`  ${finding.advice}`),
    ];
  });
  const count = findings.length;
  const summary = count === 0 ? 'nothing found' : `${count} finding${count === 1 ? '' : 's'}`;
  return `${[...lines, ...(count === 0 ? [] : ['']), count === 0 ? palette.good(summary) : palette.bad(summary)].join('\n')}\n`;
}

export function findingsToJson(subject: LintSubject, findings: readonly Finding[]): object {
  return {
    bridge: subject.bridge.name,
    findings: findings.map((finding) => {
      const { file, line } = placeOf(subject, finding);
      const { check, table, why, advice } = finding;
      return { file, line, check, table, rule: textOf(subject, finding), why, advice };
    }),
  };
}

function textOf(subject: LintSubject, finding: Finding): string {
  const { rule, table } = finding;
  const text = rule === null ? placeOf(subject, finding).text : ruleText(subject.bridge, rule);
  return `table ${table}: ${text}`;
}
