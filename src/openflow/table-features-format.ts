/**
 * What tables can do and have counted, as ovs-ofctl prints it: a table after the other, and of what is the same as in the
 * table before only that it is. Mirrors ofputil_table_features_format() of lib/ofp-table.c.
 */
import { formatActionTypes, formatInstructionTypes } from './action-types.js';
import { formatNameList } from './name-list.js';
import { formatHex } from './number-text.js';
import {
  type ActionFeatures,
  fieldsOf,
  type FieldSet,
  type InstructionFeatures,
  type TableFeatures,
} from './table-features.js';

export interface TableCounters {
  readonly active: number;
  readonly lookups: bigint;
  readonly matched: bigint;
}

export interface ShownTable {
  readonly features: TableFeatures;
  /** Null where only features are told. */
  readonly counters: TableCounters | null;
}

const fieldNames = (set: FieldSet): string => formatNameList(fieldsOf(set).map(({ name }) => name));

const sameActions = (a: ActionFeatures, b: ActionFeatures): boolean =>
  a.actions === b.actions && a.setFields === b.setFields;

const isEmptyActions = ({ actions, setFields }: ActionFeatures): boolean => actions === 0 && setFields === 0n;

/** A table can always go to the next one, so that is no difference between the two. */
function sameNext(a: bigint, aTable: number, b: bigint, bTable: number): boolean {
  if (aTable === bTable + 1) return sameNext(b, bTable, a, aTable);
  if (bTable !== aTable + 1) return a === b;
  const bit = 1n << BigInt(bTable);
  return (a & bit) !== 0n && (b & bit) === 0n ? (a & ~bit) === b : a === b;
}

const sameInstructions = (a: InstructionFeatures, aTable: number, b: InstructionFeatures, bTable: number): boolean =>
  sameNext(a.next, aTable, b.next, bTable) &&
  a.instructions === b.instructions &&
  sameActions(a.write, b.write) &&
  sameActions(a.apply, b.apply);

const isEmptyInstructions = ({ next, instructions, write, apply }: InstructionFeatures): boolean =>
  next === 0n && instructions === 0 && isEmptyActions(write) && isEmptyActions(apply);

const sameFeatures = (a: TableFeatures, b: TableFeatures): boolean =>
  a.metadataMatch === b.metadataMatch &&
  a.metadataWrite === b.metadataWrite &&
  a.missConfig === b.missConfig &&
  a.supportsEviction === b.supportsEviction &&
  a.supportsVacancyEvents === b.supportsVacancyEvents &&
  a.maxEntries === b.maxEntries &&
  sameInstructions(a.nonmiss, a.tableId, b.nonmiss, b.tableId) &&
  sameInstructions(a.miss, a.tableId, b.miss, b.tableId) &&
  a.match === b.match;

const isEmptyFeatures = (table: TableFeatures): boolean =>
  table.metadataMatch === 0n &&
  table.metadataWrite === 0n &&
  table.missConfig === 'default' &&
  table.supportsEviction === null &&
  table.supportsVacancyEvents === null &&
  table.maxEntries === 0 &&
  isEmptyInstructions(table.nonmiss) &&
  isEmptyInstructions(table.miss) &&
  table.match === 0n;

const sameCounters = (a: TableCounters, b: TableCounters): boolean =>
  a.active === b.active && a.lookups === b.lookups && a.matched === b.matched;

function nextTablesText(next: bigint): string {
  const ranges: string[] = [];
  for (let first = 0; first < 255; first++) {
    if (((next >> BigInt(first)) & 1n) === 0n) continue;
    let last = first;
    while (last < 254 && ((next >> BigInt(last + 1)) & 1n) === 1n) last++;
    ranges.push(first === last ? String(first) : `${first}-${last}`);
    first = last;
  }
  return ranges.join(',');
}

function actionLines({ actions, setFields }: ActionFeatures): readonly string[] {
  return [
    ...(actions === 0 ? [] : [`        actions: ${formatActionTypes(actions)}`]),
    ...(setFields === 0n ? [] : [`        supported on Set-Field: ${fieldNames(setFields)}`]),
  ];
}

function instructionLines(table: InstructionFeatures, before: InstructionFeatures | null): readonly string[] {
  const { next, instructions, write, apply } = table;
  const lines: string[] = [];
  if (next !== 0n) lines.push(`      next tables: ${nextTablesText(next)}`);
  if (instructions !== 0) {
    const isSame = before !== null && instructions === before.instructions;
    lines.push(isSame ? '      (same instructions)' : `      instructions: ${formatInstructionTypes(instructions)}`);
  }
  const sameAsBefore =
    before !== null && sameActions(write, before.write) && sameActions(apply, before.apply) && write.setFields !== 0n;
  if (sameAsBefore) lines.push('      (same actions)');
  else if (!sameActions(write, apply)) {
    lines.push('      Write-Actions features:', ...actionLines(write));
    lines.push('      Apply-Actions features:', ...actionLines(apply));
  } else if (!isEmptyActions(write)) {
    lines.push('      Write-Actions and Apply-Actions features:', ...actionLines(write));
  }
  return lines;
}

