/** Two bridges with a bond each, wired to each other, and what may happen to LACP between them. */
import type { Dice } from '../dice.js';
import { appctl, type Command, ofctl, vsctl } from '../native-tunnel/setup.js';

const LISTENING = ['p1', 'p2', 'p3'];
const CALLING = ['p4', 'p5', 'p6'];

const lacpOf = (dice: Dice): string =>
  [
    `bond_mode=${dice.pick(['active-backup', 'balance-slb', 'balance-tcp'])}`,
    `lacp=${dice.pick(['active', 'active', 'passive'])}`,
    'other_config:bond-rebalance-interval=0',
    `other_config:lacp-time=${dice.pick(['fast', 'fast', 'slow'])}`,
    ...dice.some(
      [
        'other_config:lacp-fallback-ab=true',
        `other_config:lacp-system-priority=${dice.pick([1, 40000, 70000])}`,
        `other_config:lacp-system-id=aa:bb:cc:dd:ee:${dice.pick(['01', 'FF', '1'])}`,
        'other_config:lb-output-action=true',
        `bond_updelay=${dice.pick([0, 500])}`,
        'bond_downdelay=200',
      ],
      0,
      2,
    ),
  ].join(' ');

/** Members of one bond have one key, so that it does not matter which of them is the first. */
const memberOf = (dice: Dice, name: string, key: number, wire: string): string =>
  [
    `-- set Interface ${name} type=dummy ofport_request=${name.slice(1)} options:${wire}`,
    `other_config:lacp-aggregation-key=${key}`,
    ...dice.some(
      [`other_config:lacp-port-id=${100 + Number(name.slice(1))}`, 'other_config:lacp-port-priority=7'],
      0,
      1,
    ),
  ].join(' ');

/** To be run one after the other; the second end of each wire calls when the first one listens. */
export function lacpSetup(dice: Dice): readonly Command[] {
  const count = dice.between(2, 3);
  const [listening, calling] = [LISTENING.slice(0, count), CALLING.slice(0, count)];
  const bridge = (name: string, mac: string): Command =>
    vsctl(`add-br ${name} -- set bridge ${name} datapath_type=dummy fail_mode=secure other_config:hwaddr=${mac}`);
  return [
    bridge('br0', 'aa:55:aa:55:00:00'),
    bridge('br1', 'aa:66:aa:66:00:00'),
    vsctl(
      `add-bond br0 bond0 ${listening.join(' ')} ${lacpOf(dice)} ` +
        listening.map((name) => memberOf(dice, name, 2, `pstream=punix:{dir}/${name}.sock`)).join(' '),
    ),
    vsctl(
      `add-bond br1 bond1 ${calling.join(' ')} ${lacpOf(dice)} ` +
        calling.map((name, i) => memberOf(dice, name, 4, `stream=unix:{dir}/${listening[i]}.sock`)).join(' '),
    ),
    vsctl('add-port br0 p7 -- set Interface p7 type=dummy ofport_request=7'),
    ofctl('add-flow br0 actions=normal'),
    ofctl('add-flow br1 actions=normal'),
  ];
}

/** What is asked once nothing moves any more. */
export const LACP_QUESTIONS: readonly Command[] = [
  'lacp/show',
  'lacp/show bond1',
  'lacp/show bond9',
  'bond/show',
  'ofproto/trace br0 in_port=1,dl_type=0x8809',
  'ofproto/trace br0 in_port=7,tcp,nw_src=10.0.0.1',
  'ofproto/trace br0 in_port=1,tcp,nw_src=10.0.0.1,dl_src=50:54:00:00:00:01',
].map(appctl);

/** Something changes. Partners that do not say so in time are noticed after 3 s (fast) or 90 s (slow). */
export function lacpStep(dice: Dice): Command {
  const bond = dice.pick(['bond0', 'bond1']);
  switch (dice.below(7)) {
    case 0:
      // The wire ends nowhere.
      return vsctl('set Interface p4 options:stream=unix:{dir}/none.sock');
    case 1:
      return vsctl('set Interface p4 options:stream=unix:{dir}/p1.sock');
    case 2:
      return vsctl(`set port ${bond} lacp=${dice.pick(['active', 'passive', 'off'])}`);
    case 3:
      return vsctl(`set port ${bond} other_config:lacp-time=${dice.pick(['fast', 'slow'])}`);
    case 4:
      return vsctl(`set Interface p5 other_config:lacp-port-id=${dice.pick([77, 5])}`);
    case 5:
      return vsctl(`set port ${bond} other_config:lacp-fallback-ab=${dice.pick(['true', 'false'])}`);
    default:
      return vsctl(`set port ${bond} other_config:lacp-system-priority=${dice.pick([1, 2, 50000])}`);
  }
}
