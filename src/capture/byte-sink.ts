/**
 * Where a writer's bytes go: memory or a file. Sinks are synchronous, so that a frame is written in order and within the
 * call that hands it over.
 */
import { appendFileSync, closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { fileError } from '../report/file-error.js';

export interface ByteSink {
  /** Takes the bytes; they are valid during the call only. */
  write(bytes: Uint8Array): void;
}

/** Collects all that is written, growing by doubling. */
export class MemorySink implements ByteSink {
  private buffer = new Uint8Array(4096);
  private size = 0;

  write(bytes: Uint8Array): void {
    const end = this.size + bytes.length;
    if (end > this.buffer.length) {
      const grown = new Uint8Array(Math.max(end, this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, this.size));
      this.buffer = grown;
    }
    this.buffer.set(bytes, this.size);
    this.size = end;
  }

  /** What was written so far; a view until the next write. */
  bytes(): Uint8Array {
    return this.buffer.subarray(0, this.size);
  }
}

const BUFFER_SIZE = 256 * 1024;

/** Writes a file through a buffer; close() writes the rest. The file is made, or emptied, at once. */
export class FileSink implements ByteSink {
  private readonly path: string;
  private readonly descriptor: number;
  private readonly buffer = new Uint8Array(BUFFER_SIZE);
  private used = 0;
  private closed = false;

  constructor(path: string) {
    this.path = path;
    try {
      this.descriptor = openSync(path, 'w');
    } catch (error) {
      throw fileError('written', path, error);
    }
  }

  write(bytes: Uint8Array): void {
    if (this.used + bytes.length > BUFFER_SIZE) this.flush();
    if (bytes.length > BUFFER_SIZE) {
      this.writeAll(bytes);
      return;
    }
    this.buffer.set(bytes, this.used);
    this.used += bytes.length;
  }

  flush(): void {
    const used = this.used;
    this.used = 0;
    this.writeAll(this.buffer.subarray(0, used));
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    try {
      this.flush();
    } finally {
      closeSync(this.descriptor);
    }
  }

  private writeAll(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.descriptor, bytes, at);
    } catch (error) {
      throw fileError('written', this.path, error);
    }
  }
}

const APPEND_SIZE = 64 * 1024;

/**
 * Writes a file by opening it only to append what has gathered: for thousands of files at once, more than a process may
 * hold open. The file is made, or emptied, at once.
 */
export class AppendSink implements ByteSink {
  private readonly path: string;
  private gathered = new MemorySink();

  constructor(path: string) {
    this.path = path;
    this.attempt(() => writeFileSync(path, ''));
  }

  write(bytes: Uint8Array): void {
    this.gathered.write(bytes);
    if (this.gathered.bytes().length >= APPEND_SIZE) this.flush();
  }

  flush(): void {
    const bytes = this.gathered.bytes();
    if (bytes.length === 0) return;
    this.attempt(() => appendFileSync(this.path, bytes));
    this.gathered = new MemorySink();
  }

  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      throw fileError('written', this.path, error);
    }
  }
}
