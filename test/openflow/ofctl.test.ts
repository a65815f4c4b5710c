/** ovs-ofctl against a switch that only writes down what it is told; the real tool is the measure elsewhere. */
import { describe, expect, test } from 'vitest';
import type { FlowMod } from '#src/openflow/flow-mod.js';
import { formatFlowMod } from '#src/openflow/flow-mod-format.js';
import { parseMatch } from '#src/openflow/match-parse.js';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import type { PortNames } from '#src/openflow/ports.js';
import { type FlowStatsEntry, OpenFlowError, type SwitchConnection } from '#src/openflow/switch-connection.js';

const ports: PortNames = {
  nameOf: (port) => (port === 1 ? 'p1' : undefined),
  numberOf: (name) => (name === 'p1' ? 1 : undefined),
};

function fakeSwitch(flows: readonly FlowStatsEntry[] = []): SwitchConnection & { readonly mods: FlowMod[] } {
  const mods: FlowMod[] = [];
  return {
    name: 'br0',
    ports,
    mods,
    features: () => ({ datapathId: 0x1234n, bufferCount: 0, tableCount: 254 }),
    portDescriptions: () => [],
    portStats: () => [],
    flowMods(more) {
      if (more.some((mod) => mod.priority === 666)) throw new OpenFlowError('OFPFMFC_TABLE_FULL');
      mods.push(...more);
    },
    flowStats: () => flows,
    packetOut() {},
    portMod() {},
  };
}

const flow = (match: string, more: Partial<FlowStatsEntry> = {}): FlowStatsEntry => ({
  tableId: 0,
  match: parseMatch(match, { ports }),
  priority: 0x8000,
  cookie: 0n,
  durationNs: 1_234_567_890,
  idleAgeNs: 5e9,
  hardAgeNs: 1e9,
  idleTimeout: 0,
  hardTimeout: 0,
  importance: 0,
  flags: {
    sendFlowRemoved: false,
    checkOverlap: false,
    resetCounts: true,
    noPacketCounts: false,
    noByteCounts: false,
  },
  packets: 3,
  bytes: 180,
  actions: [],
  ...more,
});

const files: Readonly<Record<string, string>> = {
  good: '# flows\nin_port=p1,actions=2\n\ndelete table=3\n  modify_strict priority=5,arp,actions=drop\n',
  wrong: 'in_port=1,actions=2\nin_port=1,actions=foo\n',
  twice: 'in_port=1,actions=drop\nip,actions=drop\nin_port=1,actions=2\n',
};

function run(connection: SwitchConnection, ...args: readonly string[]) {
  return runOfctl(args, {
    connection: (name) => (name === 'br0' ? connection : undefined),
    readFile: (path) => {
      const text = files[path];
      if (text !== undefined) return Promise.resolve(Buffer.from(text, 'utf8'));
      const code = path === 'folder' ? 'EISDIR: illegal operation on a directory' : 'ENOENT: no such file or directory';
      return Promise.reject(new Error(`${code}, read '${path}'`));
    },
    stdin: 'in_port=7,actions=drop\n',
  });
}

