/** What transcripts without a vswitchd cannot show: waiting for it, its errors, time, and what stays unchanged. */
import { describe, expect, test } from 'vitest';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { SeededRng } from '#src/sim/rng.js';

const make = (): MemoryDatabase => new MemoryDatabase(new SeededRng(1));
const words = (line: string): readonly string[] => line.split(' ');

/** A vswitchd that knows but internal devices. */
function setUpInterfaces(database: MemoryDatabase): void {
  for (const row of database.rows('Interface')) {
    const name = row.string('name')!;
    const known = row.string('type') === 'internal';
    const error = known || name === 'mute' ? ['set', []] : `could not open network device ${name} (No such device)`;
    database.transact([
      {
        op: 'update',
        table: 'Interface',
        where: [['_uuid', '==', ['uuid', row.uuid]]],
        row: { ofport: known ? 1 : -1, error },
      },
    ]);
  }
}

describe('after a commit', () => {
  test.each([
    ['add-br br0', 1, 1],
    ['--no-wait add-br br0', 0, 0],
    ['--dry-run add-br br0', 0, 0],
    ['list-br', 0, 0],
    ['set open . external_ids:a=b', 1, 1],
    ['set open . cur_cfg=0', 0, 0],
    ['add-br br0 -- nothing', 0, 0],
  ])('%s: the switch is reconfigured %i times, next_cfg grows by %i', (line, times, cfg) => {
    const database = make();
    let count = 0;
    runVsctl(words(line), { database, reconfigured: () => count++ });
    expect(count).toBe(times);
    expect(database.rows('Open_vSwitch')[0]!.integer('next_cfg')).toBe(cfg);
  });

  test('a key that is set to what it is changes nothing', () => {
    const database = make();
    let count = 0;
    const run = (): unknown =>
      runVsctl(words('set open . other_config:a=b'), { database, reconfigured: () => count++ });
    run();
    run();
    expect(count).toBe(1);
  });

  const LOG = 'ovs-vsctl: The default log directory is "/var/log/openvswitch".\n';
  const NO_DEVICE =
    "ovs-vsctl: Error detected while setting up 'eth9': could not open network device eth9 (No such device).  " +
    'See ovs-vswitchd log for details.\n';
  test.each([
    ['add-port br0 p0 -- set Interface p0 type=internal', ''],
    ['add-port br0 eth9', NO_DEVICE + LOG],
    [
      'add-port br0 mute',
      `ovs-vsctl: Error detected while setting up 'mute'.  See ovs-vswitchd log for details.\n${LOG}`,
    ],
    ['add-port br0 eth9 -- del-port eth9', ''],
    ['--no-wait add-port br0 eth9', ''],
  ])('%s: what vswitchd could not set up is reported, and the exit code stays 0', (line, stderr) => {
    const database = make();
    runVsctl(words('add-br br0'), { database });
    const output = runVsctl(words(line), { database, reconfigured: () => setUpInterfaces(database) });
    expect(output).toEqual({ stdout: '', stderr, exitCode: 0 });
  });
});

describe('show', () => {
  test('has the error and the version that vswitchd wrote, and rows in order of creation', () => {
    const database = make();
    const env = { database, reconfigured: () => setUpInterfaces(database) };
    for (const line of ['add-br z', 'add-br a', 'add-port z eth9', 'set open . ovs_version=3.1.0']) {
      runVsctl(words(line), env);
    }
    expect(runVsctl(['show'], env).stdout).toBe(`${database.rows('Open_vSwitch')[0]!.uuid}
    Bridge z
        Port z
            Interface z
                type: internal
        Port eth9
            Interface eth9
                error: "could not open network device eth9 (No such device)"
    Bridge a
        Port a
            Interface a
                type: internal
    ovs_version: "3.1.0"
`);
  });
});

describe('wait-until', () => {
  test.each([
    ['what holds', 'wait-until bridge br0 name=br0', { stdout: '', stderr: '', exitCode: 0 }],
    [
      'what does not hold in time',
      '-t 5 wait-until bridge br0 name=x',
      {
        stdout: '',
        stderr: '2023-11-14T22:13:20Z|00001|fatal_signal|WARN|terminating with signal 14 (Alarm clock)\n',
        exitCode: 142,
      },
    ],
    [
      'what cannot come to hold',
      'wait-until bridge br9',
      {
        stdout: '',
        stderr:
          'ovs-vsctl: wait-until: the condition does not hold now, and nothing changes while this command waits\n',
        exitCode: 1,
      },
    ],
  ])('for %s', (_title, line, output) => {
    const database = make();
    runVsctl(words('add-br br0'), { database });
    expect(runVsctl(words(line), { database, nowMs: () => 1_700_000_000_000 })).toEqual(output);
  });
});

describe('--db', () => {
  test.each([
    ['unix:/var/run/openvswitch/db.sock', 0],
    ['tcp:127.0.0.1:6640', 0],
    ['tcp:127.0.0.1:6641', 1],
    ['tcp:10.0.0.1:6640', 1],
    ['ssl:127.0.0.1:6640', 1],
  ])('%s is answered with exit code %i where the manager is ptcp:6640', (remote, exitCode) => {
    const database = make();
    runVsctl(words('set-manager ptcp:6640'), { database });
    expect(runVsctl([`--db=${remote}`, 'list-br'], { database }).exitCode).toBe(exitCode);
  });
});

describe('a command line that fails', () => {
  test.each([
    'add-br br1 -- add-port br1 p1 -- add-port nobr p2',
    'add-br br1 -- set bridge br1 fail_mode=nothing',
    'del-br br0 -- nothing',
    '--id=@x create Bridge name=br0 -- add open . bridges @x',
    'set open . external_ids:a=b -- br-exists br9',
  ])('%s changes nothing', (line) => {
    const database = make();
    runVsctl(words('add-br br0'), { database });
    let count = 0;
    database.onCommit(() => count++);
    expect(runVsctl(words(line), { database }).exitCode).not.toBe(0);
    expect(count).toBe(0);
  });
});

test('--help names every command', () => {
  const { stdout, exitCode } = runVsctl(['--help'], { database: make() });
  expect(exitCode).toBe(0);
  for (const name of ['add-br', 'add-bond', 'wait-until', 'set-controller']) expect(stdout).toContain(name);
});

test('integers beyond exact doubles are refused', () => {
  const { stderr } = runVsctl(words('set open . cur_cfg=9007199254740993'), { database: make() });
  expect(stderr).toBe('ovs-vsctl: "9007199254740993" is not a valid integer or range\n');
});
