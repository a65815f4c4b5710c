/**
 * The IP stack of one network namespace: its addresses and routes, and the way in and out for its protocols (Linux:
 * net/ipv4/devinet.c, route.c, ip_input.c, ip_output.c and their IPv6 kin; RFC 1122 weak host model).
 *
 * Invariant: a frame that a device hands to the host is delivered, forwarded, or counted as dropped with a reason.
 *
 * Differs from Linux: IPv6 addresses are usable at once (no duplicate address detection), and nothing is sent that
 * nobody asked for (router solicitations, MLD reports).
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type { Rng } from '#datapath/environment.js';
import { ETH_TYPE_ARP, ETH_TYPE_IP, ETH_TYPE_IPV6 } from '#datapath/packet/ethernet.js';
import { IP_PROTO_ICMP, IP_PROTO_ICMPV6, IP_PROTO_TCP, IP_PROTO_UDP } from '#datapath/packet/ipv4.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import type { NetDevice } from '../device/net-device.js';
import type { HostObserver, Place } from '../observe.js';
import {
  BROADCAST_IPV4,
  BROADCAST_MAC,
  broadcastOf,
  familyOf,
  type IpAddress,
  isInPrefix,
  isLinkLocalIpv6,
  isLoopbackAddress,
  isMulticast,
  isSame,
  isUnspecified,
  linkLocalOf,
  multicastMac,
  networkOf,
  type Prefix,
  parseIpv4Address,
  parseIpv6Address,
  solicitedNode,
  ZERO_MAC,
} from './address.js';
import { Arp } from './arp.js';
import { Icmp } from './icmp.js';
import { Icmpv6 } from './icmpv6.js';
import { Ipv4 } from './ipv4.js';
import { Ipv6 } from './ipv6.js';
import { NeighbourTable } from './neighbour-table.js';
import type { IncomingPacket, OutgoingPacket, Path } from './packet.js';
import { RouteTable } from './route-table.js';
import { RawProtocols } from './raw-protocols.js';
import { Tcp } from './tcp.js';
import { Udp } from './udp.js';

export interface StackSurroundings {
  readonly host: string;
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  readonly observer: HostObserver;
}

/** What the stack needs of its namespace. */
export interface StackNamespace {
  readonly name: string;
  readonly devices: ReadonlyMap<string, NetDevice>;
  readonly loopback: NetDevice;
}

export interface InterfaceAddress {
  readonly device: NetDevice;
  readonly prefix: Prefix;
  readonly scope: 'global' | 'link' | 'host';
  readonly broadcast: IpAddress | null;
  /** Whether the broadcast address was asked for: only then `ip addr` shows it. */
  readonly broadcastShown: boolean;
  readonly label: string | null;
  /** An address in the prefix of an older one of the device (`ip addr` marks it so). */
  readonly secondary: boolean;
}

export interface AddressOptions {
  readonly scope?: InterfaceAddress['scope'];
  /** undefined: the prefix's own, not shown. */
  readonly broadcast?: IpAddress | null;
  readonly label?: string;
}

export interface Sysctls {
  /** net.ipv4.ip_forward, net.ipv6.conf.all.forwarding */
  forwardIpv4: boolean;
  forwardIpv6: boolean;
}

const ETHERNET_SIZE = 14;

export class IpStack {
  readonly surroundings: StackSurroundings;
  readonly namespace: StackNamespace;
  readonly sysctls: Sysctls = { forwardIpv4: false, forwardIpv6: false };
  readonly routes = new RouteTable();
  readonly neighbours: NeighbourTable;
  readonly arp: Arp;
  readonly ipv4: Ipv4;
  readonly ipv6: Ipv6;
  readonly icmp: Icmp;
  readonly icmpv6: Icmpv6;
  readonly udp: Udp;
  readonly tcp: Tcp;
  /** Protocols that have no file here. */
  readonly raw = new RawProtocols(this);
  private addresses: InterfaceAddress[] = [];
  /** Devices as they last were, to see what a change changed. */
  private readonly upDevices = new Set<NetDevice>();

