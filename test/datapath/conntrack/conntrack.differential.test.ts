/**
 * The same frames through real OVS's connection tracker and through ours: the same states, marks, labels, original
 * tuples, rewritten bytes, and the same connections in the end. OVS_CASES and OVS_SEED choose how many and which.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRng } from '#src/sim/rng.js';
import { suiteSettings } from '../../differential/dice.js';
import { OvsOracle, requireOracle } from '../../support/ovs-oracle.js';
import { hex, toHex } from '../../support/packet-builder.js';
import {
  beginConversation,
  type Dice,
  type Ends,
  endsOfAnswer,
  errorAbout,
  nextFrame,
  spoil,
} from './conversations.js';
import { natTo, type Pipeline, RealTracker } from './real-tracker.js';
import { stateText, TrackedFrames } from './tracked-frames.js';

const label = (value: string, mask: string) => ({
  value: hex(value.padStart(32, '0')),
  mask: hex(mask.padStart(32, '0')),
});

const PLAIN: readonly Pipeline[] = [
  [{ zone: 1, commit: true }],
  [{ zone: 1 }],
  [{ zone: 1 }, { zone: 1, commit: true, mark: { value: 5, mask: 0xff } }],
  [{ zone: 1, force: true, commit: true }],
  [{ zone: 1 }, { zone: 2, commit: true, label: label('beef', 'ffff') }],
  [{ zone: 1, commit: true, mark: { value: 0x100, mask: 0xf00 }, label: label('20', 'f0') }],
];

const NAT: readonly Pipeline[] = [
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.77') }],
  [{ zone: 1, nat: 'restore' }],
  [
    { zone: 1, nat: 'restore' },
    { zone: 1, commit: true, nat: natTo('destination', '10.1.0.12') },
  ],
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.78', [5000]) }],
  [
    { zone: 1, commit: true, nat: natTo('destination', '10.1.0.13', [8080]), helper: null },
    { zone: 2, commit: true },
  ],
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.79', [7000]) }, { zone: 1 }],
];

const NAT6: readonly Pipeline[] = [
  [{ zone: 1, commit: true, nat: natTo('source', 'fc00::77') }],
  [{ zone: 1, nat: 'restore' }],
  [{ zone: 1, commit: true, nat: natTo('destination', 'fc00::12', [8080]) }],
  [
    { zone: 1, nat: 'restore' },
    { zone: 1, commit: true },
  ],
];

const GROUPS = [
  { name: 'states', pipelines: PLAIN, family: null },
  { name: 'NAT of IPv4', pipelines: NAT, family: 4 },
  { name: 'NAT of IPv6', pipelines: NAT6, family: 6 },
] as const;

describe.skipIf(!requireOracle())('connection tracking beside real OVS', () => {
  let oracle: OvsOracle;
  let theirs: RealTracker;
  const { seed, cases } = suiteSettings('conntrack', 12);

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    theirs = new RealTracker(oracle);
  });
  afterAll(() => oracle.stop());

  test.each(GROUPS)(
    'random conversations: $name',
    async ({ pipelines, family }) => {
      theirs.setUp(pipelines);
      const failures: string[] = [];
      for (let n = 0; n < cases && failures.length < 3; n++) {
        const failure = await runCase(theirs, pipelines, family, seed * 1000 + n);
        if (failure !== null) failures.push(`seed ${seed * 1000 + n}: ${failure}`);
      }
      expect(failures).toEqual([]);
    },
    1_800_000,
  );
});

async function runCase(
  theirs: RealTracker,
  pipelines: readonly Pipeline[],
  family: 4 | 6 | null,
  seed: number,
): Promise<string | null> {
  const rng = new SeededRng(seed);
  const dice: Dice = (sides) => rng.next32() % sides;
  await theirs.must('dpctl/flush-conntrack');
  const ours = new TrackedFrames({ seed });
  const talks = Array.from({ length: 3 }, () => {
    for (;;) {
      const talk = beginConversation(dice);
      if (family === null || talk.version === family) return talk;
    }
  });
  const history: string[] = [];
  let last: { frame: Uint8Array; talk: number } | null = null;
  for (let step = 0; step < 25; step++) {
    const index = dice(talks.length);
    const talk = talks[index]!;
    const isReply = dice(2) === 0;
    const kind = dice(10);
    const answered: Ends | null = kind < 4 && last !== null ? endsOfAnswer(last.frame) : null;
    let frame =
      answered !== null ? nextFrame(dice, talks[last!.talk]!, true, answered) : nextFrame(dice, talk, isReply, null);
    if (kind === 8 && last !== null) frame = errorAbout(dice, last.frame) ?? frame;
    if (dice(20) === 0) frame = spoil(dice, frame);
    const port = dice(pipelines.length);
    const pipeline = pipelines[port]!;
    history.push(`p${port + 1} ${JSON.stringify(pipeline.map(({ zone, commit }) => [zone, commit]))} ${toHex(frame)}`);
    const real = await theirs.send(port + 1, frame);
    const isIp = real !== null;
    const mine = ours.send(frame, ...pipeline);
    if (!isIp) continue;
    last = { frame: mine.frame, talk: answered === null ? index : last!.talk };
    const got = {
      state: mine.state,
      zone: mine.key.u16(46),
      mark: mine.key.u32(152),
      label: mine.key.u16(170),
      rest: toHex(mine.frame.subarray(12)),
      tuple: real.tuple === null || mine.key.u16(24) !== 0x0800 ? null : tupleOf(mine.key.bytes),
    };
    const want = { ...real, state: stateText(real.state), tuple: mine.key.u16(24) === 0x0800 ? real.tuple : null };
    if (JSON.stringify(got, Object.keys(got).sort()) !== JSON.stringify(want, Object.keys(want).sort())) {
      return `step ${step}\n${history.join('\n')}\nwant ${JSON.stringify(want)}\ngot  ${JSON.stringify(got)}`;
    }
    if (dice(8) === 0) {
      const ms = [1000, 25_000, 31_000][dice(3)]!;
      await theirs.must('time/warp', String(ms), String(ms));
      ours.nowMs += ms;
      history.push(`warp ${ms}`);
    }
  }
  for (const options of [['-m', '-s'], []]) {
    const want = await theirs.dump(...options);
    const got = ours.dump({ isVerbose: options.length > 0, hasStatistics: options.length > 0 });
    if (want.join('\n') !== got.join('\n')) {
      return `dump\n${history.join('\n')}\nwant\n${want.join('\n')}\ngot\n${got.join('\n')}`;
    }
  }
  return null;
}

/** ct_tp_dst, ct_nw_dst, ct_tp_src, ct_nw_src, as the real bridge shows them. */
function tupleOf(bytes: Uint8Array): string {
  return (
    toHex(bytes.subarray(214, 216)) +
    toHex(bytes.subarray(176, 180)) +
    toHex(bytes.subarray(212, 214)) +
    toHex(bytes.subarray(172, 176))
  );
}
