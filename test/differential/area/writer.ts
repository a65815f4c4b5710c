/** Random flows over the fields of words.ts, for the areas of areas.ts: what they do is a mix that the area names. */
import { IPV4S, IPV6S, MACS, PORTS, VIDS } from '../bridge/packet.js';
import type { Dice } from '../dice.js';
import { type Changes, randomChange } from './change.js';
import { randomMatch } from './match.js';
import { isIp, isIpv4, isIpv6, isMpls, type Kind } from './words.js';

/** A family of actions; `next` is a table to go on in, or null in the last. */
export type Extra = (at: Place) => string;

export interface Place {
  readonly dice: Dice;
  readonly kind: Kind;
  readonly isTagged: boolean;
  readonly ports: readonly number[];
  readonly next: number | null;
  readonly cuts: boolean;
}

export interface FlowMix {
  readonly kinds: readonly Kind[];
  readonly tables: number;
  readonly density: number;
  /** Shares of what actions are. */
  readonly changes: number;
  readonly outputs: number;
  readonly extras: readonly Extra[];
  readonly avoid?: RegExp;
  /**
   * May outputs cut packets? How much is cut depends on the tags that a packet has then, and so, where ports have VLAN
   * modes, on the order of floods.
   */
  readonly cuts: boolean;
}

export const USUAL_KINDS: readonly Kind[] = [
  ...(['any', 'any', 'any', 'arp', 'rarp', 'ip', 'ip', 'tcp', 'udp', 'sctp', 'icmp', 'igmp'] as const),
  ...(['ipv6', 'tcp6', 'udp6', 'sctp6', 'icmp6', 'solicit', 'advert', 'mpls'] as const),
];

export function randomFlow(dice: Dice, ports: readonly number[], mix: FlowMix): string {
  const table = dice.chance(0.45) ? 0 : dice.below(mix.tables);
  const kind = dice.pick(mix.kinds);
  const { terms, isTagged } = randomMatch(dice, kind, [...ports, 'LOCAL'], mix.density);
  const priority = dice.pick([0, 1, 10, 10, 100, 32768]);
  return [
    `table=${table}`,
    `priority=${priority}`,
    ...terms,
    `actions=${randomActions(dice, ports, mix, { table, kind, isTagged })}`,
  ].join(',');
}

interface Begin {
  readonly table: number;
  readonly kind: Kind;
  readonly isTagged: boolean;
}

export function randomActions(dice: Dice, ports: readonly number[], mix: FlowMix, begin: Begin): string {
  if (dice.chance(0.04)) return 'drop';
  let { kind, isTagged } = begin;
  const { table } = begin;
  const list: string[] = [];
  const share = dice.between(1, 4);
  for (let i = 0; i < share; i++) {
    const next = table < mix.tables - 1 ? dice.between(table + 1, mix.tables - 1) : null;
    const at: Place = { dice, kind, isTagged, ports, next, cuts: mix.cuts };
    const chance = dice.between(1, mix.changes + mix.outputs + mix.extras.length);
    const changes: Changes = { kind, isTagged, ...(mix.avoid === undefined ? {} : { avoid: mix.avoid }) };
    const action =
      chance <= mix.changes
        ? randomChange(dice, changes)
        : chance <= mix.changes + mix.outputs
          ? randomOutput(at)
          : mix.extras[chance - mix.changes - mix.outputs - 1]!(at);
    if (action === '') continue;
    list.push(action);
    if (/mod_vlan|push_vlan/.test(action)) isTagged = true;
    if (/strip_vlan|pop_vlan/.test(action)) isTagged = false;
    kind = kindAfter(kind, action);
  }
  const next = table < mix.tables - 1 ? dice.between(table + 1, mix.tables - 1) : null;
  if (next !== null && dice.chance(0.5))
    list.push(dice.pick([`resubmit(,${next})`, `resubmit(,${next})`, `goto_table:${next}`]));
  else if (dice.chance(0.6)) list.push(randomOutput({ dice, kind, isTagged, ports, next, cuts: mix.cuts }));
  return list.length === 0 ? 'drop' : list.join(',');
}

