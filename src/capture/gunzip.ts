/**
 * Uncompresses a gzip stream (RFC 1952) piece by piece, however long it is, up to a bound: a small file can inflate a
 * thousandfold.
 *
 * Invariant: all that could be uncompressed before an error is handed on before the error is told. Node's zlib drops
 * what it holds when it fails, so the input goes in by small pieces and the output is taken out after each.
 */
import { createGunzip } from 'node:zlib';

const PIECE_SIZE = 16 * 1024;

export const DEFAULT_MAX_INFLATED_SIZE = 64 * 1024 ** 3;

export interface GunzipOutcome {
  /** Why uncompressing stopped early, or null. */
  error: string | null;
}

export async function* gunzip(
  chunks: AsyncIterable<Uint8Array>,
  outcome: GunzipOutcome,
  maxInflatedSize = DEFAULT_MAX_INFLATED_SIZE,
): AsyncGenerator<Uint8Array> {
  const stream = createGunzip({ chunkSize: 256 * 1024 });
  let inflated: Uint8Array[] = [];
  let total = 0;
  let failed: Error | null = null;
  let wake: (() => void) | null = null;
  stream.on('data', (part: Uint8Array) => inflated.push(part));
  stream.on('error', (error) => {
    failed = error;
    wake?.();
  });
  stream.on('end', () => wake?.());
  const settle = (start: (done: () => void) => void): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
      start(resolve);
    });
  const take = function* (): Generator<Uint8Array> {
    const ready = inflated;
    inflated = [];
    for (const part of ready) {
      total += part.length;
      if (total > maxInflatedSize) return;
      yield part;
    }
  };

  try {
    for await (const chunk of chunks) {
      for (let at = 0; at < chunk.length && failed === null; at += PIECE_SIZE) {
        await settle((done) => stream.write(chunk.subarray(at, at + PIECE_SIZE), () => setImmediate(done)));
        yield* take();
        if (total > maxInflatedSize) {
          outcome.error = `it uncompresses to more than ${maxInflatedSize} bytes`;
          return;
        }
      }
      if (failed !== null) break;
    }
    if (failed === null) {
      await settle(() => stream.end());
      yield* take();
    }
    if (failed !== null) outcome.error = (failed as Error).message;
  } finally {
    stream.destroy();
  }
}
