/**
 * An internal port: the bridge's own interface on the host. What leaves by it goes up into the host's stack.
 * Mirrors net/openvswitch/vport-internal_dev.c.
 */
import { SinkVport } from './vport.js';

export class InternalVport extends SinkVport {
  readonly type = 'internal';
}
