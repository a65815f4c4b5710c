/** `ping`: echo requests from one host to another, and whether they are answered. */
import { z } from 'zod';
import { ECHO_DEFAULTS, echoLegs, sendEchoes } from '../echo.js';
import { explainArrival, explainLoss } from '../explain/explain-loss.js';
import { hostName, map, time, whole, words } from '../file/values.js';
import { formatAddress } from '../../linux/ip/address.js';
import { DROP_REASONS } from '#datapath/drop-reason.js';
import { type Check, defineStep, failed, passed, refer } from './step-kind.js';

export const ping = defineStep({
  name: 'ping',
  schema: map(
    {
      from: hostName.describe('Who asks'),
      to: words('a host or an IP address').describe('Who is to answer: a host or an address'),
      expect: z
        .enum(['ok', 'fail', 'loss'])
        .optional()
        .describe('ok: every request is answered (when not given). fail: none is. loss: some are, some are not'),
      count: whole(1, 10_000).optional().describe('How many requests, a second apart; 1 when not given'),
      interval: time.optional().describe('Time between requests; 1s when not given'),
      size: whole(0, 65_507).optional().describe('Bytes of payload; 56 when not given'),
      timeout: time.optional().describe('How long to wait for the last answer; 5s when not given'),
    },
    'a map of from, to and expect',
  ).describe('Sends echo requests and sees whether they are answered'),
  references: ({ from, to }) => [...refer('host', from, 'from'), ...refer('target', to, 'to')],
  run({ from, to, expect = 'ok', count, interval, size, timeout }, { world }) {
    const title = `ping ${from} -> ${to}${count === undefined ? '' : `, ${count} times`}${expect === 'ok' ? '' : `, expecting ${expect}`}`;
    const destination = world.addressOf(to);
    if (destination === null) return { title, checks: [failed(`${to} has no address to ping`)] };
    const mark = world.witness.mark();
    const result = sendEchoes(world, from, destination, {
      count: count ?? ECHO_DEFAULTS.count,
      size: size ?? ECHO_DEFAULTS.size,
      intervalNs: interval ?? ECHO_DEFAULTS.intervalNs,
      timeoutNs: timeout ?? ECHO_DEFAULTS.timeoutNs,
    });
    const { sent, received, refused } = result;
    const outcome = `${received} of ${sent} answered`;
    const isRight =
      expect === 'ok' ? received === sent : expect === 'fail' ? received === 0 : received > 0 && received < sent;
    if (isRight) return { title, checks: [passed(outcome)] };

    const legs = echoLegs(world, from, destination, result);
    let check: Check;
    if (refused !== null) {
      check = failed(outcome, [
        `${from} could not send to ${formatAddress(destination)}: ${refused}: ${DROP_REASONS[refused]}`,
      ]);
    } else if (received === sent) check = failed(outcome, explainArrival(world, mark, legs[0]!));
    else {
      const errors = [...new Set(result.errors)].map((error) => `${from} was told: ${error}`);
      check = failed(outcome, [...errors, ...explainLoss(world, mark, legs, destination)]);
    }
    return { title, checks: [check] };
  },
});
