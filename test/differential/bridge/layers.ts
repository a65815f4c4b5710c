/**
 * Random cases of packets that change what they are: encap and decap of Ethernet, NSH and MPLS, matches on packet_type and
 * NSH, tunnels for packets of other types, and NSH packets on the wire. No label is put on: real OVS aborts on many a
 * sequence of encap(mpls) with others.
 */
import { Dice } from '../dice.js';
import { type BridgeCase, bridgeSetup, dummyPort, type Step } from './case.js';
import { MACS } from './packet.js';

const PORTS = [1, 2, 3];
/** Of the second bridge, from which nothing comes back: real OVS aborts on some loops. */
const FAR_PORTS = [11, 12];
const PATCH = 20;
/**
 * GRE for packets without Ethernet, for both, for frames; VXLAN-GPE for both. Nothing goes out of the first: real OVS
 * aborts on what is done with a frame after that.
 */
const TUNNELS = [30, 31, 32, 33];
const TABLES = 4;
const MODERN = 'OpenFlow10,OpenFlow13,OpenFlow15';

/** What actions know of the packet. unknown: what was behind a header. */
type Outer = 'ip' | 'arp' | 'eth-ip' | 'eth-nsh' | 'eth-mpls' | 'eth-any' | 'nsh' | 'mpls' | 'unknown';

interface Matched {
  readonly text: string;
  readonly outer: Outer;
}

const hex = (value: number): string => `0x${value.toString(16)}`;

function tunnelPort(name: string, number: number, type: string, options: string): string[] {
  return [
    ...['--', 'add-port', 'br0', name, '--', 'set', 'Interface', name, `type=${type}`, `ofport_request=${number}`],
    ...options.split(' ').map((option) => `options:${option}`),
  ];
}

function patch(bridge: string, name: string, peer: string): string[] {
  return [
    ...['--', 'add-port', bridge, name, '--', 'set', 'Interface', name, 'type=patch', `options:peer=${peer}`],
    `ofport_request=${PATCH}`,
  ];
}

export function randomLayersCase(seed: number): BridgeCase {
  const dice = new Dice(seed);
  const near = new LayersFlows(dice, PORTS, [PATCH, ...TUNNELS.slice(1)]);
  const far = new LayersFlows(dice, FAR_PORTS, FAR_PORTS);
  const steps: Step[] = [];
  for (let i = 0; i < 10; i++) {
    const flow = tracedFlow(dice);
    steps.push({ kind: 'trace', bridge: 'br0', flow, packet: '' });
    if (i % 2 === 0) continue;
    const frame = randomFrame(dice);
    const port = `p${dice.pick(PORTS)}`;
    steps.push({ kind: 'receive', port, flow: frame });
    if (dice.chance(0.3)) steps.push({ kind: 'receive', port, flow: frame });
  }
  return {
    seed,
    version: 'OpenFlow13',
    dummies: [...PORTS, ...FAR_PORTS].map((port) => `p${port}`),
    setup: [
      ...bridgeSetup('br0', MODERN),
      ...PORTS.flatMap((port) => dummyPort('br0', port)),
      ...bridgeSetup('br1', MODERN),
      ...FAR_PORTS.flatMap((port) => dummyPort('br1', port)),
      ...patch('br0', 'pa', 'pb'),
      ...patch('br1', 'pb', 'pa'),
    ].slice(1),
    settings: [
      tunnelPort('g0', TUNNELS[0]!, 'gre', 'remote_ip=1.1.1.1 packet_type=legacy_l3'),
      tunnelPort('g1', TUNNELS[1]!, 'gre', 'remote_ip=1.1.1.2 packet_type=ptap'),
      tunnelPort('g2', TUNNELS[2]!, 'gre', 'remote_ip=1.1.1.1'),
      tunnelPort('x3', TUNNELS[3]!, 'vxlan', 'remote_ip=1.1.1.3 exts=gpe packet_type=ptap dst_port=4790'),
    ].filter(() => dice.chance(0.8)),
    flows: [
      ...Array.from({ length: dice.between(4, 16) }, () => ({ bridge: 'br0', flow: near.flow() })),
      ...Array.from({ length: dice.between(1, 6) }, () => ({ bridge: 'br1', flow: far.flow() })),
    ],
    steps,
  };
}

class LayersFlows {
  private readonly dice: Dice;
  private readonly dummies: readonly number[];
  private readonly others: readonly number[];

  constructor(dice: Dice, dummies: readonly number[], others: readonly number[]) {
    this.dice = dice;
    this.dummies = dummies;
    this.others = others;
  }

  flow(): string {
    const { dice } = this;
    const table = dice.chance(0.6) ? 0 : dice.below(TABLES);
    const { text, outer } = this.match();
    const parts = [`table=${table}`, `priority=${dice.below(5)}`];
    if (dice.chance(0.3)) parts.push(`in_port=${dice.pick([...this.dummies, ...this.others])}`);
    if (text !== '') parts.push(text);
    return `${parts.join(',')},actions=${this.actions(table, outer, 0).join(',')}`;
  }

