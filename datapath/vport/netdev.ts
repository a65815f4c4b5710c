/**
 * A port on a network device: a NIC, a veth, a tap. Mirrors net/openvswitch/vport-netdev.c; the device itself is
 * somebody else's (a simulated one, or one of the real machine).
 */
import { SinkVport } from './vport.js';

export class NetdevVport extends SinkVport {
  readonly type = 'netdev';
}