  constructor(surroundings: StackSurroundings, namespace: StackNamespace) {
    this.surroundings = surroundings;
    this.namespace = namespace;
    this.neighbours = new NeighbourTable(surroundings.scheduler, (device, target, unicastTo) => {
      if (target.length === 4) this.arp.request(device, target, unicastTo);
      else this.icmpv6.solicit(device, target, unicastTo);
    });
    this.arp = new Arp(this);
    this.ipv4 = new Ipv4(this);
    this.ipv6 = new Ipv6(this);
    this.icmp = new Icmp(this);
    this.icmpv6 = new Icmpv6(this);
    this.udp = new Udp(this);
    this.tcp = new Tcp(this);
  }

  // Addresses and routes.

  /** False when the device has the address already. */
  addAddress(device: NetDevice, prefix: Prefix, options: AddressOptions = {}): boolean {
    const own = this.addressesOf(device);
    if (own.some((other) => isSame(other.prefix.address, prefix.address) && other.prefix.length === prefix.length)) {
      return false;
    }
    const secondary =
      prefix.address.length === 4 &&
      own.some((other) => other.prefix.length === prefix.length && isInPrefix(prefix.address, other.prefix));
    const address: InterfaceAddress = {
      device,
      prefix,
      scope: options.scope ?? 'global',
      broadcast: options.broadcast === undefined ? broadcastOf(prefix) : options.broadcast,
      broadcastShown: options.broadcast !== undefined && options.broadcast !== null,
      label: options.label ?? null,
      secondary,
    };
    this.addresses.push(address);
    if (device.up) this.addConnectedRoute(address);
    return true;
  }

  /** False when the device has no such address. */
  removeAddress(device: NetDevice, prefix: Prefix): boolean {
    const index = this.addresses.findIndex(
      (address) =>
        address.device === device &&
        isSame(address.prefix.address, prefix.address) &&
        address.prefix.length === prefix.length,
    );
    const removed = this.addresses[index];
    if (removed === undefined) return false;
    this.addresses.splice(index, 1);
    if (!removed.secondary) {
      // The secondaries of a prefix go with its primary address, as Linux's promote_secondaries=0 has it.
      this.addresses = this.addresses.filter(
        (other) =>
          !(
            other.secondary &&
            other.device === device &&
            other.prefix.length === prefix.length &&
            isInPrefix(other.prefix.address, prefix)
          ),
      );
    }
    const network = networkOf(prefix);
    this.routes.removeAll(
      (route) =>
        route.device === device &&
        ((route.source !== null && isSame(route.source, prefix.address)) ||
          (route.protocol === 'kernel' &&
            !removed.secondary &&
            route.destination.length === prefix.length &&
            isSame(route.destination.address, network))),
    );
    return true;
  }

  /** In the order in which Linux lists them: IPv4 first, primary before secondary; IPv6 the wider scope first. */
  addressesOf(device: NetDevice): readonly InterfaceAddress[] {
    const rank = ({ prefix, secondary, scope }: InterfaceAddress): number =>
      prefix.address.length === 4 ? (secondary ? 1 : 0) : scope === 'global' ? 2 : scope === 'link' ? 3 : 4;
    return this.addresses.filter((address) => address.device === device).sort((a, b) => rank(a) - rank(b));
  }

  allAddresses(): readonly InterfaceAddress[] {
    return this.addresses;
  }

  /** Is the address one of this host's (on a device that is up)? */
  isLocal(address: IpAddress): boolean {
    if (address.length === 4 && address[0] === 127) return this.namespace.loopback.up;
    return this.addresses.some((own) => own.device.up && isSame(own.prefix.address, address));
  }

  isBroadcast(address: IpAddress): boolean {
    if (address.length !== 4) return false;
    if (isSame(address, BROADCAST_IPV4)) return true;
    return this.addresses.some((own) => own.broadcast !== null && own.device.up && isSame(own.broadcast, address));
  }

  /** Does the host listen to the multicast group: all hosts, all nodes, or the solicited node of an own address? */
  isMember(group: IpAddress): boolean {
    if (group.length === 4) return isSame(group, ALL_HOSTS);
    return (
      isSame(group, ALL_NODES) ||
      this.addresses.some((own) => own.prefix.address.length === 16 && isSame(group, solicitedNode(own.prefix.address)))
    );
  }

  /** A device came, went up or down, or changed otherwise. */
  deviceChanged(device: NetDevice): void {
    this.deviceWentUpOrDown(device);
    if (device.running) this.addAutomaticAddresses(device);
  }

