/**
 * Random OpenFlow flows as ovs-ofctl text: matches of every layer, and actions that such a match allows, over four
 * tables. Values come from the same small pools as the packets', so that many match.
 */
import type { Dice } from '../dice.js';
import { IPV4S, IPV6S, MACS, PORTS, VIDS } from './packet.js';

export const TABLES = 4;

/** What a flow's match says of the packet: decides which actions are allowed. */
type Kind = 'any' | 'arp' | 'ip' | 'tcp' | 'udp' | 'sctp' | 'icmp' | 'ipv6' | 'tcp6' | 'udp6' | 'sctp6' | 'icmp6';

const isIpv4 = (kind: Kind): boolean => ['ip', 'tcp', 'udp', 'sctp', 'icmp'].includes(kind);
const isIpv6 = (kind: Kind): boolean => ['ipv6', 'tcp6', 'udp6', 'sctp6', 'icmp6'].includes(kind);
const hasPorts = (kind: Kind): boolean => /^(tcp|udp|sctp)6?$/.test(kind);

export interface FlowWorld {
  readonly ports: readonly number[];
  /** OpenFlow 1.3 features: goto_table, write_actions, write_metadata, push_vlan, … */
  readonly modern: boolean;
}

export class FlowGenerator {
  private readonly dice: Dice;
  private readonly world: FlowWorld;

  constructor(dice: Dice, world: FlowWorld) {
    this.dice = dice;
    this.world = world;
  }

  flow(): string {
    const { dice } = this;
    const table = dice.pick([0, 0, 0, 1, 2, 3]);
    const kind = dice.pick<Kind>([
      ...(['any', 'any', 'any', 'arp', 'ip', 'ip', 'tcp', 'tcp', 'udp', 'sctp', 'icmp'] as const),
      ...(['ipv6', 'tcp6', 'udp6', 'sctp6', 'icmp6'] as const),
    ]);
    const { terms, tagged } = this.match(kind, table);
    const nd = terms.some((term) => term.startsWith('icmp_code=0,nd_'))
      ? terms.includes('icmp_type=135')
        ? 135
        : 136
      : null;
    const priority = dice.pick([0, 1, 10, 10, 100, 32768]);
    return [
      `table=${table}`,
      `priority=${priority}`,
      ...terms,
      `actions=${this.actions(kind, table, tagged, nd)}`,
    ].join(',');
  }

  /** A lowest flow for a table, so that packets do something there. */
  fallback(table: number): string {
    const { dice } = this;
    const action = dice.pick(['NORMAL', 'NORMAL', 'flood', `output:${dice.pick(this.world.ports)}`, 'drop']);
    return `table=${table},priority=0,actions=${action}`;
  }

  private match(kind: Kind, table: number): { readonly terms: string[]; readonly tagged: boolean } {
    const { dice, world } = this;
    const terms: string[] = [];
    const maybe = (probability: number, term: () => string): void => {
      if (dice.chance(probability)) terms.push(term());
    };
    if (kind !== 'any') terms.push(kind);
    maybe(0.3, () => `in_port=${dice.pick(world.ports)}`);
    maybe(0.15, () => `dl_src=${this.mac()}`);
    maybe(0.2, () => `dl_dst=${this.mac()}`);
    let tagged = false;
    if (dice.chance(0.25)) {
      const term = dice.pick([
        () => `dl_vlan=${dice.pick(VIDS)}`,
        () => `dl_vlan=${dice.pick(VIDS)},dl_vlan_pcp=${dice.pick([0, 5])}`,
        () => 'vlan_tci=0x1000/0x1000',
        () => 'vlan_tci=0/0x1fff',
        () => 'dl_vlan=0xffff',
        () => `vlan_tci=0x100a/0x100f`,
      ])();
      terms.push(term);
      tagged = /dl_vlan=\d+|0x1000\/|0x100a/.test(term) && !term.includes('0xffff');
    }
    if (table > 0) {
      maybe(0.3, () => `reg${dice.below(3)}=${dice.pick(['1', '0x5', '0/0x1', '0x10/0xf0'])}`);
      maybe(0.1, () => `metadata=${dice.pick(['1', '0x5/0xf'])}`);
    }
    this.networkTerms(kind, terms);
    return { terms, tagged };
  }

  private mac(): string {
    const { dice } = this;
    return dice.chance(0.3)
      ? dice.pick(['01:00:00:00:00:00/01:00:00:00:00:00', '50:54:00:00:00:00/ff:ff:ff:ff:ff:00'])
      : dice.pick(MACS);
  }

  private ipv4(): string {
    const { dice } = this;
    return `${dice.pick(IPV4S)}${dice.pick(['', '', '/24', '/8', '/16', '/255.0.255.0', '/30'])}`;
  }

  private ipv6(): string {
    const { dice } = this;
    return `${dice.pick(IPV6S)}${dice.pick(['', '', '/64', '/32', '/10', '/127'])}`;
  }

