/**
 * One end of a veth pair (Linux: drivers/net/veth.c): what one end sends the other receives, whichever namespaces
 * they lie in. An end has carrier while both are up. The pair dies together.
 */
import { FrameQueue } from '#src/sim/frame-queue.js';
import { type DeviceSurroundings, NetDevice } from './net-device.js';

export class Veth extends NetDevice {
  readonly kind = 'veth';
  readonly type = 'system';
  private other: Veth | null = null;
  private readonly incoming: FrameQueue;

  constructor(surroundings: DeviceSurroundings, name: string, mac: Uint8Array, mtu: number) {
    super(surroundings, name, mac, mtu);
    this.incoming = new FrameQueue(surroundings.scheduler, (frame) => this.input(frame));
  }

  get peer(): Veth | null {
    return this.other;
  }

  /** Joins two ends. */
  static pair(a: Veth, b: Veth): void {
    a.other = b;
    b.other = a;
    a.updateCarrier();
  }

  override setUp(up: boolean): void {
    super.setUp(up);
    this.updateCarrier();
  }

  override destroy(): void {
    const peer = this.other;
    this.other = null;
    this.incoming.clear();
    super.destroy();
    if (peer !== null && peer.other !== null) peer.destroy();
  }

  protected emit(frame: Uint8Array): void {
    const peer = this.other;
    if (peer === null) this.dropOutgoing('link-down', frame);
    else if (!peer.incoming.push(frame)) peer.dropIncoming('device-queue-full', frame);
  }

  private updateCarrier(): void {
    const peer = this.other;
    const carrier = peer !== null && this.up && peer.up;
    this.setCarrier(carrier);
    peer?.setCarrier(carrier);
  }
}
