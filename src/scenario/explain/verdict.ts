/**
 * Where and why one frame ended: its way hop by hop, the drop that was its death, or the switch that had it and did not
 * send it to where it was to go.
 */
import { DROP_REASONS } from '#datapath/drop-reason.js';
import type { Machine } from '../../linux/machine.js';
import { formatPlace } from '../../linux/observe.js';
import type { Sighting } from '../witness.js';
import type { World } from '../world.js';
import { type Leg, renderWay } from './follow.js';
import { entersSwitch, traceEntry } from './trace-bridge.js';

/** The most lines of a frame's way that are shown. */
const MAX_HOPS = 40;

export const indent = (lines: readonly string[]): readonly string[] =>
  lines.map((line) => (line === '' ? '' : `  ${line}`));

/** Lines on the way of a frame that did not arrive. `goal` names who should have had it. */
export function explainDeath(world: World, way: readonly Sighting[], leg: Leg, goal: string): readonly string[] {
  const shown = way.filter((sighting) => !isBystander(world, sighting, leg));
  const lines = [`${leg.what} never reached ${goal}:`, ...showWay(world, shown)];
  const copyCount = way.length - shown.length;
  if (copyCount > 0) {
    lines.push(`  (copies of it died in ${copyCount} ${copyCount === 1 ? 'place' : 'places'} that it was not for)`);
  }
  const death = shown.findLast(({ kind }) => kind === 'drop');
  const entry = entryOf(world, way, leg);
  if (death?.reason != null) {
    const detail = death.detail === null ? '' : ` (${death.detail})`;
    lines.push(`it died at ${formatPlace(death.place)}${detail}: ${death.reason}: ${DROP_REASONS[death.reason]}`);
    // Only what died inside a switch is the doing of the switch's tables.
    return isInDatapath(death) ? [...lines, ...traceLines(world, entry)] : lines;
  }
  lines.push(...lastSeen(world, shown, entry, leg));
  for (const [where, reason, count] of world.newDrops()) {
    lines.push(`${where} counted ${count} ${count === 1 ? 'drop' : 'drops'}: ${reason}: ${DROP_REASONS[reason]}`);
  }
  return [...lines, ...traceLines(world, entry)];
}

/** The way of a frame that arrived although it should not have. */
export function explainWay(world: World, way: readonly Sighting[], leg: Leg): readonly string[] {
  return [
    `the way of ${leg.what}:`,
    ...showWay(
      world,
      way.filter((sighting) => !isBystander(world, sighting, leg)),
    ),
  ];
}

function showWay(world: World, way: readonly Sighting[]): readonly string[] {
  // A tunnel port tells of a frame after the outer one has left; the card has told the same already.
  const shown = way.filter(
    ({ kind, place }) =>
      kind !== 'transmit' ||
      place.device === null ||
      world.host(place.host).device(place.device) !== undefined ||
      place.namespace !== '',
  );
  const lines = indent(renderWay(shown.slice(0, MAX_HOPS)));
  return shown.length > MAX_HOPS ? [...lines, `  … and ${shown.length - MAX_HOPS} more`] : lines;
}

const isInDatapath = ({ detail }: Sighting): boolean => detail?.startsWith('in ') === true;

/** A copy that flooding brought to where the frame was not to go. */
function isBystander(world: World, sighting: Sighting, leg: Leg): boolean {
  const { place, kind, reason, frame } = sighting;
  if (kind !== 'drop' || place.host === leg.from || place.host === leg.to) return false;
  if (reason === 'not-for-us' || world.guests.has(place.host)) return true;
  const isToAll = (frame[0]! & 1) !== 0;
  if (!isToAll || isInDatapath(sighting) || place.device === null) return false;
  const device = world.host(place.host).device(place.device);
  if (device?.kind === 'internal') return true;
  return device?.kind === 'tap' && ![leg.from, leg.to].some((host) => isTapOf(world, host, place.host, place.device));
}

function isTapOf(world: World, host: string | null, machine: string, device: string | null): boolean {
  const guest = host === null ? undefined : world.guests.get(host);
  return guest?.machine === machine && guest.tap === device;
}

/** The entry into the switch that matters: that of the destination's machine, else the last one. */
function entryOf(world: World, way: readonly Sighting[], leg: Leg): Sighting | undefined {
  const entries = way.filter((sighting) => entersSwitch(sighting, world.host(sighting.place.host)));
  const goal = leg.to === null ? null : world.machineOf(leg.to).name;
  return entries.findLast(({ place }) => place.host === goal) ?? entries.at(-1);
}

function lastSeen(world: World, shown: readonly Sighting[], entry: Sighting | undefined, leg: Leg): readonly string[] {
  const guest = leg.to === null ? undefined : world.guests.get(leg.to);
  const isAtGoal = guest !== undefined && entry?.place.host === guest.machine;
  if (
    isAtGoal &&
    !shown.some(({ kind, place }) => kind === 'transmit' && isTapOf(world, leg.to, place.host, place.device))
  ) {
    const machine = world.host(guest.machine);
    const cameBy = entry.kind === 'deliver' ? 'a tunnel' : describePort(machine, entry.place.device!);
    return [
      `${guest.machine} had it by ${cameBy}, and did not send it out of ${describePort(machine, guest.tap)}, where ${leg.to} is`,
    ];
  }
  const last = shown.at(-1);
  return last === undefined ? [] : [`it was last seen at ${formatPlace(last.place)}`];
}

/** `vm3 (tag 20)`: a port and how it carries VLANs. */
function describePort(machine: Machine, name: string): string {
  const row = machine.hasSwitch
    ? machine.database.rows('Port').find((port) => port.string('name') === name)
    : undefined;
  if (row === undefined) return name;
  const words: string[] = [];
  const tag = row.integer('tag');
  const trunks = row.integers('trunks');
  if (tag !== undefined) words.push(`tag ${tag}`);
  if (trunks.length > 0) words.push(`trunks ${trunks.join(',')}`);
  const mode = row.string('vlan_mode');
  if (mode !== undefined) words.push(`vlan_mode ${mode}`);
  return words.length === 0 ? name : `${name} (${words.join(', ')})`;
}

function traceLines(world: World, entry: Sighting | undefined): readonly string[] {
  if (entry === undefined) return [];
  const trace = traceEntry(entry, world.host(entry.place.host));
  if (trace === null) return [];
  return [`what ${trace.bridge} of ${entry.place.host} does with it (ofproto/trace):`, ...indent(trace.lines)];
}
