/**
 * The match of OpenFlow 1.0 (OpenFlow 1.0.0 §5.2.3), of packets with an Ethernet header:
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---------------------------------------------------------------+
 *     |                           wildcards                           |
 *     +-------------------------------+-------------------------------+
 *     |            in_port            |                               |
 *     +-------------------------------+            dl_src             |
 *     |                                                               |
 *     +---------------------------------------------------------------+
 *     |                            dl_dst                             |
 *     |                               +-------------------------------+
 *     |                               |            dl_vlan            |
 *     +---------------+---------------+-------------------------------+
 *     |  dl_vlan_pcp  |      pad      |            dl_type            |
 *     +---------------+---------------+-------------------------------+
 *     |    nw_tos     |   nw_proto    |              pad              |
 *     +---------------+---------------+-------------------------------+
 *     |                            nw_src                             |
 *     +---------------------------------------------------------------+
 *     |                            nw_dst                             |
 *     +-------------------------------+-------------------------------+
 *     |            tp_src             |            tp_dst             |
 *     +-------------------------------+-------------------------------+
 *
 * Mirrors ofputil_match_to_ofp10_match() and ofputil_match_from_ofp10_match() of lib/ofp-match.c: what stands in fields
 * that are wildcarded is of no account, and any 40 bytes are a match.
 */
