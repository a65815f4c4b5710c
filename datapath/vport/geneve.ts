/**
 * A flow-based Geneve port (RFC 8926). Mirrors net/openvswitch/vport-geneve.c with the kernel's geneve device in
 * external mode.
 *
 * Options go into the flow key as they are; whether they are known is userspace's to say. Those that do not fit into
 * their header are a malformed header.
 */
import { TUN_F_CSUM, TUN_F_OAM, TUN_F_UDPIF } from '#flowtable/flow-key.js';
import type { VportInfo } from '../dpif.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay, UnderlayReceiver } from '../environment.js';
import {
  buildGeneve,
  GENEVE_BASE_SIZE,
  GENEVE_OPTION_CRITICAL,
  GENEVE_PROTO_ETHERNET,
  parseGeneve,
  parseGeneveOptions,
} from '../packet/geneve.js';
import type { Packet } from '../packet-buffer.js';
import { takeOptions } from '../tunnel-options.js';
import { frameBehind, type OuterWanted, type TunnelReceiver, TunnelVport } from './tunnel.js';

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
    const options = takeOptions(packet.words, packet.row);
    const payload = frameBehind(packet, GENEVE_BASE_SIZE + options.length);
    buildGeneve(payload, 0, {
      isControl: (this.flagsOf(packet) & TUN_F_OAM) !== 0,
      isCritical: hasCriticalOption(options),
      protocol: GENEVE_PROTO_ETHERNET,
      vni: this.keyOf(packet) & 0xffffff,
      options,
    });
    return this.sendUdp(packet, outer, underlay, this.udpPort, payload);
  }

  private receive(outer: Parameters<UnderlayReceiver>[0], payload: Uint8Array): void {
    const parsed = parseGeneve(payload, 0, payload.length);
    const isOurs =
      parsed.ok &&
      parsed.header.protocol === GENEVE_PROTO_ETHERNET &&
      parseGeneveOptions(parsed.header.options) !== null;
    if (!isOurs) {
      this.accept(outer, null, payload);
      return;
    }
    const { vni, options, isControl } = parsed.header;
    const flags =
      (outer.checksum ? TUN_F_CSUM : 0) | (isControl ? TUN_F_OAM : 0) | (options.length > 0 ? TUN_F_UDPIF : 0);
    this.accept(outer, { key: vni, flags, gbp: null, payloadOffset: parsed.payloadOffset, options }, payload);
  }
}

const hasCriticalOption = (options: Uint8Array): boolean =>
  (parseGeneveOptions(options) ?? []).some(({ type }) => (type & GENEVE_OPTION_CRITICAL) !== 0);
