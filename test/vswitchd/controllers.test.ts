/** What controllers hear of a bridge: by kind, reason, role and whose doing it was. The texts are held elsewhere. */
import { describe, expect, test } from 'vitest';
import type { AsyncConfig, AsyncMessage, ControllerConnection } from '#src/openflow/async-message.js';
import { formatAsyncMessage } from '#src/openflow/async-message-format.js';
import { parseFlowMonitorRequest } from '#src/openflow/flow-monitor.js';
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import type { FlowModCommand } from '#src/openflow/flow-mod.js';
import { parseGroupMod } from '#src/openflow/group-mod-parse.js';
import { parseMeterMod } from '#src/openflow/meter-mod-parse.js';
import { groupModInVersion } from '#src/openflow/group-version.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import { offering, type SwitchConnection } from '#src/openflow/switch-connection.js';
import { freshShell } from '../linux/shell-network.js';

const ALL = 0x3f;
const everything: AsyncConfig['primary'] = {
  'packet-in': 0xff,
  'flow-removed': ALL,
  'port-status': ALL,
  'table-status': ALL,
  requestforward: ALL,
  'role-status': ALL,
};
const nothing: AsyncConfig['primary'] = {
  'packet-in': 0,
  'flow-removed': 0,
  'port-status': 0,
  'table-status': 0,
  requestforward: 0,
  'role-status': 0,
};

async function bridge(): Promise<SwitchConnection> {
  const shell = freshShell();
  await shell.run(`
    ovs-vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure -- \\
      add-port br0 p1 -- set interface p1 type=dummy ofport_request=1
    ovs-vsctl -- --id=@t create Flow_Table flow_limit=10 -- set bridge br0 flow_tables:1=@t`);
  return shell.machine.vswitchd.bridge('br0')!;
}

interface Listener {
  readonly controller: ControllerConnection;
  /** The first words of what was heard, and forgets it. */
  heard(): readonly string[];
}

function listen(
  connection: SwitchConnection,
  version: OpenFlowVersion = 15,
  config: AsyncConfig['primary'] = everything,
): Listener {
  let messages: AsyncMessage[] = [];
  const controller = offering(connection, 'connect').connect({
    version,
    isService: false,
    receive: (message) => messages.push(message),
  });
  controller.asyncConfig = { primary: config, secondary: nothing };
  return {
    controller,
    heard() {
      const options = { version, packetInFormat: 'nxt_packet_in2', verbosity: 0, ports: NO_PORT_NAMES } as const;
      const texts = messages.map((message) =>
        formatAsyncMessage(message, options).trimEnd().replaceAll(/\n */g, ' | '),
      );
      messages = [];
      return texts.map((text) => text.replace(/^(\w+)( reply)? \(OF1\.\d\) \(xid=0x0\):/, '$1'));
    },
  };
}

const flow = (text: string, command: FlowModCommand = 'add') =>
  parseFlowMod(text, command, { ports: NO_PORT_NAMES }).mod;