  private match(): Matched {
    const { dice } = this;
    const address = dice.chance(0.5) ? `,nw_dst=${dice.pick(['10.0.0.1', '10.0.0.0/24', '10.0.1.9'])}` : '';
    return dice.pick<() => Matched>([
      () => ({ text: '', outer: 'eth-any' }),
      () => ({ text: 'eth', outer: 'eth-any' }),
      () => ({ text: `ip${address}`, outer: 'eth-ip' }),
      () => ({ text: 'ip', outer: 'eth-ip' }),
      () => ({ text: `eth_type=0x894f${this.nshMatch()}`, outer: 'eth-nsh' }),
      () => ({ text: 'mpls', outer: 'eth-mpls' }),
      () => ({ text: 'mpls,mpls_bos=1', outer: 'eth-mpls' }),
      () => ({ text: `packet_type=(1,0x894f)${this.nshMatch()}`, outer: 'nsh' }),
      () => ({ text: 'packet_type=(1,0x894f)', outer: 'nsh' }),
      () => ({ text: `packet_type=(1,0x800)${address}`, outer: 'ip' }),
      () => ({ text: 'packet_type=(1,0x8847)', outer: 'mpls' }),
      () => ({ text: 'packet_type=(1,0x806)', outer: 'arp' }),
    ])();
  }

  private nshMatch(): string {
    const { dice } = this;
    const fields = [
      `nsh_flags=${dice.pick(['0', '1/1', '2/2'])}`,
      `nsh_ttl=${dice.pick([1, 62, 63])}`,
      `nsh_mdtype=${dice.pick([1, 1, 2])}`,
      `nsh_np=${dice.pick([1, 3, 4])}`,
      `nsh_spi=${hex(dice.pick([0, 0x1234, 0xffffff]))}`,
      `nsh_si=${dice.pick([255, 254])}`,
      `nsh_c1=${dice.pick(['0', '0x11', '0x10/0xf0'])}`,
      `nsh_c4=${dice.pick(['0', '1/1'])}`,
    ];
    return dice
      .some(fields, 0, 2)
      .map((field) => `,${field}`)
      .join('');
  }

  private actions(table: number, matched: Outer, depth: number): string[] {
    const { dice } = this;
    const list: string[] = [];
    let outer = matched;
    for (let i = dice.between(1, 5); i > 0; i--) {
      const chosen = this.action(table, outer, depth);
      list.push(chosen.text);
      outer = chosen.outer;
    }
    if (dice.chance(0.7)) list.push(this.output());
    return list;
  }

  private output(): string {
    const { dice } = this;
    return dice.pick([`output:${dice.pick(this.dummies)}`, `output:${dice.pick(this.others)}`]);
  }

  private action(table: number, outer: Outer, depth: number): Matched {
    const { dice } = this;
    const stays =
      (text: string): (() => Matched) =>
      () => ({ text, outer });
    const choices: (() => Matched)[] = [
      stays(this.output()),
      stays(this.output()),
      () => ({ text: dice.pick(['encap(nsh)', 'encap(nsh(md_type=1))', MD2]), outer: 'nsh' }),
      () => ({ text: dice.pick(['encap(nsh)', 'encap(nsh(md_type=2))', MD2]), outer: 'nsh' }),
      () => ({ text: 'encap(ethernet)', outer: 'eth-any' }),
      () => ({ text: 'decap()', outer: DECAPPED[outer] }),
      () => ({ text: 'decap()', outer: DECAPPED[outer] }),
      () => ({
        text: `decap(packet_type(ns=${dice.pick(['0,type=0', '1,type=0x800', '1,type=0x8847'])}))`,
        outer: DECAPPED[outer],
      }),
      stays('load:0x5->NXM_NX_REG0[0..7]'),
    ];
    if (table < TABLES - 1) choices.push(stays(`resubmit(,${dice.between(table + 1, TABLES - 1)})`));
    if (depth < 1 && dice.chance(0.5)) {
      choices.push(stays(`clone(${this.actions(TABLES, outer, depth + 1).join(',')})`));
    }
    if (outer === 'nsh' || outer === 'eth-nsh') choices.push(...NSH_CHANGES.map(stays));
    if (outer.startsWith('eth-')) {
      choices.push(stays(`set_field:${dice.pick(MACS)}->eth_dst`), stays(`set_field:${dice.pick(MACS)}->eth_src`));
    }
    if (outer === 'eth-ip') choices.push(() => ({ text: 'push_vlan:0x8100', outer: 'eth-any' }));
    if (outer === 'ip' || outer === 'eth-ip') {
      choices.push(stays('set_field:10.0.1.9->ip_dst'), stays('dec_ttl'), stays('mod_nw_tos:32'));
    }
    if (outer === 'mpls' || outer === 'eth-mpls') {
      choices.push(stays('set_field:77->mpls_label'), stays('set_field:3->mpls_tc'), stays('dec_mpls_ttl'));
    }
    return dice.pick(choices)();
  }
}

const MD2 = 'encap(nsh(md_type=2,tlv(0x1000,10,0x12345678),tlv(0x2000,20,0xfedcba987654)))';

