/**
 * The neighbour cache of a namespace, for ARP and neighbour discovery alike (Linux: net/core/neighbour.c; states of
 * RFC 4861 §7.3.2). A next hop's Ethernet address is asked for, confirmed, doubted and forgotten here.
 *
 * Invariant: each packet that waits for an address is sent once it is known, or handed back as failed; an entry keeps
 * at most MAX_PENDING of them.
 *
 * Differs from Linux: reachability lasts the base time exactly, not a random time about it, and entries are never
 * collected as garbage.
 */
import type { Scheduler, Timer } from '#src/sim/scheduler.js';
import type { NetDevice } from '../device/net-device.js';
import { addressKey, type IpAddress } from './address.js';

export type NeighbourState = 'INCOMPLETE' | 'REACHABLE' | 'STALE' | 'DELAY' | 'PROBE' | 'FAILED' | 'PERMANENT';

/** Linux: net.ipv4.neigh.*.base_reachable_time_ms, delay_first_probe_time, retrans_time_ms, [mu]cast_solicit. */
const REACHABLE_NS = 30e9;
const DELAY_NS = 5e9;
const RETRANSMIT_NS = 1e9;
const PROBES = 3;
/** Packets that wait for one address; Linux: unres_qlen, 101 of a full-sized frame. */
const MAX_PENDING = 101;

export interface PendingPacket {
  send(mac: Uint8Array): void;
  fail(): void;
}

export interface Neighbour {
  readonly address: IpAddress;
  readonly device: NetDevice;
  mac: Uint8Array | null;
  state: NeighbourState;
  isRouter: boolean;
}

interface Entry extends Neighbour {
  confirmedNs: number;
  probes: number;
  timer: Timer | null;
  pending: PendingPacket[];
}

/** Asks for an address: to the known Ethernet address where there is one, else to all. */
export type Solicit = (device: NetDevice, target: IpAddress, unicastTo: Uint8Array | null) => void;

export class NeighbourTable {
  private readonly scheduler: Scheduler;
  private readonly solicit: Solicit;
  private readonly entries = new Map<string, Entry>();

  constructor(scheduler: Scheduler, solicit: Solicit) {
    this.scheduler = scheduler;
    this.solicit = solicit;
  }

  /** Sends the packet to the neighbour now, or when its address is known. */
  resolve(device: NetDevice, address: IpAddress, packet: PendingPacket): void {
    const entry = this.find(device, address) ?? this.create(device, address);
    this.age(entry);
    switch (entry.state) {
      case 'STALE':
        entry.state = 'DELAY';
        this.setTimer(entry, DELAY_NS);
        break;
      case 'FAILED':
        this.startResolution(entry);
        break;
      default:
        break;
    }
    if (entry.mac !== null) {
      packet.send(entry.mac);
      return;
    }
    if (entry.pending.length >= MAX_PENDING) entry.pending.shift()!.fail();
    entry.pending.push(packet);
  }

  /**
   * The neighbour has shown its address. `solicited`: it answered us, so it is reachable; otherwise it is known but
   * doubtful. `create`: make an entry where there is none.
   */
  learn(
    device: NetDevice,
    address: IpAddress,
    mac: Uint8Array,
    how: { readonly solicited: boolean; readonly create: boolean; readonly override?: boolean },
  ): Neighbour | null {
    const entry = this.find(device, address) ?? (how.create ? this.create(device, address, false) : null);
    if (entry === null || entry.state === 'PERMANENT') return entry;
    this.age(entry);
    const isChanged = entry.mac === null || !Buffer.from(entry.mac).equals(mac);
    if (isChanged && entry.mac !== null && how.override === false) {
      if (entry.state === 'REACHABLE') entry.state = 'STALE';
      return entry;
    }
    if (isChanged) entry.mac = mac.slice();
    if (how.solicited) this.confirm(entry);
    else if (isChanged || entry.state === 'INCOMPLETE' || entry.state === 'FAILED') {
      this.clearTimer(entry);
      entry.state = 'STALE';
    }
    const waiting = entry.pending;
    entry.pending = [];
    for (const packet of waiting) packet.send(entry.mac!);
    return entry;
  }

