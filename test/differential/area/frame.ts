/** Random frames of every protocol that a switch looks into, whole and cut, and what they are in words. */
import { extractFlow } from '#datapath/flow-extract.js';
import { FlowKey, OFF_IN_PORT, OFF_NW_FRAG, OFF_VLAN_TPID, OFF_VLAN1_TPID } from '#flowtable/flow-key.js';
import { formatFlow } from '#src/openflow/flow-format.js';
import { formatOdpKey } from '#src/vswitchd/odp/odp-format.js';
import { eth, type PacketBuilder, toHex } from '../../support/packet-builder.js';
import { IPV4S, IPV6S, MACS, PORTS, VIDS } from '../bridge/packet.js';
import type { Dice } from '../dice.js';

export interface Frame {
  readonly inPort: number;
  readonly bytes: Uint8Array;
}

/** What frames are made of: how often each. */
export interface FrameMix {
  readonly vlan: number;
  readonly qinq: number;
  readonly mpls: number;
  readonly weights: Readonly<Record<'ipv4' | 'ipv6' | 'arp' | 'other', number>>;
  readonly fragments: number;
  /** How often a tag has its DEI bit: lost where the tag is taken off and put on, so that a flood's order shows. */
  readonly dei: number;
  /** How often a frame ends before its headers do, or its lengths say other than what is there. */
  readonly broken: number;
}

export const USUAL_MIX: FrameMix = {
  vlan: 0.4,
  qinq: 0.15,
  mpls: 0.06,
  weights: { ipv4: 5, ipv6: 4, arp: 1, other: 1 },
  fragments: 0.12,
  dei: 0.1,
  broken: 0,
};

const QINQ_TYPES = [0x88a8, 0x8100, 0x9100];

export function randomFrame(dice: Dice, inPorts: readonly number[], mix: FrameMix = USUAL_MIX): Frame {
  const inPort = dice.pick(inPorts);
  const source = dice.chance(0.02) ? dice.pick(MACS) : dice.pick(MACS.slice(0, 3));
  const destination = dice.chance(0.04)
    ? dice.pick(['01:80:c2:00:00:00', '33:33:00:00:00:01', '01:80:c2:00:00:0e'])
    : dice.pick(MACS);
  const kinds = Object.entries(mix.weights).flatMap(([kind, count]) => new Array<string>(count).fill(kind));
  const kind = dice.pick(kinds);
  // The type of what follows is written by the header below: a tag where there is one.
  const tags = dice.chance(mix.vlan) ? (dice.chance(mix.qinq / Math.max(mix.vlan, 0.01)) ? dice.between(2, 3) : 1) : 0;
  const labels = kind !== 'other' && dice.chance(mix.mpls) ? dice.between(1, 4) : 0;
  const bareType =
    tags + labels === 0 && kind === 'other' ? dice.pick([0x88cc, 0x1234, 0x0600, 0x05dc, 0x0026, 0x8035]) : undefined;
  let builder = eth(source, destination, bareType);
  for (let i = 0; i < tags; i++) {
    const tpid =
      i < tags - 1 ? dice.pick(QINQ_TYPES.slice(0, dice.chance(0.1) ? 3 : 2)) : dice.chance(0.85) ? 0x8100 : 0x88a8;
    builder = builder.vlan(dice.pick([0, ...VIDS]), { pcp: dice.pick([0, 0, 0, 5]), dei: dice.chance(mix.dei), tpid });
  }
  for (let i = 0; i < labels; i++) {
    builder = builder.mpls(dice.pick([0, 3, 5, 77, 1048575]), { tc: dice.below(8), ttl: dice.pick([1, 64, 2]) });
  }
  switch (kind) {
    case 'arp':
      builder = builder.arp(dice.pick([1, 2, 3, 4, 8, 300]), dice.pick(IPV4S), dice.pick(IPV4S), {
        senderMac: dice.pick(MACS),
        targetMac: dice.pick([...MACS, '00:00:00:00:00:00']),
      });
      break;
    case 'other':
      builder = builder.payload(bareType === 0x0026 ? snap(dice) : 46);
      break;
    case 'ipv6':
      builder = ipv6Packet(dice, builder, mix);
      break;
    default:
      builder = ipv4Packet(dice, builder, mix);
  }
  const whole = builder.bytes();
  const isCut = dice.chance(mix.broken);
  return { inPort, bytes: isCut ? whole.subarray(0, Math.max(14, whole.length - dice.between(1, 40))) : whole };
}

/** 802.2 LLC with or without SNAP. */
const snap = (dice: Dice): Uint8Array =>
  Uint8Array.from([
    ...dice.pick([
      [0xaa, 0xaa, 0x03, 0, 0, 0, 0x08, 0x00],
      [0xaa, 0xaa, 0x03, 0, 0, 0, 0x80, 0x35],
      [0x42, 0x42, 0x03, 0, 0, 0, 0, 0],
    ]),
    ...new Array<number>(38).fill(0),
  ]);

function ipv4Packet(dice: Dice, builder: PacketBuilder, mix: FrameMix): PacketBuilder {
  const fragment = dice.chance(mix.fragments) ? dice.pick(['first', 'middle', 'last']) : 'no';
  const protocol = dice.pick([6, 6, 6, 17, 17, 17, 1, 132, 2, 47, 50]);
  const broken = dice.chance(mix.broken) ? { totalSize: dice.pick([10, 20, 1500]) } : {};
  const packet = builder.ipv4(dice.pick(IPV4S), dice.pick(IPV4S), {
    tos: dice.pick([0, 0, 4, 184, 187, 3]),
    ttl: dice.pick([64, 64, 64, 1, 2, 255, 0]),
    protocol,
    dontFragment: dice.chance(0.2),
    moreFragments: fragment === 'first' || fragment === 'middle',
    fragmentOffset: fragment === 'no' || fragment === 'first' ? 0 : 1480,
    ...(dice.chance(0.05) ? { options: Uint8Array.of(1, 1, 1, 0) } : {}),
    ...broken,
  });
  return fragment === 'middle' || fragment === 'last' ? packet.payload(24) : transport(dice, packet, protocol);
}

