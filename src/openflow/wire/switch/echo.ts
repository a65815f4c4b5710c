/** OFPT_ECHO_REQUEST and OFPT_ECHO_REPLY (OpenFlow 1.5.1 §7.5.2): any bytes, sent back as they came. */
import { formatHexDump } from '../../hex-bytes.js';
import type { MessageKind } from '../message-kind.js';

interface EchoMessage<K extends string> {
  readonly kind: K;
  readonly payload: Uint8Array;
}

const echo = <K extends string>(kind: K, name: string, type: number): MessageKind<EchoMessage<K>> => ({
  kind,
  codes: [{ name, firstVersion: 10, lastVersion: 15, type, body: { size: 0, unit: 1 }, isImmutable: true }],
  decode: (body) => ({ kind, payload: body.view(body.remaining) }),
  encode: ({ payload }, body) => body.put(payload),
  format: ({ payload }, _code, { verbosity }) =>
    ` ${payload.length} bytes of payload\n${verbosity > 1 ? formatHexDump(payload) : ''}`,
});

export const echoRequest = echo('echo-request', 'OFPT_ECHO_REQUEST', 2);
export const echoReply = echo('echo-reply', 'OFPT_ECHO_REPLY', 3);
