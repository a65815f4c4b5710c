/**
 * Joining machines: a link between two network cards, and a guest's card to a tap of its host, as libvirt does it
 * (the tap's address is the card's with fe in front, and the tap is up at once).
 */
import type { Rng } from '#datapath/environment.js';
import { Link, type LinkSettings } from '#src/sim/link.js';
import type { Scheduler } from '#src/sim/scheduler.js';
import type { Nic } from './device/nic.js';
import type { Tap } from './device/tap.js';
import { tapMacOf } from './mac.js';
import type { DeviceOptions, Machine } from './machine.js';

export function plugTogether(
  name: string,
  surroundings: { readonly scheduler: Scheduler; readonly rng: Rng },
  a: Nic,
  b: Nic,
  settings: Partial<LinkSettings> = {},
): Link {
  const link = new Link(name, surroundings, a, b, settings);
  a.plug(link);
  b.plug(link);
  return link;
}

export interface GuestAttachment {
  readonly nic: Nic;
  readonly tap: Tap;
  readonly link: Link;
}

/** Gives a guest a card that is wired to a tap of the host. The guest's card is down until the guest brings it up. */
export function attachGuest(
  host: Machine,
  guest: Machine,
  options: DeviceOptions & {
    readonly tap: string;
    readonly nic?: string;
    readonly settings?: Partial<LinkSettings>;
  },
): GuestAttachment {
  const size = options.mtu === undefined ? {} : { mtu: options.mtu };
  const nic = guest.addNic(options.nic ?? 'eth0', {
    ...size,
    ...(options.mac === undefined ? {} : { mac: options.mac }),
  });
  const tap = host.addTap(options.tap, { ...size, mac: tapMacOf(nic.mac) });
  const link = plugTogether(`${host.name}:${tap.name}`, host, nic, tap, options.settings);
  tap.setUp(true);
  return { nic, tap, link };
}