function ipv6Packet(dice: Dice, builder: PacketBuilder, mix: FrameMix): PacketBuilder {
  const protocol = dice.pick([6, 6, 17, 17, 58, 58, 58, 132, 47]);
  const broken = dice.chance(mix.broken) ? { payloadSize: dice.pick([0, 4, 1500]) } : {};
  const list = dice.chance(0.2) ? dice.some([0, 43, 60] as const, 1, 3) : [];
  const fragment = dice.chance(mix.fragments) ? dice.pick(['first', 'middle', 'last', 'atomic']) : 'no';
  const bare = protocol === 47 && list.length === 0 && fragment === 'no' ? { nextHeader: 47 } : {};
  let packet = builder.ipv6(dice.pick(IPV6S), dice.pick(IPV6S), {
    trafficClass: dice.pick([0, 0, 4, 184, 187]),
    flowLabel: dice.pick([0, 0, 5, 0xfffff]),
    hopLimit: dice.pick([64, 64, 1, 255, 0]),
    ...bare,
    ...broken,
  });
  for (const number of list) packet = packet.extension(number, number === 43 ? dice.below(2) : 0);
  if (fragment !== 'no') {
    packet = packet.fragment(
      fragment === 'middle' || fragment === 'last' ? 1448 : 0,
      fragment === 'first' || fragment === 'middle',
    );
  }
  return transport(dice, packet, protocol);
}

function transport(dice: Dice, packet: PacketBuilder, protocol: number): PacketBuilder {
  const [source, destination] = [dice.pick(PORTS), dice.pick(PORTS)];
  const size = dice.pick([0, 8, 40, 120]);
  switch (protocol) {
    case 6:
      return packet.tcp(source, destination, { flags: dice.pick([2, 16, 18, 17, 4, 0x1ff, 0]) }).payload(size);
    case 17:
      return packet.udp(source, destination, dice.chance(0.2) ? { checksum: 0 } : {}).payload(size);
    case 132:
      return packet.sctp(source, destination).payload(size);
    case 1:
      return packet.icmp(dice.pick([0, 8, 3, 11, 13]), dice.pick([0, 0, 1])).payload(size);
    case 2:
      return packet.igmp(dice.pick([0x11, 0x12, 0x16, 0x17, 0x22]), dice.pick(['224.0.0.5', '239.1.1.1', '0.0.0.0']));
    case 58: {
      if (dice.chance(0.5)) {
        const type = dice.pick([128, 129, 1, 130, 131, 132, 143, 133]);
        return packet.icmpv6(type, dice.pick([0, 0, 1])).payload(size);
      }
      const option = dice.chance(0.8);
      const link = dice.pick(MACS);
      const target = dice.pick(IPV6S);
      return dice.chance(0.5)
        ? packet.nd('solicit', target, option ? { sll: link } : {})
        : packet.nd('advert', target, {
            flags: dice.pick([0, 0x20000000, 0xa0000000]),
            ...(option ? { tll: link } : {}),
          });
    }
    default:
      return packet.payload(40);
  }
}

/** A frame in hexadecimal. */
export const hexOf = ({ bytes }: Frame): string => toHex(bytes);

export function keyOf({ inPort, bytes }: Frame): FlowKey {
  const metadata = new FlowKey();
  metadata.setU32(OFF_IN_PORT, inPort);
  return extractFlow(bytes, metadata);
}

export const odpOf = (frame: Frame): string => formatOdpKey(keyOf(frame), null, { verbose: true });

/** The tag of a trace's flow in OpenFlow's words is of 802.1Q. */
export function odpOfOpenflow(frame: Frame): string {
  const key = keyOf(frame);
  if (key.u16(OFF_VLAN_TPID) !== 0) key.setU16(OFF_VLAN_TPID, 0x8100);
  return formatOdpKey(key, null, { verbose: true });
}

/** Names that a trace's flow wants in place of those that a flow is shown with. */
const EXACT: readonly (readonly [RegExp, string])[] = [
  [/^tcp/, 'tcp'],
  [/^udp/, 'udp'],
  [/^sctp/, 'sctp'],
];

/**
 * A frame as the flow of a trace, or null where OpenFlow has no words for it (a second tag).
 */
export function openflowOf(frame: Frame, metadata: readonly string[] = []): string | null {
  const key = keyOf(frame);
  if (key.u32(OFF_VLAN1_TPID) !== 0) return null;
  const parts = formatFlow(key).split(',');
  const word = parts[0]!;
  const exact = EXACT.find(([pattern]) => pattern.test(word))?.[1];
  const isLater = (key.u8(OFF_NW_FRAG) & 2) !== 0;
  const renamed = parts
    .filter((part) => !/^(vlan_tci1?|igmp_|recirc_id)/.test(part) && !(isLater && /^(tp_|icmp_|nd_)/.test(part)))
    .map((part) => (exact === undefined ? part : part.replace(/^tp_(src|dst)=/, `${exact}_$1=`)))
    .map((part) => (word === 'icmp6' ? part.replace(/^icmp_/, 'icmpv6_') : part));
  return [...metadata, ...renamed].join(',');
}
