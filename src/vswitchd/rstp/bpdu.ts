/**
 * The BPDUs of RSTP (IEEE 802.1D-2004 §9.3): those of STP (see ../stp/bpdu.ts), and one more of type 2, version 2, with
 * more flags and one more byte at the end, the length of what follows: 0. Times are whole seconds, times 256. As OVS does,
 * all are sent with 36 bytes. Mirrors struct rstp_bpdu.
 */
import type { PriorityVector, RstpTimes } from './priority-vector.js';

const SIZE = 36;
const CONFIG_SIZE = 35;
const TCN_SIZE = 4;
const TYPES = { config: 0x00, rstp: 0x02, tcn: 0x80 } as const;

export type BpduType = keyof typeof TYPES;

export const FLAG_TOPOLOGY_CHANGE = 0x01;
export const FLAG_PROPOSAL = 0x02;
export const FLAG_LEARNING = 0x10;
export const FLAG_FORWARDING = 0x20;
export const FLAG_AGREEMENT = 0x40;
export const FLAG_TOPOLOGY_CHANGE_ACK = 0x80;
const ROLE_MASK = 0x0c;
const ROLE_SHIFT = 2;

/** By their number in flags. */
const ROLES = ['unknown', 'alternate', 'root', 'designated'] as const;
export type BpduRole = (typeof ROLES)[number];

export interface RstpBpdu {
  readonly type: BpduType;
  readonly flags: number;
  readonly vector: PriorityVector;
  readonly times: RstpTimes;
}

export const roleFlags = (role: BpduRole): number => ROLES.indexOf(role) << ROLE_SHIFT;
export const roleOfFlags = (flags: number): BpduRole => ROLES[(flags & ROLE_MASK) >> ROLE_SHIFT]!;

export function composeRstpBpdu({ type, flags, vector, times }: RstpBpdu): Uint8Array {
  const bytes = new Uint8Array(SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint8(2, type === 'rstp' ? 2 : 0);
  view.setUint8(3, TYPES[type]);
  if (type === 'tcn') return bytes;
  view.setUint8(4, flags);
  view.setBigUint64(5, vector.rootId);
  view.setUint32(13, vector.rootPathCost);
  view.setBigUint64(17, vector.designatedBridge);
  view.setUint16(25, vector.designatedPort);
  view.setUint16(27, times.messageAge << 8);
  view.setUint16(29, times.maxAge << 8);
  view.setUint16(31, times.helloTime << 8);
  view.setUint16(33, times.forwardDelay << 8);
  return bytes;
}

/** Reads any bytes; null where they are no BPDU (§9.3.4). A role that nobody knows makes it one of STP's (§9.2.9). */
export function parseRstpBpdu(bytes: Uint8Array): RstpBpdu | null {
  const whole = new Uint8Array(SIZE);
  whole.set(bytes.subarray(0, SIZE));
  const view = new DataView(whole.buffer);
  if (bytes.length < TCN_SIZE || view.getUint16(0) !== 0) return null;
  const flags = view.getUint8(4);
  const code = view.getUint8(3);
  let type: BpduType;
  if (code === TYPES.tcn) type = 'tcn';
  else if (code === TYPES.config || (code === TYPES.rstp && roleOfFlags(flags) === 'unknown')) type = 'config';
  else if (code === TYPES.rstp) type = 'rstp';
  else return null;
  if ((type === 'rstp' && bytes.length < SIZE) || (type === 'config' && bytes.length < CONFIG_SIZE)) return null;
  const times: RstpTimes = {
    messageAge: view.getUint8(27),
    maxAge: view.getUint8(29),
    helloTime: view.getUint8(31),
    forwardDelay: view.getUint8(33),
  };
  if (type === 'config' && times.messageAge >= times.maxAge) return null;
  return {
    type,
    flags,
    times,
    vector: {
      rootId: view.getBigUint64(5),
      rootPathCost: view.getUint32(13),
      designatedBridge: view.getBigUint64(17),
      designatedPort: view.getUint16(25),
      bridgePort: 0,
    },
  };
}
