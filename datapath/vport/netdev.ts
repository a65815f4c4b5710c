/**
 * A port on a network device: a NIC, a veth, a tap. Mirrors net/openvswitch/vport-netdev.c; the device itself is
 * somebody else's (a simulated one, or one of the real machine).
 */
import type { DropReason } from '../drop-reason.js';
import type { Packet } from '../packet-buffer.js';
import { type FrameSink, sendToSink, Vport } from './vport.js';

export class NetdevVport extends Vport {
  readonly type = 'netdev';
  private readonly sink: FrameSink;

  constructor(port: number, name: string, mtu: number, sink: FrameSink) {
    super(port, name, mtu);
    this.sink = sink;
  }

  protected transmit(packet: Packet): DropReason | null {
    sendToSink(this.sink, packet);
    return null;
  }
}
