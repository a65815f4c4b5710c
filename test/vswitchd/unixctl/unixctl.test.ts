/** ovs-appctl and ovs-dpctl around their commands: options, targets, numbers of arguments, and what a fake switch says. */
import { describe, expect, test } from 'vitest';
import type { DpFlow, Dpif, FlowPut, VportInfo } from '#datapath/dpif.js';
import { runAppctl, runDpctl } from '#src/vswitchd/unixctl/appctl.js';
import { UnixctlTable } from '#src/vswitchd/unixctl/command-table.js';
import type { DatapathAdmin } from '#src/vswitchd/unixctl/dpctl.js';
import { DatapathFeatures } from '#src/vswitchd/unixctl/datapath-features.js';
import { parseHexBytes, parseHexFrame } from '#src/vswitchd/unixctl/hex-frame.js';
import type { FdbEntry, UnixctlContext } from '#src/vswitchd/unixctl/unixctl-context.js';
import type { VswitchdApi } from '#src/vswitchd/vswitchd-api.js';

const STATS = {
  rxPackets: 5,
  rxBytes: 2048,
  txPackets: 3,
  txBytes: 100,
  rxDropped: 1,
  txDropped: 0,
  rxErrors: 0,
  txErrors: 0,
};

class FakeDpif {
  readonly flows: DpFlow[] = [];
  readonly ports: readonly VportInfo[] = (
    [
      [7, 'eth0', 'netdev'],
      [0, 'ovs-system', 'internal'],
      [2, 'vxlan_sys_4790', 'vxlan'],
    ] as const
  ).map(([port, name, type]) => ({
    ...{ port, name, type, mtu: 1500, up: true, stats: STATS, drops: new Map() },
    ...(type === 'vxlan' ? { udpPort: 4790 } : {}),
  }));

  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  portDump(): readonly VportInfo[] {
    return this.ports;
  }

  flowPut({ key, mask, actions }: FlowPut): 'ok' | 'exists' {
    if (this.flows.length > 0) return 'exists';
    const stats = { packets: 1, bytes: 60, usedNs: 1e9, tcpFlags: 0x02 };
    this.flows.push({ ufid: '0123456789abcdef0123456789abcdef', key, mask, actions, stats, createdNs: 0 });
    return 'ok';
  }

  flowGet(ufid: string): DpFlow | null {
    return this.flows.find((flow) => flow.ufid === ufid) ?? null;
  }

  flowDelete(ufid: string): DpFlow | null {
    const found = this.flowGet(ufid);
    if (found !== null) this.flows.splice(this.flows.indexOf(found), 1);
    return found;
  }

  flowDump(): readonly DpFlow[] {
    return this.flows;
  }

  flowFlush(): void {
    this.flows.length = 0;
  }

  stats(): ReturnType<Dpif['stats']> {
    return {
      ...{ hits: 3, microflowHits: 2, megaflowHits: 1, missed: 1, lost: 0, flows: this.flows.length, masks: 2 },
      ...{ maskHits: 6, cacheHits: 2, recirculations: 0 },
    };
  }
}

const NO_ADMIN: DatapathAdmin = {
  create: () => 'File exists',
  delete: () => {},
  addPort: () => ({ failed: null }),
  deletePort: () => null,
};

function fakeSwitch(datapath = 'system@ovs-system'): { readonly vswitchd: VswitchdApi; readonly warped: number[] } {
  const dpif = new FakeDpif(datapath) as unknown as Dpif;
  const datapaths = new Map([[datapath, dpif]]);
  const features = new DatapathFeatures({ tnl_push_pop: false });
  const warped: number[] = [];
  const entries: FdbEntry[] = [
    { ofPort: 1, vlan: 10, mac: Uint8Array.of(0x50, 0x54, 0, 0, 0, 5), age: 7 },
    { ofPort: 0xfffe, vlan: 0, mac: Uint8Array.of(0x50, 0x54, 0, 0, 0, 6), age: 'static' },
  ];
  const context: UnixctlContext = {
    nowNs: () => 3e9,
    datapaths: () => datapaths,
    datapathAdmin: () => NO_ADMIN,
    bridges: () => [
      {
        name: 'br0',
        datapath,
        ports: [
          {
            name: 'vx',
            ofPort: 2,
            odpPort: 2,
            type: 'vxlan',
            config: new Map([
              ['remote_ip', '1.1.1.1'],
              ['key', '5'],
            ]),
          },
          { name: 'br0', ofPort: 0xfffe, odpPort: 0, type: 'internal', config: new Map() },
        ],
      },
    ],
    mdb: () => null,
    fdb: (bridge) =>
      bridge !== 'br0'
        ? null
        : {
            entries: () => entries,
            statistics: () => ({
              entries: 2,
              maxEntries: 8192,
              staticEntries: 1,
              learned: 1,
              expired: 0,
              evicted: 0,
              moved: 0,
            }),
            flush: () => {
              entries.length = 0;
            },
            clearStatistics: () => {},
            addStatic: () => true,
            deleteStatic: () => false,
          },
    rules: () => null,
    changePortNumber: () => {},
    memoryUsage: () => new Map([['ports', 2]]),
    setRevalidation: () => {},
    upcalls: () => [],
    setFlowLimit: () => {},
    setMegaflows: () => {},
    revalidate: () => {},
    purge: () => {},
    features: () => features,
    featuresChanged: () => {},
    dummyDevice: () => null,
    dummyDevices: () => [],
    stopTime: () => {},
    warp: (milliseconds) => warped.push(milliseconds),
  };
  const table = new UnixctlTable();
  const vswitchd: VswitchdApi = {
    bridge: () => undefined,
    bridgeNames: () => ['br0'],
    nowNs: () => 3e9,
    datapaths: () => datapaths,
    datapathAdmin: () => NO_ADMIN,
    reconfigure: () => {},
    unixctl: (command, args) => table.run(command, args, context),
    unixctlCommands: () => table.list(),
  };
  return { vswitchd, warped };
}

