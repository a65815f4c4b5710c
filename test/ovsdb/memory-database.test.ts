/** The database by itself: rows, references, garbage, listeners. Errors in words are held against the real one elsewhere. */
import { describe, expect, test } from 'vitest';
import type { Operation } from '#src/ovsdb/database.js';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { SeededRng } from '#src/sim/rng.js';

const make = (seed = 1): MemoryDatabase => new MemoryDatabase(new SeededRng(seed));

const insertBridge = (name: string): Operation[] => [
  { op: 'insert', table: 'Interface', row: { name, type: 'internal' }, 'uuid-name': 'i' },
  { op: 'insert', table: 'Port', row: { name, interfaces: ['named-uuid', 'i'], tag: 5 }, 'uuid-name': 'p' },
  {
    op: 'insert',
    table: 'Bridge',
    row: { name, ports: ['named-uuid', 'p'], external_ids: ['map', [['k', 'v']]], flood_vlans: ['set', [9, 2]] },
    'uuid-name': 'b',
  },
  { op: 'mutate', table: 'Open_vSwitch', where: [], mutations: [['bridges', 'insert', ['named-uuid', 'b']]] },
];

describe('a new database', () => {
  test('has the one row of Open_vSwitch and no other', () => {
    const database = make();
    expect(database.rows('Open_vSwitch')).toHaveLength(1);
    for (const table of database.schema.tables.keys()) {
      if (table !== 'Open_vSwitch') expect(database.rows(table)).toEqual([]);
    }
  });

  test('gives the same UUIDs for the same seed', () => {
    const uuids = (seed: number): unknown => make(seed).transact(insertBridge('br0')).results;
    expect(uuids(3)).toEqual(uuids(3));
    expect(uuids(3)).not.toEqual(uuids(4));
  });

  test('gives UUIDs of version 4', () => {
    expect(make().rows('Open_vSwitch')[0]!.uuid).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('has no table of another name', () => {
    expect(() => make().rows('Nothing')).toThrow('no table Nothing');
  });
});

describe('rows', () => {
  const database = make();
  database.transact(insertBridge('br0'));
  const bridge = database.rows('Bridge')[0]!;
  const port = bridge.refs('ports')[0]!;

  test('give columns by type', () => {
    expect(bridge.string('name')).toBe('br0');
    expect(bridge.boolean('stp_enable')).toBe(false);
    expect(bridge.string('fail_mode')).toBeUndefined();
    expect(bridge.integers('flood_vlans')).toEqual([2, 9]);
    expect(bridge.strings('protocols')).toEqual([]);
    expect(bridge.map('external_ids')).toEqual(new Map([['k', 'v']]));
    expect(port.integer('tag')).toBe(5);
    expect(port.refs('interfaces').map((row) => row.string('type'))).toEqual(['internal']);
    expect(bridge.get('_uuid')).toEqual([bridge.uuid]);
  });

  test.each([
    ['a column that is not there', () => bridge.get('nothing')],
    ['an integer that is a string', () => bridge.integer('name')],
    ['a string that is a map', () => bridge.string('external_ids')],
    ['a map that is a string', () => bridge.map('name')],
    ['references that are none', () => bridge.refs('name')],
  ])('throw for %s', (_title, read) => {
    expect(read).toThrow();
  });

  test('stay as they were when read', () => {
    database.transact([{ op: 'update', table: 'Bridge', where: [], row: { fail_mode: 'secure' } }]);
    expect(bridge.string('fail_mode')).toBeUndefined();
    expect(database.row('Bridge', bridge.uuid)!.string('fail_mode')).toBe('secure');
  });

  test('get a new version when they change', () => {
    const before = database.row('Bridge', bridge.uuid)!.get('_version');
    database.transact([{ op: 'update', table: 'Bridge', where: [], row: { fail_mode: 'standalone' } }]);
    expect(database.row('Bridge', bridge.uuid)!.get('_version')).not.toEqual(before);
  });

  test('come in order of creation', () => {
    const ordered = make();
    for (const name of ['z', 'a', 'm']) ordered.transact(insertBridge(name));
    expect(ordered.rows('Bridge').map((row) => row.string('name'))).toEqual(['z', 'a', 'm']);
  });
});

describe('garbage collection', () => {
  test('takes what nothing holds, and what that held', () => {
    const database = make();
    database.transact(insertBridge('br0'));
    database.transact([{ op: 'update', table: 'Open_vSwitch', where: [], row: { bridges: ['set', []] } }]);
    for (const table of ['Bridge', 'Port', 'Interface']) expect(database.rows(table)).toEqual([]);
  });

  test('leaves rows of root tables', () => {
    const database = make();
    database.transact([{ op: 'insert', table: 'QoS', row: { type: 'linux-htb' } }]);
    expect(database.rows('QoS')).toHaveLength(1);
  });

  test('leaves what moved to another holder in the same transaction', () => {
    const database = make();
    database.transact(insertBridge('br0'));
    database.transact(insertBridge('br1'));
    const port = database.rows('Port')[0]!;
    const { committed } = database.transact([
      {
        op: 'mutate',
        table: 'Bridge',
        where: [['name', '==', 'br0']],
        mutations: [['ports', 'delete', ['uuid', port.uuid]]],
      },
      {
        op: 'mutate',
        table: 'Bridge',
        where: [['name', '==', 'br1']],
        mutations: [['ports', 'insert', ['uuid', port.uuid]]],
      },
    ]);
    expect(committed).toBe(true);
    expect(database.row('Port', port.uuid)).toBeDefined();
    expect(database.rows('Bridge')[1]!.refs('ports')).toHaveLength(2);
  });

  test('frees a name for use again', () => {
    const database = make();
    for (let i = 0; i < 3; i++) {
      expect(database.transact(insertBridge('br0')).committed).toBe(true);
      database.transact([{ op: 'update', table: 'Open_vSwitch', where: [], row: { bridges: ['set', []] } }]);
    }
  });

  test('lets a name pass from a row that goes to one that comes', () => {
    const database = make();
    database.transact(insertBridge('br0'));
    const clear = { op: 'update', table: 'Open_vSwitch', where: [], row: { bridges: ['set', []] } };
    expect(database.transact([clear, ...insertBridge('br0')]).committed).toBe(true);
    expect(database.rows('Bridge')).toHaveLength(1);
  });
});

describe('listeners', () => {
  test('hear of tables that changed, after the change', () => {
    const database = make();
    const heard: unknown[] = [];
    database.onCommit((tables) => heard.push([[...tables].sort(), database.rows('Bridge').length]));
    database.transact(insertBridge('br0'));
    expect(heard).toEqual([[['Bridge', 'Interface', 'Open_vSwitch', 'Port'], 1]]);
  });

  test.each<readonly [string, readonly Operation[]]>([
    ['reads', [{ op: 'select', table: 'Bridge', where: [] }]],
    ['writes what is there', [{ op: 'update', table: 'Open_vSwitch', where: [], row: { cur_cfg: 0 } }]],
    [
      'writes and takes it back',
      [
        { op: 'update', table: 'Open_vSwitch', where: [], row: { cur_cfg: 5 } },
        { op: 'update', table: 'Open_vSwitch', where: [], row: { cur_cfg: 0 } },
      ],
    ],
    ['inserts what nothing holds', [{ op: 'insert', table: 'Mirror', row: { name: 'm' } }]],
    ['fails', [{ op: 'update', table: 'Open_vSwitch', where: [], row: { cur_cfg: 5 } }, { op: 'abort' }]],
  ])('hear nothing of a transaction that %s', (_title, operations) => {
    const database = make();
    let count = 0;
    database.onCommit(() => count++);
    database.transact(operations);
    expect(count).toBe(0);
  });

  test('may change the database themselves, and may leave', () => {
    const database = make();
    const stop = database.onCommit((tables) => {
      if (!tables.has('Bridge')) return;
      stop();
      database.transact([{ op: 'update', table: 'Open_vSwitch', where: [], row: { cur_cfg: 1 } }]);
    });
    database.transact(insertBridge('br0'));
    database.transact(insertBridge('br1'));
    expect(database.rows('Open_vSwitch')[0]!.integer('cur_cfg')).toBe(1);
  });
});

describe('wait', () => {
  test('with time left is not supported: nothing changes meanwhile', () => {
    const operation = { op: 'wait', table: 'Bridge', where: [], columns: ['name'], until: '==', rows: [{ name: 'x' }] };
    expect(make().transact([operation]).results).toEqual([
      { error: 'not supported', details: 'triggers not supported' },
    ]);
  });
});
