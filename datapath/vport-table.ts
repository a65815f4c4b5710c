/**
 * The ports of a datapath by number, and how each type is made. Mirrors the port table of
 * net/openvswitch/datapath.c; numbers are 16 bits there (DP_MAX_PORTS), and so they are here.
 */
import type { VportSpec } from './dpif.js';
import type { Underlay } from './environment.js';
import { VXLAN_PORT } from './packet/vxlan.js';
import { DummyVport } from './vport/dummy.js';
import { InternalVport } from './vport/internal.js';
import { NetdevVport } from './vport/netdev.js';
import type { Vport } from './vport/vport.js';
import { type TunnelReceiver, VxlanVport } from './vport/vxlan.js';

const PORT_LIMIT = 65536;
const DEFAULT_MTU = 1500;
/** IP_MAX_MTU less the headers, as the kernel's vxlan_sys devices have it. */
const TUNNEL_MTU = 65485;

export class VportTable {
  private readonly underlay: Underlay | null;
  private readonly receiveTunnel: TunnelReceiver;
  /** Undefined for a number that is free. */
  readonly ports: (Vport | undefined)[] = [];
  count = 0;

  constructor(underlay: Underlay | null, receiveTunnel: TunnelReceiver) {
    this.underlay = underlay;
    this.receiveTunnel = receiveTunnel;
  }

  add(spec: VportSpec): Vport {
    const port = spec.port ?? this.lowestFree();
    if (!Number.isInteger(port) || port < 0 || port >= PORT_LIMIT) {
      throw new Error(`port ${port} for ${spec.name}: want a number from 0 to ${PORT_LIMIT - 1}`);
    }
    if (this.ports[port] !== undefined) {
      throw new Error(`port ${port} for ${spec.name} is taken by ${this.ports[port].name}`);
    }
    const vport = this.make(port, spec);
    // Holes are filled, so that the array stays one that is fast to read.
    while (this.ports.length <= port) this.ports.push(undefined);
    this.ports[port] = vport;
    this.count++;
    return vport;
  }

  remove(port: number): Vport | null {
    const vport = this.ports[port];
    if (vport === undefined) return null;
    this.ports[port] = undefined;
    this.count--;
    vport.close();
    return vport;
  }

  get(port: number): Vport | null {
    return this.ports[port] ?? null;
  }

  *all(): Iterable<Vport> {
    for (const vport of this.ports) if (vport !== undefined) yield vport;
  }

  private make(port: number, spec: VportSpec): Vport {
    const sink = { transmit: spec.transmit, transmitInPlace: spec.transmitInPlace };
    switch (spec.type) {
      case 'internal':
        return new InternalVport(port, spec.name, spec.mtu ?? DEFAULT_MTU, sink);
      case 'netdev':
        return new NetdevVport(port, spec.name, spec.mtu ?? DEFAULT_MTU, sink);
      case 'dummy':
        return new DummyVport(port, spec.name, spec.mtu ?? DEFAULT_MTU, sink);
      case 'vxlan':
        return new VxlanVport(
          port,
          spec.name,
          { mtu: spec.mtu ?? TUNNEL_MTU, udpPort: spec.udpPort ?? VXLAN_PORT, gbp: spec.gbp ?? false },
          this.underlay,
          this.receiveTunnel,
        );
    }
  }

  /** From 1, as 0 is the datapath's own port. */
  private lowestFree(): number {
    let port = 1;
    while (this.ports[port] !== undefined) port++;
    return port;
  }
}
