/**
 * Which of the switch's ports a captured frame comes in by. Frames are told apart by one thing (source MAC address,
 * destination, VLAN, VXLAN network), and each value of it gets a port in the order in which the values appear.
 *
 * Invariant: the same frames give the same ports. Beyond the most ports that are wanted, all further values share the
 * last one, as if they lay behind an uplink; how many did is counted. Headers are read defensively: a frame that is cut
 * before the thing belongs to the value "none".
 */
import {
  ETH_HEADER_SIZE,
  ETH_OFF_DST,
  ETH_OFF_SRC,
  ETH_OFF_TYPE,
  ETH_TYPE_IP,
  ETH_TYPE_IPV6,
  ETH_TYPE_VLAN_8021AD,
  ETH_TYPE_VLAN_8021Q,
} from '#datapath/packet/ethernet.js';

export type SpreadBy = 'src-mac' | 'dst-mac' | 'vlan' | 'vni' | 'one';

export const SPREAD_CHOICES = ['src-mac', 'dst-mac', 'vlan', 'vni'] as const satisfies readonly SpreadBy[];

/** The value of a frame that has none. */
const NONE = -1;

const VXLAN_UDP_PORT = 4789;
const PROTOCOL_UDP = 17;

const u16 = (frame: Uint8Array, at: number): number => (frame[at]! << 8) | frame[at + 1]!;

const macAt = (frame: Uint8Array, at: number): number =>
  frame.length < ETH_HEADER_SIZE
    ? NONE
    : u16(frame, at) * 0x1_0000_0000 + u16(frame, at + 2) * 0x1_0000 + u16(frame, at + 4);

const isVlan = (etherType: number): boolean => etherType === ETH_TYPE_VLAN_8021Q || etherType === ETH_TYPE_VLAN_8021AD;

const vlanOf = (frame: Uint8Array): number =>
  frame.length >= ETH_HEADER_SIZE + 4 && isVlan(u16(frame, ETH_OFF_TYPE)) ? u16(frame, ETH_HEADER_SIZE) & 0xfff : NONE;

/** The network of a VXLAN packet (RFC 7348 §5) in IPv4 or IPv6 without extension headers; inner VXLAN is not looked at. */
const vniOf = (frame: Uint8Array): number => {
  let at = ETH_OFF_TYPE;
  while (at + 6 <= frame.length && isVlan(u16(frame, at))) at += 4;
  if (at + 2 > frame.length) return NONE;
  const etherType = u16(frame, at);
  const ip = at + 2;
  let udp: number;
  if (etherType === ETH_TYPE_IP && ip + 20 <= frame.length) {
    const isLaterFragment = (u16(frame, ip + 6) & 0x1fff) !== 0;
    if (frame[ip + 9] !== PROTOCOL_UDP || isLaterFragment) return NONE;
    udp = ip + (frame[ip]! & 0xf) * 4;
  } else if (etherType === ETH_TYPE_IPV6 && ip + 40 <= frame.length) {
    if (frame[ip + 6] !== PROTOCOL_UDP) return NONE;
    udp = ip + 40;
  } else {
    return NONE;
  }
  const vxlan = udp + 8;
  if (vxlan + 8 > frame.length || u16(frame, udp + 2) !== VXLAN_UDP_PORT) return NONE;
  const isVniValid = (frame[vxlan]! & 0x08) !== 0;
  return isVniValid ? (u16(frame, vxlan + 4) << 8) | frame[vxlan + 6]! : NONE;
};

const keyOf = (by: SpreadBy, frame: Uint8Array): number => {
  switch (by) {
    case 'src-mac':
      return macAt(frame, ETH_OFF_SRC);
    case 'dst-mac':
      return macAt(frame, ETH_OFF_DST);
    case 'vlan':
      return vlanOf(frame);
    case 'vni':
      return vniOf(frame);
    case 'one':
      return 0;
  }
};

const labelOf = (by: SpreadBy, value: number): string => {
  switch (by) {
    case 'src-mac':
    case 'dst-mac':
      return value === NONE
        ? 'no address'
        : value
            .toString(16)
            .padStart(12, '0')
            .replace(/..(?!$)/g, '$&:');
    case 'vlan':
      return value === NONE ? 'untagged' : `vlan ${value}`;
    case 'vni':
      return value === NONE ? 'no vxlan' : `vni ${value}`;
    case 'one':
      return 'all frames';
  }
};

export class Spread {
  readonly by: SpreadBy;
  private readonly maxPorts: number;
  private readonly indexes = new Map<number, number>();
  private readonly labels: string[] = [];
  private sharing = 0;

  constructor(by: SpreadBy, maxPorts: number) {
    this.by = by;
    this.maxPorts = maxPorts;
  }

  /** Index of the port that the frame comes in by. */
  indexOf(frame: Uint8Array): number {
    const value = keyOf(this.by, frame);
    const known = this.indexes.get(value);
    if (known !== undefined) return known;
    const isFull = this.labels.length === this.maxPorts;
    const index = isFull ? this.maxPorts - 1 : this.labels.length;
    if (isFull) this.sharing++;
    else this.labels.push(labelOf(this.by, value));
    this.indexes.set(value, index);
    return index;
  }

  /** What comes in by each port: `52:54:00:12:34:56`, `vlan 10`, with a remark where the last is shared. */
  portLabels(): readonly string[] {
    if (this.sharing === 0) return this.labels;
    return [...this.labels.slice(0, -1), `${this.labels.at(-1)} and ${this.sharing} more`];
  }
}
