/**
 * Opens a capture of any kind and gives its records: sniffs the format, uncompresses gzip, chooses the decoder, and
 * tells afterwards how the file ended. Memory holds a chunk and one record, never the file.
 *
 * Invariant: something that is no capture at all is a UserError; a capture that is cut or damaged gives all of its whole
 * records and a warning with the byte offset.
 */
import { UserError } from '../report/user-error.js';
import { type ByteSource, fileSource, memorySource } from './byte-source.js';
import type { CaptureDamage, CaptureDecoder, CaptureInterface, CaptureRecord } from './capture-record.js';
import { DEFAULT_MAX_INFLATED_SIZE, type GunzipOutcome, gunzip } from './gunzip.js';
import { PcapDecoder } from './pcap-decoder.js';
import { PcapParserDecoder } from './pcap-parser-decoder.js';
import { PcapngDecoder } from './pcapng-decoder.js';
import { type CaptureKind, SNIFF_SIZE, sniffCapture } from './sniff.js';

export interface ReadCaptureOptions {
  /** Who reads classic microsecond pcap: our own decoder, or the npm package (the way of standard input). */
  readonly classicReader?: 'own' | 'pcap-parser';
  readonly maxInflatedSize?: number;
}

export interface CaptureReader extends AsyncIterable<CaptureRecord> {
  readonly name: string;
  /**
   * Reads the whole capture from its beginning, in batches of the records that one chunk completed. Iterating the
   * reader itself gives the same records one by one, at the price of a promise each.
   */
  batches(): AsyncIterable<readonly CaptureRecord[]>;
  /** True when the capture can be read again. */
  readonly repeatable: boolean;
  /** Known once the first batch or the end has come. */
  readonly format: 'pcap' | 'pcapng' | undefined;
  readonly compressed: boolean;
  readonly interfaces: readonly CaptureInterface[];
  /** Bytes of the source that were taken so far, and how many there are where that is known: for progress. */
  readonly bytesTaken: number;
  readonly size: number | undefined;
  /** After the last record: why reading stopped before the end, or null. */
  readonly damage: CaptureDamage | null;
}

/** The capture in a file or in memory. */
export const readCapture = async (
  from: string | Uint8Array,
  options: ReadCaptureOptions = {},
): Promise<CaptureReader> => {
  const source = typeof from === 'string' ? await fileSource(from) : memorySource(from);
  return new SourceReader(source, options);
};

/** The capture that a source holds; standard input comes this way. */
export const readCaptureFrom = (source: ByteSource, options: ReadCaptureOptions = {}): CaptureReader =>
  new SourceReader(source, options);

const chooseDecoder = (kind: CaptureKind, name: string, options: ReadCaptureOptions): CaptureDecoder => {
  switch (kind.kind) {
    case 'pcapng':
      return new PcapngDecoder();
    case 'pcap':
      return options.classicReader === 'pcap-parser' && !kind.nanoseconds ? new PcapParserDecoder() : new PcapDecoder();
    case 'gzip':
      throw new UserError('is not a capture: it is gzip within gzip; uncompress it first', { file: name });
    case 'other':
      throw new UserError(`is not a capture: it ${kind.description}`, {
        file: name,
        hint: 'pcap (micro- or nanoseconds), pcapng and gzip of either are read',
      });
  }
};

/** Gives the chunks on, the first of them no shorter than sniffing wants, where there is as much. */
async function* withSniffableHead(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Uint8Array | null = new Uint8Array(0);
  for await (const chunk of chunks) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = head.length === 0 ? chunk : Buffer.concat([head, chunk]);
    if (head.length < SNIFF_SIZE) continue;
    yield head;
    head = null;
  }
  if (head !== null) yield head;
}

class SourceReader implements CaptureReader {
  readonly name: string;
  readonly repeatable: boolean;
  readonly size: number | undefined;
  format: 'pcap' | 'pcapng' | undefined;
  compressed = false;
  bytesTaken = 0;
  damage: CaptureDamage | null = null;
  private readonly source: ByteSource;
  private readonly options: ReadCaptureOptions;
  private decoder: CaptureDecoder | null = null;

  constructor(source: ByteSource, options: ReadCaptureOptions) {
    this.source = source;
    this.options = options;
    this.name = source.name;
    this.size = source.size;
    this.repeatable = source.repeatable;
  }

  get interfaces(): readonly CaptureInterface[] {
    return this.decoder?.interfaces ?? [];
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CaptureRecord> {
    for await (const batch of this.batches()) yield* batch;
  }

  async *batches(): AsyncGenerator<readonly CaptureRecord[]> {
    this.bytesTaken = 0;
    this.damage = null;
    this.decoder = null;
    const raw = withSniffableHead(this.taken());
    try {
      const first = await raw.next();
      const head = first.done === true ? new Uint8Array(0) : first.value;
      const all = restored(head, raw);
      this.compressed = sniffCapture(head).kind === 'gzip';
      if (!this.compressed) {
        yield* this.decode(all);
        return;
      }
      const outcome: GunzipOutcome = { error: null };
      yield* this.decode(gunzip(all, outcome, this.options.maxInflatedSize ?? DEFAULT_MAX_INFLATED_SIZE), outcome);
    } finally {
      // Closes the file also when reading ended early.
      await raw.return(undefined);
    }
  }

  private async *taken(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.source.chunks()) {
      this.bytesTaken += chunk.length;
      yield chunk;
    }
  }

  private async *decode(
    chunks: AsyncIterable<Uint8Array>,
    outcome: GunzipOutcome = { error: null },
  ): AsyncGenerator<readonly CaptureRecord[]> {
    let decoder: CaptureDecoder | null = null;
    let readSize = 0;
    for await (const chunk of withSniffableHead(chunks)) {
      if (decoder === null) {
        if (chunk.length < SNIFF_SIZE && outcome.error !== null) break;
        decoder = chooseDecoder(sniffCapture(chunk), this.name, this.options);
        this.decoder = decoder;
        this.format = decoder.format;
      }
      decoder.push(chunk);
      readSize += chunk.length;
      const batch: CaptureRecord[] = [];
      for (let record = decoder.next(); record !== null; record = decoder.next()) batch.push(record);
      if (batch.length > 0) yield batch;
      if (decoder.stopped) break;
    }
    if (outcome.error !== null && decoder === null) {
      throw new UserError(`is not a capture: it cannot be uncompressed (${outcome.error})`, { file: this.name });
    }
    const end = decoder!.end();
    if (!decoder!.begun && end !== null) {
      // The magic number alone does not make it one.
      throw new UserError(`is not a capture: ${end.message}`, { file: this.name });
    }
    this.damage =
      outcome.error === null
        ? end
        : {
            kind: end?.kind ?? 'cut',
            offset: end?.offset ?? readSize,
            message: `uncompressing stopped after ${readSize} bytes (${outcome.error})${end === null ? '' : `; ${end.message}`}`,
          };
  }
}

async function* restored(head: Uint8Array, rest: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head;
  yield* rest;
}