const NSH_CHANGES = [
  'dec_nsh_ttl',
  'set_field:2->nsh_flags',
  'set_field:1/1->nsh_flags',
  'set_field:1->nsh_ttl',
  'set_field:0x1234->nsh_spi',
  'set_field:0xffffff->nsh_spi',
  'set_field:254->nsh_si',
  'set_field:0x11->nsh_c1',
  'set_field:0x20/0xf0->nsh_c2',
  'move:nsh_c1[0..7]->nsh_c4[8..15]',
  'load:0x9->nsh_si[0..3]',
];

/** The packet without its outermost header. */
const DECAPPED: Readonly<Record<Outer, Outer>> = {
  'eth-ip': 'ip',
  'eth-nsh': 'nsh',
  'eth-mpls': 'mpls',
  'eth-any': 'unknown',
  ip: 'unknown',
  arp: 'unknown',
  nsh: 'unknown',
  mpls: 'unknown',
  unknown: 'unknown',
};

function tracedFlow(dice: Dice): string {
  const inPort = dice.pick([...PORTS, ...PORTS, PATCH, ...TUNNELS]);
  const parts = [`in_port=${inPort}`];
  if (TUNNELS.includes(inPort)) parts.push(`tun_src=1.1.1.${dice.between(1, 3)}`, 'tun_dst=2.2.2.2', 'tun_ttl=64');
  const ip = ['nw_src=10.0.0.2', `nw_dst=${dice.pick(['10.0.0.1', '10.0.1.9'])}`, `nw_ttl=${dice.pick([1, 64])}`];
  const macs = [`dl_src=${dice.pick(MACS.slice(0, 3))}`, `dl_dst=${dice.pick(MACS)}`];
  const mdType = dice.pick([1, 1, 2]);
  const nsh = [
    `nsh_flags=${dice.between(1, 2)}`,
    `nsh_ttl=${dice.pick([1, 2, 62, 63])}`,
    `nsh_mdtype=${mdType}`,
    `nsh_np=${dice.pick([1, 2, 3, 4, 5])}`,
    `nsh_spi=${hex(dice.pick([0x1234, 0xffffff]))}`,
    `nsh_si=${dice.pick([255, 254])}`,
    ...(mdType === 1 ? [`nsh_c1=${hex(dice.pick([0x11, 0x21]))}`, 'nsh_c4=0x3'] : []),
  ];
  const kinds: (() => string[])[] = [
    () => ['ip', ...macs, ...ip],
    () => ['ip', ...macs, ...ip],
    () => ['dl_type=0x894f', ...macs, ...nsh],
    () => ['dl_type=0x894f', ...macs, ...nsh],
    () => ['mpls', ...macs, 'mpls_label=5', 'mpls_ttl=3', 'mpls_bos=1'],
    () => ['packet_type=(1,0x894f)', ...nsh],
    () => ['packet_type=(1,0x800)', ...ip],
    () => ['packet_type=(1,0x8847)', 'mpls_label=5', `mpls_bos=${dice.pick([1, 1])}`],
    () => ['arp', ...macs],
  ];
  return [...parts, ...dice.pick(kinds)()].join(',');
}

const ADDRESSES = '505400000002505400000001';
const IPV4 = `4500001c000000004001${'66dd'}0a0000020a0000010800f7ff00000000`;

const byte = (value: number): string => value.toString(16).padStart(2, '0');

/** A header of RFC 8300 with what it says that it holds, or something else. */
function nshHex(dice: Dice): string {
  const next = dice.pick([1, 3, 3, 4, 7]);
  const mdType = dice.pick([1, 1, 1, 2, 3]);
  const words = mdType === 1 ? 6 : dice.pick([2, 3]);
  const first = (dice.pick([0, 0, 1, 2]) << 12) | (dice.pick([1, 2, 63]) << 6) | words;
  const context = Array.from({ length: (words - 2) * 4 }, () => byte(dice.pick([0, 1, 0x11, 0xff]))).join('');
  const behind = dice.chance(0.1)
    ? 'aabbccdd'
    : next === 1
      ? IPV4
      : next === 4
        ? `0fc20203001234ff${innerFrame()}`
        : innerFrame();
  return `${first.toString(16).padStart(4, '0')}${byte(mdType)}${byte(next)}${dice.pick(['001234', 'ffffff'])}${byte(dice.pick([254, 255]))}${context}${behind}`;
}

const innerFrame = (): string => `${ADDRESSES}0800${IPV4}`;

function randomFrame(dice: Dice): string {
  return dice.pick([
    () => `${ADDRESSES}0800${IPV4}`,
    () => `${ADDRESSES}894f${nshHex(dice)}`,
    () => `${ADDRESSES}894f${nshHex(dice)}`,
    () => `${ADDRESSES}81000007894f${nshHex(dice)}`,
    () => `${ADDRESSES}88470000510${dice.pick(['3', '9'])}${IPV4}`,
    () => `${ADDRESSES}884700005003${'0000710a'}${IPV4}`,
  ])();
}