function allInstructionLines(table: TableFeatures, before: TableFeatures | null): readonly string[] {
  const { tableId, nonmiss, miss } = table;
  const isSame =
    before !== null &&
    sameInstructions(nonmiss, tableId, before.nonmiss, before.tableId) &&
    sameInstructions(miss, tableId, before.miss, before.tableId);
  if (isSame) return isEmptyInstructions(nonmiss) ? [] : ['    (same instructions)'];
  if (!sameInstructions(nonmiss, tableId, miss, tableId)) {
    return [
      '    instructions (other than table miss):',
      ...instructionLines(nonmiss, before?.nonmiss ?? null),
      '    instructions (table miss):',
      ...instructionLines(miss, before?.miss ?? null),
    ];
  }
  if (isEmptyInstructions(nonmiss)) return [];
  return ['    instructions (table miss and others):', ...instructionLines(nonmiss, before?.nonmiss ?? null)];
}

function matchLines({ match, mask, wildcard }: TableFeatures, before: TableFeatures | null): readonly string[] {
  if (match === 0n) return [];
  if (before !== null && match === before.match) return ['    (same matching)'];
  const line = (title: string, set: FieldSet): readonly string[] =>
    set === 0n ? [] : [`      ${title}: ${fieldNames(set)}`];
  return [
    '    matching:',
    ...line('arbitrary mask', match & mask & wildcard),
    ...line('exact match or wildcard', match & ~mask & wildcard),
    ...line('must exact match', match & ~mask & ~wildcard),
  ];
}

function supportLine(what: string, isSupported: boolean | null): readonly string[] {
  return isSupported === null ? [] : [`    ${what}: ${isSupported ? '' : 'not '}supported`];
}

function featureLines(table: TableFeatures, before: TableFeatures | null): readonly string[] {
  const { metadataMatch, metadataWrite, missConfig, maxEntries } = table;
  return [
    ...(metadataMatch === 0n && metadataWrite === 0n
      ? []
      : [`    metadata: match=${formatHex(metadataMatch)} write=${formatHex(metadataWrite)}`]),
    ...(missConfig === 'default' ? [] : [`    config=${missConfig}`]),
    ...supportLine('eviction', table.supportsEviction),
    ...supportLine('vacancy events', table.supportsVacancyEvents),
    ...(maxEntries === 0 ? [] : [`    max_entries=${maxEntries}`]),
    ...allInstructionLines(table, before),
    ...matchLines(table, before),
  ];
}

function tableText({ features, counters }: ShownTable, before: ShownTable | null, isSame: boolean): string {
  const title = `\n  table ${features.tableId}${features.name === '' ? '' : ` ("${features.name}")`}:`;
  const lines =
    counters === null ? [] : [`    active=${counters.active}, lookup=${counters.lookups}, matched=${counters.matched}`];
  if (isSame) {
    const sameStats = counters === null || (before?.counters != null && sameCounters(counters, before.counters));
    if (sameStats) return `${title} ditto`;
    if (!isEmptyFeatures(features)) lines.push('    (same features)');
  } else lines.push(...featureLines(features, before?.features ?? null));
  return `${title}\n${lines.map((line) => `${line}\n`).join('')}`;
}

function dittoText(dittos: readonly number[]): string {
  const [first] = dittos;
  const last = dittos.at(-1);
  if (first === undefined) return '';
  return first === last ? `\n  table ${first}: ditto\n` : `\n  tables ${first}...${last}: ditto\n`;
}

export function formatTables(tables: readonly ShownTable[]): string {
  let dittos: readonly number[] = [];
  let before: ShownTable | null = null;
  let text = '';
  for (const table of tables) {
    const { features, counters } = table;
    if (before === null && features.command !== 'replace') text += `\n  command: ${features.command}`;
    const sameStats =
      counters === null || (before !== null && before.counters !== null && sameCounters(counters, before.counters));
    const isSame: boolean = before !== null && sameFeatures(features, before.features);
    if (sameStats && isSame && features.name === '') dittos = [...dittos, features.tableId];
    else {
      text += `${dittoText(dittos)}${tableText(table, before, isSame)}`;
      dittos = [];
    }
    before = table;
  }
  return text + dittoText(dittos);
}
