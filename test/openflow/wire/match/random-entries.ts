/**
 * Random lists of NXM and OXM entries as text, most of them right: fields after what they need, values that they can
 * have. The same seed gives the same lists.
 */
import type { OxmName } from '#flowtable/field.js';
import { type Field, FIELDS, fieldNamed } from '#flowtable/fields.js';
import { Dice } from '../../../differential/dice.js';

/** What a match is built upon: entries in this order make the fields behind them possible. */
const STACKS: readonly (readonly (readonly [string, string])[])[] = [
  [],
  [['eth_type', '0800']],
  [['eth_type', '86dd']],
  [['eth_type', '0806']],
  [['eth_type', '8035']],
  [['eth_type', '8847']],
  [['eth_type', '8848']],
  [['eth_type', '894f']],
  [['packet_type', '00010800']],
  [['packet_type', '000186dd']],
  [['packet_type', '0001894f']],
  [['packet_type', '00000000']],
  ...['06', '11', '84', '01', '3a'].flatMap((proto) =>
    ['0800', '86dd'].map((type) => [['eth_type', type] as const, ['nw_proto', proto] as const]),
  ),
  ...['87', '88', '05'].map((type) => [
    ['eth_type', '86dd'] as const,
    ['nw_proto', '3a'] as const,
    ['icmpv6_type', type] as const,
    ['icmpv6_code', '00'] as const,
  ]),
  [
    ['ct_state', '00000021'],
    ['eth_type', '0800'],
  ],
  [
    ['ct_state', '00000021'],
    ['eth_type', '86dd'],
  ],
  [['vlan_vid', '1005']],
  [['vlan_tci', '1005']],
];

/** Fields that go with each stack, by prerequisite. */
const NAMED: readonly Field[] = FIELDS.filter(({ oxm }) => oxm.length > 0);
const WITHOUT_NEEDS = NAMED.filter(({ prerequisite }) => prerequisite === 'none');
const L2 = NAMED.filter(({ prerequisite }) => prerequisite === 'ethernet' || prerequisite === 'vlan');

const NEEDS_OF: ReadonlyMap<string, readonly string[]> = new Map([
  ['0800', ['ipv4', 'ip', 'ct']],
  ['86dd', ['ipv6', 'ip', 'ct']],
  ['0806', ['arp']],
  ['8035', ['arp']],
  ['8847', ['mpls']],
  ['8848', ['mpls']],
  ['894f', ['nsh']],
  ['00010800', ['ipv4', 'ip']],
  ['000186dd', ['ipv6', 'ip']],
  ['0001894f', ['nsh']],
  ['06', ['tcp']],
  ['11', ['udp']],
  ['84', ['sctp']],
  ['01', ['icmpv4']],
  ['3a', ['icmpv6']],
  ['87', ['nd', 'nd-solicit']],
  ['88', ['nd', 'nd-advert']],
  ['1005', ['vlan']],
]);

export class RandomEntries {
  readonly dice: Dice;

  constructor(seed: number) {
    this.dice = new Dice(seed);
  }

  bytes(size: number): string {
    const { dice } = this;
    const byte = (): number => dice.pick([0, 0, 1, 0xff, dice.below(256), dice.below(256)]);
    return Array.from({ length: size }, () => byte().toString(16).padStart(2, '0')).join('');
  }

  private number(bits: number, size: number): string {
    const value = BigInt(`0x0${this.bytes(size)}`) & ((1n << BigInt(bits)) - 1n);
    return value.toString(16).padStart(2 * size, '0');
  }

  private mask(size: number): string {
    const { dice } = this;
    const prefix = dice.below(8 * size + 1);
    const ones = (1n << BigInt(8 * size)) - 1n;
    return dice.pick([
      this.bytes(size),
      this.bytes(size),
      ((ones << BigInt(prefix)) & ones).toString(16).padStart(2 * size, '0'),
      'ff'.repeat(size),
      '00'.repeat(size),
      this.number(8 * size - dice.below(4), size),
    ]);
  }

