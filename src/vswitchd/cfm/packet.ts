/**
 * The Continuity Check Message (IEEE 802.1Q-2018 §21.6) as Open vSwitch sends it, behind the Ethernet header and a VLAN
 * tag where there is one:
 *
 *       0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   | level, version| opcode = 1    | RDI, interval | TLVs at 70    |
 *   +---------------+---------------+---------------+---------------+
 *   | sequence number                                               |
 *   +-------------------------------+-------------------------------+
 *   | MPID                          | MAID (48 bytes)               |
 *   +-------------------------------+-------------------------------+
 *   | extended: interval in ms      | MPID of 64 bits               |
 *   +-------------------------------+                               +
 *   |                               +---------------+---------------+
 *   |                               | down?         | 5 zeros, end  |
 *   +-------------------------------+---------------+---------------+
 *
 * The last three fields stand where ITU-T Y.1731 wants zeros. Mirrors struct ccm of lib/cfm.c.
 */
import { readU16, readU32, writeU16, writeU32 } from '#datapath/packet/byte-order.js';
import { ETH_HEADER_SIZE, ETH_TYPE_VLAN_8021AD, ETH_TYPE_VLAN_8021Q } from '#datapath/packet/ethernet.js';

export const ETH_TYPE_CFM = 0x8902;
const CCM_ADDRESS = Uint8Array.of(0x01, 0x80, 0xc2, 0x00, 0x00, 0x30);
/** Of the extended mode, which is not the standard's. */
const EXTENDED_CCM_ADDRESS = Uint8Array.of(0x01, 0x23, 0x20, 0x00, 0x00, 0x30);

export const ccmAddress = (isExtended: boolean): Uint8Array => (isExtended ? EXTENDED_CCM_ADDRESS : CCM_ADDRESS);

const CCM_SIZE = 75;
/** Old versions of OVS left the last byte out. */
const LEAST_CCM_SIZE = 74;
const OPCODE_CCM = 1;
const TLV_OFFSET = 70;
const FLAG_RDI = 0x80;
const INTERVAL_MASK = 0x07;

const OFF_OPCODE = 1;
const OFF_FLAGS = 2;
const OFF_TLV_OFFSET = 3;
const OFF_SEQUENCE = 4;
const OFF_MPID = 8;
const OFF_MAID = 10;
const OFF_INTERVAL_MS = 58;
const OFF_MPID64 = 60;
const OFF_DOWN = 68;

/** The name of the association: the domain "ovs" (a string of 3 bytes), and in it the association "ovs". */
export const OVS_MAID = new Uint8Array(48);
OVS_MAID.set([4, 3, 0x6f, 0x76, 0x73, 2, 3, 0x6f, 0x76, 0x73]);

export interface Ccm {
  readonly sequence: number;
  readonly mpid: number;
  readonly maid: Uint8Array;
  /** One of the standard's, by number; 0: it is in intervalMs. */
  readonly interval: number;
  readonly intervalMs: number;
  /** Remote defect indication: the sender hears nobody. */
  readonly rdi: boolean;
  readonly mpid64: bigint;
  readonly isDown: boolean;
}

export interface CcmHeaders {
  readonly source: Uint8Array;
  readonly isExtended: boolean;
  /** The VLAN and priority of its tag; 0: there is none. */
  readonly vlanTci: number;
}

export function composeCcmFrame({ source, isExtended, vlanTci }: CcmHeaders, ccm: Ccm): Uint8Array {
  const headerSize = ETH_HEADER_SIZE + (vlanTci === 0 ? 0 : 4);
  const frame = new Uint8Array(headerSize + CCM_SIZE);
  frame.set(ccmAddress(isExtended), 0);
  frame.set(source, 6);
  if (vlanTci !== 0) {
    writeU16(frame, 12, ETH_TYPE_VLAN_8021Q);
    writeU16(frame, 14, vlanTci);
  }
  writeU16(frame, headerSize - 2, ETH_TYPE_CFM);
  const pdu = frame.subarray(headerSize);
  pdu[OFF_OPCODE] = OPCODE_CCM;
  pdu[OFF_FLAGS] = ccm.interval | (ccm.rdi ? FLAG_RDI : 0);
  pdu[OFF_TLV_OFFSET] = TLV_OFFSET;
  writeU32(pdu, OFF_SEQUENCE, ccm.sequence);
  writeU16(pdu, OFF_MPID, ccm.mpid);
  pdu.set(ccm.maid, OFF_MAID);
  writeU16(pdu, OFF_INTERVAL_MS, ccm.intervalMs);
  new DataView(pdu.buffer, pdu.byteOffset).setBigUint64(OFF_MPID64, ccm.mpid64);
  pdu[OFF_DOWN] = ccm.isDown ? 1 : 0;
  return frame;
}

/** Reads any bytes; null: this is no CCM. */
export function parseCcmFrame(frame: Uint8Array): Ccm | null {
  let at = ETH_HEADER_SIZE - 2;
  const isTag = (type: number): boolean => type === ETH_TYPE_VLAN_8021Q || type === ETH_TYPE_VLAN_8021AD;
  while (at + 2 <= frame.length && isTag(readU16(frame, at))) at += 4;
  const pdu = frame.subarray(at + 2);
  if (pdu.length < LEAST_CCM_SIZE || readU16(frame, at) !== ETH_TYPE_CFM || pdu[OFF_OPCODE] !== OPCODE_CCM) return null;
  return {
    sequence: readU32(pdu, OFF_SEQUENCE),
    mpid: readU16(pdu, OFF_MPID),
    maid: pdu.slice(OFF_MAID, OFF_INTERVAL_MS),
    interval: pdu[OFF_FLAGS]! & INTERVAL_MASK,
    intervalMs: readU16(pdu, OFF_INTERVAL_MS),
    rdi: (pdu[OFF_FLAGS]! & FLAG_RDI) !== 0,
    mpid64: new DataView(pdu.buffer, pdu.byteOffset).getBigUint64(OFF_MPID64),
    isDown: pdu[OFF_DOWN] !== 0,
  };
}
