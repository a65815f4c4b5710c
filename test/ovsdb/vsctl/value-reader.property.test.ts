/** Values as text: what is written can be read again, and any text whatever is read or refused in words. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortedMap, sortedSet } from '#src/ovsdb/datum.js';
import { formatDatum } from '#src/ovsdb/datum-text.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { OvsdbError } from '#src/ovsdb/ovsdb-error.js';
import type { ColumnType } from '#src/ovsdb/schema.js';
import { UNLIMITED } from '#src/ovsdb/schema.js';
import { Symbols } from '#src/ovsdb/vsctl/symbols.js';
import { readDatum } from '#src/ovsdb/vsctl/value-reader.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { UserError } from '#src/report/user-error.js';
import { SeededRng } from '#src/sim/rng.js';

const symbols = (): Symbols => new Symbols(() => '00000000-0000-4000-8000-000000000000');
const set = (type: 'integer' | 'string' | 'boolean' | 'uuid'): ColumnType => ({
  key: { type },
  value: null,
  min: 0,
  max: UNLIMITED,
});
const stringMap: ColumnType = { key: { type: 'string' }, value: { type: 'string' }, min: 0, max: UNLIMITED };
// A null character cannot come in an argument.
const text = fc.string({ unit: 'binary' }).map((raw) => raw.replaceAll('\0', ''));

test.each([
  ['integers', set('integer'), fc.uniqueArray(fc.maxSafeInteger()).map(sortedSet)],
  ['strings', set('string'), fc.uniqueArray(text).map(sortedSet)],
  ['booleans', set('boolean'), fc.uniqueArray(fc.boolean()).map(sortedSet)],
  ['UUIDs', set('uuid'), fc.uniqueArray(fc.uuid()).map(sortedSet)],
  ['maps', stringMap, fc.dictionary(text, text).map((pairs) => sortedMap(Object.entries(pairs)))],
] as const)('%s that are written are read as they were', (_title, type, datums) => {
  fc.assert(
    fc.property(datums, (datum) => {
      expect(readDatum(formatDatum(datum, type), type, symbols())).toEqual(datum);
    }),
  );
});

test('any text is a value or refused in words', () => {
  const pieces = fc.array(
    fc.constantFrom('[', ']', '{', '}', ',', '=', '"', '\\', ' ', 'a', '1', '-', '@', ':', '\\u0'),
  );
  fc.assert(
    fc.property(pieces, fc.constantFrom(set('integer'), set('string'), set('uuid'), stringMap), (parts, type) => {
      try {
        readDatum(parts.join(''), type, symbols());
      } catch (error) {
        expect(error instanceof UserError || error instanceof OvsdbError, String(error)).toBe(true);
      }
    }),
    { numRuns: 1000 },
  );
});

test('any command line ends in an output, never in an exception', () => {
  const word = fc.oneof(
    fc.constantFrom(
      '--',
      'add-br',
      'add-port',
      'set',
      'get',
      'list',
      'find',
      'create',
      'add',
      'remove',
      'destroy',
      'show',
    ),
    fc.constantFrom('br0', 'p0', 'bridge', 'port', 'Open', '.', 'name', 'tag=5', 'trunks=1-3', 'other_config:a=b'),
    fc.constantFrom('--id=@x', '--if-exists', '--columns=name', '-fcsv', '--all', 'ports=@x', '-t', '5', '--may-exist'),
    fc.string({ maxLength: 6 }),
  );
  fc.assert(
    fc.property(fc.array(fc.array(word, { maxLength: 8 }), { maxLength: 6 }), (lines) => {
      const database = new MemoryDatabase(new SeededRng(1));
      for (const args of lines) {
        const { exitCode, stderr } = runVsctl(args, { database });
        expect(exitCode === 0 || exitCode === 2 || stderr !== '').toBe(true);
      }
    }),
    { numRuns: 500 },
  );
});
