/**
 * Random sequences of commands through runVsctl() and through the real ovs-vsctl with a real ovsdb-server: standard
 * output, standard error and exit codes must be equal, UUIDs, times and the order of rows apart, which are random in OVS.
 */
import { describe, expect, test } from 'vitest';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import { SeededRng } from '#src/sim/rng.js';
import { comparable } from '../ovsdb/comparable.js';
import { hasRealOvsdb, RealOvsdb } from '../ovsdb/real-ovsdb.js';

const SEEDS = [1, 2, 3, 4, 5, 6];
const COMMANDS_PER_SEED = 70;

type Pick = <T>(choices: readonly T[]) => T;

function randomCommand(pick: Pick): string[] {
  const bridge = pick(['br0', 'br1', 'vbr', 'nobr']);
  const port = pick(['p0', 'p1', 'p2', 'bond0', 'nop']);
  const vlan = pick(['0', '5', '4095', '4096', 'x']);
  const setting = pick([
    'tag=5',
    'tag=[]',
    'tag=5000',
    'trunks=1-3,7',
    'trunks=[]',
    'trunks=3-1',
    'vlan_mode=access',
    'vlan-mode=native-tagged',
    'vlan_mode=nonsense',
    'other_config:a=b',
    'other_config:"a b"="c, d"',
    'other_config={x=y, z="1"}',
    'external_ids:k=v',
    'ext:k=w',
    'stat:x=1',
    'nosuch=1',
    'bond_updelay=10',
    'protected=yes',
    'name=other',
  ]);
  const condition = pick([
    'tag=5',
    'tag!=5',
    'tag>4',
    'trunks{>=}1',
    'trunks{=}1,2,3,7',
    'trunks{<}1-9',
    'other_config:a=b',
    'other_config:a!=b',
    'other_config:a{=}[]',
    'external_ids{>=}k=v',
    'name=p0',
    'name{in}p0',
    'protected=false',
    'tag~5',
    'trunks{not-in}2',
  ]);
  const column = pick(['name', 'tag', 'trunks', 'other_config', 'external-ids', 'other_config:a', '_uuid', 's', 'q']);
  const maybe = (option: string): string[] => (pick([true, false]) ? [option] : []);
  return pick<() => string[]>([
    () => [...maybe('--may-exist'), 'add-br', bridge],
    () => [...maybe('--may-exist'), 'add-br', 'vbr', bridge, vlan],
    () => ['add-br', pick(['br0', 'br1'])],
    () => [...maybe('--if-exists'), 'del-br', pick(['br1', 'vbr', 'nobr'])],
    () => [...maybe('--may-exist'), 'add-port', bridge, port],
    () => [...maybe('--may-exist'), 'add-port', bridge, pick(['p0', 'p1', 'p2'])],
    () => ['add-port', bridge, port, setting],
    () => ['add-port', 'br0', port, '--', 'set', 'Interface', port, 'type=vxlan', 'options:remote_ip=10.0.0.1'],
    () => [...maybe('--may-exist'), 'add-bond', bridge, 'bond0', 'e0', 'e1', ...maybe('lacp=active')],
    () => ['add-bond-iface', 'bond0', pick(['e2', 'p0'])],
    () => ['del-bond-iface', pick(['e2', 'e0', 'p0'])],
    () => [...maybe('--if-exists'), ...maybe('--with-iface'), 'del-port', ...maybe(bridge), pick([port, 'e0', 'br0'])],
    () => ['list-br'],
    () => [pick(['--real', '--fake']), 'list-br'],
    () => ['list-ports', bridge],
    () => ['list-ifaces', bridge],
    () => ['port-to-br', port],
    () => ['iface-to-br', pick([port, 'e0'])],
    () => ['br-exists', bridge],
    () => ['br-to-vlan', bridge],
    () => ['br-to-parent', bridge],
    () => ['br-set-external-id', bridge, pick(['k', 'l']), ...maybe('some value')],
    () => ['br-get-external-id', bridge, ...maybe('k')],
    () => ['set-controller', bridge, pick(['tcp:1.2.3.4:6653', 'nonsense', 'punix:/x']), ...maybe('ssl:[::1]')],
    () => ['get-controller', bridge],
    () => ['del-controller', bridge],
    () => ['set-fail-mode', bridge, pick(['secure', 'standalone', 'other'])],
    () => ['get-fail-mode', bridge],
    () => ['del-fail-mode', bridge],
    () => ['set-manager', 'ptcp:6640', ...maybe('ptcp:6640')],
    () => ['get-manager'],
    () => ['del-manager'],
    () => [...maybe('--bootstrap'), 'set-ssl', 'key', 'cert', 'ca'],
    () => ['get-ssl'],
    () => ['show'],
    () => ['show', '--', 'list-br', '--', 'list-ports', bridge],
    () => [...maybe('--if-exists'), 'get', 'port', port, column],
    () => ['get', 'bridge', bridge, 'ports', 'fail_mode', 'stp_enable'],
    () => ['get', 'Interface', port, 'options', 'type', 'options:remote_ip'],
    () => [...maybe('--if-exists'), 'set', 'port', port, setting],
    () => ['set', 'port', port, setting, setting, '--', 'get', 'port', port, column],
    () => ['add', 'port', port, 'trunks', pick(['9', '10-12', '5000', 'x'])],
    () => ['add', 'port', port, 'other_config', pick(['a=c', 'n=m', 'a']), '--', 'get', 'port', port, 'other_config'],
    () => ['add', 'port', port, 'tag', '7'],
    () => ['remove', 'port', port, 'trunks', pick(['1', '2-3', '99'])],
    () => ['remove', 'port', port, 'other_config', pick(['a', 'a=b', 'zzz'])],
    () => ['clear', 'port', port, pick(['trunks', 'tag', 'interfaces', 'other_config', 'name'])],
    () => [
      `--columns=${pick(['name', 'name,tag,trunks', '_uuid,name', 'nosuch', 'other_config name'])}`,
      'list',
      'port',
    ],
    () => ['-f', pick(['csv', 'json', 'list', 'table']), '--columns=name,other_config', 'list', 'port', ...maybe(port)],
    () => [`--data=${pick(['bare', 'json', 'string', 'other'])}`, '--columns=name,trunks,tag', 'list', 'port', port],
    () => ['--columns=name', 'find', 'port', condition],
    () => ['--columns=name', 'find', 'port', condition, condition],
    () => ['list', pick(['bridge', 'interface', 'Open', 'i', 'nope']), ...maybe(bridge)],
    () => ['--id=@q', 'create', 'QoS', 'type=linux-htb', '--', 'set', 'port', port, 'qos=@q'],
    () => ['--id=@q', 'create', 'QoS', 'type=linux-htb', 'queues:1=@r', '--', '--id=@r', 'create', 'Queue', 'dscp=5'],
    () => ['create', pick(['QoS', 'Queue']), 'external_ids:a=b'],
    () => ['create', 'Mirror', 'name=m'],
    () => ['get', 'qos', port, 'type', 'queues'],
    () => ['--all', 'destroy', pick(['qos', 'queue', 'bridge'])],
    () => ['destroy', pick(['port', 'qos']), port],
    () => [
      '--',
      '--id=@p',
      'get',
      'port',
      port,
      '--',
      '--id=@m',
      'create',
      'Mirror',
      'name=m',
      'output-port=@p',
      '--',
      'set',
      'bridge',
      'br0',
      'mirrors=@m',
    ],
    () => ['--columns=name,output_port', 'list', 'mirror'],
    () => ['clear', 'bridge', 'br0', 'mirrors'],
    () => ['add-aa-mapping', bridge, pick(['1', '2', 'x']), vlan],
    () => ['get-aa-mapping', bridge],
    () => ['del-aa-mapping', bridge, '1', '5'],
    () => ['--oneline', 'list-br', '--', 'list-ports', bridge],
    () => ['--dry-run', 'add-port', bridge, port, '--', 'list-ports', bridge],
    () => ['emer-reset'],
    () => ['add-port', bridge],
    () => ['--nonsense', 'show'],
    () => ['nonsense', bridge],
    () => ['set', 'port', port, 'qos=@nobody'],
    () => ['set', 'bridge', bridge, `protocols=${pick(['OpenFlow10,OpenFlow13', '[]', 'OpenFlow99'])}`],
    () => [
      'set',
      'open',
      '.',
      'external_ids:system-id=x',
      'other_config={a="b c"}',
      '--',
      'get',
      'open',
      '.',
      'external_ids',
      'other_config',
    ],
  ])();
}

describe.skipIf(!hasRealOvsdb())('ovs-vsctl agrees with the real one', () => {
  test.each(SEEDS)(`in ${COMMANDS_PER_SEED} commands of seed %i`, (seed) => {
    const rng = new SeededRng(seed);
    const pick: Pick = (choices) => choices[rng.nextBelow(choices.length)]!;
    const database = new MemoryDatabase(new SeededRng(seed));
    const real = new RealOvsdb();
    try {
      for (let i = 0; i < COMMANDS_PER_SEED; i++) {
        const args = ['--no-wait', ...randomCommand(pick)];
        const expected = comparable(real.vsctl(args));
        expect(comparable(runVsctl(args, { database })), `command ${i}: ovs-vsctl ${args.join(' ')}`).toEqual(expected);
      }
    } finally {
      real.stop();
    }
  });
});