/** What a packet is once labels have come or gone. */
function kindAfter(kind: Kind, action: string): Kind {
  const found = /(push|pop)_mpls:0x([0-9a-f]+)/.exec(action);
  if (found === null) return kind;
  const type = found[2]!;
  if (type === '0800') return 'ip';
  if (type === '86dd') return 'ipv6';
  if (type === '8847') return 'mpls';
  return type === '8848' ? 'mplsm' : 'any';
}

export function randomOutput({ dice, ports, next, cuts }: Place): string {
  return dice.pick<() => string>([
    () => `output:${dice.pick(ports)}`,
    () => `output:${dice.pick(ports)}`,
    () => `output:${dice.pick(ports)}`,
    () => `output:${dice.pick(ports)}`,
    () => 'in_port',
    () => 'flood',
    () => 'all',
    () => 'NORMAL',
    () => 'LOCAL',
    () => `output:${dice.pick([99, 65000])}`,
    () => 'controller',
    () =>
      `controller(${dice.pick(['max_len=64', 'reason=no_match', 'id=3', 'userdata=01.02.03', 'pause', 'reason=invalid_ttl,max_len=100', 'userdata=aa,pause'])})`,
    () => `output:NXM_NX_REG${dice.below(4)}[0..15]`,
    () => `output:NXM_NX_REG${dice.below(4)}[${dice.pick(['', '0..7', '4..19', '16..31'])}]`,
    () => (cuts ? `output(port=${dice.pick(ports)},max_len=${dice.pick([14, 64, 100])})` : 'NORMAL'),
    () => (next === null ? 'NORMAL' : `resubmit(,${next})`),
    () => (next === null ? 'NORMAL' : `resubmit(${dice.pick([...ports, 'LOCAL'])},${next})`),
  ])();
}

