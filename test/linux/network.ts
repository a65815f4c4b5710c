/** Small networks for the tests of this folder. */
import { plugTogether } from '#src/linux/cable.js';
import type { Nic } from '#src/linux/device/nic.js';
import { parseAddress, parsePrefix } from '#src/linux/ip/address.js';
import { Machine } from '#src/linux/machine.js';
import type { FrameEvent } from '#src/linux/observe.js';
import type { Link, LinkSettings } from '#src/sim/link.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';

export const ip = (text: string): Uint8Array => parseAddress(text)!;

export interface TwoMachines {
  readonly scheduler: Scheduler;
  readonly a: Machine;
  readonly b: Machine;
  readonly nicA: Nic;
  readonly nicB: Nic;
  readonly link: Link;
  readonly events: FrameEvent[];
}

export function up(machine: Machine, nic: Nic, ...prefixes: readonly string[]): void {
  for (const prefix of prefixes) machine.root.stack.addAddress(nic, parsePrefix(prefix)!);
  nic.setUp(true);
}

/** a (10.0.0.1, fd00::1) and b (10.0.0.2, fd00::2) on one link. */
export function twoMachines(settings: Partial<LinkSettings> = {}, seed = 1): TwoMachines {
  const scheduler = new Scheduler();
  const rng = new SeededRng(seed);
  const a = new Machine({ name: 'a', scheduler, rng });
  const b = new Machine({ name: 'b', scheduler, rng });
  const nicA = a.addNic('eth0');
  const nicB = b.addNic('eth0');
  const link = plugTogether('a-b', { scheduler, rng }, nicA, nicB, settings);
  up(a, nicA, '10.0.0.1/24', 'fd00::1/64');
  up(b, nicB, '10.0.0.2/24', 'fd00::2/64');
  const events: FrameEvent[] = [];
  for (const machine of [a, b]) {
    machine.observer.observe((event) => events.push({ ...event, frame: event.frame.slice() }));
  }
  return { scheduler, a, b, nicA, nicB, link, events };
}

/** Events as short lines: `a:eth0 drop no-neighbour`. */
export const lines = (events: readonly FrameEvent[]): string[] =>
  events.map(
    ({ place, kind, reason, detail }) =>
      `${place.host}:${place.device ?? ''} ${kind}${reason === null ? '' : ` ${reason}`}${detail === null ? '' : ` (${detail})`}`,
  );

export const drops = (machine: Machine): string[] =>
  machine.observer.drops().map(({ place, reason, count }) => `${place.device ?? ''} ${reason} ${count}`);

/** One echo request; the answer, or null when there was none in five seconds. */
export function echo(
  network: { readonly scheduler: Scheduler },
  from: Machine,
  to: string,
  size = 56,
  ttl = 64,
): string {
  const { stack } = from.root;
  const destination = ip(to);
  let answer: string | null = null;
  const echoes = destination.length === 4 ? stack.icmp.echoes : stack.icmpv6.echoes;
  const socket = echoes.open((event) => {
    answer ??=
      event.kind === 'reply' ? `reply size ${event.size} ttl ${event.ttl}` : `${event.error.kind} ${event.error.code}`;
  });
  const refused = socket.send({ sequence: 1, destination, payload: new Uint8Array(size), ttl });
  if (refused === null) network.scheduler.runWhile(() => answer === null, network.scheduler.nowNs() + 5e9);
  socket.close();
  return refused ?? answer ?? 'nothing';
}
