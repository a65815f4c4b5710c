/**
 * Micro-benchmarks of each table by itself: a hit in the microflow cache, in the megaflow table behind one mask and many,
 * and a lookup of the OpenFlow classifier with the tracking of wildcards.
 */
import { ROW_WORDS } from '#datapath/flow-extract.js';
import { Classifier, type ClassifierRule } from '#flowtable/classifier.js';
import { DATAPATH_WORDS, FlowKey, OFF_NW_SRC, OFF_TP_DST, OFF_TUN_TP_SRC } from '#flowtable/flow-key.js';
import { exactDatapathMask } from '#flowtable/flow-mask.js';
import { microflowHash } from '#flowtable/hash.js';
import { Match } from '#flowtable/match.js';
import { MegaflowTable } from '#flowtable/megaflow-table.js';
import { MicroflowCache } from '#flowtable/microflow-cache.js';
import { LATEST_VERSION } from '#flowtable/versions.js';
import { makeFrames } from '../frames.js';
import { keysOf } from './keys.js';
import type { MicroBenchmark } from './micro-benchmark.js';

const FLOW_COUNT = 1024;
const RULE_COUNT = 1000;

function keyAt(words: Int32Array, index: number): FlowKey {
  const key = new FlowKey();
  key.words.set(words.subarray(index * ROW_WORDS, index * ROW_WORDS + DATAPATH_WORDS));
  return key;
}

export function tableBenchmarks(): readonly MicroBenchmark[] {
  const words = keysOf(makeFrames({ kind: 'udp', flowCount: FLOW_COUNT, port: 1 }), FLOW_COUNT);
  return [
    microflowBenchmark(words),
    ...[1, 8, 32].map((maskCount) => megaflowBenchmark(words, maskCount)),
    classifierBenchmark(words),
  ];
}

/** All flows in the megaflow table under the exact mask, and in the cache. */
function microflowBenchmark(words: Int32Array): MicroBenchmark {
  const table = new MegaflowTable();
  const cache = new MicroflowCache(8192);
  for (let i = 0; i < FLOW_COUNT; i++) {
    const slot = table.insert(keyAt(words, i), exactDatapathMask());
    cache.insert(words, i * ROW_WORDS, microflowHash(words, i * ROW_WORDS), table.handles[slot]!);
  }
  const run = (): number => {
    let found = 0;
    for (let i = 0; i < FLOW_COUNT; i++) {
      const at = i * ROW_WORDS;
      if (cache.lookup(words, at, microflowHash(words, at), table.handles) >= 0) found++;
    }
    return found;
  };
  // An index bucket has two places: of so few keys all but a handful find one.
  const found = run();
  if (found < FLOW_COUNT * 0.9) throw new Error(`the microflow cache holds ${found} of ${FLOW_COUNT} flows`);
  return { name: 'microflow cache, hit', count: FLOW_COUNT, expected: found, run };
}

/** Flows spread evenly over masks that cover the port, the source address and the destination port. */
function megaflowBenchmark(words: Int32Array, maskCount: number): MicroBenchmark {
  const table = new MegaflowTable();
  for (let i = 0; i < FLOW_COUNT; i++) {
    const mask = new FlowKey();
    mask.setU32(0, 0xffff_ffff);
    mask.setU32(OFF_NW_SRC, 0xffff_ffff);
    mask.setU16(OFF_TP_DST, 0xffff);
    // The tunnel's ports are zero in every key: bits of them make masks differ, and leave flows apart by their address.
    mask.setU32(OFF_TUN_TP_SRC, i % maskCount);
    if (table.insert(keyAt(words, i), mask) < 0) throw new Error(`flow ${i} could not be put into the table`);
  }
  if (table.maskCount !== maskCount) throw new Error(`${table.maskCount} masks, not ${maskCount}`);
  return {
    name: `megaflow table, hit, ${maskCount} ${maskCount === 1 ? 'mask' : 'masks'}`,
    count: FLOW_COUNT,
    expected: FLOW_COUNT,
    run() {
      let found = 0;
      for (let i = 0; i < FLOW_COUNT; i++) if (table.lookup(words, i * ROW_WORDS) >= 0) found++;
      return found;
    },
  };
}

interface Rule extends ClassifierRule {
  readonly number: number;
}

/** Rules for source networks of three lengths, and one for all the rest. */
function classifierBenchmark(words: Int32Array): MicroBenchmark {
  const classifier = new Classifier<Rule>();
  for (let i = 0; i < RULE_COUNT; i++) {
    const match = new Match();
    const length = 16 + 8 * (i % 2);
    match.mask.setU32(OFF_NW_SRC, (0xffff_ffff << (32 - length)) >>> 0);
    match.key.setU32(OFF_NW_SRC, ((0x0a00_0000 + (i << (32 - length))) & (0xffff_ffff << (32 - length))) >>> 0);
    classifier.insert({ match, priority: 100 + (i % 3), number: i });
  }
  classifier.insert({ match: new Match(), priority: 0, number: RULE_COUNT });
  const keys = Array.from({ length: 64 }, (_, i) => keyAt(words, i * 16));
  const wildcards = new FlowKey();
  const run = (): number => {
    let numbers = 0;
    for (const key of keys) {
      wildcards.clear();
      numbers += classifier.lookup(key, LATEST_VERSION, wildcards)?.number ?? 0;
    }
    return numbers;
  };
  return { name: `classifier, ${RULE_COUNT} rules, with wildcards`, count: keys.length, expected: run(), run };
}
