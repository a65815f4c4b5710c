import { describe, expect, test } from 'vitest';
import type { CtRequest, NatRange } from '#datapath/conntrack/ct-request.js';
import {
  OFF_CT_LABEL,
  OFF_CT_MARK,
  OFF_CT_NW_PROTO,
  OFF_CT_NW_SRC,
  OFF_CT_TP_DST,
  OFF_CT_TP_SRC,
  OFF_CT_ZONE,
  OFF_DP_HASH,
  OFF_TUN_ID,
} from '#flowtable/flow-key.js';
import { eth, hex, ip4, toHex } from '../../support/packet-builder.js';
import { natTo } from './real-tracker.js';
import { TrackedFrames } from './tracked-frames.js';

const A = '10.0.0.1';
const B = '10.0.0.2';
const there = () => eth().ipv4(A, B);
const back = () => eth().ipv4(B, A);
const commit: Partial<CtRequest> = { zone: 1, commit: true };
const look: Partial<CtRequest> = { zone: 1 };
const tcp = (isBack: boolean, flags: number, sequence: number, acknowledgement: number, text = '') =>
  (isBack
    ? back().tcp(80, 1000, { flags, sequence, acknowledgement })
    : there().tcp(1000, 80, { flags, sequence, acknowledgement })
  )
    .payload(text)
    .bytes();

type Step = readonly [frame: Uint8Array, request: Partial<CtRequest>, state: string, waitMs?: number];

