/**
 * Random groups and mirrors, and a case with them: groups of every type that chain and watch, flows that send to them,
 * mirrors of ports and VLANs. Everything is said by OpenFlow 1.5, whose buckets have numbers.
 */
import { Dice } from '../dice.js';
import { type BridgeCase, bridgeSetup, dummyPort, type Step, vlanSettings } from './case.js';
import { FlowGenerator, TABLES } from './flow.js';
import { MACS, type Packet, randomPacket, VIDS } from './packet.js';

const PORTS = [1, 2, 3, 4, 5];
/** A patch port to br1. */
const PATCH = 20;
const GROUPS = [1, 2, 3, 4, 5];

export function randomGroupCase(seed: number): BridgeCase {
  const dice = new Dice(seed);
  const setup = [
    ...bridgeSetup('br0', 'OpenFlow10,OpenFlow15'),
    ...PORTS.flatMap((port) => dummyPort('br0', port)),
    ...bridgeSetup('br1', 'OpenFlow10,OpenFlow15'),
    ...dummyPort('br1', 11),
    ...['--', 'add-port', 'br0', 'pa', '--', 'set', 'Interface', 'pa', 'type=patch', 'options:peer=pb'],
    `ofport_request=${PATCH}`,
    ...['--', 'add-port', 'br1', 'pb', '--', 'set', 'Interface', 'pb', 'type=patch', 'options:peer=pa'],
    `ofport_request=${PATCH}`,
  ].slice(1);
  const settings: string[][] = [];
  for (const port of [...PORTS.map((number) => `p${number}`), 'pa']) {
    if (dice.chance(0.25)) settings.push(['--', 'set', 'Port', port, ...vlanSettings(dice)]);
  }
  // One only: real OVS takes several in an order that differs from run to run.
  if (dice.chance(0.5)) settings.push(mirror(dice, 1));

  const groups = GROUPS.map((id) => ({ bridge: 'br0', group: group(dice, id) }));
  const ports = [...PORTS, PATCH];
  const generator = new FlowGenerator(dice, { ports, modern: true });
  const flows: { bridge: string; flow: string }[] = [];
  for (let i = dice.between(2, 15); i > 0; i--) {
    // OpenFlow 1.5 refuses bits of a value outside its mask.
    const flow = generator.flow().replace(/[\d.]+\/255\.255\.255\.0->ip_dst/, '10.0.1.0/255.255.255.0->ip_dst');
    flows.push({ bridge: 'br0', flow: dice.chance(0.6) ? withGroup(dice, flow) : flow });
  }
  for (let table = 0; table < TABLES; table++) {
    const actions = dice.chance(0.6) ? sendToGroup(dice) : 'NORMAL';
    if (dice.chance(0.8)) flows.push({ bridge: 'br0', flow: `table=${table},priority=0,actions=${actions}` });
  }
  flows.push({ bridge: 'br1', flow: 'actions=NORMAL' });

  const steps: Step[] = [];
  for (let i = 0; i < 12; i++) {
    const packet: Packet = randomPacket(dice, PORTS);
    const hash = dice.chance(0.4) ? `dp_hash=${dice.between(1, 0x7fffffff)},` : '';
    steps.push({ kind: 'trace', bridge: 'br0', flow: hash + packet.openflow, packet: packet.odp });
    if (i % 3 === 2) steps.push({ kind: 'receive', port: `p${packet.inPort}`, flow: packet.odp });
  }
  return {
    seed,
    version: 'OpenFlow15',
    dummies: [...PORTS, 11].map((port) => `p${port}`),
    setup,
    settings,
    groups,
    flows,
    steps,
  };
}

export const sendToGroup = (dice: Dice): string =>
  dice.pick([
    () => `group:${dice.pick(GROUPS)}`,
    () => `group:${dice.pick(GROUPS)},output:${dice.pick(PORTS)}`,
    () => `write_actions(group:${dice.pick(GROUPS)})`,
    () => `write_actions(output:${dice.pick(PORTS)},group:${dice.pick(GROUPS)})`,
    () => `clone(group:${dice.pick(GROUPS)}),output:${dice.pick(PORTS)}`,
  ])();

/** The flow with a group before its last actions where instructions allow it. */
function withGroup(dice: Dice, flow: string): string {
  const [head, tail] = flow.split('actions=') as [string, string];
  if (tail === 'drop') return `${head}actions=${sendToGroup(dice)}`;
  return `${head}actions=group:${dice.pick(GROUPS)},${tail}`;
}

type Type = 'all' | 'indirect' | 'select' | 'fast_failover';

