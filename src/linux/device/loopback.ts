/** The loopback device `lo` (Linux: drivers/net/loopback.c): what it sends it receives, through its queue. */
import { FrameQueue } from '#src/sim/frame-queue.js';
import { type DeviceSurroundings, NetDevice } from './net-device.js';

const LOOPBACK_MTU = 65_536;

export class Loopback extends NetDevice {
  readonly kind = 'loopback';
  readonly type = 'system';
  private readonly queue: FrameQueue;

  constructor(surroundings: DeviceSurroundings) {
    super(surroundings, 'lo', new Uint8Array(6), LOOPBACK_MTU);
    this.queue = new FrameQueue(surroundings.scheduler, (frame) => this.input(frame));
    this.setCarrier(true);
  }

  protected emit(frame: Uint8Array): void {
    if (!this.queue.push(frame)) this.dropOutgoing('device-queue-full', frame);
  }
}