const SEQUENCES: readonly { name: string; steps: readonly Step[]; dump: readonly string[] }[] = [
  {
    name: 'UDP is new until the other end speaks',
    steps: [
      [there().udp(5, 53).bytes(), look, 'new|trk'],
      [there().udp(5, 53).bytes(), commit, 'new|trk'],
      [there().udp(5, 53).bytes(), look, 'new|trk'],
      [back().udp(53, 5).bytes(), look, 'est|rpl|trk'],
      [there().udp(5, 53).bytes(), look, 'est|trk'],
    ],
    dump: [
      'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=53),reply=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=5),zone=1',
    ],
  },
  {
    name: 'nothing is remembered without commit',
    steps: [
      [there().udp(5, 53).bytes(), look, 'new|trk'],
      [back().udp(53, 5).bytes(), look, 'new|trk'],
    ],
    dump: [],
  },
  {
    name: 'zones know nothing of each other',
    steps: [
      [there().udp(5, 53).bytes(), commit, 'new|trk'],
      [back().udp(53, 5).bytes(), { zone: 2 }, 'new|trk'],
      [back().udp(53, 5).bytes(), look, 'est|rpl|trk'],
    ],
    dump: [
      'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=53),reply=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=5),zone=1',
    ],
  },
  {
    name: 'TCP opens, closes from both ends and is forgotten 30 seconds later',
    steps: [
      [tcp(false, 0x02, 100, 0), commit, 'new|trk'],
      [tcp(true, 0x12, 500, 101), look, 'est|rpl|trk'],
      [tcp(false, 0x10, 101, 501), look, 'est|trk'],
      [tcp(false, 0x18, 101, 501, 'hello'), look, 'est|trk'],
      [tcp(true, 0x11, 501, 106), look, 'est|rpl|trk'],
      [tcp(false, 0x11, 106, 502), look, 'est|trk'],
      [tcp(true, 0x10, 502, 107), look, 'est|rpl|trk'],
      [tcp(true, 0x10, 502, 107), look, 'new|trk', 30_000],
    ],
    dump: [],
  },
  {
    name: 'a segment outside the window is invalid, and one in it still belongs',
    steps: [
      [tcp(false, 0x02, 100, 0), commit, 'new|trk'],
      [tcp(true, 0x12, 500, 101), look, 'est|rpl|trk'],
      [tcp(false, 0x10, 101, 501), look, 'est|trk'],
      [tcp(false, 0x18, 900_000, 501, 'x'), look, 'inv|trk'],
      [tcp(false, 0x18, 101, 501, 'x'), look, 'est|trk'],
    ],
    dump: [
      'tcp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=1000,dport=80),reply=(src=10.0.0.2,dst=10.0.0.1,sport=80,dport=1000),zone=1,protoinfo=(state=ESTABLISHED)',
    ],
  },
  {
    name: 'a SYN+ACK begins nothing',
    steps: [[tcp(false, 0x12, 100, 1), commit, 'inv|trk']],
    dump: [],
  },
  {
    name: 'only an ICMP question begins a connection',
    steps: [
      [back().icmp(0).bytes(), commit, 'inv|trk'],
      [there().icmp(8).bytes(), commit, 'new|trk'],
      [back().icmp(0).bytes(), look, 'est|rpl|trk'],
    ],
    dump: [
      'icmp,orig=(src=10.0.0.1,dst=10.0.0.2,id=1,type=8,code=0),reply=(src=10.0.0.2,dst=10.0.0.1,id=1,type=0,code=0),zone=1',
    ],
  },
  {
    name: 'an ICMP error is related to the connection it quotes, and begins none',
    steps: [
      [
        eth().ipv4('10.9.9.9', A).icmp(3, 1, 0).payload(there().udp(5, 53).bytes().subarray(14)).bytes(),
        commit,
        'inv|trk',
      ],
      [there().udp(5, 53).bytes(), commit, 'new|trk'],
      [
        eth().ipv4('10.9.9.9', A).icmp(3, 1, 0).payload(there().udp(5, 53).bytes().subarray(14)).bytes(),
        look,
        'rel|rpl|trk',
      ],
      [
        eth().ipv4('10.9.9.9', B).icmp(3, 1, 0).payload(back().udp(53, 5).bytes().subarray(14)).bytes(),
        look,
        'rel|trk',
      ],
    ],
    dump: [
      'udp,orig=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=53),reply=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=5),zone=1',
    ],
  },
  {
    name: 'force turns a connection round',
    steps: [
      [there().udp(5, 53).bytes(), commit, 'new|trk'],
      [back().udp(53, 5).bytes(), { ...commit, force: true }, 'new|trk'],
    ],
    dump: [
      'udp,orig=(src=10.0.0.2,dst=10.0.0.1,sport=53,dport=5),reply=(src=10.0.0.1,dst=10.0.0.2,sport=5,dport=53),zone=1',
    ],
  },
  {
    name: 'fragments, ARP, port 0 and wrong checksums are invalid',
    steps: [
      [eth().ipv4(A, B, { moreFragments: true }).udp(5, 53).payload(16).bytes(), commit, 'inv|trk'],
      [eth().ipv4(A, B, { fragmentOffset: 8 }).payload(16).bytes(), commit, 'inv|trk'],
      [eth().arp('request', A, B).bytes(), commit, 'inv|trk'],
      [there().udp(0, 53).bytes(), commit, 'inv|trk'],
      [there().udp(5, 53, { checksum: 1 }).bytes(), commit, 'inv|trk'],
    ],
    dump: [],
  },
];