  private deviceWentUpOrDown(device: NetDevice): void {
    if (device.up && !this.upDevices.has(device)) {
      this.upDevices.add(device);
      for (const address of this.addressesOf(device)) this.addConnectedRoute(address);
    } else if (!device.up && this.upDevices.delete(device)) {
      this.routes.removeAll((route) => route.device === device);
      this.neighbours.flush((neighbour) => neighbour.device === device);
      // IPv6 addresses do not outlive a device's going down (net.ipv6.conf.*.keep_addr_on_down = 0).
      this.addresses = this.addresses.filter(
        (address) => address.device !== device || address.prefix.address.length === 4,
      );
    }
  }

  deviceRemoved(device: NetDevice): void {
    this.upDevices.delete(device);
    this.routes.removeAll((route) => route.device === device);
    this.neighbours.flush((neighbour) => neighbour.device === device);
    this.addresses = this.addresses.filter((address) => address.device !== device);
  }

  /** The way to a destination, or why there is none. A given source or device is kept to. */
  path(
    destination: IpAddress,
    wanted: { readonly source?: IpAddress | null; readonly device?: NetDevice | null } = {},
  ): Path | 'no-route' {
    const source = wanted.source ?? null;
    const device = wanted.device ?? null;
    if (this.isLocal(destination)) {
      return { device: this.namespace.loopback, nextHop: null, source: source ?? destination };
    }
    const needsNeighbour = !isMulticast(destination) && !this.isBroadcast(destination);
    const route = this.routes.lookup(destination, device);
    const leavesBy = route?.device ?? device ?? (needsNeighbour ? null : this.broadcastDevice(destination));
    if (leavesBy === null || !leavesBy.up) return 'no-route';
    const nextHop = needsNeighbour ? (route?.gateway ?? destination) : null;
    const chosen = source ?? route?.source ?? this.sourceAddress(leavesBy, nextHop ?? destination);
    return chosen === null ? 'no-route' : { device: leavesBy, nextHop, source: chosen };
  }

  // Out.

  /** Sends a packet; null when it left or waits for its next hop, else why it did not. */
  output(packet: OutgoingPacket): DropReason | null {
    return familyOf(packet.destination) === 4 ? this.ipv4.output(packet) : this.ipv6.output(packet);
  }

  /** Puts an IP packet, built behind room for an Ethernet header, on its link. */
  linkOutput(frame: Uint8Array, path: Path, destination: IpAddress, unresolved: DropReason): void {
    const etherType = destination.length === 4 ? ETH_TYPE_IP : ETH_TYPE_IPV6;
    frame[12] = etherType >>> 8;
    frame[13] = etherType & 0xff;
    const { device, nextHop } = path;
    const send = (mac: Uint8Array): void => {
      frame.set(mac, 0);
      frame.set(device.mac, 6);
      device.send(frame);
    };
    if (device === this.namespace.loopback) send(ZERO_MAC);
    else if (nextHop === null) send(isMulticast(destination) ? multicastMac(destination) : BROADCAST_MAC);
    else {
      this.neighbours.resolve(device, nextHop, {
        send,
        fail: () => {
          this.drop(frame, device, unresolved);
          if (destination.length === 4) this.icmp.sendUnresolved(frame, device);
          else this.icmpv6.sendUnresolved(frame, device);
        },
      });
    }
  }

  // In.

  receive(device: NetDevice, frame: Uint8Array): void {
    if (frame.length < ETHERNET_SIZE) {
      this.drop(frame, device, 'frame-too-short');
      return;
    }
    const isToAll = (frame[0]! & 1) !== 0;
    if (!isToAll && device.kind !== 'loopback' && !isSame(frame.subarray(0, 6), device.mac)) {
      this.drop(frame, device, 'not-for-us');
      return;
    }
    const etherType = (frame[12]! << 8) | frame[13]!;
    switch (etherType) {
      case ETH_TYPE_ARP:
        this.arp.receive(device, frame);
        break;
      case ETH_TYPE_IP:
        this.ipv4.receive(device, frame);
        break;
      case ETH_TYPE_IPV6:
        this.ipv6.receive(device, frame);
        break;
      default:
        this.drop(frame, device, 'unknown-protocol', `Ethernet type 0x${etherType.toString(16).padStart(4, '0')}`);
    }
  }

