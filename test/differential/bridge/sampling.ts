/**
 * Random cases of any other kind with collectors on top: sFlow, IPFIX of a bridge and of collector sets, NetFlow, sample
 * actions, and at times a meter for what goes up.
 */
import { Dice } from '../dice.js';
import { type BridgeCase, randomCase } from './case.js';
import { randomGroupCase } from './group.js';
import { randomStatefulCase } from './stateful.js';

const BRIDGES = ['br0', 'br0', 'br1'];

export function randomSamplingCase(seed: number): BridgeCase {
  const dice = new Dice(seed);
  const base = dice.pick([randomCase, randomCase, randomStatefulCase, randomGroupCase])(seed);
  const ports = base.dummies.map((name) => Number(name.slice(1)));
  const settings: (readonly string[])[] = [];
  for (const name of base.dummies) {
    if (dice.chance(0.6)) settings.push(['--', 'set', 'Interface', name, `options:ifindex=${1000 + dice.below(20)}`]);
  }
  for (const bridge of ['br0', 'br1']) {
    if (dice.chance(0.5)) settings.push(sflow(dice, bridge));
    if (dice.chance(0.5)) settings.push(bridgeIpfix(dice, bridge));
    if (dice.chance(0.4)) settings.push(netflow(bridge));
  }
  for (const id of [1, 2]) if (dice.chance(0.6)) settings.push(collectorSet(dice, id, dice.pick(BRIDGES)));
  const meters = BRIDGES.slice(1)
    .filter(() => base.version !== null && dice.chance(0.2))
    .map((bridge) => ({ bridge, meter: 'meter=slowpath,pktps,bands=type=drop,rate=100000' }));
  return {
    ...base,
    settings: [...base.settings, ...settings],
    meters,
    flows: base.flows.map(({ bridge, flow }) => ({ bridge, flow: withSamples(dice, flow, ports) })),
  };
}

const sflow = (dice: Dice, bridge: string): readonly string[] => [
  ...['--', `--id=@s${bridge}`, 'create', 'sFlow', 'targets="127.0.0.1:6343"', 'agent="127.0.0.1"'],
  ...dice.pick([['sampling=1'], ['sampling=1'], ['sampling=64'], ['sampling=100000'], []]),
  ...['--', 'set', 'Bridge', bridge, `sflow=@s${bridge}`],
];

function ipfix(dice: Dice, name: string): readonly string[] {
  const other = [
    ['other_config:enable-tunnel-sampling=false'],
    ['other_config:enable-input-sampling=true'],
    ['other_config:enable-output-sampling=true'],
    ['other_config:enable-input-sampling=false', 'other_config:enable-tunnel-sampling=maybe'],
    [],
    [],
    [],
  ];
  return ['--', `--id=@${name}`, 'create', 'IPFIX', 'targets="127.0.0.1:4739"', ...dice.pick(other)];
}

const bridgeIpfix = (dice: Dice, bridge: string): readonly string[] => [
  ...ipfix(dice, `i${bridge}`),
  ...dice.pick([['sampling=1'], ['sampling=10'], ['sampling=4294967295'], []]),
  ...['--', 'set', 'Bridge', bridge, `ipfix=@i${bridge}`],
];

const collectorSet = (dice: Dice, id: number, bridge: string): readonly string[] => [
  ...['--', `--id=@b${id}`, 'get', 'Bridge', bridge],
  ...ipfix(dice, `c${id}`),
  ...['--', 'create', 'Flow_Sample_Collector_Set', `id=${id}`, `bridge=@b${id}`, `ipfix=@c${id}`],
];

const netflow = (bridge: string): readonly string[] => [
  ...['--', `--id=@n${bridge}`, 'create', 'NetFlow', 'targets="127.0.0.1:2055"'],
  ...['--', 'set', 'Bridge', bridge, `netflow=@n${bridge}`],
];

/** The flow with sample actions before, and where nothing speaks against it behind its own. */
function withSamples(dice: Dice, flow: string, ports: readonly number[]): string {
  const at = flow.indexOf('actions=') + 'actions='.length;
  const [head, actions] = [flow.slice(0, at), flow.slice(at)];
  if (actions === 'drop' || actions === '' || /\b(meter|conjunction|conj_id|resubmit_ct)\b/.test(actions)) return flow;
  const before = dice.chance(0.4) ? `${sample(dice, ports)},` : '';
  const isOpen = !/goto_table|write_|clear_actions|drop/.test(actions);
  const behind = isOpen && dice.chance(0.3) ? `,${sample(dice, ports)}` : '';
  return head + before + actions + behind;
}

function sample(dice: Dice, ports: readonly number[]): string {
  const parts = [`probability=${dice.pick([1, 128, 32768, 65535, 65535])}`];
  if (dice.chance(0.9)) parts.push(`collector_set_id=${dice.pick([1, 1, 2, 3])}`);
  if (dice.chance(0.5)) parts.push(`obs_domain_id=${dice.below(100)}`, `obs_point_id=${dice.below(100)}`);
  if (dice.chance(0.6)) parts.push(`sampling_port=${dice.pick([...ports, 20, 21, 21, 21, 99, 'LOCAL'])}`);
  if (dice.chance(0.3)) parts.push(dice.pick(['ingress', 'egress']));
  return `sample(${parts.join(',')})`;
}
