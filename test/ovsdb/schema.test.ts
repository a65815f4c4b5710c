/** The schema's facts against the file that Open vSwitch installs. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { openVSwitchSchema } from '#src/ovsdb/open-vswitch-schema.js';
import type { BaseType, ColumnSchema, ColumnType } from '#src/ovsdb/schema.js';
import { typeToEnglish, UNLIMITED } from '#src/ovsdb/schema.js';

const FILE = '/usr/share/openvswitch/vswitch.ovsschema';
const isInstalled = existsSync(FILE);
if (!isInstalled && process.env.CI === 'true') throw new Error(`${FILE} is missing, and CI=true forbids skipping`);
if (!isInstalled) console.warn(`skipped: ${FILE} is not there (Debian: openvswitch-common)`);

type Json = Record<string, unknown>;

function baseFromJson(json: string | Json): BaseType {
  if (typeof json === 'string') return { type: json as BaseType['type'] };
  const { enum: choices, ...rest } = json as Json & { enum?: [string, string[]] };
  const base = { ...rest, ...(choices === undefined ? {} : { enum: [...choices[1]].sort() }) } as unknown as BaseType;
  return base.refTable === undefined ? base : { ...base, refType: base.refType ?? 'strong' };
}

function typeFromJson(json: string | Json): ColumnType {
  if (typeof json === 'string') return { key: baseFromJson(json), value: null, min: 1, max: 1 };
  const { key, value, min = 1, max = 1 } = json as { key: Json; value?: Json; min?: 0 | 1; max?: number | string };
  return {
    key: baseFromJson(key),
    value: value === undefined ? null : baseFromJson(value),
    min,
    max: max === 'unlimited' ? UNLIMITED : Number(max),
  };
}

describe.skipIf(!isInstalled)('the Open_vSwitch schema is that of Open vSwitch 3.1', () => {
  const real = isInstalled ? (JSON.parse(readFileSync(FILE, 'utf8')) as Json) : {};
  const tables = Object.entries((real.tables ?? {}) as Record<string, Json>);

  test('name, version and tables', () => {
    expect(openVSwitchSchema.name).toBe(real.name);
    expect(openVSwitchSchema.version).toBe(real.version);
    expect([...openVSwitchSchema.tables.keys()].sort()).toEqual(tables.map(([name]) => name).sort());
  });

  test.each(tables)('%s', (name, json) => {
    const table = openVSwitchSchema.tables.get(name)!;
    expect(table.isRoot).toBe(json.isRoot ?? false);
    expect(table.maxRows).toBe(json.maxRows ?? UNLIMITED);
    expect(table.indexes).toEqual(json.indexes ?? []);
    const columns = Object.entries(json.columns as Record<string, Json>).map(
      ([column, { type, mutable = true, ephemeral = false }]) =>
        ({ name: column, type: typeFromJson(type as Json), mutable, ephemeral }) as ColumnSchema,
    );
    expect(table.columns).toEqual(new Map(columns.map((column) => [column.name, column])));
  });
});

describe('types in words', () => {
  const words = (table: string, column: string): string =>
    typeToEnglish(openVSwitchSchema.tables.get(table)!.columns.get(column)!.type);
  test.each([
    ['Bridge', 'name', 'string'],
    ['Bridge', 'flood_vlans', 'set of up to 4096 integers'],
    ['Bridge', 'ports', 'set of uuids'],
    ['Port', 'interfaces', 'set of 1 or more uuids'],
    ['Port', 'tag', 'set of up to 1 integers'],
    ['Port', 'other_config', 'map of (string, string) pairs'],
  ])('%s.%s is a %s', (table, column, text) => {
    expect(words(table, column)).toBe(text);
  });
});
