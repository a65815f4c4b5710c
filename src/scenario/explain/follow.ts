/**
 * The way of one frame over all machines: the sightings of the frame that a host sent, within tunnels too, in the order
 * of time.
 */
import { formatPlace } from '../../linux/observe.js';
import { renderTable } from '../../report/table.js';
import { describeFrame } from '../frame/describe-frame.js';
import { type FrameParts, innermost } from '../frame/dissect.js';
import type { Sighting } from '../witness.js';

/** A frame under way from one host to another. */
export interface Leg {
  /** `the echo request`. */
  readonly what: string;
  readonly from: string;
  /** Null where no host has the address. */
  readonly to: string | null;
  /** Is it the frame? Asked of the frame that a host sent, without tunnels. */
  isFrame(parts: FrameParts): boolean;
}

/** The frame reached whom it was for. */
export const isArrival = ({ kind, place, parts }: Sighting, leg: Leg): boolean =>
  kind === 'deliver' && place.host === leg.to && parts.inner === null;

/** All sightings of the leg's frame; of several attempts those of the last. */
export function follow(sightings: readonly Sighting[], leg: Leg): readonly Sighting[] {
  const all = sightings.filter(({ parts }) => leg.isFrame(innermost(parts)));
  const lastSent = all.findLastIndex(({ kind, place }) => kind === 'transmit' && place.host === leg.from);
  return lastSent < 0 ? all : all.slice(lastSent);
}

/** One line for each sighting: when, where, what; what the frame is, whenever that has changed. */
export function renderWay(sightings: readonly Sighting[]): readonly string[] {
  const startNs = sightings[0]?.atNs ?? 0;
  let shown = '';
  const rows = sightings.map((sighting) => {
    const description = describeFrame(sighting.parts);
    const isNew = description !== shown;
    shown = description;
    const time = `${((sighting.atNs - startNs) / 1e6).toFixed(3)} ms`;
    return [time, formatPlace(sighting.place), describeEvent(sighting), isNew ? description : ''];
  });
  const table = renderTable([{ title: '', align: 'right' }, { title: '' }, { title: '' }, { title: '' }], rows);
  return table.slice(1);
}

export function describeEvent({ kind, reason, detail }: Sighting): string {
  const more = detail === null ? '' : ` (${detail})`;
  switch (kind) {
    case 'receive':
      return 'in';
    case 'transmit':
      return 'out';
    case 'deliver':
      return `delivered${more}`;
    case 'drop':
      return `DROPPED ${reason}${more}`;
  }
}
