/**
 * A whole capture in one arena, for those who go over its frames again and again (benchmarks): Ethernet frames only,
 * synthesised where the link type has none.
 *
 * Invariant: what is left out is counted, and a capture larger than the bound is an error rather than a part of itself.
 */
import { UserError } from '../report/user-error.js';
import { CaptureArena, type CapturedFrames } from './capture-arena.js';
import type { CaptureReader } from './capture-reader.js';
import { toEthernetFrame } from './ethernet-frame.js';

export interface LoadedCapture {
  /** Times are since the first frame as the capture gives them; tags are the interfaces. */
  readonly frames: CapturedFrames;
  /** Records that have no Ethernet form. */
  readonly leftOut: number;
}

export const loadCapture = async (reader: CaptureReader, maxSize = 1024 ** 3): Promise<LoadedCapture> => {
  const arena = new CaptureArena(maxSize);
  let leftOut = 0;
  let origin: { readonly seconds: number; readonly nanoseconds: number } | null = null;
  for await (const batch of reader.batches()) {
    for (const record of batch) {
      const frame = toEthernetFrame(record.linkType, record.bytes);
      if (frame === null) {
        leftOut++;
        continue;
      }
      origin ??= record;
      const timeNs = (record.seconds - origin.seconds) * 1e9 + (record.nanoseconds - origin.nanoseconds);
      if (!arena.add(frame, record.originalLength, timeNs, record.interfaceId)) {
        throw new UserError(`holds more than the ${maxSize} bytes that may be loaded`, { file: reader.name });
      }
    }
  }
  return { frames: arena, leftOut };
};
