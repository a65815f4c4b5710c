/**
 * An internal port of the switch (`br0`): a device whose medium is the switch itself (Linux:
 * net/openvswitch/vport-internal_dev.c). What the host sends goes into the switch, what the switch sends comes up
 * into the host.
 *
 * Both ways lead through a queue: a datapath is never entered from within its own work (a tunnel's outer packet that
 * leaves by an internal port), nor is the host.
 */
import type { NetdevStats } from '#src/vswitchd/netdev.js';
import { FrameQueue } from '#src/sim/frame-queue.js';
import { type DeviceSurroundings, NetDevice } from './net-device.js';

export class InternalDevice extends NetDevice {
  readonly kind = 'internal';
  readonly type = 'internal';
  private readonly toSwitch: FrameQueue;
  private readonly toHost: FrameQueue;

  constructor(surroundings: DeviceSurroundings, name: string, mac: Uint8Array, mtu: number) {
    super(surroundings, name, mac, mtu);
    this.toSwitch = new FrameQueue(surroundings.scheduler, (frame) => this.handToSwitch(frame));
    this.toHost = new FrameQueue(surroundings.scheduler, (frame) => this.inputToHost(frame));
    this.setCarrier(true);
  }

  override transmit(frame: Uint8Array): void {
    if (!this.toHost.push(frame)) this.dropIncoming('device-queue-full', frame);
  }

  /** The switch's view: what the host sent is what the switch received (lib/netdev-linux.c swaps them, too). */
  override stats(): NetdevStats {
    const own = this.counters;
    return {
      rxPackets: own.txPackets,
      rxBytes: own.txBytes,
      txPackets: own.rxPackets,
      txBytes: own.rxBytes,
      rxDropped: own.txDropped,
      txDropped: own.rxDropped,
      rxErrors: own.txErrors,
      txErrors: own.rxErrors,
    };
  }

  /** The switch removes its port, and the device with it. */
  override close(): void {
    super.close();
    this.toSwitch.clear();
    this.toHost.clear();
    this.owner?.removeDevice(this);
  }

  protected emit(frame: Uint8Array): void {
    if (!this.toSwitch.push(frame)) this.dropOutgoing('device-queue-full', frame);
  }

  private inputToHost(frame: Uint8Array): void {
    if (!this.up) {
      this.dropIncoming('vport-down', frame);
      return;
    }
    this.counters.rxPackets++;
    this.counters.rxBytes += frame.length;
    this.surroundings.observer.tell('receive', this.place, frame);
    this.owner?.receive(this, frame);
  }
}
