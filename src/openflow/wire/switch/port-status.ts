/**
 * OFPT_PORT_STATUS (OpenFlow 1.5.1 §7.4.3): a port came, went, or changed. Mirrors ofputil_decode_port_status().
 *
 *     reason (1), zeros (7), the port
 */
import { PORT_STATUS_REASONS, type PortStatusMessage } from '../../async-message.js';
import { formatPortStatus } from '../../port-format.js';
import { OpenFlowError } from '../../switch-connection.js';
import { ofpt } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { readPortStructure, writePortStructure } from './port-structure.js';

export const portStatus: MessageKind<PortStatusMessage> = {
  kind: 'port-status',
  codes: [
    ofpt('PORT_STATUS', [10, 10], 12, { size: 56, unit: 0 }),
    ofpt('PORT_STATUS', [11, 13], 12, { size: 72, unit: 0 }),
    ofpt('PORT_STATUS', [14, 15], 12, { size: 48, unit: 8 }),
  ],
  decode(body, _code, { version }) {
    const reason = PORT_STATUS_REASONS[body.u8()];
    if (reason === undefined) throw new OpenFlowError('NXBRC_BAD_REASON');
    body.skip(7);
    return { kind: 'port-status', reason, port: readPortStructure(body, version) };
  },
  encode({ reason, port }, body, _code, { version }) {
    body.u8(PORT_STATUS_REASONS.indexOf(reason));
    body.zeros(7);
    writePortStructure(body, port, version);
  },
  format: (message, _code, { version }) => formatPortStatus(message, version),
};