export function group(dice: Dice, id: number): string {
  const type = dice.pick<Type>(['all', 'indirect', 'select', 'select', 'select', 'fast_failover']);
  const count = type === 'indirect' ? 1 : dice.between(type === 'all' ? 0 : 1, 4);
  const ids = dice.some([0, 1, 2, 3, 7, 100], count, count);
  const buckets = ids.map((bucketId) => `bucket=${bucket(dice, id, type, bucketId)}`);
  return [`group_id=${id}`, `type=${type}`, ...(type === 'select' ? selection(dice) : []), ...buckets].join(',');
}

function selection(dice: Dice): string[] {
  const parameter = dice.chance(0.5) ? [`selection_method_param=${dice.pick([1, 42, 0x100000007])}`] : [];
  return dice.pick<() => string[]>([
    () => [],
    () => ['selection_method=dp_hash', ...parameter],
    () => ['selection_method=hash', ...parameter],
    () => ['selection_method=hash', ...parameter, 'fields(eth_src,ip_dst=255.255.0.0,tcp_dst,udp_dst)'],
    () => ['selection_method=hash', ...parameter, 'fields(eth_dst,vlan_vid,ipv6_src,ipv6_label,arp_op,in_port)'],
  ])();
}

function bucket(dice: Dice, groupId: number, type: Type, bucketId: number): string {
  const parts = [`bucket_id=${bucketId}`];
  if (type === 'select') parts.push(`weight=${dice.pick([0, 1, 1, 2, 10, 100, 1000])}`);
  const above = GROUPS.filter((id) => id > groupId);
  const watches = type === 'fast_failover' || (type === 'select' && dice.chance(0.3));
  if (watches) {
    parts.push(
      above.length === 0 || dice.chance(0.7)
        ? `watch_port=${dice.pick([...PORTS, 9, 10])}`
        : `watch_group=${dice.pick(above)}`,
    );
  }
  return [...parts, `actions=${bucketActions(dice, groupId)}`].join(',');
}

/** Groups send only to those above them, so that there are no circles. */
function bucketActions(dice: Dice, groupId: number): string {
  const above = GROUPS.filter((id) => id > groupId);
  const output = dice.pick<() => string>([
    () => `output:${dice.pick(PORTS)}`,
    () => `output:${dice.pick(PORTS)}`,
    () => `output:${PATCH}`,
    () => 'NORMAL',
    () => 'in_port',
    () => 'controller',
    () => `resubmit(,${dice.between(1, TABLES - 1)})`,
    () => (above.length > 0 ? `group:${dice.pick(above)}` : 'flood'),
    () => 'drop',
  ])();
  if (output === 'drop' || dice.chance(0.5)) return output;
  const change = dice.pick([
    `set_field:${dice.pick(MACS)}->eth_dst`,
    `set_field:${dice.pick(MACS)}->eth_src`,
    `push_vlan:0x8100,set_field:${4096 + dice.pick(VIDS)}->vlan_vid`,
    'load:5->NXM_NX_REG0[]',
    'set_field:7->tun_id',
  ]);
  return `${change},${output}`;
}

export function mirror(dice: Dice, number: number): string[] {
  const out = `p${dice.pick([4, 5])}`;
  const ids = new Map([[out, `@out${number}`]]);
  const refer = (port: string): string => {
    if (!ids.has(port)) ids.set(port, `@m${number}${port}`);
    return ids.get(port)!;
  };
  const select = dice.pick<() => string[]>([
    () => ['select_all=true'],
    () => [`select_src_port=${refer(`p${dice.between(1, 3)}`)}`],
    () => [`select_dst_port=${refer(`p${dice.between(1, 3)}`)}`],
    () => [`select_src_port=${refer('p1')}`, `select_dst_port=${refer('p2')}`],
  ])();
  if (dice.chance(0.3)) select.push(`select_vlan=${dice.pick([0, 10, 20])}`);
  const output = dice.chance(0.75) ? `output_port=@out${number}` : `output_vlan=${dice.pick([10, 30])}`;
  // Which copies are cut depends on the order of real OVS's hash tables where there are several.
  const snaplen = output.startsWith('output_port') && dice.chance(0.3) ? [`snaplen=${dice.pick([20, 64])}`] : [];
  return [
    ...[...ids].flatMap(([port, id]) => ['--', `--id=${id}`, 'get', 'Port', port]),
    ...['--', `--id=@mirror${number}`, 'create', 'Mirror', `name=m${number}`, ...select, output, ...snaplen],
    ...['--', 'add', 'Bridge', 'br0', 'mirrors', `@mirror${number}`],
  ];
}