describe('a connection tracker', () => {
  test.each(SEQUENCES)('$name', ({ steps, dump }) => {
    const frames = new TrackedFrames();
    for (const [i, [frame, request, state, waitMs = 0]] of steps.entries()) {
      frames.nowMs += waitMs;
      expect(frames.send(frame, request).state, `step ${i}`).toBe(state);
    }
    expect(frames.dump()).toEqual(dump);
  });

  test('writes mark, label and the original tuple, whichever way the packet goes', () => {
    const frames = new TrackedFrames();
    const full = { value: hex('000102030405060708090a0b0c0d0e0f'), mask: hex('ff'.repeat(16)) };
    frames.send(there().udp(5, 53).bytes(), { ...commit, mark: { value: 0xabcd, mask: 0xffff }, label: full });
    const { key } = frames.send(back().udp(53, 5).bytes(), look);
    expect([
      key.u16(OFF_CT_ZONE),
      key.u32(OFF_CT_MARK),
      toHex(key.bytes.subarray(OFF_CT_LABEL, OFF_CT_LABEL + 16)),
    ]).toEqual([1, 0xabcd, toHex(full.value)]);
    expect([
      toHex(key.bytes.subarray(OFF_CT_NW_SRC, OFF_CT_NW_SRC + 8)),
      key.u16(OFF_CT_TP_SRC),
      key.u16(OFF_CT_TP_DST),
      key.u8(OFF_CT_NW_PROTO),
    ]).toEqual(['0a0000010a000002', 5, 53, 17]);
    expect(frames.dump()[0]).toContain(',mark=43981,labels=0x102030405060708090a0b0c0d0e0f');
  });

  test('a packet that comes to its zone twice is counted once', () => {
    const frames = new TrackedFrames();
    frames.send(there().udp(5, 53).bytes(), commit, { ...commit, mark: { value: 9, mask: 0xff } });
    expect(frames.dump({ hasStatistics: true })[0]).toContain(',timeout=60,mark=9');
  });

  test('source NAT keeps the port if it can, and replies come back to whence it came', () => {
    const frames = new TrackedFrames();
    const nat = { ...commit, nat: natTo('source', '10.9.0.1') };
    const first = frames.send(there().udp(5000, 53).bytes(), nat);
    expect(first.state).toBe('new|trk|snat');
    expect(first.frame).toEqual(eth().ipv4('10.9.0.1', B).udp(5000, 53).bytes());
    const second = frames.send(eth().ipv4('10.0.0.9', B).udp(5000, 53).bytes(), nat);
    expect(second.frame).toEqual(eth().ipv4('10.9.0.1', B).udp(5001, 53).bytes());
    const reply = frames.send(eth().ipv4(B, '10.9.0.1').udp(53, 5001).bytes(), { ...look, nat: 'restore' });
    expect(reply.state).toBe('est|rpl|trk|dnat');
    expect(reply.frame).toEqual(eth().ipv4(B, '10.0.0.9').udp(53, 5000).bytes());
  });

  test('NAT gives up when every tuple is taken', () => {
    const frames = new TrackedFrames();
    const nat = { ...commit, nat: natTo('source', '10.9.0.1', [7000, 7001]) };
    for (let i = 0; i < 3; i++)
      frames.send(
        there()
          .udp(5000 + i, 53)
          .bytes(),
        nat,
      );
    expect(frames.tracker.count).toBe(2);
    expect(frames.tracker.natExhaustedCount).toBe(1);
  });

  test('addresses and ports come from their ranges', () => {
    const frames = new TrackedFrames();
    const range: NatRange = { ...natTo('source', '10.9.0.4', [100, 199]), maxAddress: ip4('10.9.0.7') };
    const seen = new Set<string>();
    for (let i = 0; i < 200; i++) {
      const { frame } = frames.send(
        there()
          .udp(2000 + i, 53)
          .bytes(),
        { ...commit, nat: range },
      );
      const port = (frame[34]! << 8) | frame[35]!;
      expect(port >= 100 && port <= 199).toBe(true);
      seen.add([...frame.subarray(26, 30)].join('.'));
    }
    expect([...seen].sort()).toEqual(['10.9.0.4', '10.9.0.5', '10.9.0.6', '10.9.0.7']);
  });

  test('NAT rewrites the packet that an ICMP error quotes, even where it is cut short', () => {
    const frames = new TrackedFrames();
    frames.send(tcp(false, 0x02, 100, 0), { ...commit, nat: natTo('source', '10.9.0.1') });
    const quoted = eth()
      .ipv4('10.9.0.1', B)
      .tcp(1000, 80, { flags: 2, sequence: 100 })
      .bytes()
      .subarray(14, 14 + 28);
    const { state, frame } = frames.send(eth().ipv4('10.9.9.9', '10.9.0.1').icmp(3, 1, 0).payload(quoted).bytes(), {
      ...look,
      nat: 'restore',
    });
    expect(state).toBe('rel|rpl|trk|dnat');
    const restored = tcp(false, 0x02, 100, 0).subarray(14, 14 + 28);
    expect(frame).toEqual(eth().ipv4('10.9.9.9', A).icmp(3, 1, 0).payload(restored).bytes());
  });

  test('NAT rewrites an ICMPv6 error and leaves its MTU alone', () => {
    const frames = new TrackedFrames();
    frames.send(eth().ipv6('fc00::1', 'fc00::2').udp(5, 53).payload('query').bytes(), {
      ...commit,
      nat: natTo('source', 'fc00::9'),
    });
    const quoted = eth().ipv6('fc00::9', 'fc00::2').udp(5, 53).payload('query').bytes().subarray(14);
    const { frame } = frames.send(eth().ipv6('fc00::99', 'fc00::9').icmpv6(2, 0, 1280).payload(quoted).bytes(), {
      ...look,
      nat: 'restore',
    });
    const restored = eth().ipv6('fc00::1', 'fc00::2').udp(5, 53).payload('query').bytes().subarray(14);
    expect(frame).toEqual(eth().ipv6('fc00::99', 'fc00::1').icmpv6(2, 0, 1280).payload(restored).bytes());
  });

  test('holds no more connections than it may, and none longer than its time', () => {
    const frames = new TrackedFrames({ maxConnections: 10 });
    for (let i = 0; i < 20; i++)
      expect(
        frames.send(
          there()
            .udp(100 + i, 53)
            .bytes(),
          commit,
        ).state,
      ).toBe('new|trk');
    expect([frames.tracker.count, frames.tracker.fullCount]).toEqual([10, 10]);
    frames.nowMs += 60_000;
    expect(frames.tracker.count).toBe(0);
  });

  test('a timeout policy changes what it names', () => {
    const frames = new TrackedFrames();
    frames.tracker.timeoutPolicies.set(3, { udpFirst: 5 });
    frames.send(there().udp(5, 53).bytes(), { ...commit, timeoutPolicy: 3 });
    frames.nowMs += 4999;
    expect(frames.tracker.count).toBe(1);
    frames.nowMs += 1;
    expect(frames.tracker.count).toBe(0);
  });

  test('without the sequence check a segment outside the window is no worse than others', () => {
    const frames = new TrackedFrames();
    frames.tracker.isTcpSequenceChecked = false;
    frames.send(tcp(false, 0x02, 100, 0), commit);
    frames.send(tcp(true, 0x12, 500, 101), look);
    frames.send(tcp(false, 0x10, 101, 501), look);
    expect(frames.send(tcp(false, 0x18, 900_000, 501, 'x'), look).state).toBe('est|trk');
  });

  test('a tuple is flushed by what it was before NAT', () => {
    const frames = new TrackedFrames();
    frames.send(there().udp(5, 53).bytes(), { ...commit, nat: natTo('source', '10.9.0.1') });
    const [entry] = frames.entries();
    expect(frames.tracker.flushTuple(entry!.reply, 1)).toBe(false);
    expect(frames.tracker.flushTuple(entry!.original, 2)).toBe(false);
    expect(frames.tracker.flushTuple(entry!.original, 1)).toBe(true);
    expect(frames.tracker.count).toBe(0);
  });

  test('clear makes a packet untracked', () => {
    const frames = new TrackedFrames();
    frames.send(there().udp(5, 53).bytes(), { ...commit, mark: { value: 1, mask: 1 } });
    frames.tracker.clear(frames.packet, frames.packet);
    expect(
      [...frames.packet.words.subarray(frames.packet.row + OFF_DP_HASH / 4, frames.packet.row + OFF_TUN_ID / 4)].every(
        (word) => word === 0,
      ),
    ).toBe(true);
    expect(frames.packet.words[frames.packet.row + 15]).toBe(0);
  });

  test('fragments that stay incomplete go on as invalid after 15 seconds, and are dropped after 25', () => {
    const piece = (id: number) => eth().ipv4(A, B, { protocol: 17, id, moreFragments: true }).payload(1240).bytes();
    const frames = new TrackedFrames();
    for (const waitMs of [16_000, 25_000]) {
      expect(frames.sendAll(piece(waitMs), commit)).toEqual([]);
      frames.nowMs += waitMs;
      const sent = frames.sendAll(there().udp(5, 53).bytes(), look);
      expect(sent.map((text) => Number.parseInt(text, 10))).toEqual(waitMs === 16_000 ? [0x21, 0x10] : [0x21]);
      expect(frames.fragments.count).toBe(0);
    }
    expect(frames.fragments.ipv4.counts).toMatchObject({ accepted: 2, expiredSent: 1, purged: 1 });
  });
});
