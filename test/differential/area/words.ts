/**
 * The fields that random flows match and write, in OVS's own names and widths (ovs-fields(7)). Written down here again
 * rather than taken from flowtable/fields.ts: a wrong width there must show.
 */
import type { Dice } from '../dice.js';
import { IPV4S, IPV6S, MACS, PORTS, VIDS } from '../bridge/packet.js';

/** What a flow's match says of the packet. */
export type Kind =
  | 'any'
  | 'arp'
  | 'rarp'
  | 'ip'
  | 'tcp'
  | 'udp'
  | 'sctp'
  | 'icmp'
  | 'igmp'
  | 'ipv6'
  | 'tcp6'
  | 'udp6'
  | 'sctp6'
  | 'icmp6'
  | 'solicit'
  | 'advert'
  | 'mpls'
  | 'mplsm';

/** The kind as terms of a match. */
export const KIND_TERMS: Readonly<Record<Kind, readonly string[]>> = {
  any: [],
  arp: ['arp'],
  rarp: ['rarp'],
  ip: ['ip'],
  tcp: ['tcp'],
  udp: ['udp'],
  sctp: ['sctp'],
  icmp: ['icmp'],
  igmp: ['ip', 'nw_proto=2'],
  ipv6: ['ipv6'],
  tcp6: ['tcp6'],
  udp6: ['udp6'],
  sctp6: ['sctp6'],
  icmp6: ['icmp6'],
  solicit: ['icmp6', 'icmp_type=135', 'icmp_code=0'],
  advert: ['icmp6', 'icmp_type=136', 'icmp_code=0'],
  mpls: ['mpls'],
  mplsm: ['mplsm'],
};

const IPV4_KINDS: readonly Kind[] = ['ip', 'tcp', 'udp', 'sctp', 'icmp', 'igmp'];
const IPV6_KINDS: readonly Kind[] = ['ipv6', 'tcp6', 'udp6', 'sctp6', 'icmp6', 'solicit', 'advert'];
const IP_KINDS: readonly Kind[] = [...IPV4_KINDS, ...IPV6_KINDS];
const ARP_KINDS: readonly Kind[] = ['arp', 'rarp'];
const MPLS_KINDS: readonly Kind[] = ['mpls', 'mplsm'];

export const isIpv4 = (kind: Kind): boolean => IPV4_KINDS.includes(kind);
export const isIpv6 = (kind: Kind): boolean => IPV6_KINDS.includes(kind);
export const isIp = (kind: Kind): boolean => IP_KINDS.includes(kind);
export const isMpls = (kind: Kind): boolean => MPLS_KINDS.includes(kind);

type Format = 'number' | 'mac' | 'ipv4' | 'ipv6';

export interface Word {
  readonly name: string;
  /** As load and move call it. */
  readonly oxm: string;
  readonly bits: number;
  readonly format: Format;
  /** Kinds that have the field, or null: all. */
  readonly kinds: readonly Kind[] | null;
  /** Values that packets have, too. */
  readonly values: readonly bigint[];
  readonly isMaskable: boolean;
  readonly isMatched: boolean;
  readonly isWritten: boolean;
}

const words: Word[] = [];

interface Options {
  readonly kinds?: readonly Kind[];
  readonly format?: Format;
  readonly values?: readonly (number | bigint)[];
  /** m: no masks; r: read only; w: not matched. */
  readonly flags?: string;
}

function word(name: string, oxm: string, bits: number, { kinds, format, values, flags = '' }: Options = {}): void {
  words.push({
    name,
    oxm,
    bits,
    format: format ?? 'number',
    kinds: kinds ?? null,
    values: (values ?? [0, 1, 5]).map(BigInt),
    isMaskable: !flags.includes('m'),
    isMatched: !flags.includes('w'),
    isWritten: !flags.includes('r'),
  });
}

const macValue = (text: string): bigint => BigInt(`0x${text.replaceAll(':', '')}`);
const ipv4Value = (text: string): bigint =>
  text.split('.').reduce((value, part) => (value << 8n) | BigInt(Number(part)), 0n);

function ipv6Value(text: string): bigint {
  const [head = '', tail = ''] = text.split('::');
  const groups = (part: string): string[] => (part === '' ? [] : part.split(':'));
  const [front, back] = [groups(head), groups(tail)];
  const all = [...front, ...new Array<string>(8 - front.length - back.length).fill('0'), ...back];
  return all.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}

const mac = { format: 'mac', values: MACS.map(macValue) } as const;
const ipv4 = { format: 'ipv4', values: IPV4S.map(ipv4Value) } as const;
const ipv6 = { format: 'ipv6', values: IPV6S.map(ipv6Value) } as const;
const ports = { values: PORTS } as const;