/** Families of actions that areas choose from. */
export const EXTRAS = {
  clone: (at) =>
    `clone(${randomChange(at.dice, at)},${randomOutput(at)})${at.dice.chance(0.5) ? `,${randomOutput(at)}` : ''}`,
  nestedClone: (at) =>
    `clone(${randomChange(at.dice, at)},clone(${randomChange(at.dice, at)},${randomOutput(at)}),${randomOutput(at)})`,
  load: ({ dice, ports }) => `load:0x${dice.pick([...ports, 1, 5]).toString(16)}->NXM_NX_REG${dice.below(4)}[]`,
  writeActions: (at) => {
    const { dice, ports } = at;
    const write = dice.pick([
      `write_actions(output:${dice.pick(ports)})`,
      `write_actions(${randomChange(dice, at).replace(/^(push:.*|note.*|pop_queue)$/, 'set_field:1->reg0')},output:${dice.pick(ports)})`,
      `write_actions(set_field:${dice.pick(MACS)}->eth_dst,output:${dice.pick(ports)}),clear_actions,write_actions(output:${dice.pick(ports)})`,
    ]);
    return write;
  },
  stackOfMany: ({ dice }) =>
    `push:NXM_NX_REG${dice.below(4)}[],push:NXM_OF_ETH_SRC[],push:OXM_OF_METADATA[],pop:NXM_NX_REG${dice.below(4)}[0..15],pop:NXM_OF_ETH_DST[],${dice.pick(['pop:OXM_OF_PKT_REG2[]', 'pop:NXM_NX_REG4[],pop:NXM_NX_REG5[]'])}`,
  resubmitBack: ({ dice, ports }) => (dice.chance(0.1) ? `resubmit(${dice.pick(ports)},${dice.below(3)})` : ''),
  exit: ({ dice }) => (dice.chance(0.2) ? 'exit' : ''),
  meter: ({ dice }) => `meter:${dice.pick([1, 2])}`,
  ct: ({ dice, kind, next }) => (isIp(kind) ? randomCt(dice, kind, next) : 'ct_clear'),
  ctResubmit: ({ dice, kind, next }) =>
    isIp(kind) && next !== null && dice.chance(0.5) ? `resubmit(,${next},ct)` : '',
  ctClear: () => 'ct_clear',
  learn: ({ dice, kind, next }) => randomLearn(dice, kind, next ?? 3),
  bundle: ({ dice, ports }) =>
    dice.pick([
      `bundle(${bundleFields(dice)},${dice.below(9)},${dice.pick(['active_backup', 'hrw'])},ofport,members:${members(dice, ports)})`,
      `bundle_load(${bundleFields(dice)},${dice.below(9)},${dice.pick(['active_backup', 'hrw'])},ofport,NXM_NX_REG${dice.below(4)}[${dice.pick(['', '0..15', '3..18'])}],members:${members(dice, ports)})`,
    ]),
  multipath: ({ dice }) =>
    `multipath(${bundleFields(dice)},${dice.below(100)},${dice.pick(['modulo_n', 'hash_threshold', 'hrw', 'iter_hash'])},${dice.pick([1, 2, 4, 7, 16])},${dice.below(3)},NXM_NX_REG${dice.below(4)}[${dice.pick(['0..7', '', '5..14'])}])`,
  checkLarger: ({ dice, next }) =>
    `check_pkt_larger(${dice.pick([60, 100, 1500])})->NXM_NX_REG0[${dice.below(3)}]${next === null ? '' : `,resubmit(,${next})`}`,
  finTimeout: ({ kind }) => (kind === 'tcp' || kind === 'tcp6' ? 'fin_timeout(idle_timeout=5,hard_timeout=9)' : ''),
  enqueue: ({ dice, ports }) => `enqueue:${dice.pick(ports)}:${dice.below(3)}`,
  pushMpls: ({ dice, kind }) =>
    isMpls(kind) || dice.chance(0.7) ? `push_mpls:${dice.pick(['0x8847', '0x8847', '0x8848'])}` : '',
  popMpls: ({ dice, kind }) =>
    isMpls(kind)
      ? `pop_mpls:${dice.pick(['0x0800', '0x0800', '0x8847', '0x8847', '0x86dd', '0x8848', '0x0806', '0x8100', '0x1234'])}`
      : '',
  manyLabels: ({ dice }) =>
    `push_mpls:0x8847,set_field:${dice.pick([5, 77])}->mpls_label,push_mpls:0x8847,push_mpls:0x8847${dice.chance(0.3) ? ',push_mpls:0x8847' : ''}${dice.chance(0.3) ? ',pop_mpls:0x8847' : ''}`,
  setTunnel: ({ dice }) =>
    dice.pick([
      `set_field:${dice.pick(['1.1.1.1', '1.1.1.2', '3.3.3.3'])}->tun_dst`,
      `set_field:${dice.pick(['2.2.2.2', '2.2.2.3'])}->tun_src`,
      `set_field:0x${dice.pick([1, 5, 77]).toString(16)}->tun_id`,
      'set_field:fc00::2->tun_ipv6_dst',
      'set_field:fc00::1->tun_ipv6_src',
      `load:0x${dice.pick([5, 0xffff]).toString(16)}->NXM_NX_TUN_GBP_ID[]`,
      'set_field:8->tun_gbp_flags',
      `move:NXM_NX_TUN_IPV4_SRC[]->NXM_NX_TUN_IPV4_DST[]`,
      'move:NXM_NX_TUN_ID[0..31]->NXM_NX_REG0[]',
      'move:NXM_NX_REG1[]->NXM_NX_TUN_IPV4_DST[]',
      'load:0x1->NXM_NX_TUN_FLAGS[]',
    ]),
} satisfies Readonly<Record<string, Extra>>;

const members = (dice: Dice, ports: readonly number[]): string => dice.some(ports, 1, 4).join(',');

