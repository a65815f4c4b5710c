/** Random matches: every field, with masks of every shape. */
import type { Dice } from '../dice.js';
import { VIDS } from '../bridge/packet.js';
import { KIND_TERMS, isIp, isIpv4, type Kind, randomTerm, wordsOf } from './words.js';

export interface RandomMatch {
  readonly terms: readonly string[];
  /** Does the match say that there is a tag? */
  readonly isTagged: boolean;
}

const STATES = ['+trk', '-trk', '+new+trk', '+est+trk', '+trk-new', '-inv+trk', '+rel+trk', '+rpl+trk', '+snat+trk'];

export function randomMatch(
  dice: Dice,
  kind: Kind,
  inPorts: readonly (number | string)[],
  density = 0.12,
): RandomMatch {
  const terms: string[] = [...KIND_TERMS[kind]];
  if (dice.chance(0.25)) terms.push(`in_port=${dice.pick(inPorts)}`);
  let isTagged = false;
  if (dice.chance(0.2)) {
    const term = dice.pick([
      `dl_vlan=${dice.pick(VIDS)}`,
      `dl_vlan=${dice.pick(VIDS)},dl_vlan_pcp=${dice.below(8)}`,
      'vlan_tci=0x1000/0x1000',
      'vlan_tci=0x0000/0x1fff',
      'dl_vlan=0xffff',
      `vlan_tci=0x100a/0x100f`,
      `vlan_tci=0x${(0x1000 | dice.pick(VIDS)).toString(16)}/0x1fff`,
      `dl_vlan_pcp=${dice.below(8)}`,
      'vlan_vid=0x1000/0x1000',
    ]);
    terms.push(term);
    isTagged = !/0x0000|0xffff/.test(term);
  }
  const fields = wordsOf(kind).filter(({ isMatched, name }) => isMatched && name !== 'in_port' && name !== 'vlan_tci');
  const own = fields.filter(({ kinds }) => kinds !== null);
  const common = fields.filter(({ kinds }) => kinds === null);
  const chosen = new Set(own.filter(() => dice.chance(density * 1.8)));
  // Registers overlap, and the same bits twice are refused.
  if (dice.chance(density * 3)) chosen.add(dice.pick(common));
  if (dice.chance(density)) chosen.add(dice.pick(common.filter(({ name }) => name.startsWith('eth_'))));
  for (const field of chosen) terms.push(randomTerm(dice, field));
  if (isIp(kind)) {
    if (dice.chance(0.08)) {
      const frags = kind === 'ip' ? ['no', 'yes', 'first', 'later', 'not_later'] : ['no', 'yes', 'first', 'not_later'];
      terms.push(`nw_frag=${dice.pick(frags)}`);
    }
    if (dice.chance(0.12)) terms.push(`ct_state=${dice.pick(STATES)}`);
  }
  if (isIpv4(kind) && kind === 'ip' && dice.chance(0.05)) terms.push('ip_dscp=46');
  return { terms: [...new Set(terms)], isTagged };
}
