/**
 * The LACPDU (IEEE 802.1AX-2020 §6.4.2.3), as it stands behind the Ethernet header of a slow protocols frame:
 *
 *       0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   | subtype = 1   | version = 1   | TLV 1 (actor) | length = 20   |
 *   +---------------+---------------+---------------+---------------+
 *   | system priority               | system (6 bytes)              |
 *   +-------------------------------+                               +
 *   |                                                               |
 *   +-------------------------------+-------------------------------+
 *   | key                           | port priority                 |
 *   +-------------------------------+---------------+---------------+
 *   | port                          | state         | reserved (3)  |
 *   +-------------------------------+---------------+---------------+
 *   | TLV 2 (partner), length = 20, the same fields, reserved (3)   |
 *   +---------------------------------------------------------------+
 *   | TLV 3 (collector), length = 16, maximum delay, reserved (12)  |
 *   +---------------------------------------------------------------+
 *   | terminator and padding: 52 bytes of zero                      |
 *   +---------------------------------------------------------------+
 *
 * Mirrors struct lacp_pdu of lib/lacp.c: what OVS does not look at (version, collector) is not looked at here either.
 */

export const ETH_TYPE_LACP = 0x8809;
/** The Slow_Protocols_Multicast address. */
const SLOW_PROTOCOLS_ADDRESS = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x02];

export const STATE_ACTIVITY = 0x01;
/** Short time-outs. */
export const STATE_TIMEOUT = 0x02;
export const STATE_AGGREGATION = 0x04;
export const STATE_SYNCHRONIZED = 0x08;
export const STATE_COLLECTING = 0x10;
export const STATE_DISTRIBUTING = 0x20;
export const STATE_DEFAULTED = 0x40;
export const STATE_EXPIRED = 0x80;

/** One side of a link, as it tells of itself. */
export interface LacpInfo {
  readonly systemPriority: number;
  /** 12 hexadecimal digits. */
  readonly systemId: string;
  readonly key: number;
  readonly portPriority: number;
  readonly portId: number;
  /** STATE_* bits. */
  readonly state: number;
}

export const NO_INFO: LacpInfo = {
  systemPriority: 0,
  systemId: '000000000000',
  key: 0,
  portPriority: 0,
  portId: 0,
  state: 0,
};

export const sameInfo = (a: LacpInfo, b: LacpInfo): boolean =>
  a.systemPriority === b.systemPriority &&
  a.systemId === b.systemId &&
  a.key === b.key &&
  a.portPriority === b.portPriority &&
  a.portId === b.portId &&
  a.state === b.state;

const PDU_SIZE = 110;
const ACTOR = 2;
const PARTNER = 22;
const COLLECTOR = 42;
const SUBTYPE_LACP = 1;
const SUBTYPE_MARKER = 2;
const ETH_HEADER_SIZE = 14;

/** Offsets within an actor's or partner's TLV. */
const SYSTEM_PRIORITY = 2;
const SYSTEM_ID = 4;
const KEY = 10;
const PORT_PRIORITY = 12;
const PORT_ID = 14;
const STATE = 16;

function writeInfo(view: DataView, at: number, type: number, info: LacpInfo): void {
  view.setUint8(at, type);
  view.setUint8(at + 1, 20);
  view.setUint16(at + SYSTEM_PRIORITY, info.systemPriority);
  Buffer.from(info.systemId, 'hex').forEach((byte, i) => {
    view.setUint8(at + SYSTEM_ID + i, byte);
  });
  view.setUint16(at + KEY, info.key);
  view.setUint16(at + PORT_PRIORITY, info.portPriority);
  view.setUint16(at + PORT_ID, info.portId);
  view.setUint8(at + STATE, info.state);
}

function readInfo(view: DataView, at: number): LacpInfo {
  return {
    systemPriority: view.getUint16(at + SYSTEM_PRIORITY),
    systemId: Buffer.from(view.buffer, view.byteOffset + at + SYSTEM_ID, 6).toString('hex'),
    key: view.getUint16(at + KEY),
    portPriority: view.getUint16(at + PORT_PRIORITY),
    portId: view.getUint16(at + PORT_ID),
    state: view.getUint8(at + STATE),
  };
}

/** The frame that a port with this address sends. */
export function composeLacpFrame(source: Uint8Array, actor: LacpInfo, partner: LacpInfo): Uint8Array {
  const frame = new Uint8Array(ETH_HEADER_SIZE + PDU_SIZE);
  frame.set(SLOW_PROTOCOLS_ADDRESS, 0);
  frame.set(source, 6);
  const view = new DataView(frame.buffer, ETH_HEADER_SIZE);
  frame[12] = ETH_TYPE_LACP >> 8;
  frame[13] = ETH_TYPE_LACP & 0xff;
  view.setUint8(0, SUBTYPE_LACP);
  view.setUint8(1, 1);
  writeInfo(view, ACTOR, 1, actor);
  writeInfo(view, PARTNER, 2, partner);
  view.setUint8(COLLECTOR, 3);
  view.setUint8(COLLECTOR + 1, 16);
  return frame;
}

export type LacpPdu =
  | { readonly kind: 'lacp'; readonly actor: LacpInfo; readonly partner: LacpInfo }
  | { readonly kind: 'marker' }
  | { readonly kind: 'malformed' };

/** Reads any bytes. */
export function parseLacpFrame(frame: Uint8Array): LacpPdu {
  const whole = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  let at = 12;
  while (at + 2 <= frame.length && (whole.getUint16(at) === 0x8100 || whole.getUint16(at) === 0x88a8)) at += 4;
  at += 2;
  if (frame.length < at + PDU_SIZE) return { kind: 'malformed' };
  const view = new DataView(frame.buffer, frame.byteOffset + at, PDU_SIZE);
  const isTlv = (offset: number, type: number): boolean =>
    view.getUint8(offset) === type && view.getUint8(offset + 1) === 20;
  const subtype = view.getUint8(0);
  if (subtype === SUBTYPE_LACP && isTlv(ACTOR, 1) && isTlv(PARTNER, 2)) {
    return { kind: 'lacp', actor: readInfo(view, ACTOR), partner: readInfo(view, PARTNER) };
  }
  return { kind: subtype === SUBTYPE_MARKER ? 'marker' : 'malformed' };
}