import {
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN_TCI,
  VLAN_CFI,
  VLAN_PCP_SHIFT,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { requireEthernet } from '../../field-value.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';

export const OFP10_MATCH_SIZE = 40;

/** Bits of the wildcards: set, the field is of no account. */
const WILD_IN_PORT = 1 << 0;
const WILD_DL_VLAN = 1 << 1;
const WILD_DL_SRC = 1 << 2;
const WILD_DL_DST = 1 << 3;
const WILD_DL_TYPE = 1 << 4;
const WILD_NW_PROTO = 1 << 5;
const WILD_TP_SRC = 1 << 6;
const WILD_TP_DST = 1 << 7;
const WILD_DL_VLAN_PCP = 1 << 20;
const WILD_NW_TOS = 1 << 21;
/** How many low bits of an address are of no account, in six bits; 32 and more: all. */
const NW_SRC_SHIFT = 8;
const NW_DST_SHIFT = 14;
const NW_BITS_MASK = 0x3f;

const VLAN_NONE = 0xffff;
const VLAN_PCP_MASK = 0xe000;
const DSCP_MASK = 0xfc;
const MAC_SIZE = 6;

/** Fields that each have one bit of the wildcards. */
interface Flagged {
  readonly flag: number;
  readonly offset: number;
  readonly size: number;
  /** Of each byte. */
  readonly mask: number;
}

const flagged = (flag: number, offset: number, size: number, mask = 0xff): Flagged => ({ flag, offset, size, mask });

const FLAGGED: readonly Flagged[] = [
  flagged(WILD_IN_PORT, OFF_IN_PORT + 2, 2),
  flagged(WILD_DL_SRC, OFF_ETH_SRC, MAC_SIZE),
  flagged(WILD_DL_DST, OFF_ETH_DST, MAC_SIZE),
  flagged(WILD_DL_TYPE, OFF_ETH_TYPE, 2),
  flagged(WILD_NW_TOS, OFF_NW_TOS, 1, DSCP_MASK),
  flagged(WILD_NW_PROTO, OFF_NW_PROTO, 1),
  flagged(WILD_TP_SRC, OFF_TP_SRC, 2),
  flagged(WILD_TP_DST, OFF_TP_DST, 2),
];

/** How many low bits a netmask leaves out. */
const wildBits = (netmask: number): number => (netmask === 0 ? 32 : 31 - Math.clz32(netmask & -netmask));
const netmaskOf = (bits: number): number => (bits < 32 ? (0xffffffff << bits) >>> 0 : 0);

/** A tag's VLAN and priority as they are written, and whether they count. */
export interface VlanNumbers {
  readonly vid: number;
  readonly pcp: number;
  readonly hasVid: boolean;
  readonly hasPcp: boolean;
}

/** What 1.0 says of a match's tag. */
export function ofp10Vlan({ key, mask }: Match): VlanNumbers {
  const tci = key.u16(OFF_VLAN_TCI);
  const tciMask = mask.u16(OFF_VLAN_TCI);
  if ((tciMask & VLAN_CFI) !== 0 && (tci & VLAN_CFI) === 0) {
    return { vid: VLAN_NONE, pcp: 0, hasVid: true, hasPcp: true };
  }
  const hasVid = (tciMask & VLAN_VID_MASK) !== 0;
  const hasPcp = (tciMask & VLAN_PCP_MASK) !== 0;
  return {
    vid: hasVid ? tci & VLAN_VID_MASK : 0,
    pcp: hasPcp ? tci >> VLAN_PCP_SHIFT : 0,
    hasVid,
    hasPcp,
  };
}

export function encodeOfp10Match(match: Match, writer: ByteWriter): void {
  const { key, mask } = match;
  const vlan = ofp10Vlan(match);
  let wildcards = (vlan.hasVid ? 0 : WILD_DL_VLAN) | (vlan.hasPcp ? 0 : WILD_DL_VLAN_PCP);
  for (const { flag, offset, size, mask: bits } of FLAGGED) {
    if (!mask.bytes.subarray(offset, offset + size).some((byte) => (byte & bits) !== 0)) wildcards |= flag;
  }
  wildcards |= wildBits(mask.u32(OFF_NW_SRC)) << NW_SRC_SHIFT;
  wildcards |= wildBits(mask.u32(OFF_NW_DST)) << NW_DST_SHIFT;
  writer.u32(wildcards);
  writer.u16(key.u32(OFF_IN_PORT));
  writer.put(key.bytes.subarray(OFF_ETH_SRC, OFF_ETH_SRC + MAC_SIZE));
  writer.put(key.bytes.subarray(OFF_ETH_DST, OFF_ETH_DST + MAC_SIZE));
  writer.u16(vlan.vid);
  writer.u8(vlan.pcp);
  writer.zeros(1);
  writer.u16(key.u16(OFF_ETH_TYPE));
  writer.u8(key.u8(OFF_NW_TOS) & DSCP_MASK);
  writer.u8(key.u8(OFF_NW_PROTO));
  writer.zeros(2);
  writer.u32(key.u32(OFF_NW_SRC));
  writer.u32(key.u32(OFF_NW_DST));
  writer.u16(key.u16(OFF_TP_SRC));
  writer.u16(key.u16(OFF_TP_DST));
}

function setVlan({ key, mask }: Match, wildcards: number, vid: number, pcp: number): void {
  const hasVid = (wildcards & WILD_DL_VLAN) === 0;
  const hasPcp = (wildcards & WILD_DL_VLAN_PCP) === 0;
  if (hasVid && vid === VLAN_NONE) {
    // No tag, whatever the priority: a contradiction that OVS has always taken so.
    key.setU16(OFF_VLAN_TCI, 0);
    mask.setU16(OFF_VLAN_TCI, 0xffff);
    return;
  }
  mask.setU16(OFF_VLAN_TCI, (hasVid ? VLAN_VID_MASK | VLAN_CFI : 0) | (hasPcp ? VLAN_PCP_MASK | VLAN_CFI : 0));
  key.setU16(OFF_VLAN_TCI, (vid & VLAN_VID_MASK) | ((pcp << VLAN_PCP_SHIFT) & VLAN_PCP_MASK) | VLAN_CFI);
}

export function decodeOfp10Match(reader: ByteReader): Match {
  if (reader.remaining < OFP10_MATCH_SIZE) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const match = new Match();
  const { key, mask } = match;
  const wildcards = reader.u32();
  key.setU32(OFF_IN_PORT, reader.u16());
  key.bytes.set(reader.view(MAC_SIZE), OFF_ETH_SRC);
  key.bytes.set(reader.view(MAC_SIZE), OFF_ETH_DST);
  const vid = reader.u16();
  const pcp = reader.u8();
  reader.skip(1);
  key.setU16(OFF_ETH_TYPE, reader.u16());
  key.setU8(OFF_NW_TOS, reader.u8());
  key.setU8(OFF_NW_PROTO, reader.u8());
  reader.skip(2);
  key.setU32(OFF_NW_SRC, reader.u32());
  key.setU32(OFF_NW_DST, reader.u32());
  key.setU16(OFF_TP_SRC, reader.u16());
  key.setU16(OFF_TP_DST, reader.u16());

  for (const { flag, offset, size, mask: bits } of FLAGGED) {
    if ((wildcards & flag) === 0) mask.bytes.fill(bits, offset, offset + size);
  }
  mask.setU32(OFF_NW_SRC, netmaskOf((wildcards >> NW_SRC_SHIFT) & NW_BITS_MASK));
  mask.setU32(OFF_NW_DST, netmaskOf((wildcards >> NW_DST_SHIFT) & NW_BITS_MASK));
  setVlan(match, wildcards, vid, pcp);
  match.normalize();
  const isOfPacket = FLAGGED.some(({ flag }) => flag !== WILD_IN_PORT && (wildcards & flag) === 0);
  if (isOfPacket || mask.u16(OFF_VLAN_TCI) !== 0 || mask.u32(OFF_NW_SRC) !== 0 || mask.u32(OFF_NW_DST) !== 0) {
    requireEthernet(match);
  }
  return match;
}
