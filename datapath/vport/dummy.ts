/**
 * A port on one of OVS's dummy devices, for tests. Mirrors netdev_dummy_send() of lib/netdev-dummy.c: of the two
 * kinds of tag it knows only 802.1Q's when it judges a frame's length.
 */
import { SinkVport } from './vport.js';

const LE_8021Q = 0x0081;

export class DummyVport extends SinkVport {
  readonly type = 'dummy';

  protected override isTooLong(view: DataView, start: number, length: number): boolean {
    const tagSize = view.getUint16(start + 12, true) === LE_8021Q ? 4 : 0;
    return length > this.mtu + 14 + tagSize;
  }
}