  /** A value that fits the field, mostly. */
  private value({ name, bits, option, wireSize, format }: Field): string {
    const { dice } = this;
    if (dice.chance(0.03)) return this.bytes(wireSize);
    switch (name) {
      case 'nsh_mdtype':
        return dice.pick(['01', '02']);
      case 'nw_tos':
        return (4 * dice.below(64)).toString(16).padStart(2, '0');
      case 'vlan_vid':
        return dice.pick(['1000', '0000', `1${this.number(12, 2).slice(1)}`, this.number(13, 2)]);
      case 'vlan_tci':
        return dice.pick(['0000', '1000', this.bytes(2), `3${this.number(12, 2).slice(1)}`]);
      case 'eth_type':
        return dice.pick(['0800', '86dd', '0806', '05ff', '0600', this.bytes(2)]);
      case 'packet_type':
        return dice.pick(['00000000', '00010800', this.bytes(4)]);
    }
    if (option !== null) return this.bytes(dice.pick([1, 2, 4, 4, 8, 124, dice.between(0, 124)]));
    if (format === 'port' && wireSize === 4)
      return dice.pick(['00000001', 'fffffffe', 'fffffff8', '0000feff', '0000ff00']);
    return this.number(bits, wireSize);
  }

  /** One field by one of its names. */
  entry(field: Field, oxm: OxmName = this.dice.pick(field.oxm)): string {
    const value = this.value(field);
    if (!field.maskable || !this.dice.chance(0.3)) return `${oxm.name}(${value})`;
    const mask = this.mask(value.length / 2);
    return `${oxm.name}_W(${this.dice.chance(0.97) ? and(value, mask) : value}/${mask})`;
  }

  private strange(): string {
    const { dice } = this;
    const size = dice.below(6);
    return dice.pick([
      () => `NXM_NX_COOKIE(${this.bytes(8)})`,
      () => {
        const mask = this.mask(8);
        return `NXM_NX_COOKIE_W(${and(this.bytes(8), mask)}/${mask})`;
      },
      () => `0102${(2 * dice.below(127)).toString(16).padStart(2, '0')}${hex(size)}(${this.bytes(size)})`,
      () => `0000${hex(2 * dice.below(127) + 1)}${hex(2 * size)}(${'0'.repeat(2 * size)}/${this.bytes(size)})`,
      () => `8000${hex(2 * dice.below(127))}${hex(size)}(${this.bytes(size)})`,
      () =>
        `ffff${hex(2 * dice.below(127))}${hex(size + 4)}${dice.pick(['00002320', '4f4e4600', '005ad650', '12345678'])}(${this.bytes(size)})`,
    ])();
  }

  /** A list of entries. */
  line(): string {
    const { dice } = this;
    const stack = dice.pick(STACKS);
    const needs = new Set(stack.flatMap(([, value]) => NEEDS_OF.get(value) ?? []));
    const fitting = NAMED.filter(({ prerequisite }) => needs.has(prerequisite));
    const entries = stack.map(([name, value]) => `${dice.pick(fieldNamed(name).oxm).name}(${value})`);
    for (let i = dice.below(6); i > 0; i--) {
      const pool = fitting.length > 0 && dice.chance(0.6) ? fitting : dice.chance(0.7) ? WITHOUT_NEEDS : L2;
      entries.push(this.entry(dice.pick(dice.chance(0.05) ? NAMED : pool)));
      if (dice.chance(0.03)) entries.push(this.strange());
    }
    if (dice.chance(0.05)) entries.reverse();
    if (dice.chance(0.05)) entries.push(dice.pick(entries) ?? '');
    return entries.length === 0 ? '<any>' : entries.join(', ');
  }

  /** A line with one mistake in its text, which ends the tool. */
  brokenLine(): string {
    const { dice } = this;
    const line = this.line();
    const at = dice.below(line.length);
    return dice.pick([
      () => line.slice(0, at),
      () => line.slice(0, at) + line.slice(at + 1),
      () => `${line.slice(0, at)}${dice.pick([...'0aF(/), _W#.'])}${line.slice(at)}`,
      () => `${line}, NXM_OF_IP_PROTO_W(06/ff)`,
      () => `${line}, 00000000(00)`,
      () => `${line}, ffff0003(00)`,
      () => `${line}, ffff0102(00)`,
      () => `${line}, NXM_NX_TUN_METADATA0(${'00'.repeat(125)})`,
    ])();
  }
}

const hex = (byte: number): string => (byte & 0xff).toString(16).padStart(2, '0');

function and(value: string, mask: string): string {
  if (value === '') return '';
  return (BigInt(`0x${value}`) & BigInt(`0x${mask}`)).toString(16).padStart(value.length, '0');
}
