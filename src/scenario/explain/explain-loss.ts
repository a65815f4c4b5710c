/**
 * Why something did not get through: follows its frames hop by hop to the place where one died, and says why. An address
 * that nobody answered for leads on to the question that was asked for it; a frame that a bridge did not pass on, to what
 * the bridge's tables do with it.
 */
import { OFF_IPV6_DST } from '#flowtable/flow-key.js';
import { formatAddress, type IpAddress, isSame } from '../../linux/ip/address.js';
import { frameField } from '../frame/frame-fields.js';
import type { FrameParts } from '../frame/dissect.js';
import type { World } from '../world.js';
import { follow, isArrival, type Leg } from './follow.js';
import { explainDeath, explainWay } from './verdict.js';

/** Lines that explain why the legs, one after the other, did not succeed. `destination` is where the first one goes. */
export function explainLoss(
  world: World,
  mark: number,
  legs: readonly Leg[],
  destination: IpAddress,
  mayResolve = true,
): readonly string[] {
  const sightings = world.witness.since(mark);
  for (const [index, leg] of legs.entries()) {
    const way = follow(sightings, leg);
    if (way.some((sighting) => isArrival(sighting, leg))) continue;
    const unresolved = way.findLast(
      ({ kind, reason }) => kind === 'drop' && (reason === 'no-neighbour' || reason === 'no-tunnel-neighbour'),
    );
    if (way.length === 0) {
      if (index > 0) return [`${leg.to} answered nothing: ${leg.what} was never sent`];
      // The frame may still wait for the address of its next hop.
      const waits = mayResolve ? explainResolution(world, mark, leg.from, destination) : null;
      return waits ?? [`${leg.what} was never sent`];
    }
    const lines = explainDeath(world, way, leg, leg.to ?? formatAddress(destination));
    if (unresolved === undefined || !mayResolve) return lines;
    const target = outerDestination(unresolved.parts);
    const resolution = target === null ? null : explainResolution(world, mark, unresolved.place.host, target);
    return [...lines, ...(resolution ?? [])];
  }
  return ['every frame arrived, but too late or with other content than expected'];
}

/** The way of frames that arrived although they should not have. */
export const explainArrival = (world: World, mark: number, leg: Leg): readonly string[] =>
  explainWay(world, follow(world.witness.since(mark), leg), leg);

/** Follows the question for the next hop's address. Null where nothing was asked. */
function explainResolution(world: World, mark: number, host: string, destination: IpAddress): readonly string[] | null {
  const path = world.host(host).root.stack.path(destination);
  if (path === 'no-route') return [`${host} has no route to ${formatAddress(destination)}`];
  const { nextHop } = path;
  if (nextHop === null) return null;
  const owner = world.hostOf(nextHop);
  const address = formatAddress(nextHop);
  const isIpv4 = nextHop.length === 4;
  const has = (parts: FrameParts, field: string, value: string): boolean => frameField(field).read(parts) === value;
  const question: Leg = {
    what: `the question of ${host} who has ${address}`,
    from: host,
    to: owner,
    isFrame: (parts) =>
      isIpv4
        ? has(parts, 'arp_op', '1') &&
          has(parts, 'arp_tpa', address) &&
          has(parts, 'arp_spa', formatAddress(path.source))
        : has(parts, 'icmpv6_type', '135') && has(parts, 'nd_target', address),
  };
  const answer: Leg = {
    what: `the answer of ${owner} for ${address}`,
    from: owner ?? '',
    to: host,
    isFrame: (parts) =>
      isIpv4
        ? has(parts, 'arp_op', '2') && has(parts, 'arp_spa', address)
        : has(parts, 'icmpv6_type', '136') && has(parts, 'nd_target', address),
  };
  const isMissing = owner === null && ![...world.hosts.values()].some(({ root }) => hasAddress(root.stack, nextHop));
  if (isMissing) return [`${host} asked who has ${address}: nobody here has it`];
  return explainLoss(world, mark, [question, answer], nextHop, false);
}

const hasAddress = (
  stack: { allAddresses(): readonly { readonly prefix: { readonly address: IpAddress } }[] },
  wanted: IpAddress,
): boolean => stack.allAddresses().some(({ prefix }) => isSame(prefix.address, wanted));

function outerDestination(parts: FrameParts): IpAddress | null {
  if (parts.ipv4 !== null) return parts.ipv4.destination;
  const text = frameField('ipv6_dst').read(parts);
  return text === null ? null : parts.key.bytes.slice(OFF_IPV6_DST, OFF_IPV6_DST + 16);
}
