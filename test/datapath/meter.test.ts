/** Meters on a clock that the test turns: how many packets pass, and what is counted. */
import { describe, expect, it } from 'vitest';
import type { MeterBand, MeterSpec } from '#datapath/dpif.js';
import { makeBench, output, putFlow } from '../support/datapath-bench.js';
import { eth, hex } from '../support/packet-builder.js';

const drop = (rate: number, burst: number): MeterBand => ({ type: 'drop', rate, burst, precedence: 0 });
const spec = (unit: 'kbps' | 'pktps', ...bands: readonly MeterBand[]): MeterSpec => ({
  id: 7,
  unit,
  hasBurst: true,
  bands,
});
/** 125 bytes: 1000 bits. */
const FRAME = eth().ipv4('10.0.0.1', '10.0.0.2').udp(1, 2).payload(new Uint8Array(83)).bytes();

/** Sends packets at times in milliseconds; says which passed. */
function run(meter: MeterSpec, times: readonly number[]): { passed: string; stats: unknown; drops: unknown } {
  const bench = makeBench();
  expect(bench.datapath.meterSet(meter)).toBe('ok');
  putFlow(bench, FRAME, 1, [{ kind: 'meter', id: 7 }, output(2)]);
  let passed = '';
  for (const time of times) {
    bench.clock.nowNs = time * 1e6;
    bench.datapath.receive(1, FRAME);
    passed += bench.takeSent().length === 1 ? '+' : '-';
  }
  return { passed, stats: bench.datapath.meterStats(7), drops: bench.datapath.portGet(1)!.drops.get('meter') ?? 0 };
}

describe('a meter', () => {
  it.each([
    ['passes a burst, then its rate', spec('pktps', drop(10, 2)), [0, 0, 0, 100, 100, 350, 350, 350], '++-+-++-'],
    ['without a burst may take one second', spec('pktps', drop(3, 0)), [0, 0, 0, 0], '+++-'],
    ['of bits counts bits', spec('kbps', drop(1, 2)), [0, 0, 0, 500, 1000], '++--+'],
    ['fills no fuller than its burst', spec('pktps', drop(1, 1)), [0, 100_000, 100_000], '++-'],
    ['counts whole milliseconds', spec('pktps', drop(1000, 1)), [0, 0.4, 0.9, 1], '+--+'],
    ['of two bands needs both', spec('pktps', drop(1, 3), drop(2, 2)), [0, 0, 0], '++-'],
  ])('%s', (_, meter, times, passed) => {
    expect(run(meter, times).passed).toBe(passed);
  });

  it('counts packets, and at the band of the highest rate those that it dropped', () => {
    const { stats, drops } = run(spec('pktps', drop(1, 1), drop(5, 1)), [0, 0, 0]);
    expect(stats).toEqual({
      packets: 3,
      bytes: 375,
      bands: [
        { packets: 0, bytes: 0 },
        { packets: 2, bytes: 250 },
      ],
    });
    expect(drops).toBe(2);
  });

  it('is refused where OVS refuses it', () => {
    const { datapath } = makeBench();
    expect(datapath.meterSet({ ...spec('pktps'), id: 1 << 18 })).toBe('bad-id');
    expect(datapath.meterSet(spec('pktps', ...Array.from({ length: 9 }, () => drop(1, 1))))).toBe('too-many-bands');
    expect(datapath.meterSet(spec('pktps', drop(0, 1)))).toBe('bad-rate');
  });

  it('that does not exist, or no longer, lets all pass', () => {
    const bench = makeBench();
    putFlow(bench, FRAME, 1, [{ kind: 'meter', id: 7 }, output(2)]);
    bench.datapath.receive(1, FRAME);
    bench.datapath.meterSet(spec('pktps', drop(1, 1)));
    for (let i = 0; i < 3; i++) bench.datapath.receive(1, FRAME);
    expect(bench.datapath.meterDelete(7)).toMatchObject({ packets: 3 });
    expect(bench.datapath.meterDelete(7)).toBeNull();
    bench.datapath.receive(1, FRAME);
    expect(bench.takeSent()).toHaveLength(3);
  });

  it.each([
    ['AF11 becomes AF12', 0x28, 1, 0x30],
    ['AF11 becomes AF13 at most', 0x28, 9, 0x38],
    ['ECN stays', 0x2b, 1, 0x33],
    ['EF is no assured class', 0xb8, 1, 0xb8],
  ])('that marks: %s', (_, tos, precedence, marked) => {
    const bench = makeBench();
    bench.datapath.meterSet(spec('pktps', { type: 'dscp_remark', rate: 1, burst: 1, precedence }));
    const frame = eth().ipv4('10.0.0.1', '10.0.0.2', { tos }).udp(1, 2).bytes();
    putFlow(bench, frame, 1, [{ kind: 'meter', id: 7 }, output(2)]);
    bench.datapath.receive(1, frame);
    bench.datapath.receive(1, frame);
    const expected = eth().ipv4('10.0.0.1', '10.0.0.2', { tos: marked }).udp(1, 2).bytes();
    const [first, second] = bench.takeSent().map((sent) => hex(sent.frame));
    expect(first).toEqual(frame);
    expect(second).toEqual(expected);
  });
});
