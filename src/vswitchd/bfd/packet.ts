/**
 * The BFD control packet (RFC 5880 §4.1), which travels in UDP over IPv4 (RFC 5881):
 *
 *    0                   1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |Vers |  Diag   |Sta|P|F|C|A|D|M|  Detect Mult  |    Length     |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                       My Discriminator                        |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                      Your Discriminator                       |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                    Desired Min TX Interval                    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                   Required Min RX Interval                    |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *   |                 Required Min Echo RX Interval                 |
 *   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *
 * Mirrors struct msg and bfd_put_packet() of lib/bfd.c.
 */
import { readU16, readU32, writeU32 } from '#datapath/packet/byte-order.js';
import { buildEthernet, ETH_HEADER_SIZE, ETH_TYPE_IP } from '#datapath/packet/ethernet.js';
import { buildIpv4, IP_PROTO_UDP, IPV4_HEADER_SIZE, parseIpv4 } from '#datapath/packet/ipv4.js';
import { buildUdp, UDP_HEADER_SIZE } from '#datapath/packet/udp.js';

export const BFD_PORT = 3784;
export const BFD_VERSION = 1;
export const BFD_MESSAGE_SIZE = 24;
/** Of packets that have not been forwarded (RFC 5881 §5). */
export const BFD_TTL = 255;

export const FLAG_MULTIPOINT = 1 << 0;
export const FLAG_AUTHENTICATION = 1 << 2;
export const FLAG_FINAL = 1 << 4;
export const FLAG_POLL = 1 << 5;
const FLAGS_MASK = 0x3f;
const DIAGNOSTIC_MASK = 0x1f;

/** bfd.SessionState: each is nearer to an agreement than the one before. */
export const STATE_ADMIN_DOWN = 0;
export const STATE_DOWN = 1;
export const STATE_INIT = 2;
export const STATE_UP = 3;

/** Internetwork control. */
const TOS = 0xc0;

export interface BfdMessage {
  readonly version: number;
  readonly diagnostic: number;
  readonly state: number;
  /** FLAG_* bits. */
  readonly flags: number;
  readonly multiplier: number;
  readonly size: number;
  readonly myDiscriminator: number;
  readonly yourDiscriminator: number;
  readonly minTxUs: number;
  readonly minRxUs: number;
  readonly minEchoRxUs: number;
}

export interface BfdAddresses {
  readonly ethSource: Uint8Array;
  readonly ethDestination: Uint8Array;
  readonly ipSource: Uint8Array;
  readonly ipDestination: Uint8Array;
  readonly sourcePort: number;
}

export function composeBfdFrame(addresses: BfdAddresses, message: BfdMessage): Uint8Array {
  const udpSize = UDP_HEADER_SIZE + BFD_MESSAGE_SIZE;
  const frame = new Uint8Array(ETH_HEADER_SIZE + IPV4_HEADER_SIZE + udpSize);
  let at = buildEthernet(frame, 0, {
    destination: addresses.ethDestination,
    source: addresses.ethSource,
    type: ETH_TYPE_IP,
  });
  at = buildIpv4(frame, at, {
    tos: TOS,
    totalSize: IPV4_HEADER_SIZE + udpSize,
    id: 0,
    dontFragment: false,
    moreFragments: false,
    fragmentOffset: 0,
    ttl: BFD_TTL,
    protocol: IP_PROTO_UDP,
    source: addresses.ipSource,
    destination: addresses.ipDestination,
    options: new Uint8Array(0),
  });
  at = buildUdp(frame, at, {
    sourcePort: addresses.sourcePort,
    destinationPort: BFD_PORT,
    size: udpSize,
    checksum: 0,
  });
  frame[at] = (message.version << 5) | message.diagnostic;
  frame[at + 1] = (message.state << 6) | message.flags;
  frame[at + 2] = message.multiplier;
  frame[at + 3] = message.size;
  writeU32(frame, at + 4, message.myDiscriminator);
  writeU32(frame, at + 8, message.yourDiscriminator);
  writeU32(frame, at + 12, message.minTxUs);
  writeU32(frame, at + 16, message.minRxUs);
  writeU32(frame, at + 20, message.minEchoRxUs);
  return frame;
}

export interface CarriedBfd {
  readonly ttl: number;
  /** Null: it is too short for one. */
  readonly message: BfdMessage | null;
}

/** Reads any bytes; null: there is no UDP payload. */
export function parseBfdFrame(frame: Uint8Array): CarriedBfd | null {
  let at = ETH_HEADER_SIZE - 2;
  while (at + 2 <= frame.length && (readU16(frame, at) === 0x8100 || readU16(frame, at) === 0x88a8)) at += 4;
  if (at + 2 > frame.length || readU16(frame, at) !== ETH_TYPE_IP) return null;
  const ip = parseIpv4(frame, at + 2);
  if (!ip.ok || ip.header.protocol !== IP_PROTO_UDP || ip.header.fragmentOffset !== 0) return null;
  if (at + 2 + ip.header.totalSize - ip.payloadOffset < UDP_HEADER_SIZE) return null;
  return { ttl: ip.header.ttl, message: readMessage(frame, ip.payloadOffset + UDP_HEADER_SIZE) };
}

/** As in OVS what counts is where the frame ends. */
function readMessage(frame: Uint8Array, at: number): BfdMessage | null {
  if (at + BFD_MESSAGE_SIZE > frame.length) return null;
  return {
    version: frame[at]! >> 5,
    diagnostic: frame[at]! & DIAGNOSTIC_MASK,
    state: frame[at + 1]! >> 6,
    flags: frame[at + 1]! & FLAGS_MASK,
    multiplier: frame[at + 2]!,
    size: frame[at + 3]!,
    myDiscriminator: readU32(frame, at + 4),
    yourDiscriminator: readU32(frame, at + 8),
    minTxUs: readU32(frame, at + 12),
    minRxUs: readU32(frame, at + 16),
    minEchoRxUs: readU32(frame, at + 20),
  };
}