  private networkTerms(kind: Kind, terms: string[]): void {
    const { dice } = this;
    const maybe = (probability: number, term: () => string): void => {
      if (dice.chance(probability)) terms.push(term());
    };
    if (kind === 'arp') {
      maybe(0.4, () => `arp_op=${dice.pick([1, 2])}`);
      maybe(0.3, () => `arp_spa=${this.ipv4()}`);
      maybe(0.3, () => `arp_tpa=${this.ipv4()}`);
      maybe(0.2, () => `arp_sha=${this.mac()}`);
      maybe(0.1, () => `arp_tha=${dice.pick(MACS)}`);
    }
    if (isIpv4(kind)) {
      maybe(0.35, () => `nw_src=${this.ipv4()}`);
      maybe(0.35, () => `nw_dst=${this.ipv4()}`);
      // A later fragment has no ports to match.
      const frags =
        hasPorts(kind) || kind === 'icmp'
          ? ['no', 'yes', 'first', 'not_later']
          : ['no', 'yes', 'first', 'later', 'not_later'];
      maybe(0.12, () => `nw_frag=${dice.pick(frags)}`);
    }
    if (isIpv6(kind)) {
      maybe(0.35, () => `ipv6_src=${this.ipv6()}`);
      maybe(0.35, () => `ipv6_dst=${this.ipv6()}`);
      maybe(0.1, () => `ipv6_label=${dice.pick(['5', '0x5/0xf'])}`);
    }
    if (isIpv4(kind) || isIpv6(kind)) {
      maybe(0.1, () => `nw_tos=${dice.pick([0, 4, 184])}`);
      maybe(0.1, () => `nw_ecn=${dice.below(4)}`);
      maybe(0.1, () => `nw_ttl=${dice.pick([64, 1])}`);
      if (kind === 'ip' || kind === 'ipv6') maybe(0.2, () => `nw_proto=${dice.pick([6, 17, 1, 58, 47])}`);
    }
    if (hasPorts(kind)) {
      maybe(0.35, () => `tp_src=${dice.pick(PORTS)}${dice.pick(['', '', '/0xfff0', '/0x8000'])}`);
      maybe(0.4, () => `tp_dst=${dice.pick(PORTS)}${dice.pick(['', '', '/0xfff0', '/0xff00'])}`);
    }
    if (kind === 'tcp' || kind === 'tcp6')
      maybe(0.15, () => `tcp_flags=${dice.pick(['+syn-ack', '+ack', '+syn', '-fin'])}`);
    if (kind === 'icmp') {
      maybe(0.5, () => `icmp_type=${dice.pick([0, 8, 3])}`);
      maybe(0.3, () => `icmp_code=${dice.pick([0, 1])}`);
    }
    if (kind === 'icmp6' && dice.chance(0.6)) {
      const type = dice.pick([128, 135, 136]);
      terms.push(`icmp_type=${type}`);
      if (type >= 135) maybe(0.5, () => `icmp_code=0,nd_target=${this.ipv6()}`);
    }
  }

  private actions(kind: Kind, table: number, tagged: boolean, nd: 135 | 136 | null): string {
    const { dice, world } = this;
    if (dice.chance(0.06)) return 'drop';
    const list: string[] = [];
    const count = dice.between(1, 4);
    let isTagged = tagged;
    for (let i = 0; i < count; i++) {
      const chosen = dice.chance(0.45) ? this.output(table) : this.change(kind, isTagged, nd);
      if (/^push_vlan|^mod_vlan/.test(chosen)) isTagged = true;
      if (/^strip_vlan|^pop_vlan/.test(chosen)) isTagged = false;
      list.push(chosen);
    }
    if (dice.chance(0.03)) list.push('exit');
    if (table < TABLES - 1 && dice.chance(0.35)) {
      const next = dice.between(table + 1, TABLES - 1);
      if (world.modern && dice.chance(0.5)) {
        if (dice.chance(0.3)) list.push(`write_actions(${this.writeActions()})`);
        if (dice.chance(0.2)) list.push(`write_metadata:${dice.pick(['0x1', '0x5/0xf'])}`);
        list.push(`goto_table:${next}`);
      } else {
        list.push(dice.pick([`resubmit(,${next})`, `resubmit(${dice.pick(world.ports)},${next})`]));
      }
    } else if (dice.chance(0.6)) {
      list.push(this.output(table));
    }
    return list.join(',');
  }

  private writeActions(): string {
    const { dice, world } = this;
    return dice.pick([
      `output:${dice.pick(world.ports)}`,
      `set_field:${dice.pick(MACS)}->eth_dst,output:${dice.pick(world.ports)}`,
    ]);
  }

