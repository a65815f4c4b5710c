/**
 * A simulated Linux machine: network namespaces with their devices and stacks, its files, and, from when it is first
 * asked for, a configuration database with the switch that follows it.
 *
 * A machine is the underlay of its switch's tunnels (its own UDP stack carries them) and the provider of its net
 * devices. Invariant: all that happens on it happens by events of the one scheduler and words of its own random
 * source, so machines do not disturb each other's fate. Making one is cheap: no database, no switch, no shell.
 */
import type { DropReason } from '#datapath/drop-reason.js';
import type {
  Rng,
  Underlay,
  UnderlayDatagram,
  UnderlayIpReceiver,
  UnderlayPacket,
  UnderlayReceiver,
} from '#datapath/environment.js';
import type { Database } from '#src/ovsdb/database.js';
import { SeededRng } from '#src/sim/rng.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import type { Netdev, NetdevProvider } from '#src/vswitchd/netdev.js';
import type { DatapathSettings } from '#src/vswitchd/vswitchd.js';
import type { VswitchdApi } from '#src/vswitchd/vswitchd-api.js';
import { InternalDevice } from './device/internal.js';
import type { DeviceSurroundings, NetDevice } from './device/net-device.js';
import { Nic } from './device/nic.js';
import { Tap } from './device/tap.js';
import { Veth } from './device/veth.js';
import { MachineFiles } from './files.js';
import { macOf, NIC_MAC_PREFIX, SOFTWARE_MAC_PREFIX, TAP_MAC_PREFIX } from './mac.js';
import { NetworkNamespace } from './namespace.js';
import { HostObserver } from './observe.js';
import { Processes } from './processes.js';
import { type MachineSwitch, makeSwitch } from './switch.js';

export interface MachineOptions {
  readonly name: string;
  readonly scheduler: Scheduler;
  /** The simulation's source: the machine draws one word from it as the seed of its own. */
  readonly rng: Rng;
  /** Caches and queues of the switch's datapaths, where they are to differ from OVS's. */
  readonly datapath?: DatapathSettings;
}

export interface DeviceOptions {
  readonly mac?: Uint8Array;
  readonly mtu?: number;
  /** The namespace that it lies in; the machine's own by default. */
  readonly namespace?: NetworkNamespace;
}

const DEFAULT_MTU = 1500;

export class Machine implements Underlay, NetdevProvider {
  hostname: string;
  readonly name: string;
  readonly scheduler: Scheduler;
  readonly rng: Rng;
  readonly observer: HostObserver;
  readonly files = new MachineFiles();
  readonly processes = new Processes(this.files);
  /** The machine's own namespace. */
  readonly root: NetworkNamespace;
  /** Named namespaces (`ip netns`). */
  readonly namespaces = new Map<string, NetworkNamespace>();
  private readonly surroundings: DeviceSurroundings & { readonly rng: Rng };
  private readonly datapath: DatapathSettings | undefined;
  private madeSwitch: MachineSwitch | null = null;

  constructor(options: MachineOptions) {
    this.name = options.name;
    this.hostname = options.name;
    this.scheduler = options.scheduler;
    this.rng = new SeededRng(options.rng.next32());
    this.observer = new HostObserver(options.scheduler);
    this.surroundings = { host: this.name, scheduler: this.scheduler, rng: this.rng, observer: this.observer };
    this.datapath = options.datapath;
    this.root = new NetworkNamespace(this.surroundings, '');
    this.root.loopback.setUp(true);
  }

  /** The switch of the machine, made on first use. */
  get switch(): MachineSwitch {
    this.madeSwitch ??= makeSwitch(this, this.datapath);
    return this.madeSwitch;
  }
  get database(): Database {
    return this.switch.database;
  }
  get vswitchd(): VswitchdApi {
    return this.switch.vswitchd;
  }
  /** Whether the switch has been made. */
  get hasSwitch(): boolean {
    return this.madeSwitch !== null;
  }

  /** All namespaces, the machine's own first. */
  allNamespaces(): readonly NetworkNamespace[] {
    return [this.root, ...this.namespaces.values()];
  }

  /** Null when there is one of that name. */
  addNamespace(name: string): NetworkNamespace | null {
    if (this.namespaces.has(name)) return null;
    const namespace = new NetworkNamespace(this.surroundings, name);
    this.namespaces.set(name, namespace);
    return namespace;
  }

