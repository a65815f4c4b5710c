/**
 * A network card (`eth0`): one end of a link to another machine, or of a guest's cable to its host's tap.
 * It has carrier while a link that is up is plugged in.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { Link, LinkEnd } from '#src/sim/link.js';
import { type DeviceKind, NetDevice } from './net-device.js';

export class Nic extends NetDevice implements LinkEnd {
  readonly kind: DeviceKind = 'nic';
  readonly type: string = 'system';
  private plugged: Link | null = null;

  get link(): Link | null {
    return this.plugged;
  }

  /** Plugs a link in, or pulls it out (null). */
  plug(link: Link | null): void {
    this.plugged = link;
    this.setCarrier(link?.up ?? false);
  }

  linkReceive(frame: Uint8Array): void {
    this.input(frame);
  }

  linkChanged(up: boolean): void {
    this.setCarrier(up);
  }

  linkDropped(reason: DropReason, frame: Uint8Array): void {
    this.dropOutgoing(reason, frame);
  }

  protected emit(frame: Uint8Array): void {
    this.plugged?.send(this, frame);
  }
}
