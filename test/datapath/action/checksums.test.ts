/** Whatever set actions write, a checksum that was right stays right: compared with one computed in full. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DpAction } from '#datapath/dpif.js';
import {
  addToSum,
  checksum,
  finishSum,
  pseudoHeaderSum4,
  pseudoHeaderSum6,
  updateChecksum16,
  updateChecksum32,
} from '#datapath/packet/checksum.js';
import { isIpv4ChecksumRight } from '#datapath/packet/ipv4.js';
import { findIpv6Transport } from '#datapath/packet/ipv6.js';
import { crc32c } from '#datapath/packet/sctp.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { makeBench, output, setField } from '../../support/datapath-bench.js';
import { allFrames, sampleFrame } from '../../support/frame-samples.js';
import { hex } from '../../support/packet-builder.js';

describe('the Internet checksum', () => {
  it('is that of RFC 1071 §3', () => {
    expect(checksum(hex('0001 f203 f4f5 f6f7'), 0, 8)).toBe(0x220d);
  });

  it('pads an odd last byte with zero', () => {
    expect(checksum(hex('0001f2'), 0, 3)).toBe(checksum(hex('0001f200'), 0, 4));
  });

  it('changes by the difference as by computing it anew (RFC 1624)', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 64 }), fc.nat(0xffff), fc.nat(0xffff), (bytes, a, b) => {
        const data = bytes.slice(0, bytes.length & ~1);
        const view = new DataView(data.buffer);
        const before = checksum(data, 0, data.length);
        const old = view.getUint32(0);
        view.setUint16(0, a);
        const middle = updateChecksum16(before, old >>> 16, a);
        view.setUint16(2, b);
        const after = updateChecksum32(before, old, view.getUint32(0));
        const right = checksum(data, 0, data.length);
        // The two zeros of one's complement are one number.
        const same = (x: number, y: number): boolean => x % 0xffff === y % 0xffff;
        return same(after, right) && same(updateChecksum16(middle, old & 0xffff, b), right);
      }),
    );
  });
});

describe('CRC32c', () => {
  it.each([
    ['0000000000000000000000000000000000000000000000000000000000000000', 0x8a9136aa],
    ['ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff', 0x62a8ab43],
    ['000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f', 0x46dd794e],
  ])('of %s (RFC 3720 B.4)', (bytes, crc) => {
    expect(crc32c(hex(bytes), 0, 32) >>> 0).toBe(crc);
  });
});

/** Where the IP header of a frame without SNAP stands. */
function ipOffset(frame: Uint8Array): number {
  let at = 12;
  while (frame[at] === 0x81 || frame[at] === 0x88) at += 4;
  return at + 2;
}

/** Checksums of the frame that are wrong, by name. */
function wrongSums(frame: Uint8Array): string[] {
  const ip = ipOffset(frame);
  const type = (frame[ip - 2]! << 8) | frame[ip - 1]!;
  const wrong: string[] = [];
  if (type === 0x800) {
    if (!isIpv4ChecksumRight(frame, ip)) wrong.push('ipv4');
    const size = ((frame[ip + 2]! << 8) | frame[ip + 3]!) - (frame[ip]! & 15) * 4;
    const at = ip + (frame[ip]! & 15) * 4;
    const isFragment = (frame[ip + 6]! & 0x3f) !== 0 || frame[ip + 7] !== 0;
    if (isFragment) return wrong;
    const protocol = frame[ip + 9]!;
    const sum = pseudoHeaderSum4(frame, ip, protocol, size);
    if (protocol === 6 && finishSum(addToSum(sum, frame, at, size)) !== 0) wrong.push('tcp');
    const hasSum = frame[at + 6] !== 0 || frame[at + 7] !== 0;
    if (protocol === 17 && hasSum && finishSum(addToSum(sum, frame, at, size)) !== 0) wrong.push('udp');
    if (protocol === 1 && checksum(frame, at, size) !== 0) wrong.push('icmp');
    if (protocol === 132) wrong.push(...wrongSctp(frame, at, size));
  } else if (type === 0x86dd) {
    const end = ip + 40 + ((frame[ip + 4]! << 8) | frame[ip + 5]!);
    const transport = findIpv6Transport(frame, ip, end);
    if (!transport.ok || transport.header.isRouted) return wrong;
    const { protocol, offset, fragment } = transport.header;
    if (fragment !== null && (fragment.moreFragments || fragment.offset > 0)) return wrong;
    if (protocol === 132) return wrongSctp(frame, offset, end - offset);
    if (protocol !== 6 && protocol !== 17 && protocol !== 58) return wrong;
    const sum = pseudoHeaderSum6(frame, ip, protocol, end - offset);
    if (finishSum(addToSum(sum, frame, offset, end - offset)) !== 0) wrong.push(`ipv6 ${protocol}`);
  }
  return wrong;
}

