/**
 * A tap device (`vnet0`): the host's end of a guest's network card (Linux: drivers/net/tun.c). The other end is the
 * guest's card, reached by a link of its own; what the guest sends comes in here.
 */
import { Nic } from './nic.js';
import type { DeviceKind } from './net-device.js';

export class Tap extends Nic {
  override readonly kind: DeviceKind = 'tap';
  override readonly type: string = 'tap';
}
