/**
 * Random conversations between a few hosts: TCP with plausible and implausible segments, UDP, ICMP, ICMP errors about
 * what was sent before, replies to what came out. Everything follows from the dice.
 */
import { eth, hex } from '../../support/packet-builder.js';

export type Dice = (sides: number) => number;

interface Side {
  seq: number;
  ack: number;
}

export interface Conversation {
  readonly version: 4 | 6;
  readonly client: string;
  readonly server: string;
  readonly clientPort: number;
  readonly serverPort: number;
  readonly protocol: 'tcp' | 'udp' | 'icmp' | 'sctp';
  readonly near: Side;
  readonly far: Side;
}

const pick = <T>(dice: Dice, of: readonly T[]): T => of[dice(of.length)]!;

export function beginConversation(dice: Dice): Conversation {
  const version = dice(4) === 0 ? 6 : 4;
  const host = (n: number): string => (version === 4 ? `10.1.0.${n}` : `fc00::${n}`);
  return {
    version,
    client: host(1 + dice(3)),
    server: host(11 + dice(2)),
    clientPort: pick(dice, [1000, 40000, 40001, 300]),
    serverPort: pick(dice, [80, 80, 21, 69, 53]),
    protocol: pick(dice, ['tcp', 'tcp', 'tcp', 'udp', 'icmp', 'sctp'] as const),
    near: { seq: pick(dice, [100, 0xfffffff0, 0x7ffffff0]), ack: 0 },
    far: { seq: pick(dice, [5000, 0xffffff00]), ack: 0 },
  };
}

const FLAGS = [0x02, 0x12, 0x10, 0x18, 0x11, 0x04, 0x14, 0x01, 0x06, 0x00, 0x29, 0xc2];
const LIKELY = [0x02, 0x12, 0x10, 0x18, 0x10, 0x18, 0x11];
const TEXTS = ['', '', 'hello', 'x'.repeat(100)];

/** A frame of the conversation as the client's or the server's end sends it, without NAT in mind. */
export function nextFrame(dice: Dice, talk: Conversation, isReply: boolean, rewritten: Ends | null): Uint8Array {
  const ends = rewritten ?? {
    source: isReply ? talk.server : talk.client,
    destination: isReply ? talk.client : talk.server,
    sourcePort: isReply ? talk.serverPort : talk.clientPort,
    destinationPort: isReply ? talk.clientPort : talk.serverPort,
  };
  const base = eth();
  const ip = talk.version === 4 ? base.ipv4(ends.source, ends.destination) : base.ipv6(ends.source, ends.destination);
  switch (talk.protocol) {
    case 'udp':
      return ip
        .udp(ends.sourcePort, ends.destinationPort, dice(8) === 0 && talk.version === 4 ? { checksum: 0 } : {})
        .payload(pick(dice, TEXTS))
        .bytes();
    case 'sctp':
      return ip.sctp(ends.sourcePort, ends.destinationPort).bytes();
    case 'icmp': {
      const rest = ((talk.clientPort << 16) | 1) >>> 0;
      const isEcho = dice(8) !== 0;
      if (talk.version === 4) return ip.icmp(isEcho ? (isReply ? 0 : 8) : pick(dice, [13, 14, 17, 3]), 0, rest).bytes();
      return ip.icmpv6(isEcho ? (isReply ? 129 : 128) : pick(dice, [133, 1]), 0, rest).bytes();
    }
    case 'tcp':
      return tcpFrame(dice, talk, isReply, ends, ip);
  }
}

export interface Ends {
  readonly source: string;
  readonly destination: string;
  readonly sourcePort: number;
  readonly destinationPort: number;
}