  private output(table: number): string {
    const { dice, world } = this;
    return dice.pick<() => string>([
      () => `output:${dice.pick(world.ports)}`,
      () => `output:${dice.pick(world.ports)}`,
      () => `output:${dice.pick(world.ports)}`,
      () => 'in_port',
      () => 'flood',
      () => 'all',
      () => 'NORMAL',
      () => 'LOCAL',
      () => dice.pick(['controller', 'controller:128', 'CONTROLLER:65535', 'controller(max_len=64,id=3)']),
      () => 'output:NXM_NX_REG1[]',
      () => 'output:NXM_NX_REG0[0..15]',
      () => (table < TABLES - 1 ? `resubmit(,${dice.between(table + 1, TABLES - 1)})` : 'NORMAL'),
    ])();
  }

  private change(kind: Kind, tagged: boolean, nd: 135 | 136 | null): string {
    const { dice, world } = this;
    const choices: (() => string)[] = [
      () => 'note:1a.2b',
      () => `set_tunnel:${dice.pick(['0x1', '0x5'])}`,
      () => `move:NXM_NX_REG${dice.below(3)}[0..7]->NXM_OF_ETH_SRC[8..15]`,
      () => `load:0x${dice.pick(VIDS).toString(16)}->OXM_OF_PKT_REG0[32..43]`,
      () => `load:0x${dice.pick([1, 5, 0x10, dice.pick(world.ports)]).toString(16)}->NXM_NX_REG${dice.below(3)}[]`,
      () => `load:0x${dice.pick([1, 3]).toString(16)}->NXM_NX_REG0[4..7]`,
      () => `move:NXM_NX_REG${dice.below(3)}[]->NXM_NX_REG${dice.below(3)}[]`,
      () => 'move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]',
      () => 'move:NXM_OF_IN_PORT[]->NXM_NX_REG0[0..15]',
      () => `mod_dl_src:${dice.pick(MACS.slice(0, 3))}`,
      () => `mod_dl_dst:${dice.pick(MACS)}`,
      () => `mod_vlan_vid:${dice.pick(VIDS)}`,
      () => `set_field:${dice.pick(MACS)}->eth_src`,
      () => `set_field:0x${dice.pick([1, 5]).toString(16)}->tun_id`,
      () => `set_field:0x${dice.pick([1, 5]).toString(16)}/0xf->reg1`,
      () => 'push:NXM_NX_REG0[],pop:NXM_NX_REG1[]',
    ];
    // OpenFlow 1.1 and later refuse to take a tag off what need not have one.
    if (tagged || !world.modern) choices.push(() => 'strip_vlan');
    if (tagged)
      choices.push(
        () => `mod_vlan_pcp:${dice.pick([0, 3, 7])}`,
        () => 'move:NXM_OF_VLAN_TCI[0..11]->NXM_NX_REG0[0..11]',
      );
    if (world.modern && !tagged)
      choices.push(() => `push_vlan:${dice.pick(['0x8100', '0x88a8'])},set_field:${4096 + dice.pick(VIDS)}->vlan_vid`);
    if (isIpv4(kind)) {
      choices.push(
        () => `mod_nw_src:${dice.pick(IPV4S)}`,
        () => `mod_nw_dst:${dice.pick(IPV4S)}`,
        () => `set_field:${dice.pick(IPV4S)}/255.255.255.0->ip_dst`,
        () => 'move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[]',
        () => 'move:NXM_OF_IP_SRC[0..7]->NXM_NX_REG1[8..15]',
      );
    }
    if (isIpv4(kind) || isIpv6(kind)) {
      choices.push(
        () => `mod_nw_tos:${dice.pick([0, 4, 184])}`,
        () => `mod_nw_ecn:${dice.below(4)}`,
        () => `mod_nw_ttl:${dice.pick([1, 64])}`,
        () => 'dec_ttl',
      );
    }
    if (isIpv6(kind)) {
      choices.push(
        () => `set_field:${dice.pick(IPV6S)}->ipv6_src`,
        () => `set_field:${dice.pick(IPV6S)}->ipv6_dst`,
        () => 'set_field:0x7->ipv6_label',
      );
    }
    if (hasPorts(kind)) {
      choices.push(
        () => `mod_tp_src:${dice.pick(PORTS)}`,
        () => `mod_tp_dst:${dice.pick(PORTS)}`,
      );
    }
    if (kind === 'arp') {
      choices.push(
        () => 'load:0x2->NXM_OF_ARP_OP[]',
        () => 'move:NXM_OF_ARP_SPA[]->NXM_OF_ARP_TPA[]',
        () => `set_field:${dice.pick(MACS)}->arp_sha`,
        () => 'move:NXM_OF_ETH_SRC[]->NXM_NX_ARP_THA[]',
      );
    }
    if (nd !== null) {
      const option = nd === 135 ? 'nd_sll' : 'nd_tll';
      choices.push(
        () => `set_field:${dice.pick(IPV6S)}->nd_target`,
        () => `set_field:${dice.pick(MACS)}->${option}`,
      );
    }
    if (kind === 'icmp') choices.push(() => `set_field:${dice.pick([0, 8])}->icmp_type`);
    return dice.pick(choices)();
  }
}
