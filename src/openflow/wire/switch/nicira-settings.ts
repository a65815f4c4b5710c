/**
 * Nicira's settings of a connection (openflow/nicira-ext.h): in which format flows and packets travel, whether flow mods
 * name tables, the connection's number. And NXT_FLOW_AGE, which once told the switch to count the ages of flows.
 */
import type { PacketInFormat } from '../../async-message-version.js';
import { OpenFlowError } from '../../switch-connection.js';
import { bareMessage } from '../bare-message.js';
import { nxt, VOID } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface SetFlowFormatMessage {
  readonly kind: 'set-flow-format';
  /** Null: a format that nobody knows. */
  readonly format: 'openflow10' | 'nxm' | null;
}

/** NXFF_* */
const FLOW_FORMATS: ReadonlyMap<number, 'openflow10' | 'nxm'> = new Map([
  [0, 'openflow10'],
  [2, 'nxm'],
]);
const UNKNOWN_FLOW_FORMAT = 1;

export const setFlowFormat: MessageKind<SetFlowFormatMessage> = {
  kind: 'set-flow-format',
  codes: [nxt('SET_FLOW_FORMAT', [10, 10], 12, { size: 4, unit: 0 })],
  decode: (body) => ({ kind: 'set-flow-format', format: FLOW_FORMATS.get(body.u32()) ?? null }),
  encode({ format }, body) {
    const found = [...FLOW_FORMATS].find(([, name]) => name === format);
    body.u32(found?.[0] ?? UNKNOWN_FLOW_FORMAT);
  },
  format: ({ format }) => ` format=${format ?? '(unknown)'}`,
};

export interface FlowModTableIdMessage {
  readonly kind: 'flow-mod-table-id';
  readonly isEnabled: boolean;
}

export const flowModTableId: MessageKind<FlowModTableIdMessage> = {
  kind: 'flow-mod-table-id',
  codes: [nxt('FLOW_MOD_TABLE_ID', [10, 15], 15, { size: 8, unit: 0 })],
  decode: (body) => ({ kind: 'flow-mod-table-id', isEnabled: body.u8() !== 0 }),
  encode({ isEnabled }, body) {
    body.u8(isEnabled ? 1 : 0);
    body.zeros(7);
  },
  format: ({ isEnabled }) => ` ${isEnabled ? 'enable' : 'disable'}`,
};

export interface SetPacketInFormatMessage {
  readonly kind: 'set-packet-in-format';
  readonly format: PacketInFormat;
}

/** NXPIF_*, by their numbers. */
const PACKET_IN_FORMATS: readonly PacketInFormat[] = ['standard', 'nxt_packet_in', 'nxt_packet_in2'];

export const setPacketInFormat: MessageKind<SetPacketInFormatMessage> = {
  kind: 'set-packet-in-format',
  codes: [nxt('SET_PACKET_IN_FORMAT', [10, 15], 16, { size: 4, unit: 0 })],
  decode(body) {
    const format = PACKET_IN_FORMATS[body.u32()];
    if (format === undefined) throw new OpenFlowError('OFPBRC_EPERM');
    return { kind: 'set-packet-in-format', format };
  },
  encode: ({ format }, body) => body.u32(PACKET_IN_FORMATS.indexOf(format)),
  format: ({ format }) => ` format=${format}`,
};

export interface SetControllerIdMessage {
  readonly kind: 'set-controller-id';
  readonly controllerId: number;
}

export const setControllerId: MessageKind<SetControllerIdMessage> = {
  kind: 'set-controller-id',
  codes: [nxt('SET_CONTROLLER_ID', [10, 15], 20, { size: 8, unit: 0 })],
  decode(body) {
    body.skip(6);
    return { kind: 'set-controller-id', controllerId: body.u16() };
  },
  encode({ controllerId }, body) {
    body.zeros(6);
    body.u16(controllerId);
  },
  format: ({ controllerId }) => ` id=${controllerId}`,
};

export const flowAge = bareMessage('flow-age', [nxt('FLOW_AGE', [10, 15], 18, VOID)]);
