/** Random datapath flows and actions as text, for comparing our reading and writing of them with real OVS's. */
import type { Dice } from './dice.js';

const MACS = ['00:00:00:00:00:00', '50:54:00:00:00:05', '33:33:00:00:00:01', 'ff:ff:ff:ff:ff:ff', '0a:0b:0c:0d:0e:0f'];
const IPV4S = ['0.0.0.0', '10.0.0.1', '192.168.1.255', '224.0.0.1', '255.255.255.255'];
const IPV4_MASKS = ['255.255.255.0', '255.255.255.255', '0.0.0.0', '255.0.255.0', '240.0.0.0'];
const IPV6S = [
  '::',
  '::1',
  'fe80::5054:ff:fe00:5',
  '2001:db8::1:0:0:1',
  'ff02::1',
  '::ffff:1.2.3.4',
  '1:2:3:4:5:6:7:8',
  '2001:db8:0:1::',
];
const IPV6_MASKS = ['ffff:ffff:ffff:ffff::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '::', 'ffff::', '::ffff'];
const MAC_MASKS = ['ff:ff:ff:ff:ff:ff', '01:00:00:00:00:00', '00:00:00:00:00:00', 'ff:ff:ff:00:00:00'];

/** Writes attributes; `masks` says whether values may be masked. */
export class OdpGenerator {
  private readonly dice: Dice;
  private readonly masks: boolean;

  constructor(dice: Dice, masks: boolean) {
    this.dice = dice;
    this.masks = masks;
  }

  private masked(value: string, masks: readonly string[]): string {
    return this.masks && this.dice.chance(0.35) ? `${value}/${this.dice.pick(masks)}` : value;
  }

  private mac(): string {
    return this.masked(this.dice.pick(MACS), MAC_MASKS);
  }

  private ipv4(): string {
    return this.masked(this.dice.pick(IPV4S), IPV4_MASKS);
  }

  private ipv6(): string {
    return this.masked(this.dice.pick(IPV6S), IPV6_MASKS);
  }

  private number(max: number): string {
    const { dice } = this;
    const value = dice.pick([0, 1, max, dice.between(0, max)]);
    const text = dice.chance(0.3) ? `0x${value.toString(16)}` : String(value);
    return this.masked(text, [`0x${max.toString(16)}`, '0', '1', `0x${(max - 1).toString(16)}`]);
  }

  private members(name: string, members: readonly (readonly [string, () => string])[]): string {
    const { dice } = this;
    const chosen = dice.chance(0.5) ? members : dice.some(members, 0, members.length);
    return `${name}(${chosen.map(([member, value]) => `${member}=${value()}`).join(',')})`;
  }

  private frag(): string {
    return this.dice.pick(['no', 'no', 'no', 'first', 'later']);
  }

  eth(): string {
    return this.members('eth', [
      ['src', () => this.mac()],
      ['dst', () => this.mac()],
    ]);
  }

  private tcpFlags(): string {
    const flags = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg', 'ece', 'cwr', 'ns'];
    const { dice } = this;
    const chosen = dice.some(flags, 0, 4);
    if (this.masks && dice.chance(0.6) && chosen.length > 0) {
      return `tcp_flags(${chosen.map((flag) => `${dice.pick(['+', '-'])}${flag}`).join('')})`;
    }
    return `tcp_flags(${chosen.length === 0 ? '0' : chosen.join('|')})`;
  }

  private ports(name: string): string {
    return this.members(name, [
      ['src', () => this.number(0xffff)],
      ['dst', () => this.number(0xffff)],
    ]);
  }

  private transport(protocol: number): string[] {
    const { dice } = this;
    if (protocol === 6) return dice.chance(0.6) ? [this.ports('tcp'), this.tcpFlags()] : [this.ports('tcp')];
    if (protocol === 17) return [this.ports('udp')];
    if (protocol === 132) return [this.ports('sctp')];
    if (protocol === 1) return [`icmp(type=${dice.pick([0, 3, 8, 255])},code=${dice.pick([0, 0, 1])})`];
    if (protocol === 58) return this.icmpv6();
    return [];
  }

  private icmpv6(): string[] {
    const { dice } = this;
    const type = dice.pick([128, 129, 135, 136, 136, 1]);
    const code = dice.pick([0, 0, 0, 1]);
    const parts = [`icmpv6(type=${type},code=${code})`];
    if ((type === 135 || type === 136) && code === 0) {
      parts.push(
        this.members('nd', [
          ['target', () => this.ipv6()],
          ['sll', () => this.mac()],
          ['tll', () => this.mac()],
        ]),
      );
    }
    return parts;
  }

  private ip(version: 4 | 6): string[] {
    const { dice } = this;
    const protocol = dice.pick([6, 17, 132, version === 4 ? 1 : 58, version === 4 ? 1 : 58, 2, 255]);
    const frag = this.frag();
    const address = (): string => (version === 4 ? this.ipv4() : this.ipv6());
    const head = [`src=${address()}`, `dst=${address()}`];
    if (version === 6) head.push(`label=0x${dice.pick([0, 0xfffff, 0x12345]).toString(16)}`);
    head.push(`proto=${protocol}`);
    head.push(`${version === 4 ? 'tos' : 'tclass'}=${this.number(0xff)}`);
    head.push(`${version === 4 ? 'ttl' : 'hlimit'}=${this.number(0xff)}`);
    head.push(`frag=${frag}`);
    const attribute = `${version === 4 ? 'ipv4' : 'ipv6'}(${head.join(',')})`;
    return [attribute, ...(frag === 'later' ? [] : this.transport(protocol))];
  }

  private network(): string[] {
    const { dice } = this;
    switch (dice.below(6)) {
      case 0:
      case 1:
        return ['eth_type(0x0800)', ...this.ip(4)];
      case 2:
      case 3:
        return ['eth_type(0x86dd)', ...this.ip(6)];
      case 4:
        return [
          'eth_type(0x0806)',
          this.members('arp', [
            ['sip', () => this.ipv4()],
            ['tip', () => this.ipv4()],
            ['op', () => String(dice.pick([1, 2, 3, 255]))],
            ['sha', () => this.mac()],
            ['tha', () => this.mac()],
          ]),
        ];
      default:
        return dice.pick([
          ['eth_type(0x88cc)'],
          ['eth_type(0x8847)', 'mpls(label=5,tc=1,ttl=64,bos=1)'],
          ['eth_type(0x8847)', 'mpls(label=5,tc=1,ttl=64,bos=0,label=100,tc=0,ttl=3,bos=1)'],
        ]);
    }
  }

  private tunnel(): string {
    const { dice } = this;
    const parts = [`src=${dice.pick(['1.1.1.1', '10.0.0.7'])}`, `dst=${dice.pick(IPV4S.slice(1))}`];
    if (dice.chance(0.8)) parts.unshift(`tun_id=${dice.pick(['0', '0x1', '0xffffffffffffffff', '5/0xff'])}`);
    if (dice.chance(0.5)) parts.push(`tos=${dice.pick(['0', '0x10', '3/3'])}`);
    parts.push(`ttl=${dice.pick(['64', '0', '64/0', '255'])}`);
    if (dice.chance(0.5)) parts.push(`tp_src=${dice.pick(['0', '100', '100/0'])}`, 'tp_dst=4789');
    if (dice.chance(0.3)) parts.push(`vxlan(gbp(id=${dice.pick([1, 65535])},flags=0x8))`);
    parts.push(`flags(${dice.pick(['df|key', 'key', '0', '-df-csum+key', '+df-csum', 'df|csum|key'])})`);
    return `tunnel(${parts.join(',')})`;
  }

  private metadata(): string[] {
    const { dice } = this;
    const parts: string[] = [];
    if (dice.chance(0.2)) parts.push(`skb_priority(${this.number(0xffffffff)})`);
    if (dice.chance(0.2)) parts.push(this.tunnel());
    if (dice.chance(0.2)) parts.push(`skb_mark(${this.number(0xffffffff)})`);
    if (dice.chance(0.2))
      parts.push(`ct_state(${this.masks ? dice.pick(['+trk-new', '+est', '0x21/0xff', '0/0']) : 'new|trk'})`);
    if (dice.chance(0.2)) parts.push(`ct_zone(${this.number(0xffff)})`);
    if (dice.chance(0.2)) parts.push(`ct_mark(${this.number(0xffffffff)})`);
    if (dice.chance(0.2))
      parts.push(`ct_label(${this.masked('0x1234', ['0xff', '0', '0xffffffffffffffffffffffffffffffff'])})`);
    if (dice.chance(0.5)) parts.push(`recirc_id(${dice.pick([0, 0, 5])})`);
    if (dice.chance(0.2)) parts.push(`dp_hash(${this.number(0xffffffff)})`);
    parts.push(`in_port(${dice.pick([1, 2, 3])})`);
    if (dice.chance(0.5)) parts.push('packet_type(ns=0,id=0)');
    return parts;
  }

  flow(): string {
    const { dice } = this;
    const inner = this.network();
    const parts = [...this.metadata(), this.eth()];
    if (dice.chance(0.3)) {
      const pcp = dice.chance(0.5) ? `,pcp=${dice.pick(['0', '7', ...(this.masks ? ['3/0x7', '1/0x1'] : [])])}` : '';
      const vid = dice.pick(['0', '5', '4095', ...(this.masks ? ['5/0xf', '0/0'] : [])]);
      parts.push(
        `eth_type(${dice.pick(['0x8100', '0x8100', '0x88a8'])})`,
        `vlan(vid=${vid}${pcp})`,
        `encap(${inner.join(',')})`,
      );
    } else {
      parts.push(...inner);
    }
    return parts.join(',');
  }

  private set(): string {
    const { dice } = this;
    const choices: readonly (() => string)[] = [
      () => this.eth(),
      () =>
        this.members('ipv4', [
          ['src', () => this.ipv4()],
          ['dst', () => this.ipv4()],
          ['tos', () => this.number(255)],
          ['ttl', () => this.number(255)],
        ]),
      () =>
        this.members('ipv6', [
          ['src', () => this.ipv6()],
          ['dst', () => this.ipv6()],
          ['label', () => '0x5'],
          ['hlimit', () => this.number(255)],
        ]),
      () => this.ports(dice.pick(['tcp', 'udp', 'sctp'])),
      () =>
        this.members('arp', [
          ['sip', () => this.ipv4()],
          ['op', () => '2'],
          ['sha', () => this.mac()],
        ]),
      () =>
        this.members('nd', [
          ['target', () => this.ipv6()],
          ['sll', () => this.mac()],
        ]),
      () =>
        this.members('icmpv6', [
          ['type', () => this.number(255)],
          ['code', () => this.number(255)],
        ]),
      () => `skb_mark(${this.number(0xffffffff)})`,
      () => `skb_priority(${this.number(0xffffffff)})`,
      () => `tunnel(tun_id=0x5,dst=1.1.1.1,ttl=64,tp_dst=4789,flags(${dice.pick(['df|key', 'csum', '0'])}))`,
      () => 'mpls(label=5,tc=1,ttl=64,bos=1)',
    ];
    return `set(${dice.pick(choices)()})`;
  }

  actions(depth = 0): string {
    const { dice } = this;
    return Array.from({ length: dice.between(1, 5) }, () => this.action(depth)).join(',');
  }

  private action(depth: number): string {
    const { dice } = this;
    switch (dice.below(depth < 3 ? 18 : 15)) {
      case 0:
      case 1:
        return String(dice.between(0, 5000));
      case 2:
      case 3:
        return this.set();
      case 4:
        return dice.pick([
          'push_vlan(vid=5,pcp=3)',
          'push_vlan(tpid=0x88a8,vid=0,pcp=0)',
          'push_vlan(vid=1,pcp=0,cfi=0)',
        ]);
      case 5:
        return 'pop_vlan';
      case 6:
        return this.userspace();
      case 7:
        return `recirc(${dice.between(0, 300)})`;
      case 8:
        return dice.pick(['trunc(100)', 'trunc(0x40)', 'trunc(-1)', 'trunc(a)']);
      case 9:
        return dice.pick(['meter(0)', 'meter(0x11)', 'meter(-1)', 'meter()']);
      case 10:
        return dice.pick(['ct_clear', 'tnl_pop(4789)', 'tnl_pop(0x10)', 'tnl_pop(a)']);
      case 11:
      case 12:
        return this.conntrack();
      case 13:
        return this.tunnelPush();
      case 14:
        return this.conntrack();
      case 15:
        return `sample(sample=${dice.pick(['50.0%', '0%', '100%', '33.3%', '.1%', '101%', '1e1%', '5'])},actions(${this.list(depth)}))`;
      case 16:
        return `clone(${this.list(depth)})`;
      default: {
        const size = dice.pick(['0', '200', '0x5dc', '70000', '-1']);
        return `check_pkt_len(size=${size},gt(${this.branch(depth)}),le(${this.branch(depth)}))`;
      }
    }
  }

  private userspace(): string {
    const { dice } = this;
    const cookie = dice.pick([
      '',
      ',slow_path(action)',
      ',slow_path(match)',
      ',controller(reason=1,dont_send=0,continuation=0,recirc_id=3,rule_cookie=0xaf,controller_id=0,max_len=65535)',
      ',controller(reason=0,dont_send=1,continuation=1,recirc_id=0,rule_cookie=0,controller_id=7,max_len=128)',
      ',sFlow(vid=9,pcp=7,output=10)',
      ',sFlow(vid=0,pcp=0,output=0xc0000001)',
      ',sFlow(vid=70000,pcp=9,output=-1)',
      ',sFlow(vid=1,pcp=0)',
      ',flow_sample(probability=123,collector_set_id=1234,obs_domain_id=2345,obs_point_id=3456,output_port=0)',
      ',flow_sample(probability=70000,collector_set_id=-1,obs_domain_id=0x10,obs_point_id=1,output_port=8,ingress)',
      ',flow_sample(probability=1,collector_set_id=1,obs_domain_id=1,obs_point_id=1,output_port=4294967295,egress)',
      ',flow_sample(probability=1,collector_set_id=1,obs_domain_id=1,obs_point_id=1,output_port=8,sideways)',
      ',ipfix(output_port=4294967295)',
      ',ipfix(output_port=0x20)',
      ',ipfix(output_port=)',
      ',userdata(0102030405060708090a0b0c0d0e0f)',
      ',userdata()',
      ',userdata(0 1)',
      ',userdata( 01 fF )',
      ',nonsense()',
    ]);
    const rest = dice.pick([
      '',
      '',
      '',
      ',actions',
      ',tunnel_out_port=10',
      ',actions,tunnel_out_port=0x7',
      ',tunnel_out_port=',
    ]);
    return `userspace(pid=${dice.pick([0, 77, '0x10', -1])}${cookie}${rest})`;
  }

  /** Nested actions: mostly some, at times none or what may not stand there. */
  private list(depth: number): string {
    const { dice } = this;
    return dice.below(8) === 0 ? dice.pick(['', 'drop', '1 2', ',,3', '4,']) : this.actions(depth + 1);
  }

  private branch(depth: number): string {
    return this.dice.below(3) === 0 ? 'drop' : this.list(depth);
  }

  private conntrack(): string {
    const { dice } = this;
    const parts = Array.from({ length: dice.below(4) }, () =>
      dice.pick([
        'commit',
        'commit',
        'force_commit',
        'zone=7',
        'zone=0',
        'zone=65535',
        'zone=0x10',
        'mark=0x1/0xff',
        'mark=ff',
        'mark=0/0',
        'mark=0',
        'label=0x1234',
        'label=0xfedcba9876543210/0xffffffff00000000ffff',
        'label=0x1/0',
        'helper=ftp',
        'helper=tftp',
        'timeout=ovs_tp_1_tcp4',
        'nat',
        'nat()',
        'nat(src)',
        'nat(dst,random)',
        'nat(src=10.0.0.1)',
        'nat(src=10.0.0.1-10.0.0.5:1000-2000,random)',
        'nat(dst=10.0.0.1:80)',
        'nat(dst=10.0.0.1:80-80,hash,persistent)',
        'nat(src=10.0.0.5-10.0.0.1)',
        'nat(src=10.0.0.1-0.0.0.0)',
        'nat(src=10.0.0.1:0-5)',
        'nat(src=10.0.0.1:9-5)',
        'nat(src=2001:db8::1)',
        'nat(dst=2001:db8::1-2001:db8::9,hash)',
        'nat(src=[fe80::1]:255-4096)',
        'nat(src=[fe80::1]-[fe80::ff]:255-4096,persistent)',
        'nat(src=fe80::1-10.0.0.1)',
        'nat(src,dst)',
        'nat(src=1.1.1.1,hash,random)',
        'nat(bogus)',
        'nat(src=1.1.1.1,)',
        'bogus',
      ]),
    );
    return parts.length === 0 ? dice.pick(['ct', 'ct()', 'ct(commit', 'ct(commit,)']) : `ct(${parts.join(',')})`;
  }

  private tunnelPush(): string {
    const { dice } = this;
    const isIpv4 = dice.below(2) === 0;
    const ip = isIpv4
      ? `ipv4(src=10.0.0.1,dst=10.0.0.2,proto=17,tos=${dice.pick(['0', '0x10'])},ttl=64,frag=0x4000)`
      : `ipv6(src=2001:db8::1,dst=fe80::1,label=${dice.pick([0, 5, 1048576])},proto=17,tclass=0x4,hlimit=64)`;
    const udp = `udp(src=0,dst=4789,csum=0x${dice.pick(['0', 'ffff'])})`;
    const ipSize = isIpv4 ? 34 : 54;
    const [type, size, tunnel] = dice.pick<readonly [number, number, string]>([
      [4, 16, `${udp},vxlan(flags=0x8000000,vni=0x7b)`],
      [4, 16, `${udp},vxlan(flags=0x88000123,vni=0xffffff)`],
      [5, 16, `${udp},geneve(vni=0x7b)`],
      [5, 16, `${udp},geneve(oam,crit,vni=0x0)`],
      [5, 24, `${udp},geneve(vni=0x7b,options({class=0xffff,type=0x80,len=4,0xa}))`],
      [5, 28, `${udp},geneve(crit,vni=1,options({class=1,type=0,len=4,0xffffffff}{class=0,type=0x1,len=0}))`],
      [5, 32, `${udp},geneve(vni=0x7b,options({class=0xffff,type=0x80,len=12,0x123456789abcdef}))`],
      [5, 24, `${udp},geneve(vni=0x7b,options({class=0xffff,type=0x80,len=3,0xa}))`],
      [isIpv4 ? 3 : 109, 4, 'gre((flags=0x0,proto=0x6558))'],
      [isIpv4 ? 3 : 109, 8, 'gre((flags=0x2000,proto=0x6558),key=0x1e241)'],
      [isIpv4 ? 3 : 109, 16, 'gre((flags=0xb000,proto=0x6558),csum=0x0,key=0x7,seq=0x0)'],
      [3, 8, 'gre((flags=0x2000,proto=0x6558))'],
      [4, 20, `${udp},vxlan(flags=0x8000000,vni=0x7b)`],
    ]);
    return (
      `tnl_push(tnl_port(4789),header(size=${ipSize + size},type=${type},eth(dst=f8:bc:12:44:34:b6,` +
      `src=f8:bc:12:46:58:e0,dl_type=0x${isIpv4 ? '0800' : '86dd'}),${ip},${tunnel}),out_port(${dice.pick([1, 100])}))`
    );
  }
}
