/**
 * The multicast database of a bridge: which bundles have members of a group in a VLAN, and which lead to a multicast
 * router. Mirrors lib/mcast-snooping.c (RFC 4541): least recently used first, aging, a limit of groups.
 *
 * Addresses are 32 hex digits of IPv6; an IPv4 group is mapped (RFC 4291 §2.5.5.2). Times are seconds.
 */
import type { Bundle } from './bundle.js';

export const DEFAULT_GROUP_IDLE_SEC = 300;
export const DEFAULT_MAX_GROUPS = 2048;
const ROUTER_IDLE_SEC = 180;

export interface McastGroup {
  readonly address: string;
  readonly vlan: number;
  /** Members and the second at which each dies, least recently heard of first. */
  readonly members: Map<Bundle, number>;
}

export interface McastRouter {
  readonly bundle: Bundle;
  readonly vlan: number;
  readonly expiresSec: number;
}

const IPV4_MAPPED = '00000000000000000000ffff';

/** The address of an IPv4 group, given in host order. */
export const mappedIpv4 = (address: number): string => IPV4_MAPPED + (address >>> 0).toString(16).padStart(8, '0');

export class McastSnooping {
  /** In order of use. */
  private readonly groups = new Map<string, McastGroup>();
  private readonly mrouters = new Map<string, McastRouter>();
  /** Ports that get all multicast (mcast-snooping-flood), and those that get all reports (…-flood-reports). */
  readonly floodPorts = new Set<Bundle>();
  readonly reportPorts = new Set<Bundle>();
  private idleSec = DEFAULT_GROUP_IDLE_SEC;
  private maxGroups = DEFAULT_MAX_GROUPS;
  /** Does multicast that nobody asked for go everywhere, and not to routers only? */
  floodsUnregistered = true;
  /** Called when packets would go elsewhere than before. */
  private readonly onChange: () => void;

  constructor(onChange: () => void) {
    this.onChange = onChange;
  }

  /** Least recently used first. */
  allGroups(): IterableIterator<McastGroup> {
    return this.groups.values();
  }

  routers(): IterableIterator<McastRouter> {
    return this.mrouters.values();
  }

  /** Seconds since a member was heard of. */
  memberAge(expiresSec: number, nowSec: number): number {
    return this.idleSec - (expiresSec - nowSec);
  }

  routerAge({ expiresSec }: McastRouter, nowSec: number): number {
    return ROUTER_IDLE_SEC - (expiresSec - nowSec);
  }

  /** 15 s to an hour; members age as if it had always been so. */
  setIdleSec(idleSec: number): void {
    const wanted = Math.min(3600, Math.max(15, idleSec));
    for (const { members } of this.groups.values()) {
      for (const [bundle, expiresSec] of members) members.set(bundle, expiresSec + wanted - this.idleSec);
    }
    this.idleSec = wanted;
  }

  setMaxGroups(maxGroups: number): void {
    this.maxGroups = Math.min(1_000_000, Math.max(10, maxGroups));
  }

  setFlood(bundle: Bundle, flood: boolean, floodReports: boolean): void {
    const set = (ports: Set<Bundle>, isWanted: boolean): void => {
      if (ports.has(bundle) === isWanted) return;
      if (isWanted) ports.add(bundle);
      else ports.delete(bundle);
      this.onChange();
    };
    set(this.floodPorts, flood);
    set(this.reportPorts, floodReports);
  }

  lookup(address: string, vlan: number): McastGroup | null {
    return this.groups.get(keyOf(address, vlan)) ?? null;
  }

  /** A member reported; true when the group is new. */
  join(address: string, vlan: number, bundle: Bundle, nowSec: number): boolean {
    // Who gets everything anyway would get it twice.
    if (this.mrouters.has(routerKey(bundle, vlan)) || this.floodPorts.has(bundle)) return false;
    const key = keyOf(address, vlan);
    const known = this.groups.get(key);
    if (known === undefined) this.makeRoom();
    const group = known ?? { address, vlan, members: new Map<Bundle, number>() };
    if (!group.members.has(bundle)) this.onChange();
    group.members.delete(bundle);
    group.members.set(bundle, nowSec + this.idleSec);
    this.groups.delete(key);
    this.groups.set(key, group);
    return known === undefined;
  }

  /** A member left; false when it was none, or when more than one host may be behind the port. */
  leave(address: string, vlan: number, bundle: Bundle): boolean {
    if (this.reportPorts.has(bundle)) return false;
    if (this.lookup(address, vlan)?.members.delete(bundle) !== true) return false;
    this.onChange();
    return true;
  }

  /** A router's query came in by the bundle; false when it gets everything anyway. */
  heardRouter(vlan: number, bundle: Bundle, nowSec: number): boolean {
    if (this.floodPorts.has(bundle)) return false;
    const key = routerKey(bundle, vlan);
    const isNew = !this.mrouters.delete(key);
    this.mrouters.set(key, { bundle, vlan, expiresSec: nowSec + ROUTER_IDLE_SEC });
    if (isNew) this.onChange();
    return isNew;
  }

  /** Removes groups and routers; the ports' settings stay. */
  flush(): void {
    if (this.groups.size + this.mrouters.size === 0) return;
    this.groups.clear();
    this.mrouters.clear();
    this.onChange();
  }

  /** Removes what was learned on a bundle that changes or goes away. */
  forget(bundle: Bundle): void {
    let changed = false;
    for (const [key, { members }] of this.groups) {
      if (!members.delete(bundle)) continue;
      changed = true;
      if (members.size === 0) this.groups.delete(key);
    }
    for (const [key, router] of this.mrouters) if (router.bundle === bundle) changed = this.mrouters.delete(key);
    if (changed) this.onChange();
  }

  /** Forgets a bundle that no longer exists, its settings too. */
  removeBundle(bundle: Bundle): void {
    this.forget(bundle);
    this.setFlood(bundle, false, false);
  }

  /** Lets old members, groups without members, and old routers die. */
  expire(nowSec: number): void {
    let changed = false;
    for (const [key, { members }] of this.groups) {
      if (this.groups.size > this.maxGroups) {
        this.groups.delete(key);
        changed = true;
        continue;
      }
      const before = members.size;
      for (const [bundle, expiresSec] of members) {
        if (expiresSec > nowSec) break;
        members.delete(bundle);
      }
      if (members.size > 0 && members.size === before) break;
      changed = true;
      if (members.size === 0) this.groups.delete(key);
    }
    for (const [key, { expiresSec }] of this.mrouters) {
      if (expiresSec > nowSec) break;
      changed = this.mrouters.delete(key);
    }
    if (changed) this.onChange();
  }

  private makeRoom(): void {
    if (this.groups.size < this.maxGroups) return;
    for (const key of this.groups.keys()) {
      this.groups.delete(key);
      this.onChange();
      return;
    }
  }
}

const keyOf = (address: string, vlan: number): string => `${address}/${vlan}`;
const routerKey = (bundle: Bundle, vlan: number): string => `${vlan}/${bundle.name}`;
