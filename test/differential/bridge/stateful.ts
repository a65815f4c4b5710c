/**
 * Random flows that remember, recirculate and choose: ct with zones, marks and NAT, MPLS, learn, conjunctions,
 * check_pkt_larger, bundle, multipath, clone. They stand among flows of every other kind.
 */
import { Dice } from '../dice.js';
import { type BridgeCase, bridgeSetup, dummyPort, type Step, vlanSettings } from './case.js';
import { FlowGenerator, TABLES } from './flow.js';
import { IPV4S, PORTS as L4_PORTS, MACS, randomPacket } from './packet.js';

const PORTS = [1, 2, 3, 4, 5];
const STATES = ['+trk', '-trk', '+new+trk', '+est+trk', '+trk-new', '-inv+trk', '+rel', '+rpl+trk'];

export function randomStatefulCase(seed: number): BridgeCase {
  const dice = new Dice(seed);
  const setup = [
    ...bridgeSetup('br0', 'OpenFlow10,OpenFlow13'),
    ...PORTS.flatMap((port) => dummyPort('br0', port)),
    ...bridgeSetup('br1', 'OpenFlow10,OpenFlow13'),
  ];
  const settings: string[][] = [];
  for (const port of PORTS) {
    if (dice.chance(0.2)) settings.push(['--', 'set', 'Port', `p${port}`, ...vlanSettings(dice)]);
  }
  const generator = new FlowGenerator(dice, { ports: PORTS, modern: true });
  const texts: string[] = [];
  for (let i = dice.between(0, 6); i > 0; i--) texts.push(generator.flow());
  for (let i = dice.between(2, 12); i > 0; i--) texts.push(statefulFlow(dice));
  if (dice.chance(0.5)) texts.push(...conjunction(dice));
  for (let table = 0; table < TABLES; table++) if (dice.chance(0.8)) texts.push(generator.fallback(table));

  const steps: Step[] = [];
  for (let i = 0; i < 12; i++) {
    const packet = randomPacket(dice, PORTS);
    steps.push({ kind: 'trace', bridge: 'br0', flow: packet.openflow, packet: packet.odp });
    if (i % 3 === 2) steps.push({ kind: 'receive', port: `p${packet.inPort}`, flow: packet.odp });
  }
  return {
    seed,
    version: 'OpenFlow13',
    dummies: PORTS.map((port) => `p${port}`),
    setup: setup.slice(1),
    settings,
    flows: texts.map((flow) => ({ bridge: 'br0', flow })),
    steps,
  };
}

type Kind = 'any' | 'ip' | 'tcp' | 'udp' | 'tcp6' | 'mpls';

function statefulFlow(dice: Dice): string {
  const table = dice.below(TABLES);
  const kind = dice.pick<Kind>(['any', 'any', 'ip', 'ip', 'tcp', 'tcp', 'udp', 'tcp6', 'mpls']);
  const terms = kind === 'any' ? [] : [kind as string];
  if (kind === 'mpls') terms.push(dice.pick(['mpls_label=5', 'mpls_bos=1', 'mpls_tc=3', 'mpls_label=5,mpls_bos=0']));
  if (dice.chance(0.3)) terms.push(`in_port=${dice.pick(PORTS)}`);
  if (kind !== 'any' && kind !== 'mpls' && dice.chance(0.5)) terms.push(`ct_state=${dice.pick(STATES)}`);
  if (kind !== 'mpls' && table > 0 && dice.chance(0.2))
    terms.push(dice.pick(['ct_zone=5', 'ct_mark=1', 'ct_mark=0x2/0x6']));
  if (dice.chance(0.2)) terms.push(dice.pick(['reg0=1', 'reg3=0/0x1', 'reg2=0x2/0x3']));
  const list: string[] = [];
  // Once labels come or go the match says nothing of what the packet is.
  const changesLabels = (): boolean => /p(ush|op)_mpls/.test(list.at(-1) ?? '');
  for (let i = dice.between(1, 3); i > 0 && !changesLabels(); i--) list.push(action(dice, kind, table));
  if (dice.chance(0.6)) list.push(onward(dice, table));
  return [`table=${table}`, `priority=${dice.pick([5, 10, 50, 200])}`, ...terms, `actions=${list.join(',')}`].join(',');
}

const onward = (dice: Dice, table: number): string =>
  table < TABLES - 1 && dice.chance(0.5)
    ? `resubmit(,${dice.between(table + 1, TABLES - 1)})`
    : dice.pick([`output:${dice.pick(PORTS)}`, 'NORMAL', 'in_port', 'flood', 'controller']);

