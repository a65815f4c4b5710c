/** Fragments of whole packets, in any order and with flaws, through real OVS's tracker and ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { SeededRng } from '#src/sim/rng.js';
import { formatFragmentStatus } from '#src/vswitchd/odp/conntrack-text.js';
import { suiteSettings } from '../../differential/dice.js';
import { OvsOracle, requireOracle } from '../../support/ovs-oracle.js';
import { eth } from '../../support/packet-builder.js';
import type { Dice } from './conversations.js';
import { natTo, type Pipeline, RealTracker } from './real-tracker.js';
import { TrackedFrames } from './tracked-frames.js';

const PIPELINES: readonly Pipeline[] = [
  [{ zone: 1, commit: true }],
  [{ zone: 1, commit: true, nat: natTo('source', '10.1.0.77') }],
  [{ zone: 1, nat: 'restore' }],
  [{ zone: 1, commit: true, nat: natTo('source', 'fc00::77') }],
];

/** Cuts a packet with a plain IP header into fragments at the given payload offsets. */
export function fragment(frame: Uint8Array, cuts: readonly number[], id: number): Uint8Array[] {
  const isIpv4 = frame[12] === 0x08;
  const header = isIpv4 ? 34 : 54;
  const text = (at: number, size: number): string =>
    isIpv4
      ? [...frame.subarray(at, at + size)].join('.')
      : Buffer.from(frame.subarray(at, at + size))
          .toString('hex')
          .match(/..../g)!
          .join(':');
  const protocol = frame[isIpv4 ? 23 : 20]!;
  const payload = frame.subarray(header);
  const ends = [...cuts, payload.length];
  return ends.map((end, i) => {
    const from = i === 0 ? 0 : ends[i - 1]!;
    const isLast = i === ends.length - 1;
    const piece = payload.subarray(from, end);
    if (isIpv4) {
      const options = { protocol, id, fragmentOffset: from, moreFragments: !isLast };
      return eth().ipv4(text(26, 4), text(30, 4), options).payload(piece).bytes();
    }
    const made = eth().ipv6(text(22, 16), text(38, 16)).fragment(from, !isLast, id).payload(piece).bytes();
    made[54] = protocol;
    return made;
  });
}

function randomPacket(dice: Dice, isIpv6: boolean): Uint8Array {
  const isReply = dice(3) === 0;
  const [a, b] = isIpv6 ? ['fc00::1', 'fc00::2'] : ['10.1.0.1', '10.1.0.2'];
  const [source, destination] = isReply ? [b, a] : [a, b];
  const ip = isIpv6 ? eth().ipv6(source, destination) : eth().ipv4(source, destination);
  const size = [1400, 2600, 4000][dice(3)]!;
  if (dice(3) === 0)
    return ip
      .tcp(isReply ? 80 : 1000, isReply ? 1000 : 80, { flags: 0x10 })
      .payload(size)
      .bytes();
  return ip
    .udp(isReply ? 53 : 2000, isReply ? 2000 : 53)
    .payload(size)
    .bytes();
}

describe.skipIf(!requireOracle())('fragments beside real OVS', () => {
  let oracle: OvsOracle;
  const { seed, cases } = suiteSettings('fragments', 10);

  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle.stop());

  test('random fragments', async () => {
    const theirs = new RealTracker(oracle);
    theirs.setUp(PIPELINES, false);
    const rng = new SeededRng(seed);
    const dice: Dice = (sides) => rng.next32() % sides;
    const ours = new TrackedFrames();
    for (let n = 0; n < cases; n++) {
      await theirs.must('dpctl/flush-conntrack');
      ours.tracker.flush();
      for (let packet = 0; packet < 6; packet++) {
        const isIpv6 = dice(2) === 0;
        const port = [0, isIpv6 ? 3 : 1, 2][dice(3)]!;
        const whole = randomPacket(dice, isIpv6);
        const step = [1240, 1240, 1304, 800][dice(4)]!;
        const cuts: number[] = [];
        for (let at = step; at < whole.length - 60; at += step) cuts.push(at);
        const pieces = fragment(whole, cuts, n * 100 + packet);
        if (dice(4) === 0) pieces.push(pieces[dice(pieces.length)]!);
        if (dice(6) === 0) pieces.splice(dice(pieces.length), 1);
        for (let i = pieces.length - 1; i > 0; i--) {
          const j = dice(i + 1);
          [pieces[i], pieces[j]] = [pieces[j]!, pieces[i]!];
        }
        for (const piece of pieces) {
          const want = await theirs.sendAll(port + 1, piece);
          const got = ours.sendAll(piece, PIPELINES[port]![0]!);
          // OVS executes what hits a flow after what makes one, so that the order says nothing of the tracker.
          expect([...got].sort(), `case ${n}, packet ${packet}, port ${port + 1}`).toEqual([...want].sort());
        }
        if (dice(4) === 0) await letExpire(theirs, ours);
      }
      await letExpire(theirs, ours);
      expect(ours.fragments.count).toBe(0);
      expect(ours.dump()).toEqual(await theirs.dump());
    }
    expect(formatFragmentStatus(ours.fragments)).toBe(await theirs.must('dpctl/ipf-get-status'));
  }, 600_000);
});

/**
 * Lets pass the time after which incomplete packets are given up, and sends what takes their fragments along, one by
 * one: before OVS's thread, whose minute we do not know, purges any.
 */
async function letExpire(theirs: RealTracker, ours: TrackedFrames): Promise<void> {
  await theirs.must('time/warp', '16000', '16000');
  ours.nowMs += 16_000;
  const frame = eth().ipv4('10.1.0.1', '10.1.0.2').udp(9, 9).bytes();
  for (let i = 0; i < 8; i++) {
    const got = ours.sendAll(frame, PIPELINES[0]![0]!);
    expect([...got].sort()).toEqual([...(await theirs.sendAll(1, frame))].sort());
  }
}