const bundleFields = (dice: Dice): string =>
  dice.pick(['eth_src', 'symmetric_l4', 'symmetric_l3l4', 'symmetric_l3l4+udp', 'nw_src', 'nw_dst', 'symmetric_l3']);

export function randomCt(dice: Dice, kind: Kind, next: number | null): string {
  const parts: string[] = [];
  const commits = dice.chance(0.5);
  if (commits) parts.push('commit');
  if (commits && dice.chance(0.15)) parts.push('force');
  if (dice.chance(0.4)) {
    parts.push(dice.pick(['zone=5', 'zone=7', 'zone=NXM_NX_REG0[0..15]', 'zone=NXM_NX_REG1[4..19]', 'zone=65535']));
  }
  if (next !== null && dice.chance(0.75)) parts.push(`table=${next}`);
  if (dice.chance(0.35)) parts.push(commits ? randomNat(dice, kind) : 'nat');
  if (commits && dice.chance(0.1) && (kind === 'tcp' || kind === 'tcp6')) parts.push('alg=ftp');
  if (commits && dice.chance(0.1) && (kind === 'udp' || kind === 'udp6')) parts.push('alg=tftp');
  if (commits && dice.chance(0.4)) {
    const writes = [
      'set_field:1->ct_mark',
      'set_field:0x2/0x6->ct_mark',
      'load:0x1->NXM_NX_CT_LABEL[0..7]',
      'load:0x5->NXM_NX_CT_LABEL[60..70]',
      'set_field:0x10000000000000000000000000000001->ct_label',
      'move:NXM_NX_REG0[]->NXM_NX_CT_MARK[]',
      'move:NXM_OF_ETH_SRC[]->NXM_NX_CT_LABEL[10..57]',
      'move:NXM_NX_XXREG0[]->NXM_NX_CT_LABEL[]',
    ];
    parts.push(`exec(${dice.some(writes, 1, 2).join(',')})`);
  }
  return `ct(${parts.join(',')})`;
}

/** Of a range real OVS takes what a secret of the process says, so only traces have ranges. */
function randomNat(dice: Dice, kind: Kind): string {
  const four = ['10.9.9.9', '10.9.9.9-10.9.9.12', '10.9.9.9:100-200', '10.9.9.9:5555', '10.9.9.9-10.9.9.20:1-9'];
  const six = ['fe80::77', 'fe80::77-fe80::79', '[fe80::77]:100-200', '[fe80::77-fe80::79]:1-9'];
  if (!isIpv4(kind) && !isIpv6(kind)) return 'nat';
  const address = dice.pick(isIpv6(kind) ? six : four);
  const flags = dice.pick(['', '', ',hash', ',random', ',persistent', ',random,persistent']);
  return `nat(${dice.pick(['src', 'dst'])}=${address}${flags})`;
}