word('tun_id', 'NXM_NX_TUN_ID', 64, { values: [0, 1, 5, 77] });
word('tun_src', 'NXM_NX_TUN_IPV4_SRC', 32, { format: 'ipv4', values: [0x01010101, 0x01010102] });
word('tun_dst', 'NXM_NX_TUN_IPV4_DST', 32, { format: 'ipv4', values: [0x01010101, 0x02020202] });
word('tun_ipv6_src', 'NXM_NX_TUN_IPV6_SRC', 128, { ...ipv6 });
word('tun_ipv6_dst', 'NXM_NX_TUN_IPV6_DST', 128, { ...ipv6 });
word('tun_gbp_id', 'NXM_NX_TUN_GBP_ID', 16);
word('tun_gbp_flags', 'NXM_NX_TUN_GBP_FLAGS', 8);
word('metadata', 'OXM_OF_METADATA', 64);
for (let i = 0; i < 16; i++) word(`reg${i}`, `NXM_NX_REG${i}`, 32);
for (let i = 0; i < 8; i++) word(`xreg${i}`, `OXM_OF_PKT_REG${i}`, 64);
for (let i = 0; i < 4; i++) word(`xxreg${i}`, `NXM_NX_XXREG${i}`, 128);
word('pkt_mark', 'NXM_NX_PKT_MARK', 32);
word('in_port', 'NXM_OF_IN_PORT', 16, { values: [1, 2, 3, 0xfffe], flags: 'm' });
word('eth_src', 'NXM_OF_ETH_SRC', 48, mac);
word('eth_dst', 'NXM_OF_ETH_DST', 48, mac);
word('vlan_tci', 'NXM_OF_VLAN_TCI', 16, { values: [0, 0x1000, 0x100a, 0xb014, 0x3001] });
word('vlan_vid', 'OXM_OF_VLAN_VID', 12, { values: VIDS, flags: 'w' });
word('vlan_pcp', 'OXM_OF_VLAN_PCP', 3, { flags: 'w' });
word('ip_src', 'NXM_OF_IP_SRC', 32, { ...ipv4, kinds: IPV4_KINDS });
word('ip_dst', 'NXM_OF_IP_DST', 32, { ...ipv4, kinds: IPV4_KINDS });
word('ipv6_src', 'NXM_NX_IPV6_SRC', 128, { ...ipv6, kinds: IPV6_KINDS });
word('ipv6_dst', 'NXM_NX_IPV6_DST', 128, { ...ipv6, kinds: IPV6_KINDS });
word('ipv6_label', 'NXM_NX_IPV6_LABEL', 20, { values: [0, 5, 0xfffff], kinds: IPV6_KINDS });
word('ip_dscp', 'OXM_OF_IP_DSCP', 6, { values: [0, 1, 46], kinds: IP_KINDS, flags: 'm' });
word('nw_ecn', 'NXM_NX_IP_ECN', 2, { values: [0, 1, 3], kinds: IP_KINDS, flags: 'm' });
word('nw_ttl', 'NXM_NX_IP_TTL', 8, { values: [1, 64, 255], kinds: IP_KINDS, flags: 'm' });
word('nw_proto', 'NXM_OF_IP_PROTO', 8, { values: [1, 2, 6, 17, 47, 58, 132], kinds: ['ip', 'ipv6'], flags: 'mr' });
word('arp_op', 'NXM_OF_ARP_OP', 16, { values: [1, 2, 3], kinds: ARP_KINDS, flags: 'm' });
word('arp_spa', 'NXM_OF_ARP_SPA', 32, { ...ipv4, kinds: ARP_KINDS });
word('arp_tpa', 'NXM_OF_ARP_TPA', 32, { ...ipv4, kinds: ARP_KINDS });
word('arp_sha', 'NXM_NX_ARP_SHA', 48, { ...mac, kinds: ARP_KINDS });
word('arp_tha', 'NXM_NX_ARP_THA', 48, { ...mac, kinds: ARP_KINDS });
word('tcp_src', 'NXM_OF_TCP_SRC', 16, { ...ports, kinds: ['tcp', 'tcp6'] });
word('tcp_dst', 'NXM_OF_TCP_DST', 16, { ...ports, kinds: ['tcp', 'tcp6'] });
word('tcp_flags', 'NXM_NX_TCP_FLAGS', 12, { values: [2, 16, 18, 17], kinds: ['tcp', 'tcp6'], flags: 'r' });
word('udp_src', 'NXM_OF_UDP_SRC', 16, { ...ports, kinds: ['udp', 'udp6'] });
word('udp_dst', 'NXM_OF_UDP_DST', 16, { ...ports, kinds: ['udp', 'udp6'] });
word('sctp_src', 'OXM_OF_SCTP_SRC', 16, { ...ports, kinds: ['sctp', 'sctp6'] });
word('sctp_dst', 'OXM_OF_SCTP_DST', 16, { ...ports, kinds: ['sctp', 'sctp6'] });
word('icmp_type', 'NXM_OF_ICMP_TYPE', 8, { values: [0, 3, 8], kinds: ['icmp'], flags: 'm' });
word('icmp_code', 'NXM_OF_ICMP_CODE', 8, { kinds: ['icmp'], flags: 'm' });
word('icmpv6_type', 'NXM_NX_ICMPV6_TYPE', 8, { values: [128, 129, 135, 136, 131], kinds: ['icmp6'], flags: 'm' });
word('icmpv6_code', 'NXM_NX_ICMPV6_CODE', 8, { kinds: ['icmp6'], flags: 'm' });
word('nd_target', 'NXM_NX_ND_TARGET', 128, { ...ipv6, kinds: ['solicit', 'advert'] });
word('nd_sll', 'NXM_NX_ND_SLL', 48, { ...mac, kinds: ['solicit'] });
word('nd_tll', 'NXM_NX_ND_TLL', 48, { ...mac, kinds: ['advert'] });
word('mpls_label', 'OXM_OF_MPLS_LABEL', 20, { values: [0, 5, 77, 0xfffff], kinds: MPLS_KINDS, flags: 'm' });
word('mpls_tc', 'OXM_OF_MPLS_TC', 3, { values: [0, 3], kinds: MPLS_KINDS, flags: 'm' });
word('mpls_bos', 'OXM_OF_MPLS_BOS', 1, { values: [0, 1], kinds: MPLS_KINDS, flags: 'mr' });
word('mpls_ttl', 'NXM_NX_MPLS_TTL', 8, { values: [1, 64, 255], kinds: MPLS_KINDS, flags: 'm' });
word('ct_mark', 'NXM_NX_CT_MARK', 32, { flags: 'r' });
word('ct_label', 'NXM_NX_CT_LABEL', 128, { flags: 'r' });
word('ct_zone', 'NXM_NX_CT_ZONE', 16, { values: [0, 5, 7], flags: 'mr' });

