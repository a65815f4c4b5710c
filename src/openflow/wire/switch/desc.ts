/**
 * OFPST_DESC (OpenFlow 1.5.1 §7.3.5.1): who made the switch. Text in fields of fixed size: manufacturer, hardware and
 * software (256 bytes each), serial number (32), datapath (256).
 */
import type { SwitchDescription } from '../../switch-connection.js';
import { bareMessage } from '../bare-message.js';
import { ofpst, VOID } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface DescReplyMessage extends SwitchDescription {
  readonly kind: 'desc-reply';
}

const TEXT_SIZE = 256;
const SERIAL_SIZE = 32;

export const descRequest = bareMessage('desc-request', ofpst('DESC', 'request', [10, 15], 0, VOID));

export const descReply: MessageKind<DescReplyMessage> = {
  kind: 'desc-reply',
  codes: ofpst('DESC', 'reply', [10, 15], 0, { size: 4 * TEXT_SIZE + SERIAL_SIZE, unit: 0 }),
  decode: (body) => ({
    kind: 'desc-reply',
    manufacturer: body.text(TEXT_SIZE),
    hardware: body.text(TEXT_SIZE),
    software: body.text(TEXT_SIZE),
    serialNumber: body.text(SERIAL_SIZE),
    datapath: body.text(TEXT_SIZE),
  }),
  encode(message, body) {
    body.text(message.manufacturer, TEXT_SIZE);
    body.text(message.hardware, TEXT_SIZE);
    body.text(message.software, TEXT_SIZE);
    body.text(message.serialNumber, SERIAL_SIZE);
    body.text(message.datapath, TEXT_SIZE);
  },
  format: formatDescription,
};

export function formatDescription(about: SwitchDescription): string {
  return (
    `\nManufacturer: ${about.manufacturer}\nHardware: ${about.hardware}\nSoftware: ${about.software}\n` +
    `Serial Num: ${about.serialNumber}\nDP Description: ${about.datapath}\n`
  );
}