describe('a controller', () => {
  test('hears of groups and meters that others change', async () => {
    const connection = await bridge();
    const [a, b] = [listen(connection), listen(connection)];
    const { mod } = parseGroupMod('group_id=1,type=all,bucket=output:1', 'add', NO_PORT_NAMES);
    a.controller.request(7, () => connection.groupMods!([groupModInVersion(mod, 13)]));
    expect([a.heard(), b.heard()]).toEqual([
      [],
      ['OFPT_REQUESTFORWARD reason=group_mod | ADD group_id=1,type=all,bucket=bucket_id:0,actions=output:1'],
    ]);
    connection.meterMod!(parseMeterMod('meter=3,pktps,bands=type=drop,rate=5', 'add'));
    const text = 'OFPT_REQUESTFORWARD reason=meter_mod ADD meter=3 pktps bands= | type=drop rate=5';
    expect([a.heard(), b.heard()]).toEqual([[text], [text]]);
  });

  test('before 1.3 hears of no meters, and before 1.4 of no full tables', async () => {
    const connection = await bridge();
    const old = listen(connection, 12);
    connection.meterMod!(parseMeterMod('meter=3,pktps,bands=type=drop,rate=5', 'add'));
    expect(old.heard()).toEqual([]);
  });

  test('hears once when a table becomes full, and once when it has room again', async () => {
    const connection = await bridge();
    const { heard } = listen(connection);
    connection.tableMod!({ tableId: 1, miss: null, eviction: null, vacancy: { isOn: true, down: 20, up: 80 } });
    const add = (i: number): void => connection.flowMods([flow(`table=1,ip,nw_src=1.1.1.${i},actions=drop`)]);
    const status = (event: string, free: number): string =>
      `OFPT_TABLE_STATUS reason=VACANCY_${event} | table_desc:- | table 1: | eviction=off ` +
      `eviction_flags=OTHER|IMPORTANCE|LIFETIME | vacancy=on vacancy_down=20% vacancy_up=80% vacancy=${free}%`;
    for (let i = 0; i < 8; i++) add(i);
    expect(heard()).toEqual([]);
    add(8);
    add(9);
    expect(heard()).toEqual([status('DOWN', 10)]);
    connection.flowMods([flow('table=1,ip,nw_src=1.1.1.0/24', 'delete')]);
    expect(heard()).toEqual([status('UP', 100)]);
  });

  test('whose place as the primary another takes is told so, and hears as secondary ones do', async () => {
    const connection = await bridge();
    const [a, b] = [listen(connection), listen(connection)];
    a.controller.role = 'primary';
    b.controller.role = 'primary';
    expect([a.controller.role, b.controller.role]).toEqual(['secondary', 'primary']);
    connection.portMod(1, 32, 32);
    expect(a.heard()).toEqual([]);
    expect(b.heard()).toHaveLength(1);
  });

  test('is not told of its own changes of ports before 1.5', async () => {
    const connection = await bridge();
    const [old, young] = [listen(connection, 14), listen(connection, 15)];
    old.controller.request(1, () => connection.portMod(1, 32, 32));
    young.controller.request(1, () => connection.portMod(1, 64, 64));
    expect([old.heard().length, young.heard().length]).toEqual([1, 2]);
  });

  test('that has gone hears nothing', async () => {
    const connection = await bridge();
    const { controller, heard } = listen(connection);
    controller.close();
    connection.portMod(1, 32, 32);
    expect(heard()).toEqual([]);
  });

  test('at the switch’s own socket hears nothing until it sets a length', async () => {
    const connection = await bridge();
    let count = 0;
    const controller = connection.connect!({ version: 10, isService: true, receive: () => count++ });
    connection.portMod(1, 32, 32);
    expect(count).toBe(0);
    controller.missSendLength = 1;
    connection.portMod(1, 0, 32);
    expect(count).toBe(1);
  });
});

describe('a flow monitor', () => {
  const monitor = (text: string) => parseFlowMonitorRequest(text, 4, NO_PORT_NAMES).request;

  test.each([
    ['own changes in short', '!initial,!own', 'event=ABBREV xid=0x9'],
    [
      'own changes in full',
      '!initial',
      'event=ADDED table=0 cookie=0 in_port=1 | event=ADDED table=0 cookie=0 in_port=2',
    ],
  ])('%s, once for all that belongs together', async (_, text, expected) => {
    const connection = await bridge();
    const { controller, heard } = listen(connection, 15, nothing);
    controller.monitor(monitor(text));
    controller.request(9, () => connection.flowMods([flow('in_port=1,actions=drop'), flow('in_port=2,actions=drop')]));
    expect(heard()).toEqual([`OFPST_FLOW_MONITOR | ${expected}`]);
  });

  test('has an id that no other of its controller has, and ends', async () => {
    const connection = await bridge();
    const { controller, heard } = listen(connection, 15, nothing);
    controller.monitor(monitor(''));
    expect(() => controller.monitor(monitor(''))).toThrow('OFPMOFC_MONITOR_EXISTS');
    controller.cancelMonitor(4);
    expect(() => controller.cancelMonitor(4)).toThrow('OFPMOFC_UNKNOWN_MONITOR');
    connection.flowMods([flow('in_port=1,actions=drop')]);
    expect(heard()).toEqual([]);
  });

  test('is told nothing of a batch that fails', async () => {
    const connection = await bridge();
    const { controller, heard } = listen(connection, 15, nothing);
    controller.monitor(monitor(''));
    expect(() => connection.flowMods([flow('in_port=1,actions=2'), flow('in_port=2,actions=group:9')])).toThrow();
    expect(heard()).toEqual([]);
  });
});

test('a bundle changes ports only when all of it is good', async () => {
  const connection = await bridge();
  const mod = { kind: 'port-mod', port: 1, config: 32, mask: 32 } as const;
  const config = (): number | undefined => connection.portDescriptions().find(({ port }) => port === 1)?.config;
  expect(() => connection.bundle!([mod, { ...mod, port: 9 }])).toThrow('OFPPMFC_BAD_PORT');
  expect(config()).toBe(0);
  connection.bundle!([mod]);
  expect(config()).toBe(32);
});
