/**
 * A flow-based VXLAN port (RFC 7348), with the group based policy extension.
 * Mirrors net/openvswitch/vport-vxlan.c with the kernel's vxlan device in external mode.
 */
import { TUN_F_CSUM } from '#flowtable/flow-key.js';
import type { VportInfo } from '../dpif.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay, UnderlayReceiver } from '../environment.js';
import { buildVxlan, parseVxlan, VXLAN_HEADER_SIZE } from '../packet/vxlan.js';
import type { Packet } from '../packet-buffer.js';
import { frameBehind, type OuterWanted, type TunnelReceiver, TunnelVport } from './tunnel.js';

export class VxlanVport extends TunnelVport {
  readonly type = 'vxlan';
  readonly udpPort: number;
  private readonly gbp: boolean;
  private readonly stopListening: () => void;

  constructor(
    port: number,
    name: string,
    options: { readonly mtu: number; readonly udpPort: number; readonly gbp: boolean },
    underlay: Underlay | null,
    deliver: TunnelReceiver,
  ) {
    super(port, name, options.mtu, underlay, deliver);
    this.udpPort = options.udpPort;
    this.gbp = options.gbp;
    const receiver: UnderlayReceiver = (outer, payload) => this.receive(outer, payload);
    this.stopListening = underlay === null ? () => {} : underlay.listenUdp(this.udpPort, receiver);
  }

  override close(): void {
    this.stopListening();
  }

  override info(): VportInfo {
    return { ...super.info(), udpPort: this.udpPort };
  }

  protected encapsulate(packet: Packet, outer: OuterWanted, underlay: Underlay): DropReason | null {
    const payload = frameBehind(packet, VXLAN_HEADER_SIZE);
    const gbp = this.gbp ? this.gbpOf(packet) : null;
    buildVxlan(payload, 0, { vni: this.keyOf(packet) & 0xffffff, gbp });
    return this.sendUdp(packet, outer, underlay, this.udpPort, payload);
  }

  private receive(outer: Parameters<UnderlayReceiver>[0], payload: Uint8Array): void {
    const parsed = parseVxlan(payload, 0, payload.length, this.gbp);
    const flags = outer.checksum ? TUN_F_CSUM : 0;
    const seen = parsed.ok
      ? { key: parsed.header.vni, flags, gbp: parsed.header.gbp, payloadOffset: parsed.payloadOffset }
      : null;
    this.accept(outer, seen, payload);
  }
}