const OK = (stdout: string) => ({ stdout, stderr: '', exitCode: 0 });
const FAILED = (stderr: string, exitCode: number) => ({ stdout: '', stderr, exitCode });

describe('ovs-appctl', () => {
  const { vswitchd } = fakeSwitch();
  const appctl = (...args: string[]) => runAppctl(args, vswitchd);
  const SERVER_ERROR = 'ovs-appctl: ovs-vswitchd: server returned an error\n';

  test.each([
    [[], FAILED('ovs-appctl: at least one non-option argument is required (use --help for help)\n', 1)],
    [['--nonsense'], FAILED("ovs-appctl: unrecognized option '--nonsense'\n", 1)],
    [['-t'], FAILED("ovs-appctl: option requires an argument -- 't'\n", 1)],
    [['-V'], OK('ovs-appctl (Open vSwitch) 3.1.0\n')],
    [['version'], OK('ovs-vswitchd (Open vSwitch) 3.1.0\n')],
    [['-t', 'ovs-vswitchd', 'version'], OK('ovs-vswitchd (Open vSwitch) 3.1.0\n')],
    [['--target=ovs-vswitchd', 'version'], OK('ovs-vswitchd (Open vSwitch) 3.1.0\n')],
    [['-T0', 'version'], FAILED('ovs-appctl: value 0 on -T or --timeout is invalid\n', 1)],
    [
      ['-t', 'nobody', 'version'],
      FAILED('ovs-appctl: cannot read pidfile "/var/run/openvswitch/nobody.pid" (No such file or directory)\n', 1),
    ],
    [
      ['nonsense'],
      FAILED(
        `"nonsense" is not a valid command (use "list-commands" to see a list of valid commands)\n${SERVER_ERROR}`,
        2,
      ),
    ],
    [['fdb/show'], FAILED(`"fdb/show" command requires at least 1 arguments\n${SERVER_ERROR}`, 2)],
    [['fdb/show', 'a', 'b'], FAILED(`"fdb/show" command takes at most 1 arguments\n${SERVER_ERROR}`, 2)],
    [['fdb/show', 'br9'], FAILED(`no such bridge\n${SERVER_ERROR}`, 2)],
  ])('%j', (args, expected) => {
    expect(appctl(...args)).toEqual(expected);
  });

  test('lists commands with their arguments, sorted', () => {
    const lines = appctl('list-commands').stdout.split('\n');
    expect(lines[0]).toBe('The available commands are:');
    expect(lines).toContain('  fdb/show                bridge');
    expect(lines).toContain('  netdev-dummy/receive    name [--qid queue_id] packet|flow [--len packet_len]');
    expect(lines.slice(1)).toEqual([...lines.slice(1)].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1)));
  });

  test('shows learned addresses by port, with their age', () => {
    expect(appctl('fdb/show', 'br0').stdout).toBe(
      ' port  VLAN  MAC                Age\n' +
        '    1    10  50:54:00:00:00:05    7\n' +
        'LOCAL     0  50:54:00:00:00:06  static\n',
    );
  });

  test('shows bridges, ports and their settings, sorted by name', () => {
    expect(appctl('dpif/show').stdout).toBe(
      'system@ovs-system: hit:3 missed:1\n' +
        '  br0:\n' +
        '    br0 65534/0: (internal)\n' +
        '    vx 2/2: (vxlan: key=5, remote_ip=1.1.1.1)\n',
    );
  });

  test('refuses to switch on what the datapath never had', () => {
    expect(appctl('dpif/set-dp-features', 'br0', 'tnl_push_pop', 'true').stdout).toBe(
      'Can not enable features not supported by the datapth\n',
    );
    expect(appctl('dpif/show-dp-features', 'br0').stdout).toContain('Tunnel push pop: No\n');
  });

  test('warps time in the steps that are asked for', () => {
    const { vswitchd: own, warped } = fakeSwitch();
    expect(runAppctl(['time/warp', '1000', '300'], own)).toEqual(OK('warped\n'));
    expect(runAppctl(['time/warp', '5'], own)).toEqual(OK('warped\n'));
    expect(warped).toEqual([300, 300, 300, 100, 5]);
  });
});

