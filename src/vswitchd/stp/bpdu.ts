/**
 * The BPDUs of STP (IEEE 802.1D-1998 §9.3), all numbers big-endian, times in 1/256 s:
 *
 *    0  protocol (2) = 0 | version (1) = 0 | type (1): 0x00 configuration, 0x80 topology change notification
 *    4  flags (1)        | root (8)        | root path cost (4)            | bridge (8)
 *   25  port (2)         | message age (2) | max age (2)  | hello time (2) | forward delay (2)
 *
 * A notification ends after its type. Mirrors stp_received_bpdu() of lib/stp.c.
 */

export const TOPOLOGY_CHANGE_ACK = 0x80;
export const TOPOLOGY_CHANGE = 0x01;

const CONFIG_SIZE = 35;
const TCN_SIZE = 4;
const TYPE_CONFIG = 0x00;
const TYPE_TCN = 0x80;

export interface ConfigBpdu {
  readonly flags: number;
  readonly rootId: bigint;
  readonly rootPathCost: number;
  readonly bridgeId: bigint;
  readonly portId: number;
  readonly messageAge: number;
  readonly maxAge: number;
  readonly helloTime: number;
  readonly forwardDelay: number;
}

export type StpBpdu =
  | { readonly kind: 'config'; readonly config: ConfigBpdu }
  | { readonly kind: 'tcn' }
  | { readonly kind: 'malformed' };

export function composeConfigBpdu(config: ConfigBpdu): Uint8Array {
  const bytes = new Uint8Array(CONFIG_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint8(4, config.flags);
  view.setBigUint64(5, config.rootId);
  view.setUint32(13, config.rootPathCost);
  view.setBigUint64(17, config.bridgeId);
  view.setUint16(25, config.portId);
  view.setUint16(27, config.messageAge);
  view.setUint16(29, config.maxAge);
  view.setUint16(31, config.helloTime);
  view.setUint16(33, config.forwardDelay);
  return bytes;
}

export const composeTcnBpdu = (): Uint8Array => Uint8Array.of(0, 0, 0, TYPE_TCN);

/** Reads any bytes. */
export function parseStpBpdu(bytes: Uint8Array): StpBpdu {
  if (bytes.length < TCN_SIZE) return { kind: 'malformed' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(0) !== 0) return { kind: 'malformed' };
  const type = view.getUint8(3);
  if (type === TYPE_TCN) return { kind: bytes.length === TCN_SIZE ? 'tcn' : 'malformed' };
  if (type !== TYPE_CONFIG || bytes.length < CONFIG_SIZE) return { kind: 'malformed' };
  return {
    kind: 'config',
    config: {
      flags: view.getUint8(4),
      rootId: view.getBigUint64(5),
      rootPathCost: view.getUint32(13),
      bridgeId: view.getBigUint64(17),
      portId: view.getUint16(25),
      messageAge: view.getUint16(27),
      maxAge: view.getUint16(29),
      helloTime: view.getUint16(31),
      forwardDelay: view.getUint16(33),
    },
  };
}
