/**
 * NXST_IPFIX_BRIDGE and NXST_IPFIX_FLOW of OVS's extensions: what IPFIX exporters have sampled and sent. The requests
 * have no body; of each exporter the replies have ten counters (8 each), the collector set (4) and zeros (4).
 */
import { formatIpfixBridgeStats, formatIpfixSetStats } from '../../ipfix-format.js';
import type { IpfixStats } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { nxst, VOID } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

/** All ones where the switch does not know. */
export type IpfixExporterStats = { readonly [K in keyof IpfixStats]: bigint } & { readonly collectorSetId: number };

export interface IpfixStatsRequest<K extends string> {
  readonly kind: K;
}

export interface IpfixStatsReply<K extends string> {
  readonly kind: K;
  readonly exporters: readonly IpfixExporterStats[];
}

/** As they follow one another. */
const COUNTERS = [
  'flows',
  'currentFlows',
  'packets',
  'ipv4Packets',
  'ipv6Packets',
  'errorPackets',
  'ipv4ErrorPackets',
  'ipv6ErrorPackets',
  'sent',
  'sendErrors',
] as const satisfies readonly (keyof IpfixStats)[];
const EXPORTER_SIZE = 88;

function readExporter(body: ByteReader): IpfixExporterStats {
  const counters = Object.fromEntries(COUNTERS.map((name) => [name, body.u64()])) as Record<keyof IpfixStats, bigint>;
  const collectorSetId = body.u32();
  body.skip(4);
  return { ...counters, collectorSetId };
}

function writeExporter(exporter: IpfixExporterStats, body: ByteWriter): void {
  for (const name of COUNTERS) body.u64(exporter[name]);
  body.u32(exporter.collectorSetId);
  body.zeros(4);
}

const request = <K extends string>(kind: K, name: string, subtype: number): MessageKind<IpfixStatsRequest<K>> => ({
  kind,
  codes: nxst(name, 'request', [10, 15], subtype, VOID),
  decode: () => ({ kind }),
  encode() {},
  format: () => '',
});

const reply = <K extends string>(
  kind: K,
  name: string,
  subtype: number,
  unit: number,
  format: (exporters: readonly IpfixExporterStats[]) => string,
): MessageKind<IpfixStatsReply<K>> => ({
  kind,
  codes: nxst(name, 'reply', [10, 15], subtype, unit === 0 ? { size: EXPORTER_SIZE, unit } : { size: 0, unit }),
  decode(body) {
    const exporters: IpfixExporterStats[] = [];
    while (body.remaining > 0) exporters.push(readExporter(body));
    return { kind, exporters };
  },
  encode({ exporters }, body) {
    for (const exporter of exporters) writeExporter(exporter, body);
  },
  format: ({ exporters }) => format(exporters),
  split: ({ exporters }) => exporters.map((exporter) => ({ kind, exporters: [exporter] })),
});

export const ipfixBridgeRequest = request('ipfix-bridge-stats-request', 'IPFIX_BRIDGE', 3);
export const ipfixFlowRequest = request('ipfix-flow-stats-request', 'IPFIX_FLOW', 4);
export const ipfixBridgeReply = reply('ipfix-bridge-stats-reply', 'IPFIX_BRIDGE', 3, 0, (exporters) =>
  exporters.map(formatIpfixBridgeStats).join(''),
);
export const ipfixFlowReply = reply('ipfix-flow-stats-reply', 'IPFIX_FLOW', 4, EXPORTER_SIZE, formatIpfixSetStats);
