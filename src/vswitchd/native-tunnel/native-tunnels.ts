/**
 * What a process knows of its native tunnels (tnl_push and tnl_pop in place of the host's stack): addresses, routes,
 * neighbours, and which packets end here. One for all bridges, as in OVS, where these are tables of the process.
 *
 * The invariant: what changes here has all flows looked at again (onChange).
 */
import type { SwitchPort } from '../bundle.js';
import type { Netdev } from '../netdev.js';
import { isSet, type ParsedAddress } from './address.js';
import { DeviceAddresses } from './device-addresses.js';
import { Neighbours } from './neighbours.js';
import { Routes } from './routes.js';
import { type ListeningPort, type LocalAddress, TerminationTable, tunnelProtocol } from './termination.js';

const NS_PER_MS = 1e6;
const MAX_ASKING = 4;

export interface NativeTunnelHost {
  nowNs(): number;
  /** A device that may have addresses, by name. */
  device(name: string): Netdev | null;
  /** Tunnel ports of datapaths with native tunnels. */
  tunnelPorts(): Iterable<SwitchPort>;
  onChange(): void;
}

export class NativeTunnels {
  readonly addresses = new DeviceAddresses();
  readonly routes = new Routes();
  readonly neighbours = new Neighbours();
  private readonly host: NativeTunnelHost;
  /** Devices that a route was made for: packets to their addresses may end here. */
  private readonly listening = new Set<string>();
  private table: TerminationTable | null = null;
  private asking = 0;

  constructor(host: NativeTunnelHost) {
    this.host = host;
  }

  get nowMs(): number {
    return Math.floor(this.host.nowNs() / NS_PER_MS);
  }

  hasDevice(name: string): boolean {
    return this.host.device(name) !== null;
  }

  /** False where there is no such device. */
  setAddress(device: string, { ip, mask }: Exclude<ParsedAddress, { readonly error: string }>): boolean {
    const netdev = this.host.device(device);
    if (netdev === null) return false;
    this.addresses.set(netdev, ip, mask);
    this.changed();
    return true;
  }

  /** The device's own address towards another, or null. */
  sourceFor(device: string, destination: Uint8Array): Uint8Array | null {
    const netdev = this.host.device(device);
    return netdev === null ? null : this.addresses.sourceFor(netdev, destination);
  }

  /** False where the device has no address towards the network or the gateway. */
  addRoute(network: Uint8Array, prefix: number, device: string, gateway: Uint8Array, mark: number): boolean {
    const source = this.sourceFor(device, network) ?? (isSet(gateway) ? this.sourceFor(device, gateway) : null);
    if (source === null) return false;
    this.routes.add({ network, prefix, mark, device, gateway, source });
    this.listening.add(device);
    this.changed();
    return true;
  }

  /** False where there is no such route. */
  deleteRoute(ip: Uint8Array, prefix: number, mark: number): boolean {
    const route = this.routes.delete(ip, prefix, mark);
    if (route === null) return false;
    // As in OVS its device listens no more, though other routes may go by it.
    this.listening.delete(route.device);
    this.changed();
    return true;
  }

  setNeighbour(bridge: string, ip: Uint8Array, mac: Uint8Array): void {
    if (this.neighbours.set(bridge, ip, mac, this.nowMs)) this.host.onChange();
  }

  /** Forgets all neighbours, or those of one bridge or device. */
  flushNeighbours(bridge?: string): void {
    if (this.neighbours.flush(bridge)) this.host.onChange();
  }

  /** Sends a request for a neighbour, unless requests have led to requests for too long (a tunnel that leads into itself). */
  ask(send: () => void): void {
    if (this.asking >= MAX_ASKING) return;
    this.asking++;
    try {
      send();
    } finally {
      this.asking--;
    }
  }

  /** What recurs: neighbours age. */
  housekeep(): void {
    if (this.neighbours.expire(this.nowMs)) this.host.onChange();
  }

  /** Ports or devices changed. */
  invalidate(): void {
    this.table = null;
  }

  terminations(): TerminationTable {
    this.table ??= new TerminationTable(this.listeningPorts(), this.localAddresses());
    return this.table;
  }

  private changed(): void {
    this.invalidate();
    this.host.onChange();
  }

  private listeningPorts(): ListeningPort[] {
    const ports = new Map<string, ListeningPort>();
    for (const { tunnel, odpPort, dpif } of this.host.tunnelPorts()) {
      if (tunnel === null || odpPort === null) continue;
      const protocol = tunnelProtocol(tunnel.type);
      const key = `${dpif.name} ${odpPort} ${protocol}`;
      const known = ports.get(key);
      if (known !== undefined) known.count++;
      else {
        const name = dpif.portGet(odpPort)?.name ?? '';
        ports.set(key, { name, odpPort, udpPort: protocol === 17 ? tunnel.udpPort : 0, protocol, count: 1 });
      }
    }
    return [...ports.values()];
  }

  private localAddresses(): LocalAddress[] {
    return [...this.listening].flatMap((name) => {
      const device = this.host.device(name);
      return device === null ? [] : this.addresses.of(device).map(({ ip }) => ({ mac: device.mac, ip }));
    });
  }
}
