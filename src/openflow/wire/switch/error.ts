/**
 * OFPT_ERROR (OpenFlow 1.5.1 §7.5.4): what a switch answers to what it refuses, with the beginning of that. Mirrors
 * ofperr_decode_msg(), ofperr_encode_reply() and ofperr_msg_format().
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-------------------------------+-------------------------------+
 *     |             type              |             code              |
 *     +-------------------------------+-------------------------------+
 *     |  of a vendor's error in OpenFlow 1.0 and 1.1 (type 0xb0c2):   |
 *     |  vendor (4), type (2), code (2); later (type 0xffff, its      |
 *     |  type as code): vendor (4)                                    |
 *     +---------------------------------------------------------------+
 *     |  the message that is refused, or text for a failed greeting   |
 */
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import { type ErrorNumbers, errorName, errorNumbers } from '../errors.js';
import type { MessageKind } from '../message-kind.js';

export interface ErrorMessage {
  readonly kind: 'error';
  readonly error: string;
  readonly payload: Uint8Array;
}

const NICIRA_TYPE = 0xb0c2;
const NICIRA_CODE = 0;
const EXPERIMENTER_TYPE = 0xffff;
const MAX_MESSAGE_SIZE = 0xffff;

/** These carry text instead of a message. */
const WITH_TEXT: readonly string[] = ['OFPHFC_INCOMPATIBLE', 'OFPHFC_EPERM'];

function readNumbers(body: ByteReader): ErrorNumbers {
  const type = body.u16();
  const code = body.u16();
  if (type === NICIRA_TYPE && code === NICIRA_CODE) return { vendor: body.u32(), type: body.u16(), code: body.u16() };
  if (type === EXPERIMENTER_TYPE) return { vendor: body.u32(), type: code, code: 0 };
  return { vendor: 0, type, code };
}

/** As C's ds_put_printable(). */
function printable(bytes: Uint8Array): string {
  return [...bytes]
    .map((byte) =>
      byte < 0x20 || byte > 0x7e || byte === 0x5c || byte === 0x22
        ? `\\${byte.toString(8).padStart(3, '0')}`
        : String.fromCharCode(byte),
    )
    .join('');
}

export const error: MessageKind<ErrorMessage> = {
  kind: 'error',
  codes: [
    { name: 'OFPT_ERROR', firstVersion: 10, lastVersion: 15, type: 1, body: { size: 4, unit: 1 }, isImmutable: true },
  ],
  decode(body, _code, { version, wireVersion = version - 9 }) {
    const numbers = readNumbers(body);
    const name = wireVersion === version - 9 ? errorName(version, numbers) : null;
    if (name === null) throw new OpenFlowError('OFPBRC_BAD_LEN');
    return { kind: 'error', error: name, payload: body.view(body.remaining) };
  },
  encode({ error: name, payload }, body, _code, { version, wireVersion = version - 9 }) {
    const { vendor, type, code } = errorNumbers(name, version) ?? errorNumbers('NXBRC_UNENCODABLE_ERROR', version)!;
    if (vendor === 0) {
      body.u16(type);
      body.u16(code);
    } else if (wireVersion <= 2) {
      body.u16(NICIRA_TYPE);
      body.u16(NICIRA_CODE);
      body.u32(vendor);
      body.u16(type);
      body.u16(code);
    } else {
      body.u16(EXPERIMENTER_TYPE);
      body.u16(type);
      body.u32(vendor);
    }
    body.put(payload.subarray(0, MAX_MESSAGE_SIZE - body.size));
  },
  format({ error: name, payload }, _code, context) {
    return ` ${name}\n${WITH_TEXT.includes(name) ? printable(payload) : context.formatMessage(payload, 1)}`;
  },
};
