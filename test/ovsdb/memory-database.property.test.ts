/** What holds for any transaction, right or wrong, and what conditions and mutations mean as sets. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Datum, Operation } from '#src/ovsdb/database.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { isMapType, isStrongReference, isWeakReference } from '#src/ovsdb/schema.js';
import { SeededRng } from '#src/sim/rng.js';

const make = (): MemoryDatabase => new MemoryDatabase(new SeededRng(1));

/** All rows with all values, versions too. */
function contents(database: MemoryDatabase): string {
  const tables = [...database.schema.tables.values()].map((table) =>
    database
      .rows(table.name)
      .map((row) => [
        row.uuid,
        row.get('_version'),
        ...[...table.columns.keys()].map((column) => plain(row.get(column))),
      ]),
  );
  return JSON.stringify(tables);
}

const plain = (datum: Datum): unknown => (datum instanceof Map ? [...datum] : datum);
const name = fc.constantFrom('a', 'b', 'c');
const anyRef = (names: readonly string[]) => fc.constantFrom(...names).map((text) => ['named-uuid', text]);
const setOf = <T>(element: fc.Arbitrary<T>) => fc.uniqueArray(element, { maxLength: 3 }).map((list) => ['set', list]);
const vlans = setOf(fc.integer({ min: -1, max: 4 }));

/** Operations that often fit together and often do not. */
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({
    op: fc.constant('insert'),
    table: fc.constant('Interface'),
    'uuid-name': fc.constantFrom('i', 'j'),
    row: fc.record({ name }),
  }),
  fc.record({
    op: fc.constant('insert'),
    table: fc.constant('Port'),
    'uuid-name': fc.constantFrom('p', 'q'),
    row: fc.record({ name, interfaces: setOf(anyRef(['i', 'j'])), trunks: vlans }),
  }),
  fc.record({
    op: fc.constant('insert'),
    table: fc.constant('Mirror'),
    'uuid-name': fc.constantFrom('m', 'n'),
    row: fc.record({ name, select_src_port: setOf(anyRef(['p', 'q'])) }),
  }),
  fc.record({
    op: fc.constant('insert'),
    table: fc.constant('Bridge'),
    'uuid-name': fc.constantFrom('b', 'd'),
    row: fc.record({ name, ports: setOf(anyRef(['p', 'q'])), mirrors: setOf(anyRef(['m', 'n'])) }),
  }),
  fc.record({
    op: fc.constant('mutate'),
    table: fc.constant('Open_vSwitch'),
    where: fc.constant([]),
    mutations: fc.tuple(
      fc.tuple(fc.constant('bridges'), fc.constantFrom('insert', 'delete'), setOf(anyRef(['b', 'd']))),
    ),
  }),
  fc.record({
    op: fc.constant('mutate'),
    table: fc.constant('Bridge'),
    where: fc.tuple(fc.tuple(fc.constant('name'), fc.constantFrom('==', '!='), name)),
    mutations: fc.tuple(fc.tuple(fc.constant('ports'), fc.constantFrom('insert', 'delete'), setOf(anyRef(['p', 'q'])))),
  }),
  fc.record({
    op: fc.constant('update'),
    table: fc.constant('Open_vSwitch'),
    where: fc.constant([]),
    row: fc.constant({ bridges: ['set', []] }),
  }),
  fc.record({
    op: fc.constant('update'),
    table: fc.constant('Port'),
    where: fc.constant([]),
    row: fc.record({ trunks: vlans }),
  }),
  fc.record({
    op: fc.constant('delete'),
    table: fc.constantFrom('Bridge', 'Port', 'Interface', 'Mirror'),
    where: fc.tuple(fc.tuple(fc.constant('name'), fc.constant('=='), name)),
  }),
);
const transactions = fc.array(fc.array(operation, { maxLength: 8 }), { maxLength: 6 });

function checkIntegrity(database: MemoryDatabase): void {
  const held = new Set<string>();
  for (const table of database.schema.tables.values()) {
    const seen = new Set<string>();
    for (const row of database.rows(table.name)) {
      for (const { name: column, type } of table.columns.values()) {
        const datum = row.get(column);
        const keys = datum instanceof Map ? [...datum.keys()] : [...(datum as readonly unknown[])];
        expect(keys.length).toBeGreaterThanOrEqual(type.min);
        expect(keys.length).toBeLessThanOrEqual(type.max);
        expect(new Set(keys).size).toBe(keys.length);
        const references = isMapType(type) ? type.value! : type.key;
        if (references.refTable === undefined) continue;
        const uuids = isMapType(type) ? [...(datum as ReadonlyMap<unknown, unknown>).values()] : keys;
        for (const uuid of uuids) {
          expect(database.row(references.refTable, String(uuid)), `${table.name}.${column}`).toBeDefined();
          if (isStrongReference(references)) held.add(String(uuid));
          else expect(isWeakReference(references)).toBe(true);
        }
      }
      for (const index of table.indexes) {
        const key = JSON.stringify(index.map((column) => plain(row.get(column))));
        expect(seen.has(key), `two rows ${key} in ${table.name}`).toBe(false);
        seen.add(key);
      }
    }
  }
  for (const table of database.schema.tables.values()) {
    if (table.isRoot) continue;
    for (const row of database.rows(table.name)) expect(held.has(row.uuid), `garbage in ${table.name}`).toBe(true);
  }
}

