/**
 * Requests for flows, and for the sum of their statistics (OpenFlow 1.5.1 §7.3.5.2-3). OpenFlow 1.0 has its match in
 * front of table (1), zeros (1) and out_port (2); OVS's extensions have out_port (2), the length of an NXM match (2),
 * table (1) and zeros (3) in front of it; later versions table (1), zeros (3), out_port (4), out_group (4), zeros (4),
 * cookie (8), its mask (8) and their match.
 */
import { formatFlowStatsRequest } from '../../flow-mod-format.js';
import { OFPP_NONE } from '../../ports.js';
import { type FlowStatsRequest, OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeMatch, decodeNxMatch, encodeMatch, encodeNxMatch } from '../match/index.js';
import { nxst, ofpst } from '../message-code.js';
import type { MessageCode, MessageKind, WireContext } from '../message-kind.js';
import { NO_NUMBER, numberOrNull, portOrNull, readPort11, writePort11 } from '../numbers.js';

export interface FlowRequestMessage<K extends string> {
  readonly kind: K;
  readonly request: FlowStatsRequest;
}

function readOpenFlow10(body: ByteReader, context: WireContext): FlowStatsRequest {
  const match = decodeMatch(body, context);
  const tableId = body.u8();
  body.skip(1);
  return { match, tableId, outPort: portOrNull(body.u16()), outGroup: null, cookie: 0n, cookieMask: 0n };
}

function readOpenFlow11(body: ByteReader, context: WireContext): FlowStatsRequest {
  const tableId = body.u8();
  body.skip(3);
  const outPort = portOrNull(readPort11(body));
  const outGroup = numberOrNull(body.u32());
  body.skip(4);
  const [cookie, cookieMask] = [body.u64(), body.u64()];
  return { tableId, outPort, outGroup, cookie, cookieMask, match: decodeMatch(body, context) };
}

function readNicira(body: ByteReader, context: WireContext): FlowStatsRequest {
  const outPort = portOrNull(body.u16());
  const [matchLength, tableId] = [body.u16(), body.u8()];
  body.skip(3);
  const found = decodeNxMatch(body, matchLength, context, { allowsCookie: true });
  if (body.remaining > 0) throw new OpenFlowError('OFPBRC_BAD_LEN');
  return { ...found, tableId, outPort, outGroup: null };
}

function write(request: FlowStatsRequest, body: ByteWriter, { vendor }: MessageCode, context: WireContext): void {
  const { tableId, outPort, outGroup, cookie, cookieMask, match } = request;
  if (vendor !== undefined) {
    body.u16(outPort ?? OFPP_NONE);
    const lengthAt = body.size;
    body.u16(0);
    body.u8(tableId);
    body.zeros(3);
    body.patchU16(lengthAt, encodeNxMatch(match, body, request));
  } else if (context.version === 10) {
    encodeMatch(match, context, body);
    body.u8(tableId);
    body.zeros(1);
    body.u16(outPort ?? OFPP_NONE);
  } else {
    body.u8(tableId);
    body.zeros(3);
    writePort11(body, outPort);
    body.u32(outGroup ?? NO_NUMBER);
    body.zeros(4);
    body.u64(cookie);
    body.u64(cookieMask);
    encodeMatch(match, context, body);
  }
}

const requestKind = <K extends string>(
  kind: K,
  name: string,
  statsType: number,
  niciraType: number,
): MessageKind<FlowRequestMessage<K>> => ({
  kind,
  codes: [
    ...ofpst(name, 'request', [10, 10], statsType, { size: 44, unit: 0 }),
    ...ofpst(name, 'request', [11, 15], statsType, { size: 32, unit: 8 }),
    ...nxst(name, 'request', [10, 10], niciraType, { size: 8, unit: 8 }),
  ],
  decode(body, { vendor }, context) {
    const read = vendor !== undefined ? readNicira : context.version === 10 ? readOpenFlow10 : readOpenFlow11;
    return { kind, request: read(body, context) };
  },
  encode: ({ request }, body, code, context) => write(request, body, code, context),
  format: ({ request }, _code, { ports, names }) => formatFlowStatsRequest(request, { ports, names }),
});

export const flowStatsRequest = requestKind('flow-stats-request', 'FLOW', 1, 0);
export const aggregateStatsRequest = requestKind('aggregate-stats-request', 'AGGREGATE', 2, 1);
