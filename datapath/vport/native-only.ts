/**
 * A tunnel port whose headers only tnl_push and tnl_pop write and read: ERSPAN, GRE over IPv6 and GTP-U. What leaves by
 * it otherwise is dropped, as no host's stack carries these.
 */
import type { VportInfo, VportType } from '../dpif.js';
import type { DropReason } from '../drop-reason.js';
import type { Underlay } from '../environment.js';
import { type TunnelReceiver, TunnelVport } from './tunnel.js';

export type NativeOnlyType = Extract<VportType, 'erspan' | 'ip6erspan' | 'ip6gre' | 'gtpu'>;

export class NativeOnlyVport extends TunnelVport {
  readonly type: NativeOnlyType;
  /** Undefined where the headers have no ports. */
  private readonly udpPort: number | undefined;

  constructor(
    port: number,
    name: string,
    options: { readonly mtu: number; readonly type: NativeOnlyType; readonly udpPort: number | undefined },
    underlay: Underlay | null,
    deliver: TunnelReceiver,
  ) {
    super(port, name, options.mtu, underlay, deliver);
    this.type = options.type;
    this.udpPort = options.udpPort;
  }

  override info(): VportInfo {
    return this.udpPort === undefined ? super.info() : { ...super.info(), udpPort: this.udpPort };
  }

  protected encapsulate(): DropReason {
    return 'no-underlay';
  }
}
