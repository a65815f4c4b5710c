/** What the Flow_Table records of a bridge ask for. Mirrors bridge_configure_tables() of vswitchd/bridge.c. */
import { DEFAULT_PREFIX_FIELDS } from '#flowtable/classifier.js';
import { FIELD_BY_NAME } from '#flowtable/fields.js';
import { parseSubfield, type Subfield } from '#src/openflow/subfield.js';
import type { Database, Row } from '#src/ovsdb/database.js';
import { UserError } from '#src/report/user-error.js';
import type { Bridge } from './bridge.js';
import { FlowChanges } from './flow-changes.js';
import { INTERNAL_TABLE, type TableSettings } from './openflow-table.js';
import { revise } from './revision.js';

/** Fields that a lookup can keep a prefix tree for, and how many such trees a table may have. */
const PREFIX_FIELDS: ReadonlySet<string> = new Set(
  (
    'tun_id tun_src tun_dst tun_ipv6_src tun_ipv6_dst ct_nw_src ct_nw_dst ct_ipv6_src ct_ipv6_dst ' +
    'ip_src ip_dst ipv6_src ipv6_dst'
  ).split(' '),
);
const MAX_PREFIX_FIELDS = 3;

/** Brings a bridge's tables in line with its record; those that it does not name get the usual settings back. */
export function configureTables(bridge: Bridge, row: Row, database: Database): void {
  const settings = new Map<number, Row>();
  const tables = row.get('flow_tables');
  if (tables instanceof Map) {
    for (const [id, uuid] of tables) {
      const record = database.row('Flow_Table', String(uuid));
      if (record !== undefined && Number(id) < INTERNAL_TABLE) settings.set(Number(id), record);
    }
  }
  const used = bridge.usedTables().map(({ id }) => id);
  for (const id of new Set([...used, ...settings.keys()])) {
    const record = settings.get(id) ?? null;
    const table = bridge.table(id);
    table.setPrefixFields(record === null ? DEFAULT_PREFIX_FIELDS : prefixFieldsOf(record));
    table.configure(record === null ? null : settingsOf(record));
    if (table.isOverfull) revise((revision) => new FlowChanges(bridge).shrink(table, revision));
  }
}

function settingsOf(record: Row): TableSettings {
  return {
    name: record.string('name') ?? '',
    flowLimit: record.integer('flow_limit') ?? null,
    evicts: record.string('overflow_policy') === 'evict',
    groups: record.strings('groups').flatMap(parseGroup),
  };
}

/** Nothing where the text is no subfield: OVS leaves such an element out, too. */
function parseGroup(text: string): readonly Subfield[] {
  try {
    return [parseSubfield(text)];
  } catch (error) {
    if (error instanceof UserError) return [];
    throw error;
  }
}

function prefixFieldsOf(record: Row): readonly string[] {
  const names = record.strings('prefixes');
  if (names.includes('none')) return [];
  const fields = names.flatMap((name) => FIELD_BY_NAME.get(name)?.name ?? []).filter((name) => PREFIX_FIELDS.has(name));
  return fields.length === 0 ? DEFAULT_PREFIX_FIELDS : fields.slice(0, MAX_PREFIX_FIELDS);
}