describe('ovs-ofctl', () => {
  test('a file may mix commands', async () => {
    const connection = fakeSwitch();
    expect(await run(connection, 'add-flows', 'br0', 'good')).toEqual({ stdout: '', stderr: '', exitCode: 0 });
    expect(connection.mods.map((mod) => formatFlowMod(mod, 10, { ports }))).toEqual([
      'ADD in_port=1 actions=output:2',
      'DEL table:3 actions=drop',
      'MOD_STRICT table:255 priority=5,arp actions=drop',
    ]);
  });

  test.each([
    ['add-flows', 'nowhere', 'open failed (No such file or directory)'],
    ['add-flows', 'folder', 'open failed (Is a directory)'],
    ['replace-flows', 'nowhere', 'open (No such file or directory)'],
    ['replace-flows', 'folder', 'open (Is a directory)'],
  ])('%s of a file that cannot be read: %s', async (command, path, reason) => {
    const { stderr, exitCode } = await run(fakeSwitch(), command, 'br0', path);
    expect([stderr, exitCode]).toEqual([`ovs-ofctl: ${path}: ${reason}\n`, 1]);
  });

  test('flows are replaced by what differs: removed first, then in the order of the file, the last of equals', async () => {
    const connection = fakeSwitch([flow('in_port=1'), flow('arp'), flow('ip'), flow('ip', { priority: 5 })]);
    expect(await run(connection, 'replace-flows', 'br0', 'twice')).toEqual({ stdout: '', stderr: '', exitCode: 0 });
    expect(connection.mods.map((mod) => formatFlowMod(mod, 10, { ports }))).toEqual([
      'DEL_STRICT arp actions=drop',
      'DEL_STRICT priority=5,ip actions=drop',
      'ADD in_port=1 actions=output:2',
    ]);
  });

  test('a wrong line stops all of them, and is named', async () => {
    const connection = fakeSwitch();
    const output = await run(connection, 'add-flows', 'br0', 'wrong');
    expect(output).toEqual({ stdout: '', stderr: 'ovs-ofctl: wrong:2: unknown action foo\n', exitCode: 1 });
    expect(connection.mods).toEqual([]);
  });

  test('- is standard input', async () => {
    const connection = fakeSwitch();
    await run(connection, 'add-flow', 'br0', '-');
    expect(connection.mods.map((mod) => formatFlowMod(mod, 10, { ports }))).toEqual(['ADD in_port=7 actions=drop']);
  });

  test('a flow is dumped with its counters, times and ages', async () => {
    const connection = fakeSwitch([flow('tcp,tp_dst=80', { cookie: 0xabn, idleTimeout: 60 })]);
    expect((await run(connection, 'dump-flows', 'br0')).stdout).toBe(
      'NXST_FLOW reply (xid=0x4):\n' +
        ' cookie=0xab, duration=1.234s, table=0, n_packets=3, n_bytes=180, idle_timeout=60, idle_age=5, ' +
        'tcp,tp_dst=80 actions=drop\n',
    );
    expect((await run(connection, '-O', 'OpenFlow13', 'dump-flows', 'br0')).stdout).toBe(
      'OFPST_FLOW reply (OF1.3) (xid=0x2):\n' +
        ' cookie=0xab, duration=1.234s, table=0, n_packets=3, n_bytes=180, idle_timeout=60, reset_counts ' +
        'tcp,tp_dst=80 actions=drop\n',
    );
  });

  test('the age of a change is shown where it is not the age of the flow', async () => {
    const connection = fakeSwitch([flow('ip', { durationNs: 9e9, hardAgeNs: 2e9 })]);
    expect((await run(connection, 'dump-flows', 'br0')).stdout).toContain('duration=9s');
    expect((await run(connection, 'dump-flows', 'br0')).stdout).toContain('idle_age=5, hard_age=2, ip');
  });

  test('flows are summed', async () => {
    const connection = fakeSwitch([flow('ip'), flow('arp')]);
    expect((await run(connection, 'dump-aggregate', 'br0')).stdout).toBe(
      'NXST_AGGREGATE reply (xid=0x4): packet_count=6 byte_count=360 flow_count=2\n',
    );
  });

  test('what the switch refuses is shown with the message that it refused', async () => {
    const output = await run(fakeSwitch(), '-O', 'OpenFlow13', 'add-flow', 'br0', 'priority=666,ip,actions=output:p1');
    expect(output).toEqual({
      stdout: '',
      stderr:
        'OFPT_ERROR (OF1.3) (xid=0x6): OFPFMFC_TABLE_FULL\n' +
        'OFPT_FLOW_MOD (OF1.3) (xid=0x6): ADD priority=666,ip actions=output:1\n',
      exitCode: 1,
    });
  });

  test('flows before a refused one stay, unless they come as a bundle', async () => {
    const text = 'priority=1,actions=1\npriority=666,actions=1\n';
    for (const [options, kept] of [
      [[], 1],
      [['--bundle'], 0],
    ] as const) {
      const connection = fakeSwitch();
      const output = await runOfctl([...options, 'add-flows', 'br0', '-'], {
        connection: () => connection,
        readFile: () => Promise.reject(new Error('no files')),
        stdin: text,
      });
      expect(output.exitCode).toBe(1);
      expect(connection.mods.length).toBe(kept);
    }
  });

  test.each([
    ['ofp-parse', 'ofp-parse: Upcall does not have this command yet'],
    ['frobnicate', "unknown command 'frobnicate'; use --help for help"],
  ])('%s is refused', async (command, message) => {
    const output = await run(fakeSwitch(), command, 'br0');
    expect(output).toEqual({ stdout: '', stderr: `ovs-ofctl: ${message}\n`, exitCode: 1 });
  });

  test('--help names every command', async () => {
    const { stdout, exitCode } = await run(fakeSwitch(), '--help');
    expect(exitCode).toBe(0);
    for (const command of ['add-flow', 'dump-flows', 'packet-out', 'mod-port']) expect(stdout).toContain(command);
  });
});