export const WORDS: readonly Word[] = words;

export const wordsOf = (kind: Kind): readonly Word[] =>
  WORDS.filter(({ kinds }) => kinds === null || kinds.includes(kind));

const ones = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

/** Any bits. */
export function randomBits(dice: Dice, bits: number): bigint {
  let value = 0n;
  for (let at = 0; at < bits; at += 16) value = (value << 16n) | BigInt(dice.below(0x10000));
  return value & ones(bits);
}

/** Mostly a value that packets have. */
export const randomValue = (dice: Dice, { values, bits }: Word): bigint =>
  dice.chance(0.8) ? dice.pick(values) & ones(bits) : randomBits(dice, bits);

/** A prefix, one bit, all but one, a run of bits, or any bits: never none. */
export function randomMask(dice: Dice, bits: number): bigint {
  const all = ones(bits);
  const bit = 1n << BigInt(dice.below(bits));
  const mask = dice.pick<() => bigint>([
    () => all & ~ones(dice.below(bits)),
    () => bit,
    () => all & ~bit,
    () => ones(dice.between(1, bits)),
    () => (ones(dice.between(1, bits)) << BigInt(dice.below(bits))) & all,
    () => randomBits(dice, bits),
  ])();
  return mask === 0n ? bit : mask;
}

export function valueText(value: bigint, format: Format): string {
  const digits = value.toString(16);
  switch (format) {
    case 'number':
      return `0x${digits}`;
    case 'mac':
      return digits.padStart(12, '0').match(/../g)!.join(':');
    case 'ipv4':
      return [24n, 16n, 8n, 0n].map((shift) => `${(value >> shift) & 0xffn}`).join('.');
    case 'ipv6':
      return digits.padStart(32, '0').match(/.{4}/g)!.join(':');
  }
}

/** `name=value` or `name=value/mask`. */
export function randomTerm(dice: Dice, field: Word): string {
  const value = randomValue(dice, field);
  const isMasked = field.isMaskable && dice.chance(0.4);
  // An address with no bit set in its mask is no match at all; a flag field's value is within its mask.
  if (!isMasked) return `${field.name}=${valueText(value, field.format)}`;
  const mask = randomMask(dice, field.bits);
  return `${field.name}=${valueText(value & mask, field.format)}/${valueText(mask, field.format)}`;
}
