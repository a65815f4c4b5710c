/** Micro-benchmarks of what comes before any table: key extraction by the shape of the frame, and the hashes. */
import { EXTRACT_OK } from '#datapath/extract-result.js';
import { extractPacket, resetMetadata, ROW_WORDS } from '#datapath/flow-extract.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { microflowHash, ufidOf } from '#flowtable/hash.js';
import { FRAME_KINDS, type FrameSet, makeFrames } from '../frames.js';
import type { MicroBenchmark } from './micro-benchmark.js';

/** Few enough to stay in the first cache: it is the code that is measured. */
const FLOW_COUNT = 256;

export function extractionBenchmarks(): readonly MicroBenchmark[] {
  return FRAME_KINDS.map((kind) => {
    const frames = makeFrames({ kind, flowCount: FLOW_COUNT, port: 1 });
    const words = new Int32Array(ROW_WORDS);
    const { view } = frames.arena;
    const { starts, lengths } = frames.batch;
    return {
      name: `extract key, ${kind}`,
      count: FLOW_COUNT,
      expected: EXTRACT_OK,
      run() {
        let results = 0;
        for (let i = 0; i < FLOW_COUNT; i++) {
          resetMetadata(words, 0, 1);
          results |= extractPacket(view, starts[i]!, lengths[i]!, words, 0, 1);
        }
        return results;
      },
    };
  });
}

/** The keys of the first frames of a set, one row after another. */
export function keysOf(frames: FrameSet, count: number): Int32Array {
  const words = new Int32Array(count * ROW_WORDS);
  for (let i = 0; i < count; i++) {
    resetMetadata(words, i * ROW_WORDS, 0x0100_0000);
    const { starts, lengths } = frames.batch;
    extractPacket(frames.arena.view, starts[i]!, lengths[i]!, words, i * ROW_WORDS, 1);
  }
  return words;
}

export function hashBenchmarks(): readonly MicroBenchmark[] {
  const words = keysOf(makeFrames({ kind: 'udp', flowCount: FLOW_COUNT, port: 1 }), FLOW_COUNT);
  const hashAll = (): number => {
    let sum = 0;
    for (let i = 0; i < FLOW_COUNT; i++) sum = (sum + microflowHash(words, i * ROW_WORDS)) | 0;
    return sum;
  };
  const key = new FlowKey();
  key.words.set(words.subarray(0, key.words.length > ROW_WORDS ? ROW_WORDS - 4 : key.words.length));
  const mask = exactDatapathMask();
  return [
    { name: 'hash for the microflow cache', count: FLOW_COUNT, expected: hashAll(), run: hashAll },
    { name: 'UFID of a flow', count: 1, expected: 32, run: () => ufidOf(key, mask).length },
  ];
}
