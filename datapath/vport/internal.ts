/**
 * An internal port: the bridge's own interface on the host. What leaves by it goes up into the host's stack.
 * Mirrors net/openvswitch/vport-internal_dev.c.
 */
import type { DropReason } from '../drop-reason.js';
import type { Packet } from '../packet-buffer.js';
import { type FrameSink, sendToSink, Vport } from './vport.js';

export class InternalVport extends Vport {
  readonly type = 'internal';
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
