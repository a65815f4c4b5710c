/**
 * OFPST_PORT (OpenFlow 1.5.1 §7.3.5.2): counters of ports. Mirrors ofputil_decode_port_stats() and
 * ofputil_append_port_stat() of lib/ofp-port.c.
 *
 *     1.0:           port (2), zeros (6), twelve counters (8 each)
 *     1.1 to 1.3:    port (4), zeros (4), twelve counters; in 1.3 duration (4 + 4)
 *     later:         length (2), zeros (2), port (4), duration (4 + 4), eight counters, properties: Ethernet's (1) four
 *                    more, Intel's of RFC 2819 and of names of their own
 */
import { shownPorts } from '../../action/shown-ports.js';
import { type CustomCounter, formatPortStats, RFC2819_COUNTERS, type ShownPortStats } from '../../port-stats-format.js';
import { formatPort } from '../../port-text.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { ofpst } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { readCounter, readDuration, readPort, readPort11, writeDuration, writePort, writePort11 } from '../numbers.js';
import { type Property, putAligned, putProperty, readProperty } from '../property.js';

export interface PortStatsRequestMessage {
  readonly kind: 'port-stats-request';
  /** OFPP_NONE: all. */
  readonly port: number;
}

export const portStatsRequest: MessageKind<PortStatsRequestMessage> = {
  kind: 'port-stats-request',
  codes: ofpst('PORT', 'request', [10, 15], 4, { size: 8, unit: 0 }),
  decode: (body, _code, { version }) => ({ kind: 'port-stats-request', port: readPort(body, version) }),
  encode({ port }, body, _code, { version }) {
    writePort(body, port, version);
    body.zeros(version === 10 ? 6 : 4);
  },
  format: ({ port }, _code, context) => ` port_no=${formatPort(port, shownPorts(context))}`,
};

export interface PortStatsReplyMessage {
  readonly kind: 'port-stats-reply';
  readonly entries: readonly ShownPortStats[];
}

/** In the order of the bytes: OpenFlow 1.4 has the last four in a property. */
const COUNTERS = [
  'rxPackets',
  'txPackets',
  'rxBytes',
  'txBytes',
  'rxDropped',
  'txDropped',
  'rxErrors',
  'txErrors',
  'rxFrameErrors',
  'rxOverErrors',
  'rxCrcErrors',
  'collisions',
] as const;
type Counters = Pick<ShownPortStats, (typeof COUNTERS)[number]>;
const COUNTERS_14 = COUNTERS.slice(0, 8);
const ETHERNET_COUNTERS = COUNTERS.slice(8);

const HEAD_SIZE_14 = 80;
const ETHERNET_PROPERTY = 0;
const ETHERNET_SIZE = 40;
const INTEL = 0xaa01;
const INTEL_RFC2819 = 1;
const INTEL_CUSTOM = 2;
const RFC2819_SIZE = 16 + 8 * RFC2819_COUNTERS.length;
const CUSTOM_NAME_SIZE = 63;

function readCounters(body: ByteReader, names: readonly (typeof COUNTERS)[number][]): Partial<Counters> {
  return Object.fromEntries(names.map((name) => [name, readCounter(body)]));
}

const UNKNOWN: Counters = Object.fromEntries(COUNTERS.map((name) => [name, -1n])) as unknown as Counters;

function readEntry(body: ByteReader, version: OpenFlowVersion): ShownPortStats {
  if (version >= 14) return readEntry14(body);
  const port = readPort(body, version);
  body.skip(version === 10 ? 6 : 4);
  const counters = { ...UNKNOWN, ...readCounters(body, COUNTERS) };
  return { port, ...counters, duration: version === 13 ? readDuration(body) : null };
}

function readCustom(property: Property): readonly CustomCounter[] {
  const bad = (): never => {
    throw new OpenFlowError('OFPBPC_BAD_LEN');
  };
  const value = property.value();
  if (value.remaining < 4) bad();
  value.skip(2);
  const count = value.u16();
  const counters: CustomCounter[] = [];
  for (let i = 0; i < count; i++) {
    if (value.remaining < 1) bad();
    const size = value.u8();
    if (value.remaining < size + 8) bad();
    counters.push({ name: value.part(size).text(size).slice(0, CUSTOM_NAME_SIZE), value: value.u64() });
  }
  return counters;
}

