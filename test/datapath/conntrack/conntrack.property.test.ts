import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { areKeysEqual, hashKey, makeKey, reversedKey } from '#datapath/conntrack/connection-key.js';
import { ExpiryQueue } from '#datapath/conntrack/expiry-queue.js';
import { formatIpv4Text, formatIpv6Text, parseIpv4Text, parseIpv6Text } from '#datapath/conntrack/ftp-address.js';
import { parseFtpMessage } from '#datapath/conntrack/ftp-message.js';
import { PLAIN_CT_REQUEST } from '#datapath/conntrack/ct-request.js';
import { checksum } from '#datapath/packet/checksum.js';
import { eth } from '../../support/packet-builder.js';
import { spoil } from './conversations.js';
import { natTo } from './real-tracker.js';
import { TrackedFrames } from './tracked-frames.js';

const word = fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff });
const key = fc.array(word, { minLength: 12, maxLength: 12 }).map((words) => makeKey().map((_, i) => words[i]!));

describe('properties of connection tracking', () => {
  test('a key and its reverse fall into one bucket, and turning twice gives the key', () => {
    fc.assert(
      fc.property(key, word, (given, salt) => {
        expect(hashKey(reversedKey(given), salt)).toBe(hashKey(given, salt));
        expect(areKeysEqual(reversedKey(reversedKey(given)), given)).toBe(true);
      }),
    );
  });

  test('the expiry queue gives what a search through everything would', () => {
    const step = fc.record({ member: fc.nat(9), end: fc.nat(100), what: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new ExpiryQueue<{ expirationMs: number; filedMs: number; heapIndex: number }>();
        const members = Array.from({ length: 10 }, () => ({ expirationMs: 0, filedMs: 0, heapIndex: -1 }));
        let now = 0;
        for (const { member, end, what } of steps) {
          const one = members[member]!;
          if (what === 0) queue.remove(one);
          else if (what === 1) now += end % 10;
          else {
            one.expirationMs = now + end;
            if (one.heapIndex < 0) queue.add(one);
            else queue.update(one);
          }
          const ended = members.filter((other) => other.heapIndex >= 0 && other.expirationMs <= now).length;
          let found = 0;
          for (let first = queue.expired(now); first !== null; first = queue.expired(now)) {
            expect(first.expirationMs).toBeLessThanOrEqual(now);
            queue.remove(first);
            found++;
          }
          expect(found).toBe(ended);
        }
      }),
    );
  });

  test('addresses are read as they are written', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(word, fc.constant(0)), { minLength: 4, maxLength: 4 }), (words) => {
        const address = Int32Array.from(words);
        expect(parseIpv6Text(formatIpv6Text(address, 0))).toEqual(address);
        expect(parseIpv4Text(formatIpv4Text(address, 0))![0]).toBe(address[0]);
      }),
    );
  });

  test('any text is a message, nothing or invalid', () => {
    const text = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom('PORT ', '227 (', 'EPRT |2|', '229 Extended Passive Mode ('), fc.string())
        .map((parts) => parts.join('')),
    );
    fc.assert(
      fc.property(text, fc.boolean(), (given, isIpv6) => {
        const message = parseFtpMessage(given, isIpv6);
        if (message.kind !== 'announcement') return;
        expect(message.port >= 0 && message.port <= 65535).toBe(true);
        expect(message.addressOffset + message.addressSize).toBeLessThanOrEqual(given.length);
      }),
    );
  });

  test('frames of any kind are tracked without harm, and NAT leaves right checksums right', () => {
    const frames = new TrackedFrames({ maxConnections: 50 });
    const nat = [null, 'restore' as const, natTo('source', '10.9.0.1'), natTo('destination', '10.9.0.2', [1, 9])];
    const good = [
      eth().ipv4('10.0.0.1', '10.0.0.2').tcp(1000, 21, { flags: 2 }).bytes(),
      eth().ipv4('10.0.0.1', '10.0.0.2').tcp(1000, 21, { flags: 0x18 }).payload('PORT 10,0,0,1,4,5\r\n').bytes(),
      eth().ipv4('10.0.0.1', '10.0.0.2').udp(1000, 69).payload('x').bytes(),
      eth()
        .ipv4('10.0.0.2', '10.9.0.1')
        .icmp(3)
        .payload(eth().ipv4('10.9.0.1', '10.0.0.2').udp(1000, 69).bytes().subarray(14))
        .bytes(),
      eth().ipv6('fc00::1', 'fc00::2').fragment(0, true).udp(1, 2).bytes(),
      eth().ipv6('fc00::1', 'fc00::2').extension(0).tcp(1, 21, { flags: 2 }).bytes(),
    ];
    fc.assert(
      fc.property(
        fc.nat(good.length - 1),
        fc.boolean(),
        fc.infiniteStream(fc.nat(1 << 20)),
        fc.nat(nat.length - 1),
        fc.boolean(),
        fc.nat(40_000),
        (which, isSpoiled, numbers, natIndex, commit, waitMs) => {
          const dice = (sides: number): number => (numbers.next().value as number) % sides;
          const given = isSpoiled ? spoil(dice, good[which]!) : good[which]!;
          frames.nowMs += waitMs;
          const request = {
            ...PLAIN_CT_REQUEST,
            zone: dice(2),
            commit,
            nat: nat[natIndex]!,
            helper: dice(2) === 0 ? ('ftp' as const) : null,
          };
          const { frame, state } = frames.send(given, request);
          expect(state).toContain('trk');
          expect(frames.tracker.count).toBeLessThanOrEqual(50);
          if (!isSpoiled && given[12] === 0x08) expect(checksum(frame, 14, 20)).toBe(0);
        },
      ),
      { numRuns: 500 },
    );
  });
});
