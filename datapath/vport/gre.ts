/**
 * A flow-based GRE port that carries Ethernet (RFC 2784, RFC 2890). Mirrors net/openvswitch/vport-gre.c with the
 * kernel's gretap device in external mode. A host whose stack cannot send protocol 47 drops what leaves by the port.
 */
import { TUN_F_CSUM } from '#flowtable/flow-key.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay, UnderlayIpReceiver } from '../environment.js';
import { writeU16 } from '../packet/byte-order.js';
import { checksum } from '../packet/checksum.js';
import {
  buildGre,
  GRE_FLAG_CHECKSUM,
  GRE_FLAG_KEY,
  GRE_PROTO_TEB,
  type GreHeader,
  greHeaderSize,
  parseGre,
} from '../packet/gre.js';
import type { Packet } from '../packet-buffer.js';
import { frameBehind, type OuterWanted, type TunnelReceiver, TunnelVport } from './tunnel.js';

const IP_PROTO_GRE = 47;

export class GreVport extends TunnelVport {
  readonly type = 'gre';
  private readonly stopListening: () => void;

  constructor(
    port: number,
    name: string,
    options: { readonly mtu: number },
    underlay: Underlay | null,
    deliver: TunnelReceiver,
  ) {
    super(port, name, options.mtu, underlay, deliver);
    const receiver: UnderlayIpReceiver = (outer, payload) => this.receive(outer, payload);
    this.stopListening = underlay?.listenIp?.(IP_PROTO_GRE, receiver) ?? (() => {});
  }

  override close(): void {
    this.stopListening();
  }

  protected encapsulate(packet: Packet, outer: OuterWanted, underlay: Underlay): DropReason | null {
    if (underlay.sendIp === undefined) return 'no-underlay';
    const header: GreHeader = {
      protocol: GRE_PROTO_TEB,
      checksum: outer.checksum ? 0 : null,
      key: this.hasKey(packet) ? this.keyOf(packet) : null,
      sequence: null,
    };
    const flags = (outer.checksum ? GRE_FLAG_CHECKSUM : 0) | (header.key === null ? 0 : GRE_FLAG_KEY);
    const payload = frameBehind(packet, greHeaderSize(flags));
    buildGre(payload, 0, header);
    if (outer.checksum) writeU16(payload, 4, checksum(payload, 0, payload.length));
    return underlay.sendIp({ ...outer, protocol: IP_PROTO_GRE }, payload);
  }

  private receive(outer: Parameters<UnderlayIpReceiver>[0], payload: Uint8Array): void {
    const parsed = parseGre(payload, 0, payload.length);
    const isRight =
      parsed.ok &&
      parsed.header.protocol === GRE_PROTO_TEB &&
      (parsed.header.checksum === null || checksum(payload, 0, payload.length) === 0);
    const seenOuter = { ...outer, sourcePort: 0, destinationPort: 0 };
    if (!isRight) {
      this.accept(seenOuter, null, payload);
      return;
    }
    const flags = parsed.header.checksum === null ? 0 : TUN_F_CSUM;
    const { key } = parsed.header;
    this.accept(seenOuter, { key, flags, gbp: null, payloadOffset: parsed.payloadOffset }, payload);
  }
}
