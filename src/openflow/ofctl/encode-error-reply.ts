/**
 * ovs-ofctl encode-error-reply NAME REQUEST: what a switch would send to refuse a message, as bytes. Mirrors
 * ofctl_encode_error_reply().
 */
import { UserError } from '../../report/user-error.js';
import { formatHexDump, parseHexBytes } from '../hex-bytes.js';
import { errorNumbers, isErrorName } from '../wire/errors.js';
import { encodeMessage, HEADER_SIZE, versionOfWire } from '../wire/message.js';
import { error } from '../wire/switch/error.js';
import type { OfctlCommand } from './command.js';

export const encodeErrorReply: OfctlCommand = {
  name: 'encode-error-reply',
  usage: '',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run(invocation, [name = '', hex = '']) {
    if (!isErrorName(name)) throw new UserError(`unknown error "${name}"`);
    const request = parseHexBytes(hex);
    if (request === null) throw new UserError('Trailing garbage in hex data');
    if (request.length < HEADER_SIZE) throw new UserError('Request too short');
    const view = new DataView(request.buffer);
    if (view.getUint16(2) !== request.length) throw new UserError('Request size inconsistent');
    const wireVersion = request[0]!;
    const known = versionOfWire(wireVersion);
    const version = known ?? 10;
    if (known === null) {
      const text = `cannot encode error for unknown OpenFlow version 0x${wireVersion.toString(16).padStart(2, '0')}`;
      invocation.log('ofp_errors', text, 'ERR');
    }
    if (errorNumbers(name, version) === null) {
      invocation.log('ofp_errors', `cannot encode ${name} for OpenFlow 1.${version - 10}`, 'ERR');
    }
    const message = { kind: 'error', error: name, payload: request } as const;
    const reply = encodeMessage(error, version, view.getUint32(4), message, { wireVersion });
    invocation.print(formatHexDump(reply, false));
  },
};
