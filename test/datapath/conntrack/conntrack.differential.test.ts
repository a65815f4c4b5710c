/**
 * The same frames through real OVS's connection tracker and through ours: the same states, marks, labels, original
 * tuples, rewritten bytes, and the same connections in the end. OVS_CASES and OVS_SEED choose how many and which.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_LIMIT_ZONE } from '#datapath/conntrack/zone-limits.js';
import {
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_NW_DST,
  OFF_CT_NW_SRC,
  OFF_CT_TP_DST,
  OFF_CT_TP_SRC,
} from '#flowtable/flow-key.js';
import { SeededRng } from '#src/sim/rng.js';
import { formatConnectionBuckets, formatConnectionStats, formatZoneLimits } from '#src/vswitchd/odp/conntrack-text.js';
import { flushMatching, parseConnectionMatch } from '#src/vswitchd/odp/conntrack-match.js';
import { suiteSettings } from '../../differential/dice.js';
import { OvsOracle, requireOracle } from '../../support/ovs-oracle.js';
import { eth, hex, toHex } from '../../support/packet-builder.js';
import {
  beginConversation,
  type Dice,
  type Ends,
  endsOfAnswer,
  errorAbout,
  nextFrame,
  spoil,
} from './conversations.js';
import { FILE_TRANSFERS } from './file-transfers.js';
import { natTo, type Pipeline, type RealResult, RealTracker } from './real-tracker.js';
import { stateText, type Tracked, TrackedFrames } from './tracked-frames.js';

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
    { zone: 1, commit: true, nat: natTo('destination', '10.1.0.14') },
  ],
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.78', [5000]) }],
  [
    { zone: 1, commit: true, nat: natTo('destination', '10.1.0.13', [8080]), helper: null },
    { zone: 2, commit: true },
  ],
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.79', [7000]) }, { zone: 1 }],
  [{ zone: 1, commit: true, nat: 'restore' }],
];

const NAT6: readonly Pipeline[] = [
  [{ zone: 1, commit: true, nat: natTo('source', 'fc00::77') }],
  [{ zone: 1, nat: 'restore' }],
  [{ zone: 1, commit: true, nat: natTo('destination', 'fc00::14', [8080]) }],
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

  test.each(FILE_TRANSFERS)('$name', async ({ pipelines, frames }) => {
    theirs.setUp(pipelines);
    await theirs.must('dpctl/flush-conntrack');
    const ours = new TrackedFrames();
    for (const [step, [port, frame]] of frames.entries()) {
      const real = await theirs.send(port, frame);
      const mine = ours.send(frame, ...pipelines[port - 1]!);
      const difference = real === null ? 'nothing came out' : compareOne(real, mine);
      expect(difference, `step ${step}: ${toHex(frame)}`).toBe(null);
    }
    expect(await compareDumps(theirs, ours)).toBe(null);
  });

  test('limits, statistics and flushing are printed and done alike', async () => {
    theirs.setUp([[{ zone: 1, commit: true }], [{ zone: 2, commit: true }]]);
    await theirs.must('dpctl/flush-conntrack');
    const ours = new TrackedFrames();
    const { tracker } = ours;
    await theirs.must('dpctl/ct-set-limits', 'default=3', 'zone=1,limit=2');
    tracker.zoneLimits.set(DEFAULT_LIMIT_ZONE, 3);
    tracker.zoneLimits.set(1, 2);
    for (let i = 0; i < 5; i++) {
      for (const port of [1, 2]) {
        const frame = eth()
          .ipv4('10.0.0.1', '10.0.0.2')
          .udp(1000 + i, 53)
          .bytes();
        await theirs.send(port, frame);
        ours.send(frame, { zone: port, commit: true });
      }
    }
    for (const [port, frame] of [
      [2, eth().ipv4('10.0.0.1', '10.0.0.2').tcp(5, 6, { flags: 2 }).bytes()],
      [2, eth().ipv4('10.0.0.1', '10.0.0.2').icmp(8).bytes()],
    ] as const) {
      await theirs.send(port, frame);
      ours.send(frame, { zone: port, commit: true });
    }
    const same = async (want: string, got: string) =>
      expect(got).toBe(await theirs.must(...(want.split(' ') as [string])));
    expect(await compareDumps(theirs, ours)).toBe(null);
    await same('dpctl/ct-get-limits', formatZoneLimits(3, tracker.zoneLimits.list()));
    await same('dpctl/ct-stats-show', formatConnectionStats(tracker.entries()));
    await same('dpctl/ct-stats-show -m', formatConnectionStats(tracker.entries(), true));
    await same('dpctl/ct-stats-show zone=1', formatConnectionStats(tracker.entries(1)));
    await same('dpctl/ct-bkts', formatConnectionBuckets(tracker.count));
    await same('dpctl/ct-bkts gt=7', formatConnectionBuckets(tracker.count, 7));
    await same('dpctl/ct-get-nconns', `${tracker.count}\n`);
    await same('dpctl/ct-get-maxconns', `${tracker.maxConnections}\n`);
    await theirs.must('dpctl/ct-del-limits', 'zone=1');
    tracker.zoneLimits.delete(1);
    await same('dpctl/ct-get-limits', formatZoneLimits(3, tracker.zoneLimits.list()));
    await theirs.must('dpctl/flush-conntrack', 'zone=1');
    tracker.flush(1);
    expect(await compareDumps(theirs, ours)).toBe(null);
    await theirs.must('dpctl/flush-conntrack');
    tracker.flush();
    expect(await compareDumps(theirs, ours)).toBe(null);
    await same('dpctl/ct-bkts', formatConnectionBuckets(tracker.count));
    await same('dpctl/ct-stats-show', formatConnectionStats(tracker.entries()));
  });

  test.each([
    ['zone=1', 'ct_nw_src=10.0.0.1,ct_nw_proto=17', ''],
    ['zone=1', '', 'ct_nw_src=10.0.0.9,ct_nw_proto=6'],
    ['zone=2', 'ct_nw_proto=17,ct_tp_dst=53', ''],
    ['zone=1', 'ct_nw_src=10.0.0.1,ct_nw_dst=10.0.0.2,ct_nw_proto=17,ct_tp_src=1001,ct_tp_dst=53', ''],
    ['zone=1', 'ct_ipv6_src=fc00::1', ''],
    ['zone=1', 'ct_nw_proto=1,icmp_id=1,icmp_type=8', 'ct_nw_proto=1,icmp_id=1,icmp_type=0'],
    ['zone=1', 'ct_tp_src=5', ''],
    ['zone=1', 'ct_nw_src=10.0.0', ''],
    ['zone=1', 'ct_nw_src=10.0.0.1,ct_ipv6_dst=::1', ''],
    ['zone=1', 'ct_nw_proto=300', ''],
    ['zone=1', 'icmp_id=3', ''],
    ['zone=1', 'nonsense=3', ''],
    ['zone=1', 'ct_nw_src=', ''],
  ])('flush-conntrack %s %s %s', async (zoneText, original, reply) => {
    const pipelines: Pipeline[] = [[{ zone: 1, commit: true }], [{ zone: 2, commit: true }]];
    theirs.setUp(pipelines);
    await theirs.must('dpctl/flush-conntrack');
    const ours = new TrackedFrames();
    for (const frame of [
      ...[1000, 1001].map((port) => eth().ipv4('10.0.0.1', '10.0.0.2').udp(port, 53).bytes()),
      eth().ipv4('10.0.0.3', '10.0.0.9').tcp(7, 8, { flags: 2 }).bytes(),
      eth().ipv4('10.0.0.1', '10.0.0.2').icmp(8).bytes(),
      eth().ipv6('fc00::1', 'fc00::2').udp(1, 2).bytes(),
    ]) {
      for (const port of [1, 2]) {
        await theirs.send(port, frame);
        ours.send(frame, pipelines[port - 1]![0]!);
      }
    }
    const want = await theirs.must('dpctl/flush-conntrack', zoneText, original, reply).then(
      () => '',
      (error: Error) => error.message.replace('dpctl/flush-conntrack: ', '').split(' (')[0]!,
    );
    let got = '';
    try {
      flushMatching(ours.tracker, parseConnectionMatch(original, reply), Number(zoneText.slice(5)));
    } catch (error) {
      got = (error as Error).message;
    }
    expect(got).toBe(want.replace('ovs-vswitchd: ', ''));
    expect(await compareDumps(theirs, ours)).toBe(null);
  });
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
    // OVS garbles the packet that an ICMPv6 error quotes when NAT rewrites it.
    const isGarbled = family === 6;
    if (kind === 8 && last !== null && !isGarbled) frame = errorAbout(dice, last.frame) ?? frame;
    if (dice(20) === 0) frame = spoil(dice, frame);
    const port = dice(pipelines.length);
    const pipeline = pipelines[port]!;
    history.push(`p${port + 1} ${JSON.stringify(pipeline.map(({ zone, commit }) => [zone, commit]))} ${toHex(frame)}`);
    const real = await theirs.send(port + 1, frame).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${history.join('\n')}`);
    });
    const isIp = real !== null;
    const mine = ours.send(frame, ...pipeline);
    if (!isIp) continue;
    // OVS keeps the reply entry of a reopened connection under NAT until its next sweep; what follows differs.
    if (family !== null && ours.tracker.reopenedCount > 0) return null;
    last = { frame: mine.frame, talk: answered === null ? index : last!.talk };
    const difference = compareOne(real, mine);
    if (difference !== null) return `step ${step}\n${history.join('\n')}\n${difference}`;
    if (dice(8) === 0) {
      const ms = [1000, 25_000, 31_000][dice(3)]!;
      await theirs.must('time/warp', String(ms), String(ms));
      ours.nowMs += ms;
      history.push(`warp ${ms}`);
    }
  }
  const difference = await compareDumps(theirs, ours);
  return difference === null ? null : `dump\n${history.join('\n')}\n${difference}`;
}

/** What differs after one packet, or null. */
function compareOne(real: RealResult, mine: Tracked): string | null {
  const isIpv4 = mine.key.u16(24) === 0x0800;
  const got = {
    state: mine.state,
    mark: mine.key.u32(OFF_CT_MARK),
    zone: mine.key.u16(46),
    label: mine.key.u16(OFF_CT_LABEL + 14),
    rest: toHex(mine.frame.subarray(12)),
    tuple: real.tuple === null || !isIpv4 ? null : tupleOf(mine.key.bytes),
  };
  const want = { ...real, state: stateText(real.state), tuple: isIpv4 ? real.tuple : null };
  const same = (Object.keys(got) as (keyof typeof got)[]).every((name) => got[name] === want[name]);
  return same ? null : `want ${JSON.stringify(want)}\ngot  ${JSON.stringify(got)}`;
}

async function compareDumps(theirs: RealTracker, ours: TrackedFrames): Promise<string | null> {
  for (const options of [['-m', '-s'], []]) {
    const want = (await theirs.dump(...options)).join('\n');
    const got = ours.dump({ isVerbose: options.length > 0, hasStatistics: options.length > 0 }).join('\n');
    if (want !== got) return `want\n${want}\ngot\n${got}`;
  }
  return null;
}

/** ct_tp_dst, ct_nw_dst, ct_tp_src, ct_nw_src, as the real bridge shows them. */
function tupleOf(bytes: Uint8Array): string {
  return (
    toHex(bytes.subarray(OFF_CT_TP_DST, OFF_CT_TP_DST + 2)) +
    toHex(bytes.subarray(OFF_CT_NW_DST, OFF_CT_NW_DST + 4)) +
    toHex(bytes.subarray(OFF_CT_TP_SRC, OFF_CT_TP_SRC + 2)) +
    toHex(bytes.subarray(OFF_CT_NW_SRC, OFF_CT_NW_SRC + 4))
  );
}