  /** Gives a packet for this host to its protocol. */
  deliver(packet: IncomingPacket): void {
    const isIpv4 = packet.destination.length === 4;
    switch (packet.protocol) {
      case IP_PROTO_UDP:
        this.udp.receive(packet);
        return;
      case IP_PROTO_TCP:
        this.tcp.receive(packet);
        return;
      case IP_PROTO_ICMP:
        if (isIpv4) {
          this.icmp.receive(packet);
          return;
        }
        break;
      case IP_PROTO_ICMPV6:
        if (!isIpv4) {
          this.icmpv6.receive(packet);
          return;
        }
        break;
      default:
        if (this.raw.receive(packet)) return;
    }
    this.drop(packet.frame, packet.device, 'unknown-protocol', `IP protocol ${packet.protocol}`);
    if (isIpv4) this.icmp.sendProtocolUnreachable(packet);
    else this.icmpv6.sendUnknownNextHeader(packet);
  }

  placeOf(device: NetDevice | null): Place {
    return { host: this.surroundings.host, namespace: this.namespace.name, device: device?.name ?? null };
  }

  drop(frame: Uint8Array, device: NetDevice | null, reason: DropReason, detail: string | null = null): void {
    this.surroundings.observer.drop(this.placeOf(device), reason, frame, detail);
  }

  /** Tells that a packet reached whom it was for. */
  delivered(frame: Uint8Array, device: NetDevice, detail: string): void {
    this.surroundings.observer.tell('deliver', this.placeOf(device), frame, detail);
  }

  /** The address that packets by a device get, towards a destination or next hop. */
  sourceAddress(device: NetDevice, towards: IpAddress): IpAddress | null {
    const family = towards.length;
    const usable = this.addresses.filter((own) => own.prefix.address.length === family && own.device.up);
    const onDevice = usable.filter((own) => own.device === device);
    if (family === 16) {
      const wantsLinkLocal = isLinkLocalIpv6(towards) || (towards[0] === 0xff && (towards[1]! & 0x0f) <= 2);
      const best = onDevice.find((own) => isLinkLocalIpv6(own.prefix.address) === wantsLinkLocal) ?? onDevice[0];
      if (best !== undefined) return best.prefix.address;
      return usable.find((own) => own.scope === 'global')?.prefix.address ?? null;
    }
    const best =
      onDevice.find((own) => isInPrefix(towards, own.prefix)) ??
      onDevice[0] ??
      usable.find((own) => own.scope === 'global');
    return best?.prefix.address ?? null;
  }

  private broadcastDevice(destination: IpAddress): NetDevice | null {
    const own = this.addresses.find(
      (address) =>
        address.device.up &&
        address.prefix.address.length === destination.length &&
        (address.broadcast === null || isSame(address.broadcast, destination)) &&
        !isLoopbackAddress(address.prefix.address),
    );
    if (own !== undefined) return own.device;
    for (const device of this.namespace.devices.values()) {
      if (device.running && device !== this.namespace.loopback && this.addressesOf(device).length > 0) return device;
    }
    return null;
  }

  private addConnectedRoute(address: InterfaceAddress): void {
    const { device, prefix } = address;
    if (address.scope === 'host' || address.secondary || isUnspecified(prefix.address)) return;
    const isIpv4 = prefix.address.length === 4;
    // An address of full length has no network beside the host itself.
    if (isIpv4 && prefix.length === 32) return;
    this.routes.add({
      destination: { address: networkOf(prefix), length: prefix.length },
      gateway: null,
      device,
      source: isIpv4 ? prefix.address : null,
      scope: isIpv4 ? 'link' : 'global',
      protocol: 'kernel',
      metric: isIpv4 ? 0 : 256,
    });
  }

  private addAutomaticAddresses(device: NetDevice): void {
    const own = this.addressesOf(device);
    if (device.kind === 'loopback') {
      if (own.some((address) => address.prefix.address.length === 16)) return;
      this.addAddress(device, { address: parseIpv4Address('127.0.0.1')!, length: 8 }, { scope: 'host' });
      this.addAddress(device, { address: parseIpv6Address('::1')!, length: 128 }, { scope: 'host' });
    } else if (!own.some((address) => isLinkLocalIpv6(address.prefix.address))) {
      this.addAddress(device, { address: linkLocalOf(device.mac), length: 64 }, { scope: 'link' });
    }
  }
}

const ALL_HOSTS: IpAddress = parseIpv4Address('224.0.0.1')!;
const ALL_NODES: IpAddress = parseIpv6Address('ff02::1')!;
