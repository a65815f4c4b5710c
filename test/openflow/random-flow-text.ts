/** Random flows as text, valid by construction: the same seed gives the same flows. */
import { SeededRng } from '#src/sim/rng.js';

export class FlowTextGenerator {
  private readonly rng: SeededRng;

  constructor(seed: number) {
    this.rng = new SeededRng(seed);
  }

  below(limit: number): number {
    return this.rng.next32() % limit;
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private hex(digits: number): string {
    let text = '';
    for (let i = 0; i < digits; i++) text += this.below(16).toString(16);
    return text;
  }

  private mac(): string {
    return Array.from({ length: 6 }, () => this.hex(2)).join(':');
  }

  private ip(): string {
    return Array.from({ length: 4 }, () => this.below(256)).join('.');
  }

  private ip6(): string {
    const groups = Array.from({ length: 8 }, () => (this.chance(40) ? '0' : this.hex(1 + this.below(4))));
    return groups.join(':');
  }

  private maskedMac(): string {
    return this.mac() + (this.chance(25) ? `/${this.mac()}` : '');
  }

  private maskedIp(): string {
    const shape = this.below(3);
    return this.ip() + (shape === 0 ? '' : shape === 1 ? `/${this.below(33)}` : `/${this.ip()}`);
  }

  private maskedIp6(): string {
    const shape = this.below(3);
    // OVS takes a mask that begins with a decimal digit for a prefix length.
    return (
      this.ip6() + (shape === 0 ? '' : shape === 1 ? `/${this.below(129)}` : `/f${this.hex(3)}:0:${this.hex(4)}::`)
    );
  }

  private number(bits: number): string {
    const value = this.chance(30) ? this.below(10) : Number(BigInt.asUintN(bits, BigInt(this.rng.next32())));
    return this.chance(50) ? String(value) : `0x${value.toString(16)}`;
  }

  private masked(bits: number): string {
    return this.number(bits) + (this.chance(30) ? `/0x${this.hex(Math.ceil(bits / 4))}` : '');
  }

  private signedFlags(names: readonly string[]): string {
    return names
      .filter(() => this.chance(40))
      .map((name) => this.pick(['+', '-']) + name)
      .join('');
  }

  private some(percent: number, ...terms: readonly (() => string)[]): string[] {
    return terms.filter(() => this.chance(percent)).map((term) => term());
  }

  /** A match whose terms fit together. */
  match(): string {
    const terms: string[] = [];
    terms.push(
      ...this.some(
        15,
        () => `in_port=${this.pick(['1', '2', 'LOCAL', 'local', '65534', '255'])}`,
        () => `dl_src=${this.maskedMac()}`,
        () => `dl_dst=${this.maskedMac()}`,
        () => `reg${this.below(16)}=${this.masked(32)}`,
        () => `xreg${this.below(8)}=${this.masked(32)}`,
        () => `metadata=${this.masked(32)}`,
        () => `tun_id=${this.masked(24)}`,
        () => `tun_src=${this.maskedIp()}`,
        () => `pkt_mark=${this.masked(32)}`,
        () => `ct_mark=${this.masked(32)}`,
        () => `ct_zone=${this.number(16)}`,
        () => `ct_label=0x${this.hex(20)}${this.chance(30) ? `/0x${this.hex(32)}` : ''}`,
        () => `reg3[${this.pick(['0..7', '5', '16..31'])}]=1`,
        () => this.vlan(),
      ),
    );
    if (this.chance(10)) {
      const flags = this.signedFlags(['new', 'est', 'rel', 'rpl', 'inv', 'trk']);
      if (flags !== '') terms.push(`ct_state=${flags}`);
    }
    terms.push(...this.network());
    return terms.join(this.pick([',', ', ', ' ']));
  }

  private vlan(): string {
    return this.pick([
      () => `dl_vlan=${this.below(4096)}`,
      () => 'dl_vlan=0xffff',
      () => `dl_vlan=${this.below(4096)},dl_vlan_pcp=${this.below(8)}`,
      () => `dl_vlan_pcp=${this.below(8)}`,
      () => `vlan_tci=0x1${this.hex(3)}`,
      () => `vlan_tci=0x1${this.hex(3)}/0x1fff`,
      () => 'vlan_tci=0',
      () => 'vlan_tci=0x1000/0x1000',
      () => `vlan_vid=0x1${this.hex(3)}`,
      () => `dl_vlan=${this.below(4096)},vlan_pcp=${this.below(8)}`,
    ])();
  }

  private network(): string[] {
    const ipTerms = (): string[] =>
      this.some(
        20,
        () => `nw_tos=${this.below(64) * 4}`,
        () => `nw_ecn=${this.below(4)}`,
        () => `nw_ttl=${this.below(256)}`,
        () => `${this.pick(['nw_frag', 'ip_frag'])}=${this.pick(['no', 'yes', 'first', 'later', 'not_later'])}`,
      );
    const ports = (): string[] =>
      this.some(
        40,
        () => `tp_src=${this.masked(16)}`,
        () => `tp_dst=${this.masked(16)}`,
      );
    const addresses4 = (): string[] =>
      this.some(
        50,
        () => `nw_src=${this.maskedIp()}`,
        () => `ip_dst=${this.maskedIp()}`,
      );
    const addresses6 = (): string[] =>
      this.some(
        50,
        () => `ipv6_src=${this.maskedIp6()}`,
        () => `ipv6_dst=${this.maskedIp6()}`,
        () => `ipv6_label=0x${this.hex(5)}`,
      );
    switch (this.below(14)) {
      case 0:
        return [`dl_type=0x${this.pick(['88cc', '0900', '1234'])}`];
      case 1:
        return [this.pick(['ip', 'dl_type=0x0800']), ...addresses4(), ...ipTerms()];
      case 2:
        return ['ip', `nw_proto=${this.below(256)}`, ...addresses4(), ...ipTerms()];
      case 3: {
        const flags = this.chance(50) ? this.signedFlags(['fin', 'syn', 'rst', 'psh', 'ack', 'urg']) : '';
        return ['tcp', ...addresses4(), ...ipTerms(), ...ports(), ...(flags === '' ? [] : [`tcp_flags=${flags}`])];
      }
      case 4:
        return [this.pick(['udp', 'sctp']), ...addresses4(), ...ipTerms(), ...ports()];
      case 5:
        return [
          'icmp',
          ...addresses4(),
          ...ipTerms(),
          ...this.some(
            50,
            () => `icmp_type=${this.below(256)}`,
            () => `icmp_code=${this.below(256)}`,
          ),
        ];
      case 6:
        return [
          this.pick(['arp', 'rarp']),
          ...this.some(
            40,
            () => `arp_spa=${this.maskedIp()}`,
            () => `arp_tpa=${this.maskedIp()}`,
            () => `arp_op=${this.below(256)}`,
            () => `arp_sha=${this.maskedMac()}`,
            () => `arp_tha=${this.maskedMac()}`,
          ),
        ];
      case 7:
        return ['ipv6', ...addresses6(), ...ipTerms()];
      case 8:
        return [this.pick(['tcp6', 'udp6', 'sctp6']), ...addresses6(), ...ipTerms(), ...ports()];
      case 9:
        return [
          'icmp6',
          ...addresses6(),
          ...this.some(
            50,
            () => `icmp_type=${this.below(256)}`,
            () => `icmpv6_code=${this.below(256)}`,
          ),
        ];
      case 10:
        return ['icmp6', 'icmpv6_type=135', `nd_target=${this.maskedIp6()}`, `nd_sll=${this.mac()}`];
      case 11:
        return ['icmp6', 'icmpv6_type=136', 'icmpv6_code=0', `nd_target=${this.ip6()}`, `nd_tll=${this.mac()}`];
      case 12:
        return [
          this.pick(['mpls', 'mplsm']),
          ...this.some(
            40,
            () => `mpls_label=${this.below(1 << 20)}`,
            () => `mpls_tc=${this.below(8)}`,
            () => `mpls_bos=${this.below(2)}`,
          ),
        ];
      default:
        return [];
    }
  }

  /** Actions that need no particular match. */
  actions(): string {
    if (this.chance(10)) return 'drop';
    const count = 1 + this.below(4);
    const actions = Array.from({ length: count }, () => this.action());
    // OVS forgets at a clone which protocols the actions before it could travel by; so it comes first.
    if (this.chance(10)) actions.unshift('clone(output:1,mod_vlan_vid:5)');
    return actions.join(',');
  }

  private action(): string {
    return this.pick([
      () => `output:${this.pick(['1', '2', 'LOCAL', 'in_port', 'FLOOD'])}`,
      () => this.pick(['1', '2', 'LOCAL', 'normal', 'flood', 'all', 'in_port']),
      () => 'output:NXM_NX_REG0[0..15]',
      () => `output:reg${this.below(16)}[]`,
      () => this.pick(['controller', 'CONTROLLER:128', 'controller(id=3,max_len=64)', 'controller(userdata=01.02.ff)']),
      () => 'controller(reason=no_match,pause)',
      () => `mod_vlan_vid:${this.below(4096)}`,
      () => `mod_vlan_pcp:${this.below(8)}`,
      () => this.pick(['strip_vlan', 'dec_ttl', 'dec_ttl(1,2)', 'exit']),
      () => `mod_dl_src:${this.mac()}`,
      () => `mod_dl_dst:${this.mac()}`,
      () => `mod_nw_src:${this.ip()}`,
      () => `mod_nw_dst:${this.ip()}`,
      () => `mod_nw_tos:${this.below(64) * 4}`,
      () => `mod_nw_ecn:${this.below(4)}`,
      () => `mod_nw_ttl:${this.below(256)}`,
      () => `mod_tp_src:${this.number(16)}`,
      () => `mod_tp_dst:${this.number(16)}`,
      () => `set_field:${this.maskedMac()}->eth_src`,
      () => `set_field:${this.masked(32)}->reg${this.below(16)}`,
      () => `set_field:${this.masked(32)}->metadata`,
      () => `set_field:${this.number(24)}->tun_id`,
      () => `set_field:${this.ip()}->tun_dst`,
      () => `set_field:0x${this.hex(24)}->xxreg${this.below(4)}`,
      () => `set_field:0x1${this.hex(3)}->vlan_tci`,
      () => `load:${this.number(16)}->NXM_NX_REG${this.below(16)}[${this.pick(['', '0..15', '16..31'])}]`,
      () => `load:${this.below(2)}->reg${this.below(16)}[${this.below(32)}]`,
      () => `load:0x${this.hex(30)}->NXM_NX_XXREG${this.below(4)}[]`,
      () => `move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]`,
      () => `move:NXM_NX_REG${this.below(16)}[0..15]->NXM_NX_REG${this.below(16)}[16..31]`,
      () => `move:NXM_OF_IN_PORT[]->reg${this.below(16)}[0..15]`,
      () => `push:NXM_NX_REG${this.below(16)}[]`,
      () => `pop:NXM_NX_REG${this.below(16)}[0..7]`,
      () => `set_tunnel:${this.number(24)}`,
      () => `set_tunnel64:${this.number(32)}`,
      () => this.pick(['resubmit:1', 'resubmit(1,2)', 'resubmit(,3)', 'resubmit:LOCAL', 'resubmit(in_port,7)']),
      () => `set_queue:${this.below(100)}`,
      () => 'pop_queue',
      () => `enqueue:${this.pick(['1:5', '2:0x10', 'LOCAL:3'])}`,
      () => `enqueue(1,7)`,
      () => `note:${this.hex(2 * (1 + this.below(8)))}`,
    ])();
  }

  /** A whole flow to add. */
  flow(): string {
    const terms = this.some(
      20,
      () => `table=${this.below(254)}`,
      () => `priority=${this.below(65536)}`,
      () => `cookie=0x${this.hex(1 + this.below(16))}`,
      () => `idle_timeout=${this.below(65536)}`,
      () => `hard_timeout=${this.below(65536)}`,
      () => 'send_flow_rem',
      () => 'check_overlap',
    );
    return [...terms, this.match(), `actions=${this.actions()}`].filter((term) => term !== '').join(',');
  }
}