  /** Forward progress was seen (TCP): the neighbour is there. */
  confirmReachable(device: NetDevice, address: IpAddress): void {
    const entry = this.find(device, address);
    if (entry?.mac != null && entry.state !== 'PERMANENT') this.confirm(entry);
  }

  /** Enters an address by hand (`ip neigh replace`). */
  set(device: NetDevice, address: IpAddress, mac: Uint8Array, state: 'PERMANENT' | 'REACHABLE' | 'STALE'): void {
    const entry = this.find(device, address) ?? this.create(device, address, false);
    this.clearTimer(entry);
    entry.mac = mac.slice();
    entry.state = state;
    entry.confirmedNs = this.scheduler.nowNs();
    const waiting = entry.pending;
    entry.pending = [];
    for (const packet of waiting) packet.send(mac);
  }

  delete(device: NetDevice, address: IpAddress): boolean {
    const entry = this.find(device, address);
    if (entry === null) return false;
    this.forget(entry);
    return true;
  }

  /** Forgets all that the test accepts. */
  flush(test: (neighbour: Neighbour) => boolean): void {
    for (const entry of [...this.entries.values()]) if (test(entry)) this.forget(entry);
  }

  get(device: NetDevice, address: IpAddress): Neighbour | null {
    const entry = this.find(device, address);
    if (entry !== null) this.age(entry);
    return entry;
  }

  list(): readonly Neighbour[] {
    const all = [...this.entries.values()];
    for (const entry of all) this.age(entry);
    return all;
  }

  private key(device: NetDevice, address: IpAddress): string {
    return `${device.ifindex} ${addressKey(address)}`;
  }

  private find(device: NetDevice, address: IpAddress): Entry | null {
    return this.entries.get(this.key(device, address)) ?? null;
  }

  private create(device: NetDevice, address: IpAddress, resolve = true): Entry {
    const entry: Entry = {
      address: address.slice(),
      device,
      mac: null,
      state: 'INCOMPLETE',
      isRouter: false,
      confirmedNs: 0,
      probes: 0,
      timer: null,
      pending: [],
    };
    this.entries.set(this.key(device, address), entry);
    if (resolve) this.startResolution(entry);
    return entry;
  }

  private forget(entry: Entry): void {
    this.clearTimer(entry);
    this.entries.delete(this.key(entry.device, entry.address));
    for (const packet of entry.pending) packet.fail();
    entry.pending = [];
  }

  private startResolution(entry: Entry): void {
    entry.state = 'INCOMPLETE';
    entry.mac = null;
    entry.probes = 0;
    this.probe(entry);
  }

  private confirm(entry: Entry): void {
    this.clearTimer(entry);
    entry.state = 'REACHABLE';
    entry.confirmedNs = this.scheduler.nowNs();
  }

  /** Reachability runs out without a timer: whoever looks sees the state of now. */
  private age(entry: Entry): void {
    if (entry.state === 'REACHABLE' && this.scheduler.nowNs() - entry.confirmedNs >= REACHABLE_NS)
      entry.state = 'STALE';
  }

  private probe(entry: Entry): void {
    entry.probes++;
    this.setTimer(entry, RETRANSMIT_NS);
    this.solicit(entry.device, entry.address, entry.mac);
  }

  private timeout(entry: Entry): void {
    if (entry.state === 'DELAY') {
      entry.state = 'PROBE';
      entry.probes = 0;
    }
    if (entry.probes < PROBES) {
      this.probe(entry);
      return;
    }
    entry.state = 'FAILED';
    entry.mac = null;
    const failed = entry.pending;
    entry.pending = [];
    for (const packet of failed) packet.fail();
  }

  private setTimer(entry: Entry, delayNs: number): void {
    this.clearTimer(entry);
    entry.timer = this.scheduler.after(delayNs, () => {
      entry.timer = null;
      this.timeout(entry);
    });
  }

  private clearTimer(entry: Entry): void {
    entry.timer?.cancel();
    entry.timer = null;
  }
}
