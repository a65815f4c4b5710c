/**
 * The match of OpenFlow 1.1 (OpenFlow 1.1.0 §A.2.3), OFPMT_STANDARD: 88 bytes.
 *
 *     type, length (2+2)     in_port (4)          wildcards (4)
 *     dl_src, mask (6+6)     dl_dst, mask (6+6)   dl_vlan (2)  dl_vlan_pcp (1)  pad (1)
 *     dl_type (2)            nw_tos (1)           nw_proto (1)
 *     nw_src, mask (4+4)     nw_dst, mask (4+4)   tp_src (2)   tp_dst (2)
 *     mpls_label (4)         mpls_tc (1)          pad (3)
 *     metadata, mask (8+8)
 *
 * In its masks a bit that is set is of no account. Mirrors ofputil_match_to_ofp11_match() and
 * ofputil_match_from_ofp11_match() of lib/ofp-match.c: fields that packets of the match do not have are not looked at.
 */
import { fieldNamed, readField, writeField } from '#flowtable/fields.js';
import {
  type FlowKey,
  OFF_ETH_DST,
  OFF_ETH_SRC,
  OFF_ETH_TYPE,
  OFF_IN_PORT,
  OFF_METADATA,
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
import { isMplsType } from '../../packet-type.js';
import { portFromOpenFlow11, portToOpenFlow11 } from '../../port-text.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { badPort } from './logged-error.js';
import type { VlanNumbers } from './ofp10-match.js';

export const OFP11_MATCH_SIZE = 88;
export const OFPMT_STANDARD = 0;

/** Bits of the wildcards: set, the field is of no account. */
const WILD_IN_PORT = 1 << 0;
const WILD_DL_VLAN = 1 << 1;
const WILD_DL_VLAN_PCP = 1 << 2;
const WILD_DL_TYPE = 1 << 3;
const WILD_NW_TOS = 1 << 4;
const WILD_NW_PROTO = 1 << 5;
const WILD_TP_SRC = 1 << 6;
const WILD_TP_DST = 1 << 7;
const WILD_MPLS_LABEL = 1 << 8;
const WILD_MPLS_TC = 1 << 9;

/** A tag, whatever VLAN it names; and no tag. */
const VLAN_ANY = 0xfffe;
const VLAN_NONE = 0xffff;
const VLAN_COUNT = 4096;
const VLAN_PCP_MAX = 7;
const VLAN_PCP_MASK = 0xe000;
const DSCP_MASK = 0xfc;
const MAC_SIZE = 6;
const METADATA_SIZE = 8;
const ETH_P_IP = 0x0800;
const ETH_P_ARP = 0x0806;
const ETH_P_RARP = 0x8035;
const ICMP = 1;
/** TCP, UDP, SCTP: for others OpenFlow 1.1 ignores ports. */
const PORT_PROTOCOLS: readonly number[] = [6, 17, 132];

const MPLS_LABEL = fieldNamed('mpls_label');
const MPLS_TC = fieldNamed('mpls_tc');

const inverted = (bytes: Uint8Array): Uint8Array => bytes.map((byte) => ~byte);

/** Bytes of a key or mask. */
const bytesAt = (key: FlowKey, offset: number, size: number): Uint8Array => key.bytes.subarray(offset, offset + size);

export function encodeOfp11Match(match: Match, writer: ByteWriter): void {
  const { key, mask } = match;
  let wildcards = 0;
  /** A number that is written only where it counts. */
  const known = (matched: number, flag: number, value: number): number => {
    if (matched === 0) wildcards |= flag;
    return matched === 0 ? 0 : value;
  };
  const putMasked = (offset: number, size: number): void => {
    writer.put(bytesAt(key, offset, size));
    writer.put(inverted(bytesAt(mask, offset, size)));
  };
  writer.u16(OFPMT_STANDARD);
  writer.u16(OFP11_MATCH_SIZE);
  writer.u32(known(mask.u32(OFF_IN_PORT), WILD_IN_PORT, portToOpenFlow11(key.u32(OFF_IN_PORT))));
  const wildcardsAt = writer.size;
  writer.u32(0);
  putMasked(OFF_ETH_SRC, MAC_SIZE);
  putMasked(OFF_ETH_DST, MAC_SIZE);
  const vlan = ofp11Vlan(match);
  wildcards |= (vlan.hasVid ? 0 : WILD_DL_VLAN) | (vlan.hasPcp ? 0 : WILD_DL_VLAN_PCP);
  writer.u16(vlan.vid);
  writer.u8(vlan.pcp);
  writer.zeros(1);
  writer.u16(known(mask.u16(OFF_ETH_TYPE), WILD_DL_TYPE, key.u16(OFF_ETH_TYPE)));
  writer.u8(known(mask.u8(OFF_NW_TOS) & DSCP_MASK, WILD_NW_TOS, key.u8(OFF_NW_TOS) & DSCP_MASK));
  writer.u8(known(mask.u8(OFF_NW_PROTO), WILD_NW_PROTO, key.u8(OFF_NW_PROTO)));
  putMasked(OFF_NW_SRC, 4);
  putMasked(OFF_NW_DST, 4);
  writer.u16(known(mask.u16(OFF_TP_SRC), WILD_TP_SRC, key.u16(OFF_TP_SRC)));
  writer.u16(known(mask.u16(OFF_TP_DST), WILD_TP_DST, key.u16(OFF_TP_DST)));
  writer.u32(known(Number(readField(mask, MPLS_LABEL)), WILD_MPLS_LABEL, Number(readField(key, MPLS_LABEL))));
  writer.u8(known(Number(readField(mask, MPLS_TC)), WILD_MPLS_TC, Number(readField(key, MPLS_TC))));
  writer.zeros(3);
  putMasked(OFF_METADATA, METADATA_SIZE);
  writer.patchU32(wildcardsAt, wildcards);
}

/** What 1.1 says of a match's tag. */
export function ofp11Vlan({ key, mask }: Match): VlanNumbers {
  const tci = key.u16(OFF_VLAN_TCI);
  const tciMask = mask.u16(OFF_VLAN_TCI);
  if (tciMask === 0) return { vid: 0, pcp: 0, hasVid: false, hasPcp: false };
  if ((tciMask & VLAN_CFI) !== 0 && (tci & VLAN_CFI) === 0) {
    return { vid: VLAN_NONE, pcp: 0, hasVid: true, hasPcp: false };
  }
  const hasPcp = (tciMask & VLAN_PCP_MASK) !== 0;
  return {
    vid: (tciMask & VLAN_VID_MASK) !== 0 ? tci & VLAN_VID_MASK : VLAN_ANY,
    pcp: hasPcp ? tci >> VLAN_PCP_SHIFT : 0,
    hasVid: true,
    hasPcp,
  };
}

/** The structure as it stands there. */
interface Ofp11Match {
  readonly inPort: number;
  readonly wildcards: number;
  readonly dlSrc: Uint8Array;
  readonly dlSrcMask: Uint8Array;
  readonly dlDst: Uint8Array;
  readonly dlDstMask: Uint8Array;
  readonly dlVlan: number;
  readonly dlVlanPcp: number;
  readonly dlType: number;
  readonly nwTos: number;
  readonly nwProto: number;
  readonly nwSrc: Uint8Array;
  readonly nwSrcMask: Uint8Array;
  readonly nwDst: Uint8Array;
  readonly nwDstMask: Uint8Array;
  readonly tpSrc: number;
  readonly tpDst: number;
  readonly mplsLabel: number;
  readonly mplsTc: number;
  readonly metadata: Uint8Array;
  readonly metadataMask: Uint8Array;
}

/** Reads what stands behind type and length. */
function readStructure(reader: ByteReader): Ofp11Match {
  const skipped = <T>(value: T, count: number): T => {
    reader.skip(count);
    return value;
  };
  return {
    inPort: reader.u32(),
    wildcards: reader.u32() & 0xffff,
    dlSrc: reader.view(MAC_SIZE),
    dlSrcMask: inverted(reader.view(MAC_SIZE)),
    dlDst: reader.view(MAC_SIZE),
    dlDstMask: inverted(reader.view(MAC_SIZE)),
    dlVlan: reader.u16(),
    dlVlanPcp: skipped(reader.u8(), 1),
    dlType: reader.u16(),
    nwTos: reader.u8(),
    nwProto: reader.u8(),
    nwSrc: reader.view(4),
    nwSrcMask: inverted(reader.view(4)),
    nwDst: reader.view(4),
    nwDstMask: inverted(reader.view(4)),
    tpSrc: reader.u16(),
    tpDst: reader.u16(),
    mplsLabel: reader.u32(),
    mplsTc: skipped(reader.u8(), 3),
    metadata: reader.view(METADATA_SIZE),
    metadataMask: inverted(reader.view(METADATA_SIZE)),
  };
}

/** Reads a match with its type and length, which the caller has looked at. */
export function decodeOfp11Match(reader: ByteReader): Match {
  if (reader.remaining < OFP11_MATCH_SIZE) throw new OpenFlowError('OFPBMC_BAD_LEN');
  reader.skip(4);
  const wire = readStructure(reader);
  const match = new Match();
  const { key, mask } = match;
  const { wildcards } = wire;
  const setMasked = (offset: number, value: Uint8Array, bits: Uint8Array): void => {
    key.bytes.set(value, offset);
    mask.bytes.set(bits, offset);
  };
  if ((wildcards & WILD_IN_PORT) === 0) {
    const port = portFromOpenFlow11(wire.inPort);
    if (port === null) throw badPort(wire.inPort);
    key.setU32(OFF_IN_PORT, port);
    mask.setU32(OFF_IN_PORT, 0xffff);
  }
  setMasked(OFF_ETH_SRC, wire.dlSrc, wire.dlSrcMask);
  setMasked(OFF_ETH_DST, wire.dlDst, wire.dlDstMask);
  if (!mask.isZero(OFF_ETH_SRC, MAC_SIZE) || !mask.isZero(OFF_ETH_DST, MAC_SIZE)) requireEthernet(match);
  if ((wildcards & WILD_DL_VLAN) === 0) setVlan(match, wire);
  if ((wildcards & WILD_DL_TYPE) === 0) {
    key.setU16(OFF_ETH_TYPE, wire.dlType);
    mask.setU16(OFF_ETH_TYPE, 0xffff);
    requireEthernet(match);
  }
  setNetwork(match, wire);
  if (isMplsType(key.u16(OFF_ETH_TYPE))) {
    if ((wildcards & WILD_MPLS_LABEL) === 0) {
      writeField(key, MPLS_LABEL, BigInt(wire.mplsLabel));
      writeField(mask, MPLS_LABEL, -1n);
    }
    if ((wildcards & WILD_MPLS_TC) === 0) {
      writeField(key, MPLS_TC, BigInt(wire.mplsTc));
      writeField(mask, MPLS_TC, -1n);
    }
  }
  setMasked(OFF_METADATA, wire.metadata, wire.metadataMask);
  match.normalize();
  return match;
}

function setVlan(match: Match, { wildcards, dlVlan, dlVlanPcp }: Ofp11Match): void {
  const { key, mask } = match;
  requireEthernet(match);
  if (dlVlan === VLAN_NONE) {
    mask.setU16(OFF_VLAN_TCI, 0xffff);
    return;
  }
  if (dlVlan !== VLAN_ANY && dlVlan >= VLAN_COUNT) throw new OpenFlowError('OFPBMC_BAD_VALUE');
  let tci = VLAN_CFI;
  let tciMask = VLAN_CFI;
  if (dlVlan !== VLAN_ANY) {
    tci |= dlVlan;
    tciMask |= VLAN_VID_MASK;
  }
  if ((wildcards & WILD_DL_VLAN_PCP) === 0) {
    if (dlVlanPcp > VLAN_PCP_MAX) throw new OpenFlowError('OFPBMC_BAD_VALUE');
    tci |= dlVlanPcp << VLAN_PCP_SHIFT;
    tciMask |= VLAN_PCP_MASK;
  }
  key.setU16(OFF_VLAN_TCI, tci);
  mask.setU16(OFF_VLAN_TCI, tciMask);
}

function setNetwork(match: Match, wire: Ofp11Match): void {
  const { key, mask } = match;
  const { wildcards } = wire;
  const ethType = key.u16(OFF_ETH_TYPE);
  const isIpv4 = ethType === ETH_P_IP;
  if (isIpv4 && (wildcards & WILD_NW_TOS) === 0) {
    if ((wire.nwTos & ~DSCP_MASK) !== 0) throw new OpenFlowError('OFPBMC_BAD_VALUE');
    key.setU8(OFF_NW_TOS, wire.nwTos);
    mask.setU8(OFF_NW_TOS, DSCP_MASK);
  }
  if (!isIpv4 && ethType !== ETH_P_ARP && ethType !== ETH_P_RARP) return;
  if ((wildcards & WILD_NW_PROTO) === 0) {
    key.setU8(OFF_NW_PROTO, wire.nwProto);
    mask.setU8(OFF_NW_PROTO, 0xff);
  }
  key.bytes.set(wire.nwSrc, OFF_NW_SRC);
  mask.bytes.set(wire.nwSrcMask, OFF_NW_SRC);
  key.bytes.set(wire.nwDst, OFF_NW_DST);
  mask.bytes.set(wire.nwDstMask, OFF_NW_DST);
  if (!isIpv4) return;
  const proto = key.u8(OFF_NW_PROTO);
  if (proto !== ICMP && !PORT_PROTOCOLS.includes(proto)) return;
  for (const [flag, offset, value] of [
    [WILD_TP_SRC, OFF_TP_SRC, wire.tpSrc],
    [WILD_TP_DST, OFF_TP_DST, wire.tpDst],
  ] as const) {
    if ((wildcards & flag) !== 0) continue;
    if (proto === ICMP && value > 0xff) throw new OpenFlowError('OFPBMC_BAD_FIELD');
    key.setU16(offset, value);
    mask.setU16(offset, 0xffff);
  }
}