describe('ovs-dpctl', () => {
  test('shows the kernel datapath, its masks and its ports in the order of their numbers', () => {
    const { vswitchd } = fakeSwitch();
    expect(runDpctl(['show', '-s'], vswitchd).stdout).toBe(
      'system@ovs-system:\n' +
        '  lookups: hit:3 missed:1 lost:0\n' +
        '  flows: 0\n' +
        '  masks: hit:6 total:2 hit/pkt:1.50\n' +
        '  cache: hit:2 hit-rate:50.00%\n' +
        ['0: ovs-system (internal)', '2: vxlan_sys_4790 (vxlan: dst_port=4790, packet_type=ptap)', '7: eth0']
          .map(
            (port) =>
              `  port ${port}\n` +
              '    RX packets:5 errors:0 dropped:1 overruns:? frame:?\n' +
              '    TX packets:3 errors:0 dropped:0 aborted:? carrier:?\n' +
              '    collisions:?\n' +
              '    RX bytes:2048 (2.0 KiB)  TX bytes:100\n',
          )
          .join(''),
    );
  });

  test('sees no userspace datapath', () => {
    const { vswitchd } = fakeSwitch('dummy@ovs-dummy');
    expect(runDpctl(['dump-flows'], vswitchd)).toEqual(
      FAILED('ovs-dpctl: no datapaths exist\novs-dpctl: datapath not found (Invalid argument)\n', 1),
    );
    expect(runDpctl(['show'], vswitchd)).toEqual(OK(''));
  });

  test('adds, shows and deletes flows', () => {
    const { vswitchd } = fakeSwitch();
    const dpctl = (...args: string[]) => runDpctl(args, vswitchd);
    const flow = 'in_port(eth0),eth(),eth_type(0x88cc)';
    const shown =
      'recirc_id(0),in_port(7),eth(),eth_type(0x88cc), packets:1, bytes:60, used:2.000s, flags:S, actions:2';
    expect(dpctl('add-flow', flow, '2')).toEqual(OK(''));
    expect(dpctl('add-flow', flow, '2')).toEqual(FAILED('ovs-dpctl: updating flow table (File exists)\n', 1));
    expect(dpctl('dump-flows')).toEqual(OK(`${shown}\n`));
    expect(dpctl('dump-flows', '--names').stdout).toContain('in_port(eth0)');
    expect(dpctl('get-flow', 'ufid:01234567-89ab-cdef-0123-456789abcdef')).toEqual(OK(`${shown}\n`));
    expect(dpctl('dump-flows', 'filter=arp')).toEqual(OK(''));
    expect(dpctl('--read-only', 'del-flow', flow)).toEqual(
      FAILED("ovs-dpctl: 'del-flow' command does not work in read only mode\n", 1),
    );
    expect(dpctl('del-flow', '-s', flow)).toEqual(OK('packets:1, bytes:60, used:2.000s, flags:S\n'));
    expect(dpctl('del-flow', flow)).toEqual({
      stdout: 'Perhaps you need to specify a UFID?\n',
      stderr: 'ovs-dpctl: deleting flow (No such file or directory)\n',
      exitCode: 1,
    });
  });

  test.each([
    [[], 'ovs-dpctl: missing command name; use --help for help\n'],
    [['nonsense'], "ovs-dpctl: unknown command 'nonsense'; use --help for help\n"],
    [['add-flow'], "ovs-dpctl: 'add-flow' command requires at least 2 arguments\n"],
    [['show', '--s=1'], "ovs-dpctl: option '--statistics' doesn't allow an argument\n"],
    [['--nonsense'], "ovs-dpctl: unrecognized option '--nonsense'\n"],
  ])('%j is refused', (args, stderr) => {
    expect(runDpctl(args, fakeSwitch().vswitchd)).toEqual(FAILED(stderr, 1));
  });
});

describe('frames in hexadecimal', () => {
  test.each([
    ['0011', [0, 0x11]],
    [' 00 11\n', [0, 0x11]],
    ['', []],
    ['0 0', null],
    ['00x', null],
    ['001', null],
  ])('%j', (text, bytes) => {
    expect(parseHexBytes(text)).toEqual(bytes === null ? null : Uint8Array.from(bytes));
  });

  test('have an Ethernet header', () => {
    expect(parseHexFrame('00'.repeat(13))).toEqual({ ok: false, error: 'Packet data too short for Ethernet' });
    expect(parseHexFrame('00'.repeat(14)).ok).toBe(true);
    expect(parseHexFrame('nonsense')).toEqual({ ok: false, error: 'Trailing garbage in packet data' });
  });
});
