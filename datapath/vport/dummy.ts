/**
 * A port on one of OVS's dummy devices, for tests. Mirrors netdev_dummy_send() of lib/netdev-dummy.c: of the two
 * kinds of tag it knows only 802.1Q's when it judges a frame's length.
 */
import type { DropReason } from '../drop-reason.js';
import type { Packet } from '../packet-buffer.js';
import { type FrameSink, sendToSink, Vport } from './vport.js';

const LE_8021Q = 0x0081;

export class DummyVport extends Vport {
  readonly type = 'dummy';
  private readonly sink: FrameSink;

  constructor(port: number, name: string, mtu: number, sink: FrameSink) {
    super(port, name, mtu);
    this.sink = sink;
  }

  protected transmit(packet: Packet): DropReason | null {
    sendToSink(this.sink, packet);
    return null;
  }

  protected override isTooLong(packet: Packet): boolean {
    const tagSize = packet.view.getUint16(packet.start + 12, true) === LE_8021Q ? 4 : 0;
    return packet.length > this.mtu + 14 + tagSize;
  }
}
