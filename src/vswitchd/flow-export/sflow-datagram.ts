/**
 * sFlow version 5 datagrams: samples of flows and of counters, as they are packed until a datagram is full or a second
 * is over (sflow.org/sflow_version_5.txt; the records of sflow_tunnels.txt, sflow_openflow.txt and sflow_host.txt that
 * OVS knows). Mirrors lib/sflow_receiver.c.
 *
 * Deliberately different: what fills a sampled header up to four bytes is zero, where OVS leaves what was there before.
 */
import { ByteWriter } from '../../openflow/wire/byte-writer.js';

const VERSION = 5;
const MAX_DATAGRAM_SIZE = 1400;
/** A sample that would fill half of a datagram is not sent. */
const MAX_SAMPLE_SIZE = MAX_DATAGRAM_SIZE / 2;

const FLOW_SAMPLE = 1;
const COUNTERS_SAMPLE = 2;

/** Formats of flow records. */
export const FLOW_HEADER = 1;
export const FLOW_SWITCH = 1001;
export const FLOW_MPLS = 1006;
export const FLOW_IPV4_TUNNEL_EGRESS = 1023;
export const FLOW_IPV4_TUNNEL_INGRESS = 1024;
export const FLOW_VNI_EGRESS = 1029;
export const FLOW_VNI_INGRESS = 1030;

/** Formats of counter records. */
export const COUNTERS_GENERIC = 1;
export const COUNTERS_ETHERNET = 2;
export const COUNTERS_OPENFLOW_PORT = 1004;
export const COUNTERS_PORT_NAME = 1005;
export const COUNTERS_APP_RESOURCES = 2203;
export const COUNTERS_DATAPATH = 2207;

/** A record of a sample: its format, and what writes it. */
export interface SflowRecord {
  readonly format: number;
  write(writer: ByteWriter): void;
}

export interface FlowSample {
  readonly sequence: number;
  readonly sourceId: number;
  readonly samplingRate: number;
  readonly samplePool: number;
  readonly input: number;
  readonly output: number;
  readonly records: readonly SflowRecord[];
}

export class SflowReceiver {
  private readonly agent: Uint8Array;
  private readonly subAgent: number;
  private readonly send: (datagram: Uint8Array) => void;
  private samples: Uint8Array[] = [];
  private size: number;
  private sequence = 0;
  /** Seconds since the agent began. */
  uptimeSec = 0;

  /** agent: the address that it is known by. */
  constructor(agent: Uint8Array, subAgent: number, send: (datagram: Uint8Array) => void) {
    this.agent = agent;
    this.subAgent = subAgent;
    this.send = send;
    this.size = this.headerSize;
  }

  flowSample(sample: FlowSample): void {
    this.add(FLOW_SAMPLE, (writer) => {
      writer.u32(sample.sequence);
      writer.u32(sample.sourceId);
      writer.u32(sample.samplingRate);
      writer.u32(sample.samplePool);
      writer.u32(0);
      writer.u32(sample.input);
      writer.u32(sample.output);
      writeRecords(writer, sample.records);
    });
  }

  countersSample(sequence: number, sourceId: number, records: readonly SflowRecord[]): void {
    this.add(COUNTERS_SAMPLE, (writer) => {
      writer.u32(sequence);
      writer.u32(sourceId);
      writeRecords(writer, records);
    });
  }

  /** Sends what has been collected. */
  flush(): void {
    if (this.samples.length === 0) return;
    const writer = new ByteWriter();
    writer.u32(VERSION);
    writer.u32(this.agent.length === 4 ? 1 : 2);
    writer.put(this.agent);
    writer.u32(this.subAgent);
    writer.u32(++this.sequence);
    writer.u32(1000 * this.uptimeSec);
    writer.u32(this.samples.length);
    for (const sample of this.samples) writer.put(sample);
    this.samples = [];
    this.size = this.headerSize;
    this.send(writer.take());
  }

  private get headerSize(): number {
    return 24 + this.agent.length;
  }

  private add(format: number, write: (writer: ByteWriter) => void): void {
    const writer = new ByteWriter();
    writeRecord(writer, { format, write });
    if (writer.size > MAX_SAMPLE_SIZE) return;
    if (this.size + writer.size >= MAX_DATAGRAM_SIZE) this.flush();
    this.samples.push(writer.take());
    this.size += writer.size;
  }
}

function writeRecords(writer: ByteWriter, records: readonly SflowRecord[]): void {
  writer.u32(records.length);
  for (const record of records) writeRecord(writer, record);
}

/** Format, length, content. */
function writeRecord(writer: ByteWriter, { format, write }: SflowRecord): void {
  writer.u32(format);
  const lengthAt = writer.size;
  writer.u32(0);
  write(writer);
  writer.patchU32(lengthAt, writer.size - lengthAt - 4);
}

/** Bytes, filled up to a multiple of four. */
export function writeOpaque(writer: ByteWriter, bytes: Uint8Array): void {
  writer.u32(bytes.length);
  writer.put(bytes);
  writer.zeros(-bytes.length & 3);
}