  /** Removes a namespace with its devices; cards go back to the machine's own. */
  deleteNamespace(name: string): boolean {
    const namespace = this.namespaces.get(name);
    if (namespace === undefined) return false;
    for (const device of [...namespace.devices.values()]) {
      if (device instanceof Nic) this.root.addDevice(device);
      else device.destroy();
    }
    this.namespaces.delete(name);
    return true;
  }

  addNic(name: string, options: DeviceOptions = {}): Nic {
    const mac = options.mac ?? macOf(NIC_MAC_PREFIX, this.name, name);
    return this.place(new Nic(this.surroundings, name, mac, options.mtu ?? DEFAULT_MTU), options.namespace);
  }

  addTap(name: string, options: DeviceOptions = {}): Tap {
    const mac = options.mac ?? macOf(TAP_MAC_PREFIX, this.name, name);
    return this.place(new Tap(this.surroundings, name, mac, options.mtu ?? DEFAULT_MTU), options.namespace);
  }

  addVethPair(
    name: string,
    peerName: string,
    options: DeviceOptions & { readonly peerNamespace?: NetworkNamespace; readonly peerMac?: Uint8Array } = {},
  ): readonly [Veth, Veth] {
    const mtu = options.mtu ?? DEFAULT_MTU;
    const make = (own: string, mac?: Uint8Array): Veth =>
      new Veth(this.surroundings, own, mac ?? macOf(SOFTWARE_MAC_PREFIX, this.name, own), mtu);
    // Linux makes the peer first, which shows in the numbers.
    const peer = this.place(make(peerName, options.peerMac), options.peerNamespace ?? options.namespace);
    const veth = this.place(make(name, options.mac), options.namespace);
    Veth.pair(veth, peer);
    return [veth, peer];
  }

  /** A device of the machine's own namespace by name. */
  device(name: string): NetDevice | undefined {
    return this.root.devices.get(name);
  }

  // NetdevProvider: devices for the switch.

  open(name: string, type: string, _options: ReadonlyMap<string, string>): Netdev | { readonly error: string } {
    const existing = this.root.devices.get(name);
    switch (type) {
      case '':
      case 'system':
        return existing ?? { error: `could not open network device ${name} (No such device)` };
      case 'internal':
        if (existing instanceof InternalDevice) return existing;
        if (existing !== undefined) return { error: `could not add network device ${name} to ofproto (File exists)` };
        return this.place(
          new InternalDevice(this.surroundings, name, macOf(SOFTWARE_MAC_PREFIX, this.name, name), DEFAULT_MTU),
        );
      case 'tap':
        if (existing instanceof Tap) return existing;
        if (existing !== undefined) return { error: `could not open network device ${name} (File exists)` };
        return this.addTap(name);
      default:
        return { error: `could not create device ${name} of unknown type ${type}` };
    }
  }

  // Underlay: the host's stack as tunnels use it.

  sendUdp(datagram: UnderlayDatagram, payload: Uint8Array): DropReason | null {
    const reason = this.root.stack.udp.send(
      datagram.source,
      datagram.sourcePort,
      datagram.destination,
      datagram.destinationPort,
      payload,
      {
        ttl: datagram.ttl === 0 ? 64 : datagram.ttl,
        tos: datagram.tos,
        fragment: datagram.dontFragment ? 'do' : 'dont',
        withoutChecksum: !datagram.checksum,
        unresolved: 'no-tunnel-neighbour',
      },
    );
    return reason === 'no-route' ? 'no-tunnel-route' : reason;
  }

  listenUdp(port: number, receiver: UnderlayReceiver): () => void {
    const socket = this.root.stack.udp.bind({ port }, receiver);
    if (socket === null) throw new Error(`UDP port ${port} of ${this.name} is in use`);
    return () => socket.close();
  }

  sendIp(packet: UnderlayPacket, payload: Uint8Array): DropReason | null {
    return this.root.stack.raw.send(packet, payload);
  }

  listenIp(protocol: number, receiver: UnderlayIpReceiver): () => void {
    const stop = this.root.stack.raw.listen(protocol, receiver);
    if (stop === null) throw new Error(`IP protocol ${protocol} of ${this.name} is taken`);
    return stop;
  }

  private place<T extends NetDevice>(device: T, namespace: NetworkNamespace = this.root): T {
    if (!namespace.addDevice(device)) throw new Error(`${this.name} has a device ${device.name} already`);
    return device;
  }
}
