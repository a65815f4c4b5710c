/** Random actions that write fields: set_field, load, move, push and pop over any bits of any field, and the old names. */
import type { Dice } from '../dice.js';
import { IPV4S, MACS, PORTS, VIDS } from '../bridge/packet.js';
import {
  isIp,
  isIpv4,
  isMpls,
  type Kind,
  randomBits,
  randomMask,
  randomValue,
  valueText,
  type Word,
  wordsOf,
} from './words.js';

export interface Changes {
  readonly kind: Kind;
  readonly isTagged: boolean;
  /** Fields that may not be written, because of what would be compared then. */
  readonly avoid?: RegExp;
}

const range = (word: Word, low: number, count: number): string =>
  low === 0 && count === word.bits
    ? `${word.oxm}[]`
    : `${word.oxm}[${low}${count === 1 ? '' : `..${low + count - 1}`}]`;

/** Some bits of a field: mostly all, or a byte, or any. */
function randomRange(dice: Dice, word: Word, atMost = 128): { readonly low: number; readonly count: number } {
  const most = Math.min(word.bits, atMost);
  const count = dice.chance(0.4) ? most : dice.between(1, most);
  return { low: count === word.bits ? 0 : dice.below(word.bits - count + 1), count };
}

export function randomChange(dice: Dice, { kind, isTagged, avoid }: Changes): string {
  const all = wordsOf(kind).filter(({ name }) => isTagged || !/^vlan_/.test(name));
  const isAllowed = ({ name }: Word): boolean => avoid === undefined || !avoid.test(name);
  const written = all.filter((one) => one.isWritten && isAllowed(one));
  const own = written.filter(({ kinds }) => kinds !== null);
  const target = (): Word => dice.pick(own.length > 0 && dice.chance(0.6) ? own : written);
  const source = (): Word => dice.pick(all.filter(({ name }) => name !== 'nw_proto'));
  return dice.pick<() => string>([
    () => setField(dice, target()),
    () => setField(dice, target()),
    () => load(dice, target()),
    () => load(dice, target()),
    () => move(dice, source(), target()),
    () => move(dice, source(), target()),
    () => stack(dice, source(), target()),
    () => oldNames(dice, kind, isTagged),
    () => oldNames(dice, kind, isTagged),
  ])();
}

function setField(dice: Dice, word: Word): string {
  const value = randomValue(dice, word);
  // The bit of the tag's presence belongs to the OpenFlow field.
  const whole = word.name === 'vlan_vid' ? value | 0x1000n : value;
  if (!word.isMaskable || dice.chance(0.6)) return `set_field:${valueText(whole, word.format)}->${word.name}`;
  const mask = randomMask(dice, word.bits);
  return `set_field:${valueText(value & mask, word.format)}/${valueText(mask, word.format)}->${word.name}`;
}

function load(dice: Dice, word: Word): string {
  const { low, count } = randomRange(dice, word, 64);
  const value = dice.chance(0.5) ? randomValue(dice, word) : randomBits(dice, count);
  return `load:0x${(value & ((1n << BigInt(count)) - 1n)).toString(16)}->${range(word, low, count)}`;
}

function move(dice: Dice, from: Word, to: Word): string {
  const { low, count } = randomRange(dice, to, from.bits);
  const start = dice.below(from.bits - count + 1);
  return `move:${range(from, start, count)}->${range(to, low, count)}`;
}

function stack(dice: Dice, from: Word, to: Word): string {
  const [first, second] = [randomRange(dice, from), randomRange(dice, to)];
  return `push:${range(from, first.low, first.count)},pop:${range(to, second.low, second.count)}`;
}

function oldNames(dice: Dice, kind: Kind, isTagged: boolean): string {
  const choices: (() => string)[] = [
    () => `mod_dl_src:${dice.pick(MACS.slice(0, 3))}`,
    () => `mod_dl_dst:${dice.pick(MACS)}`,
    () => `set_tunnel:0x${dice.pick([1, 5, 77]).toString(16)}`,
    () => `set_tunnel64:0x${dice.pick([1, 0x500000001n]).toString(16)}`,
    () => `mod_vlan_vid:${dice.pick(VIDS)}`,
    () => `mod_vlan_pcp:${dice.below(8)}`,
    () => 'note:01.02.03',
    () => `set_queue:${dice.below(3)}`,
    () => 'pop_queue',
    () => `push_vlan:${dice.pick(['0x8100', '0x88a8'])}`,
  ];
  if (isTagged)
    choices.push(
      () => 'strip_vlan',
      () => 'pop_vlan',
    );
  if (isIpv4(kind))
    choices.push(
      () => `mod_nw_src:${dice.pick(IPV4S)}`,
      () => `mod_nw_dst:${dice.pick(IPV4S)}`,
    );
  if (isIp(kind)) {
    choices.push(
      () => `mod_nw_tos:${dice.below(64) * 4}`,
      () => `mod_nw_ecn:${dice.below(4)}`,
      () => `mod_nw_ttl:${dice.pick([1, 64, 2])}`,
      () => 'dec_ttl',
      () => 'dec_ttl(1,2)',
    );
  }
  if (/^(tcp|udp|sctp)/.test(kind)) {
    choices.push(
      () => `mod_tp_src:${dice.pick(PORTS)}`,
      () => `mod_tp_dst:${dice.pick(PORTS)}`,
    );
  }
  if (isMpls(kind)) {
    choices.push(
      () => `set_mpls_label(${dice.pick([5, 77, 1048575])})`,
      () => `set_mpls_tc(${dice.below(8)})`,
      () => `set_mpls_ttl(${dice.pick([1, 64, 200])})`,
      () => 'dec_mpls_ttl',
    );
  }
  return dice.pick(choices)();
}
