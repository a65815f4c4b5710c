/**
 * A captured record as an Ethernet frame. Ethernet records are what they are; raw IP, Linux cooked (SLL, SLL2) and BSD
 * loopback records get a header synthesised, since a switch knows nothing else. The link types are those of
 * https://www.tcpdump.org/linktypes.html.
 *
 * Invariant: the same endpoint always gets the same MAC address, so that a learning switch can learn. An address that
 * the record holds (SLL, SLL2) is used; else it is locally administered and derived from the IP address; multicast and
 * broadcast addresses map as RFC 1112 §6.4 and RFC 2464 §7 say. The payload is never changed.
 */
import {
  LINKTYPE_ETHERNET,
  LINKTYPE_IPV4,
  LINKTYPE_IPV6,
  LINKTYPE_LINUX_SLL,
  LINKTYPE_LINUX_SLL2,
  LINKTYPE_LOOP,
  LINKTYPE_NULL,
  LINKTYPE_RAW,
  LINKTYPE_RAW_12,
  LINKTYPE_RAW_14,
} from './link-type.js';

const ETHERNET_HEADER_SIZE = 14;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;
const ETH_P_802_3 = 0x0001;
const ETH_P_802_2 = 0x0004;

/** SLL packet types (LINKTYPE_LINUX_SLL). */
const PACKET_BROADCAST = 1;
/** ARPHRD types whose "protocol" is no EtherType. */
const ARPHRD_WITHOUT_ETHERTYPE: ReadonlySet<number> = new Set([770, 801, 802, 803, 804, 805, 820, 824]);

/** True when records of this link type can become Ethernet frames. */
export const hasEthernetForm = (linkType: number): boolean => {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
    case LINKTYPE_RAW_12:
    case LINKTYPE_RAW_14:
    case LINKTYPE_RAW:
    case LINKTYPE_IPV4:
    case LINKTYPE_IPV6:
    case LINKTYPE_LINUX_SLL:
    case LINKTYPE_LINUX_SLL2:
      return true;
    default:
      return false;
  }
};

/**
 * The Ethernet frame of a record: the record's own bytes for Ethernet, else fresh ones. Null when the record is too
 * short for its link header, or holds something that has no EtherType.
 */
export const toEthernetFrame = (linkType: number, bytes: Uint8Array): Uint8Array | null => {
  switch (linkType) {
    case LINKTYPE_ETHERNET:
      return bytes;
    case LINKTYPE_RAW:
    case LINKTYPE_RAW_12:
    case LINKTYPE_RAW_14: {
      const version = (bytes[0] ?? 0) >> 4;
      if (version === 4) return build(ETH_P_IP, bytes, null, false);
      return version === 6 ? build(ETH_P_IPV6, bytes, null, false) : null;
    }
    case LINKTYPE_IPV4:
      return build(ETH_P_IP, bytes, null, false);
    case LINKTYPE_IPV6:
      return build(ETH_P_IPV6, bytes, null, false);
    case LINKTYPE_NULL:
    case LINKTYPE_LOOP:
      return fromLoopback(bytes);
    case LINKTYPE_LINUX_SLL:
      // 0 packet type, 2 ARPHRD type, 4 address length, 6 address, 14 protocol
      if (bytes.length < 16) return null;
      return fromCooked(u16(bytes, 0), u16(bytes, 2), u16(bytes, 4), bytes.subarray(6, 14), u16(bytes, 14), 16, bytes);
    case LINKTYPE_LINUX_SLL2:
      // 0 protocol, 2 reserved, 4 interface, 8 ARPHRD type, 10 packet type, 11 address length, 12 address
      if (bytes.length < 20) return null;
      return fromCooked(bytes[10]!, u16(bytes, 8), bytes[11]!, bytes.subarray(12, 20), u16(bytes, 0), 20, bytes);
    default:
      return null;
  }
};

const u16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!;

/** The address family of BSD loopback is in the byte order of the machine that captured (NULL) or big-endian (LOOP). */
const fromLoopback = (bytes: Uint8Array): Uint8Array | null => {
  if (bytes.length < 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 4);
  const family = Math.min(view.getUint32(0), view.getUint32(0, true));
  const payload = bytes.subarray(4);
  if (family === 2) return build(ETH_P_IP, payload, null, false);
  // AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, macOS.
  if (family === 10 || family === 24 || family === 28 || family === 30) return build(ETH_P_IPV6, payload, null, false);
  return null;
};

const fromCooked = (
  packetType: number,
  arphrd: number,
  addressLength: number,
  address: Uint8Array,
  protocol: number,
  headerSize: number,
  bytes: Uint8Array,
): Uint8Array | null => {
  if (ARPHRD_WITHOUT_ETHERTYPE.has(arphrd)) return null;
  const payload = bytes.subarray(headerSize);
  const source = addressLength === 6 && address.subarray(0, 6).some((byte) => byte !== 0) ? address : null;
  const broadcast = packetType === PACKET_BROADCAST;
  // 802.2 frames have a length where others have an EtherType.
  if (protocol === ETH_P_802_2 || protocol === ETH_P_802_3) {
    return payload.length < 0x600 ? build(payload.length, payload, source, broadcast) : null;
  }
  return protocol < 0x600 ? null : build(protocol, payload, source, broadcast);
};

const build = (etherType: number, payload: Uint8Array, source: Uint8Array | null, broadcast: boolean): Uint8Array => {
  const frame = new Uint8Array(ETHERNET_HEADER_SIZE + payload.length);
  frame.set(payload, ETHERNET_HEADER_SIZE);
  frame[12] = etherType >> 8;
  frame[13] = etherType & 0xff;
  if (etherType === ETH_P_IP && payload.length >= 20) {
    writeIpv4Mac(frame, 0, payload.subarray(16, 20));
    writeIpv4Mac(frame, 6, payload.subarray(12, 16));
  } else if (etherType === ETH_P_IPV6 && payload.length >= 40) {
    writeIpv6Mac(frame, 0, payload.subarray(24, 40));
    writeIpv6Mac(frame, 6, payload.subarray(8, 24));
  } else {
    // Nothing says to whom it goes: to all.
    frame.fill(0xff, 0, 6);
    frame[6] = 0x02;
  }
  if (broadcast) frame.fill(0xff, 0, 6);
  if (source !== null) frame.set(source.subarray(0, 6), 6);
  // A source address is never a group's.
  frame[6]! &= 0xfe;
  return frame;
};

const writeIpv4Mac = (frame: Uint8Array, at: number, address: Uint8Array): void => {
  if (address.every((byte) => byte === 0xff)) {
    frame.fill(0xff, at, at + 6);
  } else if (address[0]! >> 4 === 0xe) {
    frame.set([0x01, 0x00, 0x5e, address[1]! & 0x7f, address[2]!, address[3]!], at);
  } else {
    frame.set([0x02, 0x00], at);
    frame.set(address, at + 2);
  }
};

const writeIpv6Mac = (frame: Uint8Array, at: number, address: Uint8Array): void => {
  if (address[0] === 0xff) {
    frame.set([0x33, 0x33], at);
    frame.set(address.subarray(12), at + 2);
    return;
  }
  // FNV-1a over the address: 32 bits tell the hosts of one capture apart.
  let hash = 0x811c9dc5;
  for (const byte of address) hash = Math.imul(hash ^ byte, 0x01000193);
  frame.set([0x02, 0x06, hash >>> 24, (hash >>> 16) & 0xff, (hash >>> 8) & 0xff, hash & 0xff], at);
};
