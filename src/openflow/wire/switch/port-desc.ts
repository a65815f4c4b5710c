/**
 * OFPST_PORT_DESC (OpenFlow 1.5.1 §7.3.5.3): the ports of a switch, one after the other. Only 1.5 can ask for one.
 * Mirrors ofputil_decode_port_desc_stats_request() and ofputil_phy_ports_format().
 */
import { formatPortDescription, sortPorts } from '../../port-format.js';
import { formatPort } from '../../port-text.js';
import { OFPP_NONE } from '../../ports.js';
import { shownPorts } from '../../action/shown-ports.js';
import type { PortDescription } from '../../switch-connection.js';
import { ofpst, VOID } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readPort11, writePort11 } from '../numbers.js';
import { readPortStructure, writePortStructure } from './port-structure.js';

export interface PortDescRequestMessage {
  readonly kind: 'port-desc-request';
  /** OFPP_NONE: all. */
  readonly port: number;
}

export const portDescRequest: MessageKind<PortDescRequestMessage> = {
  kind: 'port-desc-request',
  codes: [
    ...ofpst('PORT_DESC', 'request', [10, 14], 13, VOID),
    ...ofpst('PORT_DESC', 'request', [15, 15], 13, { size: 8, unit: 0 }),
  ],
  decode: (body, _code, { version }) => ({
    kind: 'port-desc-request',
    port: version === 15 ? readPort11(body) : OFPP_NONE,
  }),
  encode({ port }, body, _code, { version }) {
    if (version < 15) return;
    writePort11(body, port);
    body.zeros(4);
  },
  format: ({ port }, _code, context) => ` port=${formatPort(port, shownPorts(context))}`,
};

export interface PortDescReplyMessage {
  readonly kind: 'port-desc-reply';
  readonly ports: readonly PortDescription[];
}

export const portDescReply: MessageKind<PortDescReplyMessage> = {
  kind: 'port-desc-reply',
  codes: [
    ...ofpst('PORT_DESC', 'reply', [10, 10], 13, { size: 0, unit: 48 }),
    ...ofpst('PORT_DESC', 'reply', [11, 13], 13, { size: 0, unit: 64 }),
    ...ofpst('PORT_DESC', 'reply', [14, 15], 13, { size: 0, unit: 8 }),
  ],
  decode: (body, _code, { version }) =>
    readEntries(
      body,
      () => readPortStructure(body, version),
      (ports) => ({ kind: 'port-desc-reply', ports }),
    ),
  encode({ ports }, body, _code, { version }) {
    for (const port of ports) writePortStructure(body, port, version);
  },
  format: ({ ports }, _code, { version }) =>
    `\n${sortPorts(ports)
      .map((port) => formatPortDescription(port, version))
      .join('')}`,
  split: ({ ports }) => ports.map((port) => ({ kind: 'port-desc-reply', ports: [port] })),
};
