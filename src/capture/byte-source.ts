/**
 * Where a capture's bytes come from: a file, standard input or another stream, or memory. Chunks are fresh and never
 * written again, so that records may point into them.
 */
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { fileError } from '../report/file-error.js';

export interface ByteSource {
  /** For messages: the file's name, or `standard input`. */
  readonly name: string;
  /** Bytes that will come, where that is known: for progress. */
  readonly size: number | undefined;
  /** True when chunks() may be called again. */
  readonly repeatable: boolean;
  chunks(): AsyncIterable<Uint8Array>;
}

const CHUNK_SIZE = 1024 * 1024;

/** Opens nothing before chunks() is iterated, but tells at once when there is no such file. */
export const fileSource = async (path: string): Promise<ByteSource> => {
  let size: number | undefined;
  let isFile: boolean;
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) throw Object.assign(new Error('directory'), { code: 'EISDIR' });
    isFile = stats.isFile();
    if (isFile) size = stats.size;
  } catch (error) {
    throw fileError('read', path, error);
  }
  // A named pipe or a device can be read once, and not at offsets.
  const chunks = isFile ? () => fileChunks(path) : () => streamChunks(createReadStream(path), path);
  return { name: path, size, repeatable: isFile, chunks };
};

async function* fileChunks(path: string): AsyncGenerator<Uint8Array> {
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(path, 'r');
    for (;;) {
      const chunk = Buffer.allocUnsafeSlow(CHUNK_SIZE);
      const { bytesRead } = await file.read(chunk, 0, CHUNK_SIZE, null);
      if (bytesRead === 0) return;
      yield chunk.subarray(0, bytesRead);
    }
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined ? error : fileError('read', path, error);
  } finally {
    await file?.close();
  }
}

async function* streamChunks(stream: AsyncIterable<Uint8Array>, name: string): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of stream) yield chunk;
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === undefined ? error : fileError('read', name, error);
  }
}

/** Standard input or any other stream of bytes; it can be read once. */
export const streamSource = (stream: AsyncIterable<Uint8Array>, name: string): ByteSource => ({
  name,
  size: undefined,
  repeatable: false,
  chunks: () => streamChunks(stream, name),
});

export const memorySource = (bytes: Uint8Array, name = 'memory'): ByteSource => ({
  name,
  size: bytes.length,
  repeatable: true,
  async *chunks() {
    yield bytes;
  },
});
