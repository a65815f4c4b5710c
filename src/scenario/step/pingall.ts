/**
 * `pingall`: every host pings every other, as mininet's test of that name does; groups say which are to reach each other.
 */
import { z } from 'zod';
import { ECHO_DEFAULTS, echoLegs, sendEchoes } from '../echo.js';
import { explainArrival, explainLoss } from '../explain/explain-loss.js';
import { hostName, map } from '../file/values.js';
import type { World } from '../world.js';
import { type Check, defineStep, failed, passed, refer } from './step-kind.js';

/** Hosts that take part where none are given: the VMs, or the machines where there are no VMs. */
function allHosts({ scenario }: World): readonly string[] {
  return scenario.vms.size > 0 ? [...scenario.vms.keys()] : [...scenario.machines.keys()];
}

/** Failures that are explained; the others are only named. */
const MAX_EXPLAINED = 3;

const names = z.array(hostName, { error: 'expected a list of hosts' });

export const pingall = defineStep({
  name: 'pingall',
  schema: map(
    {
      hosts: names.optional().describe('Who takes part; every VM when not given'),
      groups: z
        .array(names, { error: 'expected a list of lists of hosts' })
        .optional()
        .describe('Hosts that must reach each other, and no host of another group; all are one group when not given'),
    },
    'a map of hosts and groups',
  ).describe('Every host pings every other'),
  references: ({ hosts, groups }) => [
    ...(hosts ?? []).flatMap((name, i) => refer('host', name, 'hosts', i)),
    ...(groups ?? []).flatMap((group, i) => group.flatMap((name, j) => refer('host', name, 'groups', i, j))),
  ],
  run({ hosts, groups }, { world }) {
    const all = hosts ?? (groups === undefined ? allHosts(world) : [...new Set(groups.flat())]);
    const belongTogether = (a: string, b: string): boolean =>
      groups === undefined || groups.some((group) => group.includes(a) && group.includes(b));
    const checks: Check[] = [];
    const lines: string[] = [];
    let sent = 0;
    let received = 0;
    let wrong = 0;
    for (const from of all) {
      let line = `${from} ->`;
      for (const to of all) {
        if (to === from) continue;
        const destination = world.addressOf(to);
        const mark = world.witness.mark();
        const result = destination === null ? null : sendEchoes(world, from, destination, ECHO_DEFAULTS);
        const isReached = result !== null && result.received > 0;
        sent++;
        if (isReached) received++;
        line += ` ${isReached ? to : 'X'}`;
        if (isReached === belongTogether(from, to)) continue;
        wrong++;
        const text = `${from} ${isReached ? 'reaches' : 'does not reach'} ${to}`;
        let details: readonly string[] = [];
        if (destination === null) details = [`${to} has no address`];
        else if (result !== null && wrong <= MAX_EXPLAINED) {
          const legs = echoLegs(world, from, destination, result);
          details = isReached ? explainArrival(world, mark, legs[0]!) : explainLoss(world, mark, legs, destination);
        }
        checks.push(failed(text, details));
      }
      lines.push(line);
    }
    const dropped = sent === 0 ? 0 : Math.round((100 * (sent - received)) / sent);
    const summary = `${dropped}% dropped (${received}/${sent} received)`;
    const right = `${sent - wrong} of ${sent} pairs as expected, ${summary}`;
    const outcome = wrong === 0 ? passed(right) : failed(right, lines);
    return {
      title: `pingall of ${all.join(', ')}`,
      checks: [{ ...outcome, ...(wrong === 0 ? { details: lines } : {}) }, ...checks],
    };
  },
});
