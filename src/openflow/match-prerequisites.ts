/**
 * What a switch refuses in a match: fields that the rest of the match rules out. Mirrors the prerequisite checks of
 * nx_pull_match() (lib/nx-match.c) and ofputil_decode_flow_mod(); OpenFlow 1.5.1 §7.2.3.6. Fields that packets of the
 * match merely need not have are gone before, by normalizeMatch().
 */
import { type Field, fieldNamed, readField } from '#flowtable/fields.js';
import {
  FRAG_LATER,
  OFF_CT_IPV6_DST,
  OFF_CT_IPV6_SRC,
  OFF_CT_NW_DST,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_ETH_TYPE,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_TCP_FLAGS,
  OFF_TP_SRC,
} from '#flowtable/flow-key.js';
import type { Match } from '#flowtable/match.js';
import { isValueValid, matchHasCtTuple, matchHasField } from './field-value.js';

const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const ICMP = 1;
const ICMPV6 = 58;

const fields = (names: string): readonly Field[] => names.split(' ').map(fieldNamed);

/** Fields that stay in a match whether or not its packets have them. */
const ALWAYS_SENT = fields(
  'eth_src eth_dst eth_type vlan_tci ipv6_label nsh_flags nsh_ttl nsh_mdtype nsh_np nsh_spi nsh_si nsh_c1 nsh_c2 nsh_c3 nsh_c4',
);
/** Fields that have values that no packet has. */
const CHECKED_VALUES = fields('nsh_ttl nsh_mdtype');

/** OpenFlow's error code, or null. */
export function checkMatchPrerequisites(match: Match): string | null {
  const { key, mask } = match;
  const isMatched = (field: Field): boolean => readField(mask, field) !== 0n;
  const matched = ALWAYS_SENT.filter(isMatched);
  if (matched.some((field) => !matchHasField(field, match))) return 'OFPBMC_BAD_PREREQ';
  if (CHECKED_VALUES.some((field) => isMatched(field) && !isValueValid(field, readField(key, field)))) {
    return 'OFPBMC_BAD_VALUE';
  }
  const proto = key.u8(OFF_NW_PROTO);
  // A later fragment has no transport header.
  if ((key.u8(OFF_NW_FRAG) & FRAG_LATER) !== 0 && proto !== ICMP && proto !== ICMPV6) {
    if (mask.u32(OFF_TP_SRC) !== 0 || mask.u16(OFF_TCP_FLAGS) !== 0) return 'OFPBMC_BAD_PREREQ';
  }
  const matchesCt4 = !mask.isZero(OFF_CT_NW_SRC, 4) || !mask.isZero(OFF_CT_NW_DST, 4);
  const matchesCt6 = !mask.isZero(OFF_CT_IPV6_SRC, 16) || !mask.isZero(OFF_CT_IPV6_DST, 16);
  const matchesCt = matchesCt4 || matchesCt6 || mask.u8(OFF_CT_NW_PROTO) !== 0;
  if (matchesCt && !matchHasCtTuple(match)) return 'OFPBMC_BAD_PREREQ';
  const ethType = key.u16(OFF_ETH_TYPE);
  if ((matchesCt4 && ethType !== ETH_P_IP) || (matchesCt6 && ethType !== ETH_P_IPV6)) {
    return 'OFPBAC_MATCH_INCONSISTENT';
  }
  return null;
}
