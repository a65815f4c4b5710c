/**
 * The routes that native tunnels go by: longest prefix first, one table for each mark. Mirrors lib/ovs-router.c without
 * the system's routing table: all routes are the user's.
 */
import { Classifier } from '#flowtable/classifier.js';
import { FlowKey, OFF_IPV6_DST, OFF_PKT_MARK } from '#flowtable/flow-key.js';
import { setExact } from '#flowtable/flow-mask.js';
import { Match } from '#flowtable/match.js';
import { LATEST_VERSION } from '#flowtable/versions.js';
import { IP_SIZE, isSet, masked, NO_ADDRESS, prefixMask } from './address.js';

/** Above those of routes that the system would have told. */
const USER_PRIORITY = 32;

export interface Route {
  readonly match: Match;
  readonly priority: number;
  readonly network: Uint8Array;
  /** Of 128 bits; IPv4's begins at 96. */
  readonly prefix: number;
  readonly mark: number;
  readonly device: string;
  /** Zero where there is none. */
  readonly gateway: Uint8Array;
  readonly source: Uint8Array;
}

export interface RouteAnswer {
  readonly device: string;
  readonly gateway: Uint8Array;
  readonly source: Uint8Array;
}

export class Routes {
  private readonly table = new Classifier<Route>([]);

  /** A route to the same network with the same mark is replaced. */
  add(route: Omit<Route, 'match' | 'priority' | 'network'> & { readonly network: Uint8Array }): void {
    const network = masked(route.network, prefixMask(route.prefix));
    this.table.insert({
      ...route,
      network,
      match: matchOf(network, route.prefix, route.mark),
      priority: route.prefix + USER_PRIORITY,
    });
  }

  /** The route that was there, or null. */
  delete(ip: Uint8Array, prefix: number, mark: number): Route | null {
    const network = masked(ip, prefixMask(prefix));
    const wanted = matchOf(network, prefix, mark);
    const route = this.list().find(({ match }) => match.equals(wanted)) ?? null;
    if (route !== null) this.table.remove(route);
    return route;
  }

  /** source: the packet's own, zero where the route is to say. */
  lookup(mark: number, destination: Uint8Array, source: Uint8Array = NO_ADDRESS): RouteAnswer | null {
    // An address of its own is one of this machine, which no route of the user's can say.
    if (isSet(source)) return null;
    return this.table.lookup(keyOf(destination, mark), LATEST_VERSION, null);
  }

  list(): readonly Route[] {
    return [...this.table.rules()];
  }
}

function keyOf(destination: Uint8Array, mark: number): FlowKey {
  const key = new FlowKey();
  key.bytes.set(destination, OFF_IPV6_DST);
  key.setU32(OFF_PKT_MARK, mark);
  return key;
}

function matchOf(network: Uint8Array, prefix: number, mark: number): Match {
  const mask = new FlowKey();
  mask.bytes.set(prefixMask(prefix, IP_SIZE), OFF_IPV6_DST);
  setExact(mask, OFF_PKT_MARK, 4);
  return new Match(keyOf(network, mark), mask);
}
