/** OFPT_REQUESTFORWARD: the whole message by which another controller has changed a group or a meter. */
import type { RequestForwardMessage } from '../../async-message.js';
import { formatRequestForward } from '../../async-message-format.js';
import { OpenFlowError } from '../../switch-connection.js';
import { nxt, ofpt, onft } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { readCarried } from './carried.js';
import { type GroupModMessage, groupModMessage } from './group-mod.js';
import { type MeterModMessage, meterModMessage } from './meter-mod.js';

const BODY = { size: 8, unit: 8 };

export const requestForwardMessage: MessageKind<RequestForwardMessage> = {
  kind: 'requestforward',
  codes: [
    nxt('REQUESTFORWARD', [10, 12], 132, BODY),
    onft('REQUESTFORWARD', [13, 13], 2350, BODY),
    ofpt('REQUESTFORWARD', [14, 15], 32, BODY),
  ],
  decode(body, _code, context) {
    const framing = context.framing!;
    const { bytes, xid } = readCarried(body, context, 'OFPBRC_BAD_VERSION');
    const kind = framing.kindOf(bytes);
    if (kind === 'group-mod') {
      const { mod } = framing.decode(bytes, context) as GroupModMessage;
      return { kind: 'requestforward', xid, reason: 'group-mod', mod };
    }
    if (kind !== 'meter-mod') throw new OpenFlowError('OFPBFC_MSG_UNSUP');
    const { mod } = framing.decode(bytes, context) as MeterModMessage;
    return { kind: 'requestforward', xid, reason: 'meter-mod', mod };
  },
  encode(message, body, _code, context) {
    const framing = context.framing!;
    const xid = message.xid ?? 0;
    body.put(
      message.reason === 'group-mod'
        ? framing.encode(groupModMessage, { kind: 'group-mod', mod: message.mod }, xid, context)
        : framing.encode(meterModMessage, { kind: 'meter-mod', mod: message.mod }, xid, context),
    );
  },
  format: (message, _code, { version, ports, names }) => formatRequestForward(message, version, { ports, names }),
};
