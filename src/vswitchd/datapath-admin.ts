/**
 * Datapaths and datapath ports that are made by hand (`dpctl/add-dp`, `dpctl/add-if`) and not by the database. Mirrors
 * what lib/dpctl.c does through lib/dpif.c and lib/netdev.c.
 *
 * Nobody serves such a datapath: in the kernel's a packet that no flow matches is lost, and the ports of one in userspace
 * are not even read. A datapath that a bridge uses outlives its deletion, as OVS's userspace datapath does.
 */
import { Datapath } from '#datapath/datapath.js';
import type { Dpif, VportType } from '#datapath/dpif.js';
import type { DatapathEnvironment } from '#datapath/environment.js';
import type { Netdev, NetdevProvider } from './netdev.js';
import { DummyNetdev } from './netdev-dummy.js';
import { dummyPortNumber } from './port-numbers.js';
import { attachTunnel, parseTunnelConfig, SUPPORTED_TUNNEL_TYPES, TUNNEL_TYPES } from './tunnel.js';
import type { DatapathAdmin, DatapathPortRequest, DatapathPortResult } from './unixctl/dpctl.js';
import { EAFNOSUPPORT, EBUSY, EEXIST, EINVAL, ENODEV } from './unixctl/errno.js';

export interface DatapathAdminEnvironment {
  readonly datapath: DatapathEnvironment;
  readonly netdevs: NetdevProvider;
  /** A new device of type dummy, with an address of its own. */
  makeDummy(name: string, kind: 'dummy' | 'dummy-internal'): DummyNetdev;
  /** The datapaths that bridges use, by name. */
  bridged(): ReadonlyMap<string, Dpif>;
  /** The device of a bridge's dummy port. */
  bridgedDevice(name: string): DummyNetdev | null;
}

const DATAPATH_TYPES = ['system', 'netdev', 'dummy'];

interface Made {
  readonly netdev: Netdev;
  readonly vport: VportType;
}

export class HandmadeDatapaths implements DatapathAdmin {
  private readonly env: DatapathAdminEnvironment;
  private readonly made = new Map<string, Datapath>();
  /** Devices of ports made by hand, by datapath and number. */
  private readonly devices = new Map<Dpif, Map<number, Made>>();

  constructor(env: DatapathAdminEnvironment) {
    this.env = env;
  }

  datapaths(): ReadonlyMap<string, Dpif> {
    return this.made;
  }

  *dummyDevices(): IterableIterator<DummyNetdev> {
    for (const ports of this.devices.values()) {
      for (const { netdev } of ports.values()) if (netdev instanceof DummyNetdev) yield netdev;
    }
  }

  create(type: string, name: string): string | null {
    if (!DATAPATH_TYPES.includes(type)) return EAFNOSUPPORT;
    const full = `${type}@${name}`;
    if (this.made.has(full) || this.env.bridged().has(full)) return EEXIST;
    const datapath = new Datapath(this.env.datapath, { name: full, upcallQueueSize: 0 });
    datapath.portAdd({ name, type: 'internal', port: 0 });
    this.made.set(full, datapath);
    return null;
  }

  delete(dpif: Dpif): void {
    if (!this.made.delete(dpif.name)) return;
    for (const { netdev } of this.devices.get(dpif)?.values() ?? []) netdev.close();
    this.devices.delete(dpif);
  }

  addPort(dpif: Dpif, request: DatapathPortRequest): DatapathPortResult {
    const { name, type } = request;
    if (TUNNEL_TYPES.has(type)) return this.addTunnel(dpif, request);
    const opened = this.open(dpif, request);
    if ('failed' in opened) return opened;
    const { netdev, vport } = opened;
    const isFree = (port: number): boolean => dpif.portGet(port) === null;
    if (request.port !== null && !isFree(request.port)) return { failed: 'add', errno: EBUSY };
    if (dpif.portDump().some((port) => port.name === name)) return { failed: 'add', errno: EEXIST };
    const port = request.port ?? (dpif.name.startsWith('dummy@') ? dummyPortNumber(name, isFree) : undefined);
    const devices = this.devices.get(dpif) ?? new Map<number, Made>();
    this.devices.set(dpif, devices);
    const number = this.attach(dpif, { netdev, vport }, port);
    devices.set(number, { netdev, vport });
    return { failed: null };
  }

  deletePort(dpif: Dpif, port: number): string | null {
    if (port === 0) return EINVAL;
    if (!dpif.portDelete(port)) return ENODEV;
    this.devices.get(dpif)?.get(port)?.netdev.close();
    this.devices.get(dpif)?.delete(port);
    return null;
  }

  changePortNumber(dpif: Dpif, port: number, number: number): void {
    const devices = this.devices.get(dpif);
    const made = devices?.get(port);
    if (devices === undefined || made === undefined) return;
    dpif.portDelete(port);
    devices.delete(port);
    devices.set(this.attach(dpif, made, number), made);
  }

  private attach(dpif: Dpif, { netdev, vport }: Made, port: number | undefined): number {
    const number = dpif.portAdd({
      name: netdev.name,
      type: vport,
      ...(port === undefined ? {} : { port }),
      mtu: netdev.mtu,
      transmit: (frame) => netdev.transmit(frame),
    });
    const isRead = dpif.name.startsWith('system@') || !this.made.has(dpif.name);
    if (isRead) netdev.onReceive((frame) => (dpif as Datapath).receive(number, frame));
    netdev.onChange(() => dpif.portSet(number, { mtu: netdev.mtu }));
    if (!netdev.up) netdev.setUp(true);
    return number;
  }

  private open(dpif: Dpif, { name, type, options }: DatapathPortRequest): Made | DatapathPortResult {
    const failed = (at: 'open' | 'add', errno: string): DatapathPortResult => ({ failed: at, errno });
    const known = this.deviceType(name);
    if (type === 'dummy' || type === 'dummy-internal') {
      if (known !== null && known !== type) return failed('open', EEXIST);
      const vport = type === 'dummy' ? 'dummy' : 'internal';
      return { netdev: this.dummyDevice(name) ?? this.env.makeDummy(name, type), vport };
    }
    if (type !== 'system' && type !== 'internal' && type !== 'tap') return failed('open', EAFNOSUPPORT);
    if (known !== null) return failed('open', EEXIST);
    const isInternal = type !== 'system';
    if (isInternal && dpif.name.startsWith('dummy@')) return failed('add', EINVAL);
    const netdev = this.env.netdevs.open(name, isInternal ? type : '', options);
    return 'error' in netdev ? failed('open', ENODEV) : { netdev, vport: isInternal ? 'internal' : 'netdev' };
  }

  private dummyDevice(name: string): DummyNetdev | null {
    for (const device of this.dummyDevices()) if (device.name === name) return device;
    return this.env.bridgedDevice(name);
  }

  /** The type of the dummy device of that name, or null where there is none. */
  private deviceType(name: string): string | null {
    return this.dummyDevice(name)?.type ?? null;
  }

  private addTunnel(dpif: Dpif, { name, type, options }: DatapathPortRequest): DatapathPortResult {
    if (!SUPPORTED_TUNNEL_TYPES.has(type)) return { failed: 'open', errno: EAFNOSUPPORT };
    if (this.deviceType(name) !== null) return { failed: 'open', errno: EEXIST };
    const tunnel = parseTunnelConfig(name, type, options);
    if ('error' in tunnel) return { failed: 'configure' };
    const before = dpif.portDump().length;
    attachTunnel(dpif, tunnel);
    return dpif.portDump().length > before ? { failed: null } : { failed: 'add', errno: EEXIST };
  }
}
