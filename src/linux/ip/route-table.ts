/**
 * One routing table (Linux: the main table, net/ipv4/fib_trie.c, net/ipv6/route.c): the longest matching prefix wins,
 * then the lowest metric, then the oldest route.
 */
import type { NetDevice } from '../device/net-device.js';
import { type IpAddress, isInPrefix, isSame, type Prefix } from './address.js';

export interface Route {
  readonly destination: Prefix;
  readonly gateway: IpAddress | null;
  readonly device: NetDevice;
  /** The source address that packets get which have none yet. */
  readonly source: IpAddress | null;
  readonly scope: 'global' | 'link' | 'host';
  readonly protocol: 'kernel' | 'boot' | 'static';
  readonly metric: number;
}

export const isSamePrefix = (a: Prefix, b: Prefix): boolean => a.length === b.length && isSame(a.address, b.address);

export class RouteTable {
  private routes: Route[] = [];

  /** False when a route to the prefix with this metric (and, for IPv6, this device) exists. */
  add(route: Route): boolean {
    const exists = this.routes.some(
      (other) =>
        isSamePrefix(other.destination, route.destination) &&
        other.metric === route.metric &&
        (route.destination.address.length === 4 || other.device === route.device),
    );
    if (exists) return false;
    this.routes.push(route);
    return true;
  }

  /** Removes the first route that the test accepts, and returns it. */
  removeFirst(test: (route: Route) => boolean): Route | null {
    const index = this.routes.findIndex(test);
    return index < 0 ? null : this.routes.splice(index, 1)[0]!;
  }

  removeAll(test: (route: Route) => boolean): void {
    this.routes = this.routes.filter((route) => !test(route));
  }

  /** The route that a packet takes; only routes by `device` count where one is given. */
  lookup(destination: IpAddress, device: NetDevice | null = null): Route | null {
    let best: Route | null = null;
    for (const route of this.routes) {
      if (device !== null && route.device !== device) continue;
      if (!route.device.up || !isInPrefix(destination, route.destination)) continue;
      if (
        best === null ||
        route.destination.length > best.destination.length ||
        (route.destination.length === best.destination.length && route.metric < best.metric)
      ) {
        best = route;
      }
    }
    return best;
  }

  /** All routes of a family in the order in which Linux lists them: by prefix, the shorter and the cheaper first. */
  list(family: 4 | 6): readonly Route[] {
    const size = family === 4 ? 4 : 16;
    return this.routes
      .filter((route) => route.destination.address.length === size)
      .map((route, index) => ({ route, index }))
      .sort((a, b) => compareRoutes(a.route, b.route, family) || a.index - b.index)
      .map(({ route }) => route);
  }
}

function compareRoutes(a: Route, b: Route, family: 4 | 6): number {
  // IPv6 lists its default routes last.
  if (family === 6 && (a.destination.length === 0) !== (b.destination.length === 0))
    return a.destination.length === 0 ? 1 : -1;
  return (
    Buffer.compare(a.destination.address, b.destination.address) ||
    a.destination.length - b.destination.length ||
    a.metric - b.metric
  );
}