describe('any transaction', () => {
  test('keeps references whole, indexes unique, sets ordered and no garbage', () => {
    fc.assert(
      fc.property(transactions, (list) => {
        const database = make();
        for (const operations of list) database.transact(operations);
        checkIntegrity(database);
      }),
      { numRuns: 300 },
    );
  });

  test('that fails changes nothing and tells nobody', () => {
    fc.assert(
      fc.property(transactions, fc.array(operation, { maxLength: 8 }), fc.boolean(), (list, last, isAborted) => {
        const database = make();
        for (const operations of list) database.transact(operations);
        const before = contents(database);
        let count = 0;
        database.onCommit(() => count++);
        const { committed, results } = database.transact(isAborted ? [...last, { op: 'abort' }] : last);
        expect(committed).toBe(!results.some((result) => 'error' in result));
        if (committed) return;
        expect(contents(database)).toBe(before);
        expect(count).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('of any JSON ends in results, never in an exception', () => {
    const members = fc.dictionary(
      fc.constantFrom(
        'op',
        'table',
        'where',
        'row',
        'columns',
        'mutations',
        'uuid',
        'uuid-name',
        'until',
        'rows',
        'timeout',
      ),
      fc.oneof(
        fc.jsonValue(),
        fc.constantFrom('insert', 'select', 'update', 'mutate', 'delete', 'wait', 'Port', 'Bridge', '=='),
        fc.array(
          fc.tuple(
            fc.constantFrom('name', 'trunks', 'tag', '_uuid'),
            fc.constantFrom('==', 'includes', '+=', 'delete'),
            fc.jsonValue(),
          ),
          { maxLength: 2 },
        ),
        fc.dictionary(fc.constantFrom('name', 'trunks', 'interfaces', 'other_config'), fc.jsonValue()),
      ),
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(members, fc.jsonValue()), { maxLength: 4 }), (operations) => {
        const database = make();
        expect(database.transact(operations as Operation[]).results.length).toBeGreaterThanOrEqual(operations.length);
        checkIntegrity(database);
      }),
      { numRuns: 500 },
    );
  });
});

describe('sets of integers', () => {
  const ints = fc.uniqueArray(fc.integer({ min: 0, max: 6 }), { maxLength: 5 });

  /** A database with one port whose trunks are the set. */
  function withTrunks(trunks: readonly number[]): MemoryDatabase {
    const database = make();
    database.transact([
      { op: 'insert', table: 'Interface', row: { name: 'p' }, 'uuid-name': 'i' },
      {
        op: 'insert',
        table: 'Port',
        row: { name: 'p', interfaces: ['named-uuid', 'i'], trunks: ['set', trunks] },
        'uuid-name': 'p',
      },
      { op: 'insert', table: 'Bridge', row: { name: 'b', ports: ['named-uuid', 'p'] }, 'uuid-name': 'b' },
      { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['bridges', 'insert', ['named-uuid', 'b']]] },
    ]);
    return database;
  }

  test.each<readonly [string, (a: Set<number>, b: Set<number>) => boolean]>([
    ['==', (a, b) => a.size === b.size && [...b].every((x) => a.has(x))],
    ['!=', (a, b) => a.size !== b.size || [...b].some((x) => !a.has(x))],
    ['includes', (a, b) => [...b].every((x) => a.has(x))],
    ['excludes', (a, b) => ![...b].some((x) => a.has(x))],
  ])('%s means what it means for sets', (name_, model) => {
    fc.assert(
      fc.property(ints, ints, (a, b) => {
        const { results } = withTrunks(a).transact([
          { op: 'select', table: 'Port', where: [['trunks', name_, ['set', b]]], columns: ['name'] },
        ]);
        expect((results[0]!.rows as unknown[]).length === 1).toBe(model(new Set(a), new Set(b)));
      }),
    );
  });

  test.each<readonly [string, (a: number[], b: number[]) => number[]]>([
    ['insert', (a, b) => [...new Set([...a, ...b])]],
    ['delete', (a, b) => a.filter((x) => !b.includes(x))],
  ])('%s means what it means for sets', (mutator, model) => {
    fc.assert(
      fc.property(ints, ints, (a, b) => {
        const database = withTrunks(a);
        database.transact([{ op: 'mutate', table: 'Port', where: [], mutations: [['trunks', mutator, ['set', b]]] }]);
        expect(database.rows('Port')[0]!.integers('trunks')).toEqual(model(a, b).sort((x, y) => x - y));
      }),
    );
  });

  test('arithmetic goes to each element, or to none when one leaves its range', () => {
    fc.assert(
      fc.property(ints, fc.constantFrom('+=', '-=', '*='), fc.integer({ min: 0, max: 2000 }), (a, mutator, operand) => {
        const database = withTrunks(a);
        const apply = (x: number): number =>
          mutator === '+=' ? x + operand : mutator === '-=' ? x - operand : x * operand;
        const wanted = a.map(apply).sort((x, y) => x - y);
        const fits = wanted.every((x) => x >= 0 && x <= 4095) && new Set(wanted).size === a.length;
        const { committed } = database.transact([
          { op: 'mutate', table: 'Port', where: [], mutations: [['trunks', mutator, operand]] },
        ]);
        expect(committed).toBe(fits);
        expect(database.rows('Port')[0]!.integers('trunks')).toEqual(fits ? wanted : [...a].sort((x, y) => x - y));
      }),
    );
  });
});
