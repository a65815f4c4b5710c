/**
 * What a flow's datapath actions say of the packet that leaves: the tunnel header and the MPLS labels that it gets.
 * Mirrors dpif_sflow_read_actions() of ofproto-dpif-sflow.c, what it leaves out included: two headers on top of each
 * other, and masked sets.
 */
import type { DpAction, TunnelPushAction } from '#datapath/dpif.js';
import { readU16, readU32 } from '#datapath/packet/byte-order.js';
import {
  type FlowKey,
  OFF_ETH_TYPE,
  OFF_MPLS,
  OFF_NW_DST,
  OFF_NW_PROTO,
  OFF_NW_SRC,
  OFF_NW_TOS,
  OFF_TP_DST,
  OFF_TP_SRC,
  OFF_TUN_DST,
  OFF_TUN_ID,
  OFF_TUN_SRC,
  OFF_TUN_TOS,
  OFF_TUN_TP_DST,
  OFF_TUN_TP_SRC,
} from '#flowtable/flow-key.js';

const MAX_LABELS = 3;
const BOTTOM_OF_STACK = 0x100;
const IPV4_OFFSET = 14;
const L4_OFFSET = IPV4_OFFSET + 20;
const GRE_CHECKSUM = 0x8000;
const GRE_KEY = 0x2000;

export interface TunnelHeader {
  source: number;
  destination: number;
  tos: number;
  sourcePort: number;
  destinationPort: number;
  id: bigint;
}

export const tunnelOf = (key: FlowKey): TunnelHeader => ({
  source: key.u32(OFF_TUN_SRC),
  destination: key.u32(OFF_TUN_DST),
  tos: key.u8(OFF_TUN_TOS),
  sourcePort: key.u16(OFF_TUN_TP_SRC),
  destinationPort: key.u16(OFF_TUN_TP_DST),
  id: (BigInt(key.u32(OFF_TUN_ID)) << 32n) | BigInt(key.u32(OFF_TUN_ID + 4)),
});

export class ActionsRead {
  /** Headers pushed. */
  private depth = 0;
  private isTunnelUnclear = false;
  private areLabelsUnclear = false;
  /** Outermost last. */
  private labels: number[] = [];
  private readonly header: TunnelHeader = {
    source: 0,
    destination: 0,
    tos: 0,
    sourcePort: 0,
    destinationPort: 0,
    id: 0n,
  };
  /** IP protocol of the tunnel header where a tnl_push has said it, else 0. */
  tunnelProtocol = 0;
  /** The last port that the packet goes to. */
  outPort = 0;

  constructor(flow: FlowKey, actions: readonly DpAction[]) {
    if (actions.length === 0) return;
    const type = flow.u16(OFF_ETH_TYPE);
    if (type === 0x8847 || type === 0x8848) this.readLabels(flow);
    this.read(actions);
  }

  /** The header that the packet gets, or null where there is none or more than one. */
  get tunnel(): TunnelHeader | null {
    return this.depth === 1 && !this.isTunnelUnclear ? this.header : null;
  }

  /** The labels that the packet has, outermost first, the last with its mark; null where it has none. */
  get labelStack(): readonly number[] | null {
    if (this.labels.length === 0 || this.areLabelsUnclear) return null;
    return [...this.labels].reverse().map((label, i, all) => {
      const plain = label & ~BOTTOM_OF_STACK;
      return (i === all.length - 1 ? plain | BOTTOM_OF_STACK : plain) >>> 0;
    });
  }

  private readLabels(flow: FlowKey): void {
    for (let i = 0; i < MAX_LABELS; i++) {
      const label = flow.u32(OFF_MPLS + 4 * i);
      this.labels.unshift(label);
      if ((label & BOTTOM_OF_STACK) !== 0) return;
    }
  }

  private read(actions: readonly DpAction[]): void {
    for (const action of actions) {
      switch (action.kind) {
        case 'output':
          this.outPort = action.port;
          break;
        case 'tnl_pop':
          this.isTunnelUnclear = true;
          break;
        case 'tnl_push':
          if (this.enterTunnel()) this.readPush(action);
          break;
        case 'set':
          if (action.mask === null) this.readSet(action);
          break;
        case 'push_mpls':
          if (this.labels.length >= MAX_LABELS) this.areLabelsUnclear = true;
          else this.labels.push(action.lse);
          break;
        case 'pop_mpls':
          if (this.labels.pop() === undefined) this.areLabelsUnclear = true;
          break;
        case 'clone':
          this.read(action.actions);
          break;
        default:
          break;
      }
    }
  }

  private enterTunnel(): boolean {
    if (++this.depth > 1) this.isTunnelUnclear = true;
    return this.depth === 1;
  }

  private readSet({ attribute, value }: Extract<DpAction, { kind: 'set' }>): void {
    const { header } = this;
    switch (attribute) {
      case 'tunnel':
        if (this.enterTunnel()) Object.assign(header, tunnelOf(value));
        break;
      case 'mpls':
        this.labels = [value.u32(OFF_MPLS)];
        break;
      case 'ipv4':
        if (this.depth !== 1) break;
        header.source = value.u32(OFF_NW_SRC) || header.source;
        header.destination = value.u32(OFF_NW_DST) || header.destination;
        header.tos = value.u8(OFF_NW_TOS) || header.tos;
        this.tunnelProtocol = value.u8(OFF_NW_PROTO) || this.tunnelProtocol;
        break;
      case 'tcp':
      case 'udp':
      case 'sctp':
        if (this.depth !== 1) break;
        header.sourcePort = value.u16(OFF_TP_SRC) || header.sourcePort;
        header.destinationPort = value.u16(OFF_TP_DST) || header.destinationPort;
        break;
      default:
        break;
    }
  }

  /** As if the outer header were IPv4's, as OVS does. */
  private readPush({ type, header: bytes, outPort }: TunnelPushAction): void {
    const { header } = this;
    this.outPort = outPort;
    header.tos = bytes[IPV4_OFFSET + 1]!;
    this.tunnelProtocol = bytes[IPV4_OFFSET + 9]!;
    header.source = readU32(bytes, IPV4_OFFSET + 12);
    header.destination = readU32(bytes, IPV4_OFFSET + 16);
    if (type === 'gre') {
      const flags = readU16(bytes, L4_OFFSET);
      const keyAt = L4_OFFSET + 4 + ((flags & GRE_CHECKSUM) === 0 ? 0 : 4);
      if ((flags & GRE_KEY) !== 0) header.id = BigInt(readU32(bytes, keyAt));
      return;
    }
    header.sourcePort = readU16(bytes, L4_OFFSET);
    header.destinationPort = readU16(bytes, L4_OFFSET + 2);
    header.id = BigInt(readU32(bytes, L4_OFFSET + 12) >>> 8);
  }
}
