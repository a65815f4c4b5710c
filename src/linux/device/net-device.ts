/**
 * What all net devices of a machine have in common (Linux: struct net_device, net/core/dev.c): a name, addresses,
 * administrative state, carrier, MTU, counters, and one owner of what they receive: the host's protocols, or a switch
 * that has taken the device over (rx_handler).
 *
 * Invariant: each frame that enters a device leaves it again, is handed to its owner, or is counted as dropped.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import type { Netdev, NetdevStats } from '#src/vswitchd/netdev.js';
import type { HostObserver, Place } from '../observe.js';

/** What a device needs of the machine that it is part of. */
export interface DeviceSurroundings {
  readonly host: string;
  readonly scheduler: Scheduler;
  readonly observer: HostObserver;
}

/** The network namespace that a device lies in. */
export interface DeviceOwner {
  /** Empty for the machine's own namespace. */
  readonly name: string;
  receive(device: NetDevice, frame: Uint8Array): void;
  deviceChanged(device: NetDevice): void;
  removeDevice(device: NetDevice): void;
}

export type DeviceKind = 'loopback' | 'nic' | 'internal' | 'veth' | 'tap';

export interface DeviceCounters {
  rxPackets: number;
  rxBytes: number;
  txPackets: number;
  txBytes: number;
  rxDropped: number;
  txDropped: number;
  rxErrors: number;
  txErrors: number;
  multicast: number;
}

export const ETHERNET_HEADER_SIZE = 14;
const ETH_P_8021Q = 0x8100;
const ETH_P_8021AD = 0x88a8;

/** Size of what the MTU limits: the frame without its Ethernet header and outermost VLAN tag, as Linux counts. */
export const layer3Size = (frame: Uint8Array): number => {
  const type = frame.length >= ETHERNET_HEADER_SIZE ? (frame[12]! << 8) | frame[13]! : 0;
  return frame.length - ETHERNET_HEADER_SIZE - (type === ETH_P_8021Q || type === ETH_P_8021AD ? 4 : 0);
};

export abstract class NetDevice implements Netdev {
  abstract readonly kind: DeviceKind;
  /** The type of the Interface record that opens such a device. */
  abstract readonly type: string;
  /** Given by the namespace, which keeps names unique. */
  name: string;
  /** Numbered by the namespace. */
  ifindex = 0;
  /** Whether it was ever up: only then Linux gives it a queueing discipline. */
  wasUp = false;
  owner: DeviceOwner | null = null;
  readonly counters: DeviceCounters = {
    rxPackets: 0,
    rxBytes: 0,
    txPackets: 0,
    txBytes: 0,
    rxDropped: 0,
    txDropped: 0,
    rxErrors: 0,
    txErrors: 0,
    multicast: 0,
  };
  protected readonly surroundings: DeviceSurroundings;
  private macBytes: Uint8Array;
  private mtuSize: number;
  private adminUp = false;
  private hasCarrier = false;
  private switchReceiver: ((frame: Uint8Array) => void) | null = null;
  private changeListener: (() => void) | null = null;

  constructor(surroundings: DeviceSurroundings, name: string, mac: Uint8Array, mtu: number) {
    this.surroundings = surroundings;
    this.name = name;
    this.macBytes = mac;
    this.mtuSize = mtu;
  }

  get mac(): Uint8Array {
    return this.macBytes;
  }
  get mtu(): number {
    return this.mtuSize;
  }
  get up(): boolean {
    return this.adminUp;
  }
  get carrier(): boolean {
    return this.hasCarrier;
  }
  /** Up and with carrier: IFF_RUNNING. */
  get running(): boolean {
    return this.adminUp && this.hasCarrier;
  }
  get place(): Place {
    return { host: this.surroundings.host, namespace: this.owner?.name ?? '', device: this.name };
  }
  /** Whether a switch has taken the device over. */
  get enslaved(): boolean {
    return this.switchReceiver !== null;
  }

  /** Puts a frame on the medium. The checks have been made, the frame has been counted. */
  protected abstract emit(frame: Uint8Array): void;

  /** The host (or, for most devices, the switch) sends a frame. */
  send(frame: Uint8Array): void {
    const reason = this.refusal(frame);
    if (reason !== null) {
      this.dropOutgoing(reason, frame);
      return;
    }
    this.counters.txPackets++;
    this.counters.txBytes += frame.length;
    this.surroundings.observer.tell('transmit', this.place, frame);
    this.emit(frame);
  }

  transmit(frame: Uint8Array): void {
    this.send(frame);
  }

  onReceive(receiver: ((frame: Uint8Array) => void) | null): void {
    this.switchReceiver = receiver;
    this.owner?.deviceChanged(this);
  }

  onChange(listener: (() => void) | null): void {
    this.changeListener = listener;
  }

  stats(): NetdevStats {
    return this.counters;
  }

  setMac(mac: Uint8Array): void {
    this.macBytes = mac.slice();
    this.changed();
  }

  setMtu(mtu: number): void {
    this.mtuSize = mtu;
    this.changed();
  }

  setUp(up: boolean): void {
    if (up === this.adminUp) return;
    this.adminUp = up;
    if (up) this.wasUp = true;
    this.changed();
  }

  /** The switch lets go of the device. */
  close(): void {
    this.onReceive(null);
    this.onChange(null);
  }

  /** Called once when the device leaves its machine for good. */
  destroy(): void {
    this.close();
    this.owner?.removeDevice(this);
  }

  protected setCarrier(carrier: boolean): void {
    if (carrier === this.hasCarrier) return;
    this.hasCarrier = carrier;
    this.changed();
  }

  /** A frame comes in from the medium. */
  protected input(frame: Uint8Array): void {
    if (!this.adminUp) {
      this.dropIncoming('vport-down', frame);
      return;
    }
    if (frame.length < ETHERNET_HEADER_SIZE) {
      this.counters.rxErrors++;
      this.dropIncoming('frame-too-short', frame);
      return;
    }
    this.counters.rxPackets++;
    this.counters.rxBytes += frame.length;
    if ((frame[0]! & 1) !== 0 && frame[0] !== 0xff) this.counters.multicast++;
    this.surroundings.observer.tell('receive', this.place, frame);
    if (this.switchReceiver !== null) this.switchReceiver(frame);
    else this.owner?.receive(this, frame);
  }

  protected dropIncoming(reason: DropReason, frame: Uint8Array): void {
    this.counters.rxDropped++;
    this.surroundings.observer.drop(this.place, reason, frame);
  }

  protected dropOutgoing(reason: DropReason, frame: Uint8Array): void {
    this.counters.txDropped++;
    this.surroundings.observer.drop(this.place, reason, frame);
  }

  /** Hands a frame of the host to the switch that owns the device; for devices whose medium is the switch. */
  protected handToSwitch(frame: Uint8Array): void {
    if (this.switchReceiver === null) this.dropOutgoing('no-bridge-port', frame);
    else this.switchReceiver(frame);
  }

  private refusal(frame: Uint8Array): DropReason | null {
    if (!this.adminUp) return 'vport-down';
    if (!this.hasCarrier) return 'link-down';
    if (frame.length < ETHERNET_HEADER_SIZE) return 'frame-too-short';
    return layer3Size(frame) > this.mtuSize ? 'mtu-exceeded' : null;
  }

  private changed(): void {
    this.owner?.deviceChanged(this);
    this.changeListener?.();
  }
}