function action(dice: Dice, kind: Kind, table: number): string {
  const next = table < TABLES - 1 ? dice.between(table + 1, TABLES - 1) : null;
  const choices: (() => string)[] = [
    () => `output:${dice.pick(PORTS)}`,
    () => `output(port=${dice.pick(PORTS)},max_len=${dice.pick([14, 64, 100])})`,
    () => `clone(${dice.pick(['set_field:7->reg0,', 'mod_dl_dst:50:54:00:00:00:02,', ''])}output:${dice.pick(PORTS)})`,
    () => `check_pkt_larger(${dice.pick([100, 1500])})->NXM_NX_REG0[0]`,
    () => `bundle(eth_src,${dice.below(4)},${dice.pick(['active_backup', 'hrw'])},ofport,members:${members(dice)})`,
    () => `bundle_load(symmetric_l4,${dice.below(4)},hrw,ofport,NXM_NX_REG1[],members:${members(dice)})`,
    () =>
      `multipath(${dice.pick(['eth_src', 'symmetric_l4', 'symmetric_l3l4', 'symmetric_l3'])},${dice.below(100)},` +
      `${dice.pick(['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'])},${dice.pick([2, 4, 7])},0,NXM_NX_REG2[0..7])`,
    () => learn(dice),
    () => 'ct_clear',
    () => 'push:NXM_OF_ETH_SRC[],pop:NXM_OF_ETH_DST[]',
    () => `note:${dice.pick(['01', '1a.2b'])}`,
    () => `move:NXM_NX_REG2[0..3]->NXM_NX_REG3[4..7]`,
  ];
  if (kind === 'tcp' || kind === 'tcp6') choices.push(() => 'fin_timeout(idle_timeout=5,hard_timeout=9)');
  if (kind === 'mpls') {
    choices.push(
      () => `set_mpls_label(${dice.pick([5, 6])})`,
      () => 'dec_mpls_ttl',
      () => 'push_mpls:0x8847',
      () => `pop_mpls:${dice.pick(['0x0800', '0x8847', '0x86dd'])}`,
      () => 'set_mpls_ttl(7)',
    );
  } else if (kind !== 'any') {
    choices.push(
      () => ct(dice, kind, next),
      () => ct(dice, kind, next),
      () => ct(dice, kind, next),
      () => ct(dice, kind, next),
    );
  }
  if (kind === 'ip' || kind === 'any') {
    choices.push(
      () => `push_mpls:0x8847,set_field:${dice.pick([5, 77])}->mpls_label,output:${dice.pick(PORTS)},pop_mpls:0x0800`,
    );
    if (next !== null) choices.push(() => `push_mpls:0x8847,set_field:5->mpls_label,resubmit(,${next})`);
  }
  return dice.pick(choices)();
}

const members = (dice: Dice): string => dice.some(PORTS, 1, 4).join(',');

export function ct(dice: Dice, kind: Kind, next: number | null): string {
  const parts: string[] = [];
  const commits = dice.chance(0.5);
  if (commits) parts.push('commit');
  if (commits && dice.chance(0.2)) parts.push('force');
  if (dice.chance(0.4)) parts.push(dice.pick(['zone=5', 'zone=7', 'zone=NXM_NX_REG0[0..15]']));
  if (next !== null && dice.chance(0.7)) parts.push(`table=${next}`);
  // Of a range real OVS takes what a secret of the process says.
  if (dice.chance(0.3) && kind !== 'tcp6') {
    parts.push(
      commits
        ? `nat(${dice.pick(['src', 'dst'])}=${dice.pick(['10.9.9.9', '10.9.9.10'])}${dice.pick(['', ',hash', ',random', ',persistent'])})`
        : 'nat',
    );
  }
  if (commits && dice.chance(0.4)) {
    parts.push(
      `exec(${dice.pick(['set_field:1->ct_mark', 'set_field:0x2/0x6->ct_mark', 'load:0x1->NXM_NX_CT_LABEL[0..7]', 'move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]'])})`,
    );
  }
  return `ct(${parts.join(',')})`;
}

export function learn(dice: Dice): string {
  const parts = [`table=${dice.between(1, TABLES - 1)}`, `priority=${dice.pick([30, 40])}`];
  if (dice.chance(0.5)) parts.push(`idle_timeout=${dice.pick([60, 300])}`);
  if (dice.chance(0.5)) parts.push(`cookie=${dice.pick(['0x5', '0x6'])}`);
  if (dice.chance(0.3)) parts.push(`limit=${dice.between(1, 3)}`, 'result_dst=NXM_NX_REG0[2]');
  parts.push(
    dice.pick([
      'NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]',
      'NXM_OF_ETH_SRC[]',
      'NXM_OF_VLAN_TCI[0..11],NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]',
      'NXM_NX_REG1[0..7]=NXM_OF_ETH_SRC[0..7]',
      `eth_type=0x800,ip_dst=${dice.pick(IPV4S)}`,
    ]),
  );
  if (dice.chance(0.3))
    parts.push(dice.pick(['load:NXM_OF_ETH_SRC[0..15]->NXM_NX_REG1[0..15]', 'load:0x3->NXM_NX_REG2[]']));
  if (dice.chance(0.8)) parts.push(dice.pick(['output:NXM_OF_IN_PORT[]', 'output:NXM_NX_REG2[0..15]']));
  return `learn(${parts.join(',')})`;
}

export function conjunction(dice: Dice): string[] {
  const table = dice.below(TABLES);
  const priority = dice.pick([20, 60]);
  const flow = (match: string, actions: string): string =>
    `table=${table},priority=${priority},${match},actions=${actions}`;
  const parts = new Map<string, string>();
  for (const source of dice.some(IPV4S, 1, 3)) parts.set(`ip,nw_src=${source}/${dice.pick([8, 24, 32])}`, '1/2');
  for (const port of dice.some(L4_PORTS, 1, 3)) parts.set(`${dice.pick(['tcp', 'udp'])},tp_dst=${port}`, '2/2');
  if (dice.chance(0.4)) for (const mac of dice.some(MACS, 1, 2)) parts.set(`dl_dst=${mac}`, dice.pick(['1/2', '2/2']));
  const id = dice.pick([7, 1000]);
  const whole = flow(
    `conj_id=${id},ip`,
    dice.pick([`output:${dice.pick(PORTS)}`, 'NORMAL', 'load:0x9->NXM_NX_REG0[],in_port']),
  );
  return [...[...parts].map(([match, clause]) => flow(match, `conjunction(${id},${clause})`)), whole];
}