function readEntry14(body: ByteReader): ShownPortStats {
  if (body.remaining < HEAD_SIZE_14) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const head = body.part(HEAD_SIZE_14);
  const size = head.u16() - HEAD_SIZE_14;
  if (size < 0 || size > body.remaining) throw new OpenFlowError('OFPBRC_BAD_LEN');
  head.skip(2);
  const port = readPort11(head);
  const duration = readDuration(head);
  let entry: ShownPortStats = { port, duration, ...UNKNOWN, ...readCounters(head, COUNTERS_14) };
  const properties = body.part(size);
  while (properties.remaining > 0) {
    const property = readProperty(properties);
    const { experimenter } = property;
    if (property.type === ETHERNET_PROPERTY) {
      if (property.size !== ETHERNET_SIZE) throw new OpenFlowError('OFPBPC_BAD_LEN');
      entry = { ...entry, ...readCounters(property.aligned(), ETHERNET_COUNTERS) };
    } else if (experimenter?.vendor === INTEL && experimenter.type === INTEL_RFC2819) {
      if (property.size !== RFC2819_SIZE) throw new OpenFlowError('OFPBPC_BAD_LEN');
      const value = property.aligned();
      entry = { ...entry, rfc2819: RFC2819_COUNTERS.map(() => readCounter(value)) };
    } else if (experimenter?.vendor === INTEL && experimenter.type === INTEL_CUSTOM) {
      entry = { ...entry, custom: readCustom(property) };
    }
  }
  return entry;
}

function writeEntry14(body: ByteWriter, entry: ShownPortStats): void {
  const start = body.size;
  body.zeros(4);
  writePort11(body, entry.port);
  writeDuration(body, entry.duration);
  for (const name of COUNTERS_14) body.u64(entry[name]);
  putAligned(body, ETHERNET_PROPERTY, () => {
    for (const name of ETHERNET_COUNTERS) body.u64(entry[name]);
  });
  putProperty(body, { vendor: INTEL, type: INTEL_RFC2819 }, () => {
    body.zeros(4);
    for (let i = 0; i < RFC2819_COUNTERS.length; i++) body.u64(entry.rfc2819?.[i] ?? -1n);
  });
  const { custom = [] } = entry;
  if (custom.length > 0) {
    putProperty(body, { vendor: INTEL, type: INTEL_CUSTOM }, () => {
      body.zeros(2);
      body.u16(custom.length);
      for (const { name, value } of custom) {
        const bytes = Buffer.from(name, 'latin1').subarray(0, CUSTOM_NAME_SIZE);
        body.u8(bytes.length);
        body.put(bytes);
        body.u64(value);
      }
    });
  }
  body.patchU16(start, body.size - start);
}

export const portStatsReply: MessageKind<PortStatsReplyMessage> = {
  kind: 'port-stats-reply',
  codes: [
    ...ofpst('PORT', 'reply', [10, 12], 4, { size: 0, unit: 104 }),
    ...ofpst('PORT', 'reply', [13, 13], 4, { size: 0, unit: 112 }),
    ...ofpst('PORT', 'reply', [14, 15], 4, { size: 0, unit: 8 }),
  ],
  decode: (body, _code, { version }) =>
    readEntries(
      body,
      () => readEntry(body, version),
      (entries) => ({ kind: 'port-stats-reply', entries }),
    ),
  encode({ entries }, body, _code, { version }) {
    for (const entry of entries) {
      if (version >= 14) {
        writeEntry14(body, entry);
        continue;
      }
      writePort(body, entry.port, version);
      body.zeros(version === 10 ? 6 : 4);
      for (const name of COUNTERS) body.u64(entry[name]);
      if (version === 13) writeDuration(body, entry.duration);
    }
  },
  format({ entries }, _code, context) {
    const ports = shownPorts(context);
    const lines = context.verbosity < 1 ? [] : entries.map((entry) => formatPortStats(entry, ports));
    return ` ${entries.length} ports\n${lines.join('')}`;
  },
  hidesErrors: ({ verbosity }) => verbosity < 1,
  split: ({ entries }) => entries.map((entry) => ({ kind: 'port-stats-reply', entries: [entry] })),
};