function tcpFrame(
  dice: Dice,
  talk: Conversation,
  isReply: boolean,
  ends: Ends,
  ip: ReturnType<typeof eth>,
): Uint8Array {
  const me = isReply ? talk.far : talk.near;
  const other = isReply ? talk.near : talk.far;
  const flags = dice(5) === 0 ? pick(dice, FLAGS) : pick(dice, LIKELY);
  const payload = (flags & 0x08) !== 0 ? pick(dice, TEXTS) : '';
  const jump = dice(6) === 0 ? pick(dice, [1, -1, 1000, -70000, 70000, 0x40000000]) : 0;
  const ackJump = dice(6) === 0 ? pick(dice, [1, -1, 500, -70000, 70000, 0x50000000]) : 0;
  const isSyn = (flags & 0x02) !== 0;
  const scale = pick(dice, [null, null, 0, 3, 7, 14, 20]);
  const options =
    isSyn && scale !== null ? hex(`020405b4010303${scale.toString(16).padStart(2, '0')}`.padEnd(16, '0')) : hex('');
  const frame = ip
    .tcp(ends.sourcePort, ends.destinationPort, {
      flags,
      sequence: (me.seq + jump) >>> 0,
      acknowledgement: (flags & 0x10) === 0 ? 0 : (other.seq + ackJump) >>> 0,
      window: pick(dice, [0, 1, 1000, 65535]),
      options,
    })
    .payload(payload)
    .bytes();
  if (jump === 0) me.seq = (me.seq + payload.length + (isSyn ? 1 : 0) + ((flags & 0x01) !== 0 ? 1 : 0)) >>> 0;
  return frame;
}

/** An ICMP error about a frame that arrived, from a router on its way (or from somebody else). */
export function errorAbout(dice: Dice, frame: Uint8Array): Uint8Array | null {
  const isIpv4 = frame[12] === 0x08 && frame[13] === 0;
  const isIpv6 = frame[12] === 0x86;
  // Not less than a TCP header: of a shorter one OVS's NAT writes the checksum behind the end of its buffer.
  const quoted = frame.subarray(14, 14 + (dice(2) === 0 ? 48 : 548));
  if (isIpv4 && frame.length >= 34) {
    const source = [...frame.subarray(26, 30)].join('.');
    return eth()
      .ipv4('10.9.9.9', source)
      .icmp(pick(dice, [3, 11, 12, 5]), 1, 0)
      .payload(quoted)
      .bytes();
  }
  if (!isIpv6 || frame.length < 54) return null;
  const source = Buffer.from(frame.subarray(22, 38)).toString('hex').match(/..../g)!.join(':');
  const long = frame.subarray(14, 14 + 500);
  return eth()
    .ipv6('fc00::99', source)
    .icmpv6(pick(dice, [1, 2, 3, 4]), 0, 0)
    .payload(long)
    .bytes();
}

/** The ends of what would answer this frame. */
export function endsOfAnswer(frame: Uint8Array): Ends | null {
  const at = frame[12] === 0x08 ? 34 : 54;
  if (frame.length < at + 4) return null;
  const port = (offset: number): number => (frame[offset]! << 8) | frame[offset + 1]!;
  const ipv6 = (offset: number): string =>
    Buffer.from(frame.subarray(offset, offset + 16))
      .toString('hex')
      .match(/..../g)!
      .join(':');
  const ipv4 = (offset: number): string => [...frame.subarray(offset, offset + 4)].join('.');
  return frame[12] === 0x08
    ? { source: ipv4(30), destination: ipv4(26), sourcePort: port(at + 2), destinationPort: port(at) }
    : { source: ipv6(38), destination: ipv6(22), sourcePort: port(at + 2), destinationPort: port(at) };
}

/** Breaks a frame: a byte changed or the end cut off. */
export function spoil(dice: Dice, frame: Uint8Array): Uint8Array {
  if (dice(2) === 0) return frame.slice(0, 14 + dice(Math.max(1, frame.length - 14)));
  const changed = frame.slice();
  changed[14 + dice(frame.length - 14)]! ^= 1 << dice(8);
  return changed;
}
