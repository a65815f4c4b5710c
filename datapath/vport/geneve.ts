/**
 * A flow-based Geneve port (RFC 8926). Mirrors net/openvswitch/vport-geneve.c with the kernel's geneve device in
 * external mode.
 *
 * Deliberately different: options are not part of the flow key yet, so they are passed over on reception and none are
 * sent; a frame whose header says that it has critical options is dropped, as RFC 8926 §3.5 wants of those who do not
 * understand them.
 */
import { TUN_F_CSUM, TUN_F_OAM } from '#flowtable/flow-key.js';
import type { VportInfo } from '../dpif.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay, UnderlayReceiver } from '../environment.js';
import { buildGeneve, GENEVE_BASE_SIZE, GENEVE_PROTO_ETHERNET, parseGeneve } from '../packet/geneve.js';
import type { Packet } from '../packet-buffer.js';
import { frameBehind, type OuterWanted, type TunnelReceiver, TunnelVport } from './tunnel.js';

const NO_OPTIONS = new Uint8Array(0);

export class GeneveVport extends TunnelVport {
  readonly type = 'geneve';
  readonly udpPort: number;
  private readonly stopListening: () => void;

  constructor(
    port: number,
    name: string,
    options: { readonly mtu: number; readonly udpPort: number },
    underlay: Underlay | null,
    deliver: TunnelReceiver,
  ) {
    super(port, name, options.mtu, underlay, deliver);
    this.udpPort = options.udpPort;
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
    const payload = frameBehind(packet, GENEVE_BASE_SIZE);
    buildGeneve(payload, 0, {
      isControl: false,
      isCritical: false,
      protocol: GENEVE_PROTO_ETHERNET,
      vni: this.keyOf(packet) & 0xffffff,
      options: NO_OPTIONS,
    });
    return this.sendUdp(packet, outer, underlay, this.udpPort, payload);
  }

  private receive(outer: Parameters<UnderlayReceiver>[0], payload: Uint8Array): void {
    const parsed = parseGeneve(payload, 0, payload.length);
    const isOurs = parsed.ok && parsed.header.protocol === GENEVE_PROTO_ETHERNET && !parsed.header.isCritical;
    if (!isOurs) {
      this.accept(outer, null, payload);
      return;
    }
    const flags = (outer.checksum ? TUN_F_CSUM : 0) | (parsed.header.isControl ? TUN_F_OAM : 0);
    const { vni } = parsed.header;
    this.accept(outer, { key: vni, flags, gbp: null, payloadOffset: parsed.payloadOffset }, payload);
  }
}