function wrongSctp(frame: Uint8Array, at: number, size: number): string[] {
  const copy = frame.slice();
  copy.fill(0, at + 8, at + 12);
  const crc = crc32c(copy, at, size);
  const is = frame[at + 8]! | (frame[at + 9]! << 8) | (frame[at + 10]! << 16) | (frame[at + 11]! << 24);
  return crc === is ? [] : ['sctp'];
}

const bits32 = fc.nat(0xffffffff);
const bits16 = fc.nat(0xffff);
const bits128 = fc.bigInt({ min: 0n, max: (1n << 128n) - 1n });
const randomMask = fc.uint8Array({ minLength: 360, maxLength: 360 }).map((bytes) => {
  const mask = new FlowKey();
  mask.bytes.set(bytes);
  return mask;
});
const setAction: fc.Arbitrary<DpAction> = fc
  .tuple(
    fc.oneof(
      fc
        .tuple(bits32, bits32, bits16)
        .map(([s, d, t]) => setField('ipv4', { ip_src: s, ip_dst: d, nw_tos: t & 255, nw_ttl: t >>> 8 })),
      fc
        .tuple(bits128, bits128, bits32)
        .map(([s, d, t]) =>
          setField('ipv6', { ipv6_src: s, ipv6_dst: d, ipv6_label: t & 0xfffff, nw_tos: t >>> 24, nw_ttl: 7 }),
        ),
      fc.tuple(bits16, bits16).map(([s, d]) => setField('tcp', { tcp_src: s, tcp_dst: d })),
      fc.tuple(bits16, bits16).map(([s, d]) => setField('udp', { udp_src: s, udp_dst: d })),
      fc.tuple(bits16, bits16).map(([s, d]) => setField('sctp', { sctp_src: s, sctp_dst: d })),
      fc
        .tuple(bits128, fc.bigInt({ min: 0n, max: (1n << 48n) - 1n }))
        .map(([t, m]) => setField('nd', { nd_target: t, nd_sll: m, nd_tll: m ^ 5n })),
      fc.constant<DpAction>({ kind: 'push_vlan', tpid: 0x8100, tci: 0x1007 }),
      fc.constant<DpAction>({ kind: 'pop_vlan' }),
    ),
    fc.option(randomMask),
  )
  .map(([action, mask]) => (action.kind === 'set' && mask !== null ? { ...action, mask } : action));

describe('set actions', () => {
  const frames = allFrames().filter((sample) => wrongSums(sample.frame).length === 0 && !/SNAP/.test(sample.name));

  it('keep every checksum right, in any order and under any mask', () => {
    expect(frames.length).toBeGreaterThan(30);
    const bench = makeBench();
    fc.assert(
      fc.property(fc.array(setAction, { minLength: 1, maxLength: 5 }), (actions) => {
        for (const { frame } of frames) bench.datapath.execute(frame, new FlowKey(), [...actions, output(2)]);
        const wrong = bench.takeSent().map((sent, i) => ({ name: frames[i]!.name, wrong: wrongSums(hex(sent.frame)) }));
        expect(wrong.filter((one) => one.wrong.length > 0)).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  it('leave the payload of a later fragment alone', () => {
    const bench = makeBench();
    const frame = sampleFrame('ipv4 later fragment');
    bench.datapath.execute(frame, new FlowKey(), [
      setField('ipv4', { ip_dst: 1 }),
      setField('udp', { udp_dst: 5 }),
      output(2),
    ]);
    expect(hex(bench.sent[0]!.frame).slice(34)).toEqual(frame.slice(34));
  });

  it('send no UDP checksum where there was none', () => {
    const bench = makeBench();
    bench.datapath.execute(sampleFrame('ipv4 udp without checksum'), new FlowKey(), [
      setField('ipv4', { ip_dst: 1 }),
      setField('udp', { udp_dst: 5 }),
      output(2),
    ]);
    expect(hex(bench.sent[0]!.frame).slice(40, 42)).toEqual(new Uint8Array(2));
  });

  it('do nothing to a frame without the header', () => {
    const bench = makeBench();
    const frame = sampleFrame('arp request');
    const actions = (['ipv4', 'ipv6', 'tcp', 'udp', 'sctp', 'icmp', 'icmpv6', 'nd', 'mpls'] as const).map(
      (attribute): DpAction => ({ kind: 'set', attribute, value: new FlowKey(), mask: null }),
    );
    bench.datapath.execute(frame, new FlowKey(), [...actions, output(2)]);
    expect(hex(bench.sent[0]!.frame)).toEqual(frame);
  });
});
