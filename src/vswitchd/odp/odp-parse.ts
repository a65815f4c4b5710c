/**
 * Datapath flow text to a flow key and its mask: `parseOdpFlow('in_port(1),eth(),eth_type(0x0800),ipv4(...)')`.
 *
 * Mirrors odp_flow_key_to_flow() and odp_flow_key_to_mask() of lib/odp-util.c: which attributes belong to a packet
 * follows from those of the layer below. Too few or too many of them are no error here but the flow's fitness; a
 * datapath takes perfect ones alone, a trace takes any. Contradictions throw UserError in OVS's words.
 */
import {
  FRAG_LATER,
  FlowKey,
  OFF_ETH_TYPE,
  OFF_IGMP_GROUP,
  OFF_IN_PORT,
  OFF_MPLS,
  OFF_NW_FRAG,
  OFF_NW_PROTO,
  OFF_PACKET_TYPE,
  OFF_RECIRC_ID,
  OFF_TCP_FLAGS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  PT_ETH,
  VLAN_CFI,
} from '#flowtable/flow-key.js';
import { foldMask } from '#flowtable/flow-mask.js';
import { NO_PORT_NAMES, type PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { type MemberAttribute, coversNoMember } from './odp-attributes.js';
import { ODPP_NONE, formatOdpAttributes } from './odp-format.js';
import { type OdpAttribute, scanOdpFlow } from './odp-scan.js';

/** Do the attributes fit what the packet must have? (enum odp_key_fitness without its error) */
export type OdpFitness = 'perfect' | 'too-much' | 'too-little';

export interface OdpFlow {
  readonly key: FlowKey;
  readonly mask: FlowKey;
  readonly keyFitness: OdpFitness;
  readonly maskFitness: OdpFitness;
}

export interface OdpParseOptions {
  /** Names that in_port() may use. */
  readonly portNames?: PortNames;
  /** May values have masks? Where not, a mask is a syntax error. True when absent. */
  readonly masks?: boolean;
  /** Is the mask wanted? Where not, it is left empty and what is wrong with it does not matter. True when absent. */
  readonly wantMask?: boolean;
  /** Tags that are parsed, Open_vSwitch other_config:vlan-limit; 1 when absent, as in OVS. */
  readonly vlanLimit?: number;
}

export function parseOdpFlow(text: string, options: OdpParseOptions = {}): OdpFlow {
  const masks = options.masks ?? true;
  const attributes = scanOdpFlow(text, { portNames: options.portNames ?? NO_PORT_NAMES, masks });
  const vlanLimit = options.vlanLimit ?? 1;
  const key = new Conversion(attributes, null, vlanLimit).run();
  const wantMask = masks && (options.wantMask ?? true);
  const mask = wantMask
    ? new Conversion(attributes, key.flow, vlanLimit).run()
    : { flow: new FlowKey(), fitness: 'perfect' as const };
  return { key: key.flow, mask: mask.flow, keyFitness: key.fitness, maskFitness: mask.fitness };
}

/** The attributes of a flow's text in their order, written again as OVS writes them. */
export function formatScannedOdpFlow(text: string, portNames: PortNames = NO_PORT_NAMES): string {
  return formatOdpAttributes(scanOdpFlow(text, { portNames, masks: true }), false);
}

const VLAN_OFFSETS = [
  [OFF_VLAN_TPID, OFF_VLAN_TCI],
  [OFF_VLAN1_TPID, OFF_VLAN1_TCI],
] as const;

const ETH_TYPE_MIN = 0x600;
const ETH_TYPE_NSH = 0x894f;
/** The dl_type of frames that are not Ethernet II. */
const DL_TYPE_NONE = 0x5ff;
const MPLS_BOS = 0x100;

const isVlanType = (type: number): boolean => type === 0x8100 || type === 0x88a8;
const isMplsType = (type: number): boolean => type === 0x8847 || type === 0x8848;

/** One level of attributes by name, and those of them that the level must have. */
interface Level {
  readonly present: ReadonlyMap<string, OdpAttribute>;
  readonly expected: Set<string>;
}

/** Turns attributes into a key, or into the mask that belongs to `source`. */
class Conversion {
  private readonly flow = new FlowKey();
  private readonly source: FlowKey;
  private readonly isMask: boolean;
  private readonly attributes: readonly OdpAttribute[];
  private readonly vlanLimit: number;

  constructor(attributes: readonly OdpAttribute[], key: FlowKey | null, vlanLimit: number) {
    this.attributes = attributes;
    this.isMask = key !== null;
    this.source = key ?? this.flow;
    this.vlanLimit = Math.min(vlanLimit, VLAN_OFFSETS.length);
  }

  run(): { flow: FlowKey; fitness: OdpFitness } {
    try {
      const fitness = this.convert();
      if (!this.isMask) this.flow.updateShape();
      return { flow: this.flow, fitness };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      const which = this.isMask ? 'mask' : 'key';
      throw new UserError(
        `${error.message}; the flow ${which} in error is: ${formatOdpAttributes(this.attributes, this.isMask)}`,
      );
    }
  }

  private convert(): OdpFitness {
    const level = levelOf(this.attributes);
    this.metadata(level);
    this.etherType(level);
    const tagged = this.isMask
      ? (this.source.u16(OFF_VLAN_TCI) & VLAN_CFI) !== 0
      : isVlanType(this.source.u16(OFF_ETH_TYPE));
    if (tagged) return this.tags(level);
    if (this.isMask) {
      // No vlan() in the mask: the flow is for untagged packets alone.
      this.flow.setU16(OFF_VLAN_TPID, 0xffff);
      this.flow.setU16(OFF_VLAN_TCI, 0xffff);
      const vlan = this.consult(level, 'vlan');
      if (vlan !== undefined) this.flow.setU16(OFF_VLAN_TCI, this.part(vlan).u16(OFF_VLAN_TCI));
    }
    this.beyondEthernet(level);
    return fitnessOf(level);
  }

  private part(attribute: OdpAttribute): FlowKey {
    return this.isMask ? attribute.mask : attribute.key;
  }

  /** The attribute, if there; and if so it is expected. */
  private consult(level: Level, name: string): OdpAttribute | undefined {
    const attribute = level.present.get(name);
    if (attribute !== undefined) level.expected.add(name);
    return attribute;
  }

  private take(level: Level, name: string): OdpAttribute | undefined {
    const attribute = this.consult(level, name);
    if (attribute !== undefined) foldMask(this.flow, this.part(attribute));
    return attribute;
  }

  private metadata(level: Level): void {
    const { flow, isMask } = this;
    if (this.take(level, 'recirc_id') === undefined && isMask) flow.setU32(OFF_RECIRC_ID, 0xffffffff);
    for (const name of ['dp_hash', 'skb_priority', 'skb_mark', 'ct_state', 'ct_zone', 'ct_mark', 'ct_label']) {
      this.take(level, name);
    }
    this.take(level, 'ct_tuple4');
    this.take(level, 'ct_tuple6');
    const tunnel = this.take(level, 'tunnel');
    if (tunnel?.detail === 0) throw new UserError('tunnel options missing TTL');
    if (this.take(level, 'in_port') === undefined && !isMask) flow.setU32(OFF_IN_PORT, ODPP_NONE);
    if (this.take(level, 'packet_type') === undefined) {
      if (!isMask) flow.setU32(OFF_PACKET_TYPE, PT_ETH);
    } else if (this.source.u16(OFF_PACKET_TYPE) === 1) {
      flow.setU16(OFF_ETH_TYPE, flow.u16(OFF_PACKET_TYPE + 2));
    }
    if (this.take(level, 'eth') !== undefined) {
      if (!isMask) flow.setU32(OFF_PACKET_TYPE, PT_ETH);
      return;
    }
    const type = this.consult(level, 'eth_type');
    if (type !== undefined && !isMask) flow.setU32(OFF_PACKET_TYPE, (1 << 16) | type.key.u16(OFF_ETH_TYPE));
  }

  private etherType(level: Level): void {
    const { flow, source, isMask } = this;
    const attribute = this.consult(level, 'eth_type');
    const sourceType = source.u16(OFF_ETH_TYPE);
    if (attribute !== undefined) {
      const type = this.part(attribute).u16(OFF_ETH_TYPE);
      if (!isMask && type < ETH_TYPE_MIN) throw new UserError(`invalid Ethertype ${type} in flow key`);
      flow.setU16(OFF_ETH_TYPE, type);
      if (isMask && sourceType < ETH_TYPE_MIN && type !== 0xffff) {
        throw new UserError(
          `can't bitwise match non-Ethernet II "Ethertype" ${hex(sourceType)} (with mask ${hex(type)})`,
        );
      }
      return;
    }
    if (!isMask) {
      const has = (name: string): boolean => level.present.has(name);
      const type = has('ipv4') ? 0x0800 : has('ipv6') ? 0x86dd : has('mpls') ? 0x8847 : DL_TYPE_NONE;
      flow.setU16(OFF_ETH_TYPE, type);
    } else if (source.u32(OFF_PACKET_TYPE) !== PT_ETH) {
      flow.setU16(OFF_ETH_TYPE, 0xffff);
    } else if (sourceType < ETH_TYPE_MIN) {
      throw new UserError('mask expected for non-Ethernet II frame');
    }
  }

  /** VLAN tags from the outermost in: each has its attributes, and the rest of the packet in encap(). */
  private tags(outermost: Level): OdpFitness {
    const { flow, source, isMask } = this;
    let level = outermost;
    for (let i = 0; i < this.vlanLimit; i++) {
      const [tpidOffset, tciOffset] = VLAN_OFFSETS[i]!;
      const more = isMask ? (source.u16(tciOffset) & VLAN_CFI) !== 0 : isVlanType(flow.u16(OFF_ETH_TYPE));
      if (!more) break;
      const vlan = level.present.get('vlan');
      const encap = level.present.get('encap');
      if (!isMask || vlan !== undefined) level.expected.add('vlan');
      if (!isMask || encap !== undefined) level.expected.add('encap');
      const fitness = fitnessOf(level);
      // What stood for an Ethertype was the tag's.
      flow.setU16(tpidOffset, flow.u16(OFF_ETH_TYPE));
      flow.setU16(OFF_ETH_TYPE, 0);
      const tci = vlan === undefined ? 0 : this.part(vlan).u16(OFF_VLAN_TCI);
      flow.setU16(tciOffset, tci);
      if (!isMask) {
        if (vlan === undefined || encap === undefined) return 'too-little';
        if (tci === 0) return fitness === 'perfect' && encap.inner.length > 0 ? 'too-much' : fitness;
        if ((tci & VLAN_CFI) === 0) {
          throw new UserError(
            `OVS_KEY_ATTR_VLAN 0x${tci.toString(16).padStart(4, '0')} is nonzero but CFI bit is not set`,
          );
        }
      }
      if (encap === undefined) return fitness;
      level = levelOf(encap.inner);
      this.etherType(level);
      const early = this.beyondEthernet(level);
      if (early !== 'perfect') return early;
    }
    return fitnessOf(level);
  }

  /** MPLS, network and transport layer. The result counts within encap(); outside, the level's own fitness does. */
  private beyondEthernet(level: Level): OdpFitness {
    const type = this.source.u16(OFF_ETH_TYPE);
    if (isMplsType(type)) return this.mpls(level);
    if (type === 0x0800) this.networkLayer(level, 'ipv4');
    else if (type === 0x86dd) this.networkLayer(level, 'ipv6');
    else if (type === 0x0806 || type === 0x8035) this.networkLayer(level, 'arp');
    else if (type === ETH_TYPE_NSH) this.networkLayer(level, 'nsh');
    else return 'perfect';
    this.transportLayer(level);
    return 'perfect';
  }

  private mpls(level: Level): OdpFitness {
    const { flow, isMask } = this;
    if (!isMask) level.expected.add('mpls');
    const attribute = this.consult(level, 'mpls');
    if (attribute === undefined) return 'perfect';
    const count = attribute.detail;
    flow.bytes.set(this.part(attribute).bytes.subarray(OFF_MPLS, OFF_MPLS + 4 * count), OFF_MPLS);
    if (isMask) return 'perfect';
    for (let i = 0; i < count - 1; i++) {
      if ((flow.u32(OFF_MPLS + 4 * i) & MPLS_BOS) !== 0) throw new UserError('MPLS BOS set in non-innermost label');
    }
    const last = flow.u32(OFF_MPLS + 4 * (count - 1));
    return count < 3 && (last & MPLS_BOS) === 0 ? 'too-little' : 'perfect';
  }

  private networkLayer(level: Level, name: 'ipv4' | 'ipv6' | 'arp' | 'nsh'): void {
    const { flow, source, isMask } = this;
    if (!isMask) level.expected.add(name);
    const attribute = level.present.get(name);
    if (attribute === undefined) return;
    if (name === 'arp' && !isMask && attribute.detail > 0xff) {
      throw new UserError(`unsupported ARP opcode ${attribute.detail} in flow key`);
    }
    foldMask(flow, this.part(attribute));
    if (!isMask) return;
    // OVS takes any nsh() for a mask of something.
    const isEmpty = name !== 'nsh' && coversNoMember(name, attribute.mask);
    if (!isEmpty && flow.u16(OFF_ETH_TYPE) !== 0xffff) {
      throw new UserError(
        `unexpected L3 matching with masked Ethertype ${hex(source.u16(OFF_ETH_TYPE))}/${hex(flow.u16(OFF_ETH_TYPE))}`,
      );
    }
    level.expected.add(name);
  }

  private transportLayer(level: Level): void {
    const { flow, source, isMask } = this;
    const name = transportAttribute(source);
    if (name === null) return;
    if (!isMask) level.expected.add(name);
    const attribute = level.present.get(name);
    if (attribute !== undefined) foldMask(flow, this.part(attribute));
    if (name === 'tcp') this.take(level, 'tcp_flags');
    if (name === 'icmpv6' && attribute !== undefined) this.neighbourDiscovery(level);
    if (!isMask || attribute === undefined) return;
    if (!flow.isZero(OFF_TP_SRC, 4) && flow.u8(OFF_NW_PROTO) !== 0xff) {
      throw new UserError('flow matches on L4 ports but does not define an L4 protocol');
    }
    level.expected.add(name);
  }

  private neighbourDiscovery(level: Level): void {
    const { flow, source, isMask } = this;
    const type = source.u16(OFF_TP_SRC);
    if ((type !== 135 && type !== 136) || source.u16(OFF_TP_DST) !== 0) return;
    if (!isMask) level.expected.add('nd');
    const typeIsExact = flow.u16(OFF_TP_SRC) === 0xff && flow.u16(OFF_TP_DST) === 0xff;
    const nd = level.present.get('nd');
    if (nd !== undefined) {
      foldMask(flow, this.part(nd));
      if (isMask) {
        if (!coversNoMember('nd', nd.mask) && !typeIsExact) {
          throw new UserError(
            'ICMP (src,dst) masks should be (0xff,0xff) but are actually ' +
              `(${hex(flow.u16(OFF_TP_SRC))},${hex(flow.u16(OFF_TP_DST))})`,
          );
        }
        level.expected.add('nd');
      }
    }
    const extensions = level.present.get('nd_ext');
    if (extensions === undefined) return;
    const part = this.part(extensions);
    flow.setU32(OFF_IGMP_GROUP, part.u32(OFF_IGMP_GROUP));
    flow.setU16(OFF_TCP_FLAGS, part.u16(OFF_TCP_FLAGS));
    level.expected.add('nd_ext');
  }
}

function hex(value: number): string {
  return value === 0 ? '0' : `0x${value.toString(16)}`;
}

function levelOf(attributes: readonly OdpAttribute[]): Level {
  const present = new Map<string, OdpAttribute>();
  for (const attribute of attributes) {
    if (present.has(attribute.name)) throw new UserError(`duplicate ${attribute.name} attribute in flow key`);
    present.set(attribute.name, attribute);
  }
  return { present, expected: new Set() };
}

function fitnessOf({ present, expected }: Level): OdpFitness {
  for (const name of expected) if (!present.has(name)) return 'too-little';
  for (const name of present.keys()) if (!expected.has(name)) return 'too-much';
  return 'perfect';
}

/** The attribute of the packet's transport layer; later fragments have none. */
function transportAttribute(source: FlowKey): MemberAttribute | null {
  const type = source.u16(OFF_ETH_TYPE);
  if ((type !== 0x0800 && type !== 0x86dd) || (source.u8(OFF_NW_FRAG) & FRAG_LATER) !== 0) return null;
  switch (source.u8(OFF_NW_PROTO)) {
    case 6:
      return 'tcp';
    case 17:
      return 'udp';
    case 132:
      return 'sctp';
    case 1:
      return type === 0x0800 ? 'icmp' : null;
    case 58:
      return type === 0x86dd ? 'icmpv6' : null;
    default:
      return null;
  }
}
