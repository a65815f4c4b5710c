/**
 * Transactions, right and wrong, through MemoryDatabase and through a real ovsdb-server: the same results, the same
 * errors in the same words. UUIDs apart, and the null that stands for an operation that was not run.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Operation } from '#src/ovsdb/database.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { SeededRng } from '#src/sim/rng.js';
import { maskRandomness } from '../ovsdb/comparable.js';
import { hasRealOvsdb, RealOvsdb } from '../ovsdb/real-ovsdb.js';

const bridge = (name: string): Operation[] => [
  { op: 'insert', table: 'Interface', row: { name, type: 'internal' }, 'uuid-name': `i_${name}` },
  { op: 'insert', table: 'Port', row: { name, interfaces: ['named-uuid', `i_${name}`] }, 'uuid-name': `p_${name}` },
  { op: 'insert', table: 'Bridge', row: { name, ports: ['named-uuid', `p_${name}`] }, 'uuid-name': `b_${name}` },
  { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['bridges', 'insert', ['named-uuid', `b_${name}`]]] },
];
const zero = '00000000-0000-0000-0000-000000000000';
const select = (table: string, where: readonly unknown[], ...columns: string[]): Operation => ({
  op: 'select',
  table,
  where,
  columns,
});
const onPort = (...mutations: readonly unknown[]): Operation[] => [
  { op: 'mutate', table: 'Port', where: [['name', '==', 'br0']], mutations },
  select('Port', [['name', '==', 'br0']], 'trunks', 'tag', 'other_config', 'bond_updelay', 'statistics'),
];

/** Each is one transaction; they follow one another on the same database. */
const transactions: readonly (readonly [string, readonly unknown[]])[] = [
  ['insert a bridge', bridge('br0')],
  ['insert the same name again', bridge('br0')],
  ['insert another bridge', bridge('br1')],
  ['no operations', []],
  ['an operation that is no object', [7]],
  ['an operation without op', [{}]],
  ['an unknown operation', [{ op: 'explode' }]],
  ['an op that is no id', [{ op: 'a b' }]],
  ['a missing member', [{ op: 'insert', row: {} }]],
  ['a member of the wrong type', [{ op: 'insert', table: 'Bridge', row: 5 }]],
  ['an unknown table', [{ op: 'insert', table: 'Brigde', row: {} }]],
  ['a member too many', [{ op: 'comment', comment: 'x', extra: 1 }]],
  ['members too many', [{ op: 'abort', extra: 1 }]],
  ['an unknown column', [{ op: 'insert', table: 'Bridge', row: { nmae: 'x' } }]],
  ['a value of the wrong type', [{ op: 'insert', table: 'Bridge', row: { name: 5 } }]],
  ['a boolean of the wrong type', [{ op: 'insert', table: 'Bridge', row: { stp_enable: 'x' } }]],
  ['an integer of the wrong type', [{ op: 'insert', table: 'Port', row: { tag: 1.5 } }]],
  ['an integer out of range', [{ op: 'insert', table: 'Port', row: { tag: 4096 } }]],
  ['an integer below a minimum', [{ op: 'insert', table: 'Interface', row: { ingress_policing_rate: -1 } }]],
  ['a value outside an enum', [{ op: 'insert', table: 'Bridge', row: { fail_mode: 'open' } }]],
  ['too many elements', [{ op: 'insert', table: 'Port', row: { tag: ['set', [1, 2]] } }]],
  ['too few elements', [{ op: 'insert', table: 'Port', row: { interfaces: ['set', []] } }]],
  ['no element for a scalar', [{ op: 'insert', table: 'Bridge', row: { name: ['set', []] } }]],
  ['a set with a duplicate', [{ op: 'insert', table: 'Port', row: { trunks: ['set', [1, 1]] } }]],
  [
    'a map with a duplicate',
    [
      {
        op: 'insert',
        table: 'Port',
        row: {
          other_config: [
            'map',
            [
              ['a', 'b'],
              ['a', 'c'],
            ],
          ],
        },
      },
    ],
  ],
  ['a map that is none', [{ op: 'insert', table: 'Port', row: { other_config: 'x' } }]],
  ['a map with a pair that is none', [{ op: 'insert', table: 'Port', row: { other_config: ['map', [['a']]] } }]],
  ['a bad UUID', [{ op: 'insert', table: 'Port', row: { interfaces: ['uuid', 'x'] } }]],
  ['a UUID that is none', [{ op: 'insert', table: 'Port', row: { interfaces: 'x' } }]],
  ['a name that is no id', [{ op: 'insert', table: 'Port', row: { interfaces: ['named-uuid', '1x'] } }]],
  [
    'a reference to nothing',
    [
      {
        op: 'mutate',
        table: 'Bridge',
        where: [['name', '==', 'br0']],
        mutations: [['ports', 'insert', ['uuid', zero]]],
      },
    ],
  ],
  ['a default reference to nothing', [{ op: 'insert', table: 'Flow_Sample_Collector_Set', row: { id: 1 } }]],
  [
    'a name that is never inserted',
    [
      {
        op: 'mutate',
        table: 'Bridge',
        where: [['name', '==', 'br0']],
        mutations: [['ports', 'insert', ['named-uuid', 'x']]],
      },
    ],
  ],
  [
    'one name for two rows',
    [
      { op: 'insert', table: 'QoS', row: {}, 'uuid-name': 'q' },
      { op: 'insert', table: 'QoS', row: {}, 'uuid-name': 'q' },
    ],
  ],
  [
    'a UUID of choice',
    [{ op: 'insert', table: 'QoS', row: { type: 'x' }, uuid: '11111111-2222-4333-8444-555555555555' }],
  ],
  ['the same UUID again', [{ op: 'insert', table: 'QoS', row: {}, uuid: '11111111-2222-4333-8444-555555555555' }]],
  ['a UUID that is none to insert', [{ op: 'insert', table: 'QoS', row: {}, uuid: 'x' }]],
  ['a second row where one is allowed', [{ op: 'insert', table: 'Open_vSwitch', row: {} }]],
  ['a row that nothing holds', [{ op: 'insert', table: 'Controller', row: { target: 'tcp:1.1.1.1' } }]],
  ['which is not there afterwards', [select('Controller', [], 'target')]],
  ['an immutable column in update', [{ op: 'update', table: 'Bridge', where: [], row: { name: 'x' } }]],
  [
    'an immutable column in mutate',
    [{ op: 'mutate', table: 'Bridge', where: [], mutations: [['name', 'insert', 'x']] }],
  ],
  ['delete what is referred to', [{ op: 'delete', table: 'Port', where: [['name', '==', 'br0']] }]],
  [
    'select with columns',
    [select('Port', [['name', '==', 'br0']], 'name', 'tag', 'trunks', 'other_config', 'fake_bridge')],
  ],
  ['select distinct', [select('Port', [], 'tag')]],
  ['select sorted', [{ op: 'select', table: 'Port', where: [], columns: ['name'], sort: ['name'] }]],
  ['select an unknown column', [select('Port', [], 'nmae')]],
  ['select a column twice', [select('Port', [], 'name', 'name')]],
  ['select what is no column', [{ op: 'select', table: 'Port', where: [], columns: [5] }]],
  ['a clause that is none', [select('Port', [['name', '==']], 'name')]],
  ['a clause of an unknown column', [select('Port', [['nmae', '==', 'x']], 'name')]],
  ['a clause of an unknown function', [select('Port', [['name', '~', 'x']], 'name')]],
  ['an order of strings', [select('Port', [['name', '<', 'x']], 'name')]],
  ['an order of sets', [select('Port', [['trunks', '<', 5]], 'name')]],
  ['clauses true and false', [select('Port', [true], 'tag'), select('Port', [false], 'name')]],
  ['an order with nothing', [select('Port', [['tag', '<', 5]], 'name'), select('Port', [['tag', '>=', 5]], 'name')]],
  [
    'equality with nothing',
    [
      select(
        'Port',
        [
          ['tag', '==', ['set', []]],
          ['name', '==', 'br0'],
        ],
        'name',
      ),
    ],
  ],
  ['a set grows', onPort(['trunks', 'insert', ['set', [3, 1, 2]]])],
  ['a set grows by what it has', onPort(['trunks', 'insert', ['set', [3, 7]]])],
  ['a set shrinks', onPort(['trunks', 'delete', ['set', [1, 9]]])],
  [
    'sets include',
    [
      select('Port', [['trunks', 'includes', ['set', [2, 3]]]], 'name'),
      select('Port', [['trunks', 'includes', 4]], 'name'),
      select(
        'Port',
        [
          ['trunks', 'excludes', ['set', [4, 5]]],
          ['name', '==', 'br0'],
        ],
        'name',
      ),
      select(
        'Port',
        [
          ['trunks', '!=', ['set', [2, 3, 7]]],
          ['name', '==', 'br0'],
        ],
        'name',
      ),
      select('Port', [['trunks', '==', ['set', [7, 3, 2]]]], 'name'),
    ],
  ],
  ['a set is added to', onPort(['trunks', '+=', 1])],
  ['a set is multiplied out of range', onPort(['trunks', '*=', 1000])],
  ['a set is multiplied into duplicates', onPort(['trunks', '*=', 0])],
  ['a division by zero', onPort(['trunks', '/=', 0])],
  [
    'a scalar is changed in steps',
    onPort(['bond_updelay', '+=', 7], ['bond_updelay', '*=', -3], ['bond_updelay', '/=', 2], ['bond_updelay', '%=', 4]),
  ],
  [
    'a map grows',
    onPort([
      'other_config',
      'insert',
      [
        'map',
        [
          ['b', '2'],
          ['a', '1'],
        ],
      ],
    ]),
  ],
  [
    'a map keeps what it has',
    onPort([
      'other_config',
      'insert',
      [
        'map',
        [
          ['a', '9'],
          ['c', '3'],
        ],
      ],
    ]),
  ],
  [
    'a map shrinks by pairs',
    onPort([
      'other_config',
      'delete',
      [
        'map',
        [
          ['a', '2'],
          ['b', '2'],
        ],
      ],
    ]),
  ],
  ['a map shrinks by keys', onPort(['other_config', 'delete', ['set', ['a', 'x']]])],
  [
    'maps include',
    [
      select('Port', [['other_config', 'includes', ['map', [['c', '3']]]]], 'name'),
      select('Port', [['other_config', 'includes', ['map', [['c', '4']]]]], 'name'),
      select(
        'Port',
        [
          ['other_config', 'excludes', ['map', [['c', '4']]]],
          ['name', '==', 'br0'],
        ],
        'name',
      ),
    ],
  ],
  ['two elements for an optional', onPort(['tag', 'insert', 5], ['tag', 'insert', 6])],
  ['an unknown mutator', onPort(['trunks', '**', 1])],
  ['a mutation that is none', onPort(['trunks', 'insert'])],
  ['arithmetic on a string', onPort(['mac', '+=', 1])],
  ['arithmetic on a map', onPort(['statistics', '+=', 1])],
  ['insert into a scalar', onPort(['bond_updelay', 'insert', 1])],
  [
    'wait for what holds',
    [
      {
        op: 'wait',
        table: 'Port',
        where: [['name', '==', 'br0']],
        columns: ['name'],
        until: '==',
        rows: [{ name: 'br0' }],
        timeout: 0,
      },
    ],
  ],
  [
    'wait for what does not hold',
    [
      {
        op: 'wait',
        table: 'Port',
        where: [['name', '==', 'br0']],
        columns: ['name'],
        until: '!=',
        rows: [{ name: 'br0' }],
        timeout: 0,
      },
    ],
  ],
  [
    'wait with a bad until',
    [{ op: 'wait', table: 'Port', where: [], columns: ['name'], until: '<', rows: [], timeout: 0 }],
  ],
  [
    'wait with a bad time',
    [{ op: 'wait', table: 'Port', where: [], columns: ['name'], until: '==', rows: [], timeout: -1 }],
  ],
  [
    'abort after a change',
    [{ op: 'insert', table: 'QoS', row: {} }, { op: 'abort' }, { op: 'comment', comment: 'not run' }],
  ],
  ['a lock that nobody holds', [{ op: 'assert', lock: 'l' }]],
  [
    'commit and comment',
    [
      { op: 'commit', durable: false },
      { op: 'comment', comment: 'x' },
    ],
  ],
  [
    'weak references',
    [
      { op: 'insert', table: 'Interface', row: { name: 'w' }, 'uuid-name': 'i' },
      { op: 'insert', table: 'Port', row: { name: 'w', interfaces: ['named-uuid', 'i'] }, 'uuid-name': 'p' },
      {
        op: 'insert',
        table: 'Mirror',
        row: {
          name: 'm',
          output_port: ['named-uuid', 'p'],
          select_src_port: [
            'set',
            [
              ['named-uuid', 'p'],
              ['uuid', zero],
            ],
          ],
        },
        'uuid-name': 'm',
      },
      {
        op: 'mutate',
        table: 'Bridge',
        where: [['name', '==', 'br1']],
        mutations: [
          ['ports', 'insert', ['named-uuid', 'p']],
          ['mirrors', 'insert', ['named-uuid', 'm']],
        ],
      },
    ],
  ],
  ['lose what is not there', [select('Mirror', [], 'name', 'output_port', 'select_src_port')]],
  [
    'insert and delete at once',
    [
      { op: 'insert', table: 'QoS', row: { type: 'gone' } },
      { op: 'delete', table: 'QoS', where: [['type', '==', 'gone']] },
      select('QoS', [], 'type'),
    ],
  ],
  [
    'everything goes with its root',
    [{ op: 'update', table: 'Open_vSwitch', where: [], row: { bridges: ['set', []] } }],
  ],
  [
    'and nothing is left',
    [
      select('Bridge', [], 'name'),
      select('Port', [], 'name'),
      select('Interface', [], 'name'),
      select('Mirror', [], 'name'),
    ],
  ],
];

/** Rows of a select come in no order. */
function comparable(results: unknown): unknown {
  return JSON.parse(maskRandomness(JSON.stringify(results)), (name, value) =>
    name === 'rows' && Array.isArray(value)
      ? [...value].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : value,
  );
}

describe.skipIf(!hasRealOvsdb())('transactions agree with ovsdb-server', () => {
  const ours = new MemoryDatabase(new SeededRng(1));
  let real: RealOvsdb;
  beforeAll(() => {
    real = new RealOvsdb();
  });
  afterAll(() => real.stop());

  test.each(transactions)('%s', (_title, operations) => {
    const expected = (real.transact(operations) as unknown[]).map((result) => result ?? {});
    const { results } = ours.transact(operations as Operation[]);
    expect(comparable(results)).toEqual(comparable(expected));
  });
});
