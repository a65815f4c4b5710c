/** Commands about datapaths: their capabilities, and the time-out policies of connection tracking zones. */
import { UserError } from '#src/report/user-error.js';
import type { Atom } from '../../database.js';
import { datumsEqual, differenceOf, sortedMap, unionOf } from '../../datum.js';
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';
import type { DraftRow } from '../draft.js';

function findByKey(row: DraftRow, column: string, table: string, key: Atom, context: CommandContext) {
  const uuid = row.map(column).get(key);
  return uuid === undefined ? undefined : context.draft.row(table, String(uuid));
}

const findDatapath = (context: CommandContext): DraftRow | undefined =>
  findByKey(context.draft.root(), 'datapaths', 'Datapath', context.arg(0), context);

function getDatapath(context: CommandContext): DraftRow {
  const datapath = findDatapath(context);
  if (datapath === undefined) throw new UserError(`datapath ${context.arg(0)} does not exist`);
  return datapath;
}

/** `zone=N`. Deliberate difference: OVS goes on with a number of its own making where this says nothing useful. */
function parseZone(text: string): number {
  const match = /^zone=(\d+)/.exec(text);
  if (match === null) throw new UserError(`${text}: zone=ID expected`);
  return Number(match[1]);
}

function findOrInsertPolicy(context: CommandContext, words: readonly string[]): DraftRow {
  const timeouts = new Map<string, number>();
  for (const word of words) {
    const [name = '', value = ''] = word.split('=', 2);
    timeouts.set(name, Number.parseInt(value, 10) || 0);
  }
  const wanted = sortedMap([...timeouts]);
  const existing = context.draft.rows('CT_Timeout_Policy').find((row) => datumsEqual(row.get('timeouts'), wanted));
  if (existing !== undefined) return existing;
  const policy = context.draft.insert('CT_Timeout_Policy');
  policy.set('timeouts', wanted);
  return policy;
}

const addZoneTp: CommandSyntax = {
  name: 'add-zone-tp',
  minArgs: 3,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'DATAPATH zone=ID KEY=VALUE...',
  options: ['--may-exist'],
  writes: true,
  run(context) {
    const id = parseZone(context.arg(1));
    const datapath = getDatapath(context);
    const zone = findByKey(datapath, 'ct_zones', 'CT_Zone', id, context);
    if (zone !== undefined && !context.hasOption('--may-exist')) throw new UserError(`zone id ${id} already exists`);
    const policy = findOrInsertPolicy(context, context.args.slice(2));
    const target = zone ?? context.draft.insert('CT_Zone');
    target.set('timeout_policy', [policy.uuid]);
    if (zone === undefined) {
      datapath.set('ct_zones', unionOf(new Map<Atom, Atom>([[id, target.uuid]]), datapath.get('ct_zones')));
    }
    return undefined;
  },
};

const delZoneTp: CommandSyntax = {
  name: 'del-zone-tp',
  minArgs: 2,
  maxArgs: 2,
  arguments: 'DATAPATH zone=ID',
  options: ['--if-exists'],
  writes: true,
  run(context) {
    const id = parseZone(context.arg(1));
    const datapath = getDatapath(context);
    const zone = findByKey(datapath, 'ct_zones', 'CT_Zone', id, context);
    if (zone === undefined) {
      if (context.hasOption('--if-exists')) return undefined;
      throw new UserError(`zone id ${id} does not exist`);
    }
    datapath.set('ct_zones', differenceOf(datapath.get('ct_zones'), [id]));
    return undefined;
  },
};

const listZoneTp: CommandSyntax = {
  name: 'list-zone-tp',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'DATAPATH',
  options: [],
  writes: false,
  run(context) {
    const datapath = findDatapath(context);
    if (datapath === undefined) throw new UserError(`datapath: ${context.arg(0)} record not found`);
    for (const [id, uuid] of datapath.map('ct_zones')) {
      const policy = context.draft.row('CT_Zone', String(uuid))?.refs('timeout_policy')[0];
      const timeouts =
        policy === undefined
          ? 'system default'
          : [...policy.map('timeouts')].map(([name, value]) => `${name}=${value}`).join(' ');
      context.print(`Zone:${id}, Timeout Policies: ${timeouts}`);
    }
    return undefined;
  },
};

const listDpCap: CommandSyntax = {
  name: 'list-dp-cap',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'DATAPATH',
  options: [],
  writes: false,
  run(context) {
    const datapath = findDatapath(context);
    if (datapath === undefined) throw new UserError(`datapath "${context.arg(0)}" record not found`);
    context.print([...datapath.map('capabilities')].map(([name, value]) => `${name}=${value}`).join(' '));
    return undefined;
  },
};

export const zoneCommands: readonly CommandSyntax[] = [addZoneTp, delZoneTp, listZoneTp, listDpCap];