export function randomLearn(dice: Dice, kind: Kind, table: number): string {
  const parts = [`table=${table}`, `priority=${dice.pick([30, 40, 50])}`];
  if (dice.chance(0.4)) parts.push(`idle_timeout=${dice.pick([60, 300])}`);
  if (dice.chance(0.3)) parts.push(`hard_timeout=${dice.pick([60, 300])}`);
  if (dice.chance(0.2)) parts.push('fin_idle_timeout=6', 'fin_hard_timeout=7');
  if (dice.chance(0.4)) parts.push(`cookie=${dice.pick(['0x5', '0x6'])}`);
  if (dice.chance(0.15)) parts.push('delete_learned');
  if (dice.chance(0.15)) parts.push('send_flow_rem');
  if (dice.chance(0.2)) parts.push(`limit=${dice.between(1, 3)}`, 'result_dst=NXM_NX_REG0[2]');
  const matches = [
    'NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[]',
    'NXM_OF_ETH_SRC[]',
    'eth_dst=eth_src',
    'NXM_OF_VLAN_TCI[0..11]',
    'NXM_NX_REG1[0..7]=NXM_OF_ETH_SRC[0..7]',
    'NXM_OF_ETH_SRC[16..31]=NXM_NX_REG2[0..15]',
    'reg3=0x5',
    'NXM_NX_REG4[3..10]=0x7',
    'in_port=1',
    'NXM_OF_IN_PORT[]',
    'metadata=7',
    ...(isIpv4(kind)
      ? [
          'eth_type=0x800,ip_dst=10.0.0.1',
          'eth_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[]',
          'eth_type=0x800,NXM_OF_IP_DST[8..31]=NXM_OF_IP_SRC[8..31]',
        ]
      : []),
    ...(kind === 'tcp'
      ? ['eth_type=0x800,nw_proto=6,NXM_OF_TCP_SRC[]=NXM_OF_TCP_DST[]', 'eth_type=0x800,nw_proto=6,tcp_dst=80']
      : []),
    ...(kind === 'udp' ? ['eth_type=0x800,nw_proto=17,NXM_OF_UDP_DST[0..7]=NXM_OF_UDP_SRC[8..15]'] : []),
    ...(isIpv6(kind) ? ['eth_type=0x86dd,NXM_NX_IPV6_DST[]=NXM_NX_IPV6_SRC[]'] : []),
  ];
  parts.push(...dice.some(matches, 1, 2));
  const loads = [
    'load:NXM_OF_ETH_SRC[0..15]->NXM_NX_REG1[0..15]',
    'load:0x3->NXM_NX_REG2[]',
    'load:NXM_OF_IN_PORT[]->NXM_NX_REG3[0..15]',
    'load:0x505400000009->NXM_OF_ETH_DST[]',
    'load:NXM_NX_REG1[]->NXM_NX_TUN_ID[0..31]',
  ];
  if (dice.chance(0.5)) parts.push(...dice.some(loads, 1, 2));
  if (dice.chance(0.8))
    parts.push(dice.pick(['output:NXM_OF_IN_PORT[]', 'output:NXM_NX_REG2[0..15]', 'output:NXM_NX_REG3[]']));
  return `learn(${parts.join(',')})`;
}

/** Conjunctions of several clauses, several identifiers and priorities. */
export function randomConjunctions(dice: Dice, ports: readonly number[], tables: number): string[] {
  const flows: string[] = [];
  const table = dice.below(tables);
  for (const id of dice.some([7, 8, 1000], 1, 3)) {
    const priority = dice.pick([20, 60, 60, 61]);
    const clauses = dice.pick([2, 2, 3]);
    const pools: readonly (() => string)[] = [
      () => `ip,nw_src=${dice.pick(IPV4S)}/${dice.pick([8, 24, 32])}`,
      () => `${dice.pick(['tcp', 'udp'])},tp_dst=${dice.pick(PORTS)}`,
      () => `ip,nw_dst=${dice.pick(IPV4S)}/${dice.pick([8, 16, 32])}`,
      () => `dl_dst=${dice.pick(MACS)}`,
      () => `in_port=${dice.pick(ports)}`,
      () => `ipv6,ipv6_src=${dice.pick(IPV6S)}/${dice.pick([10, 64, 128])}`,
      () => `dl_vlan=${dice.pick(VIDS)}`,
    ];
    for (let clause = 1; clause <= clauses; clause++) {
      for (let i = dice.between(1, 3); i > 0; i--) {
        const more = dice.chance(0.2) ? `,conjunction(9,${dice.between(1, 2)}/2)` : '';
        flows.push(
          `table=${table},priority=${priority},${dice.pick(pools)()},actions=conjunction(${id},${clause}/${clauses})${more}`,
        );
      }
    }
    const tail = dice.pick(['ip', 'in_port=1', 'tcp', 'reg0=0', '']);
    const whole = dice.pick([`output:${dice.pick(ports)}`, 'NORMAL', 'load:0x9->NXM_NX_REG0[],in_port', 'drop']);
    flows.push(`table=${table},priority=${priority},conj_id=${id}${tail === '' ? '' : `,${tail}`},actions=${whole}`);
  }
  return flows;
}
