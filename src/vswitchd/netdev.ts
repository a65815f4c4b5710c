/**
 * What vswitchd needs of a network device. `src/linux` implements it for the devices of a simulated machine,
 * `netdev-dummy.ts` for OVS's dummy devices, `src/daemon` for real ones. Mirrors lib/netdev-provider.h.
 */

/** A counter that the device does not keep is -1. */
export interface NetdevStats {
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  readonly rxDropped: number;
  readonly txDropped: number;
  readonly rxErrors: number;
  readonly txErrors: number;
}

export interface Netdev {
  readonly name: string;
  readonly type: string;
  readonly mac: Uint8Array;
  readonly mtu: number;
  /** Administratively up. */
  readonly up: boolean;
  readonly carrier: boolean;
  readonly ifindex: number;
  /** The switch sends a frame out of the device (for an internal one: up into the host). Bytes valid during the call. */
  transmit(frame: Uint8Array): void;
  /** Where frames that come in by the device go (for an internal one: those that the host sends). */
  onReceive(receiver: ((frame: Uint8Array) => void) | null): void;
  /** Called when up, carrier, mtu or mac change. */
  onChange(listener: (() => void) | null): void;
  stats(): NetdevStats;
  setMac(mac: Uint8Array): void;
  setMtu(mtu: number): void;
  setUp(up: boolean): void;
  close(): void;
}

export interface NetdevProvider {
  /**
   * Opens the device for an Interface record of type '' (system), 'internal' or 'tap'. An internal one is made on the
   * host. Returns the reason, in OVS's words, where it cannot be had
   * (`could not open network device eth9 (No such device)`).
   */
  open(name: string, type: string, options: ReadonlyMap<string, string>): Netdev | { readonly error: string };
}
