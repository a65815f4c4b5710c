/**
 * The ports of a datapath by number, and how each type is made. Mirrors the port table of
 * net/openvswitch/datapath.c; numbers are 16 bits there (DP_MAX_PORTS), and so they are here.
 */
import type { VportSpec } from './dpif.js';
import type { Underlay } from './environment.js';
import { GENEVE_PORT } from './packet/geneve.js';
import { VXLAN_PORT } from './packet/vxlan.js';
import { DummyVport } from './vport/dummy.js';
import { GeneveVport } from './vport/geneve.js';
import { GreVport } from './vport/gre.js';
import { InternalVport } from './vport/internal.js';
import { NetdevVport } from './vport/netdev.js';
import { NativeOnlyVport } from './vport/native-only.js';
import type { TunnelReceiver } from './vport/tunnel.js';
import { COUNTER_COUNT, type FrameTaker, type Vport } from './vport/vport.js';
import { VxlanVport } from './vport/vxlan.js';

const PORT_LIMIT = 65536;
const INITIAL_PORTS = 16;
const ETH_HEADER_SIZE = 14;
const DEFAULT_MTU = 1500;
/** IP_MAX_MTU less the headers, as the kernel's tunnel devices have it. */
const TUNNEL_MTU = 65485;

export class VportTable {
  private readonly underlay: Underlay | null;
  private readonly receiveTunnel: TunnelReceiver;
  /** Undefined for a number that is free. */
  readonly ports: (Vport | undefined)[] = [];
  /** Counters of all ports, COUNTER_COUNT to each. Replaced when they grow, as the two below. */
  counters = new Float64Array(INITIAL_PORTS * COUNTER_COUNT);
  /**
   * The longest frame that a port sends without any other condition: -1 for one that is down, free, or wants more
   * than the bytes (a tunnel).
   */
  limits = new Int32Array(INITIAL_PORTS).fill(-1);
  /** What takes the frames of each port, null where they are only counted. */
  sinks: (FrameTaker | null)[] = new Array<FrameTaker | null>(INITIAL_PORTS).fill(null);

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
    this.reserve(port);
    this.ports[port] = vport;
    vport.counters = this.counters.subarray(port * COUNTER_COUNT, (port + 1) * COUNTER_COUNT).fill(0);
    this.sinks[port] = vport.sink;
    this.update(vport);
    return vport;
  }

  remove(port: number): Vport | null {
    const vport = this.ports[port];
    if (vport === undefined) return null;
    this.ports[port] = undefined;
    // Whoever still holds the port keeps its last counters.
    vport.counters = vport.counters.slice();
    this.limits[port] = -1;
    this.sinks[port] = null;
    vport.close();
    return vport;
  }

  /** To be called when a port's state or MTU has changed. */
  update(vport: Vport): void {
    this.limits[vport.port] = vport.isUp && vport.takesFrames ? vport.mtu + ETH_HEADER_SIZE : -1;
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
      case 'geneve':
        return new GeneveVport(
          port,
          spec.name,
          { mtu: spec.mtu ?? TUNNEL_MTU, udpPort: spec.udpPort ?? GENEVE_PORT },
          this.underlay,
          this.receiveTunnel,
        );
      case 'gre':
        return new GreVport(port, spec.name, { mtu: spec.mtu ?? TUNNEL_MTU }, this.underlay, this.receiveTunnel);
      case 'erspan':
      case 'ip6erspan':
      case 'ip6gre':
      case 'gtpu':
        return new NativeOnlyVport(
          port,
          spec.name,
          { mtu: spec.mtu ?? TUNNEL_MTU, type: spec.type, udpPort: spec.type === 'gtpu' ? spec.udpPort : undefined },
          this.underlay,
          this.receiveTunnel,
        );
    }
  }

  private reserve(port: number): void {
    let size = this.limits.length;
    if (port < size) return;
    while (port >= size) size *= 2;
    const counters = new Float64Array(size * COUNTER_COUNT);
    counters.set(this.counters);
    this.counters = counters;
    for (const vport of this.all()) {
      vport.counters = counters.subarray(vport.port * COUNTER_COUNT, (vport.port + 1) * COUNTER_COUNT);
    }
    const limits = new Int32Array(size).fill(-1);
    limits.set(this.limits);
    this.limits = limits;
    this.sinks = [...this.sinks, ...new Array<null>(size - this.sinks.length).fill(null)];
  }

  /** From 1, as 0 is the datapath's own port. */
  private lowestFree(): number {
    let port = 1;
    while (this.ports[port] !== undefined) port++;
    return port;
  }
}
