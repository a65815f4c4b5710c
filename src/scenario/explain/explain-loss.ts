/**
 * Why something did not get through: follows its frames hop by hop to the place where one died, and says why. An address
 * that nobody answered for leads on to the question that was asked for it; a frame that a bridge did not pass on, to what
 * the bridge's tables do with it.
 */
import { DROP_REASONS } from '#datapath/drop-reason.js';
import { OFF_IPV6_DST } from '#flowtable/flow-key.js';
import { formatAddress, type IpAddress, isSame } from '../../linux/ip/address.js';
import { formatPlace } from '../../linux/observe.js';
import { frameField } from '../frame/frame-fields.js';
import type { FrameParts } from '../frame/dissect.js';
import type { Sighting } from '../witness.js';
import type { World } from '../world.js';
import { follow, isArrival, isBystander, type Leg, renderWay } from './follow.js';
import { entersSwitch, traceEntry } from './trace-bridge.js';

/** The most lines of a frame's way that are shown. */
const MAX_HOPS = 40;

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
    const lines = describeWay(world, way, leg);
    if (unresolved === undefined || !mayResolve) return [...lines, ...explainSwitch(world, way, leg)];
    const target = outerDestination(unresolved.parts);
    const resolution = target === null ? null : explainResolution(world, mark, unresolved.place.host, target);
    return [...lines, ...(resolution ?? [])];
  }
  return ['every frame arrived, but too late or with other content than expected'];
}

/** The way of frames that arrived although they should not have. */
export function explainArrival(world: World, mark: number, leg: Leg): readonly string[] {
  const way = follow(world.witness.since(mark), leg).filter((sighting) => !isBystander(sighting, leg));
  return [`the way of ${leg.what}:`, ...indent(renderWay(way).slice(0, MAX_HOPS))];
}

const indent = (lines: readonly string[]): readonly string[] => lines.map((line) => (line === '' ? '' : `  ${line}`));

function describeWay(world: World, way: readonly Sighting[], leg: Leg): readonly string[] {
  const shown = way.filter((sighting) => !isBystander(sighting, leg));
  const lines = [`${leg.what} never reached ${leg.to ?? 'anybody'}:`];
  lines.push(...indent(renderWay(shown.slice(0, MAX_HOPS))));
  if (shown.length > MAX_HOPS) lines.push(`  … and ${shown.length - MAX_HOPS} more`);
  const copies = way.length - shown.length;
  if (copies > 0) lines.push(`  (${copies} ${copies === 1 ? 'copy' : 'copies'} reached hosts that it was not for)`);
  const death = shown.findLast(({ kind }) => kind === 'drop');
  if (death?.reason != null) {
    const detail = death.detail === null ? '' : ` (${death.detail})`;
    lines.push(`it died at ${formatPlace(death.place)}: ${death.reason}${detail}: ${DROP_REASONS[death.reason]}`);
  } else {
    const last = shown.at(-1);
    if (last !== undefined) lines.push(`it was last seen at ${formatPlace(last.place)}`);
    for (const [where, reason, count] of world.newDrops()) {
      lines.push(`${where} counted ${count} ${count === 1 ? 'drop' : 'drops'}: ${reason}: ${DROP_REASONS[reason]}`);
    }
  }
  return lines;
}

/** What the last switch that the frame went into does with it; the switch of the destination where it got so far. */
function explainSwitch(world: World, way: readonly Sighting[], leg: Leg): readonly string[] {
  const entries = way.filter((sighting) => entersSwitch(sighting, world.host(sighting.place.host)));
  const goal = leg.to === null ? null : world.machineOf(leg.to).name;
  const entry = entries.findLast(({ place }) => place.host === goal) ?? entries.at(-1);
  if (entry === undefined) return [];
  const leftAfterwards = way.some(
    ({ index, kind, place, reason }) =>
      index > entry.index &&
      place.host === entry.place.host &&
      (kind === 'transmit' || (kind === 'drop' && reason === 'no-tunnel-route')),
  );
  // A frame that left its last switch towards its goal died on the way, not in the tables.
  if (leftAfterwards && entry.place.host !== goal && way.at(-1)?.kind === 'drop') return [];
  const trace = traceEntry(entry, world.host(entry.place.host));
  return trace === null ? [] : [`what the switch of ${entry.place.host} does with it:`, ...indent(trace)];
}

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
  const lines = explainLoss(world, mark, [question, answer], nextHop, false);
  const isMissing = owner === null && ![...world.hosts.values()].some(({ root }) => hasAddress(root.stack, nextHop));
  return isMissing ? [...lines, `no host here has the address ${address}`] : lines;
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
