/** `arp`: asks the network for the Ethernet address of an IPv4 address, as arping does. */
import { z } from 'zod';
import { explainArrival, explainLoss } from '../explain/explain-loss.js';
import type { Leg } from '../explain/follow.js';
import { hostName, mac, map, time, words } from '../file/values.js';
import { frameField } from '../frame/frame-fields.js';
import { formatAddress, formatMac, isSame } from '../../linux/ip/address.js';
import { defineStep, failed, passed, refer } from './step-kind.js';

const DEFAULT_TIMEOUT_NS = 1e9;

export const arp = defineStep({
  name: 'arp',
  schema: map(
    {
      from: hostName.describe('Who asks'),
      to: words('a host or an IPv4 address').describe('Whose address is asked for'),
      expect: z.enum(['ok', 'fail']).optional().describe('Whether somebody answers; ok when not given'),
      mac: mac.optional().describe('The Ethernet address that the answer must give'),
      timeout: time.optional().describe('How long to wait; 1s when not given'),
    },
    'a map of from and to',
  ).describe('Asks who has an IPv4 address'),
  references: ({ from, to }) => [...refer('host', from, 'from'), ...refer('target', to, 'to')],
  run({ from, to, expect = 'ok', mac: wanted, timeout = DEFAULT_TIMEOUT_NS }, { world }) {
    const title = `arp ${from} asks for ${to}${expect === 'ok' ? '' : ', expecting no answer'}`;
    const target = world.addressOf(to);
    if (target === null || target.length !== 4) return { title, checks: [failed(`${to} has no IPv4 address`)] };
    const { stack } = world.host(from).root;
    const path = stack.path(target);
    if (path === 'no-route' || path.nextHop === null) {
      return { title, checks: [failed(`${from} has no network with ${formatAddress(target)}`)] };
    }
    const mark = world.witness.mark();
    let answer: Uint8Array | null = null;
    const stop = stack.arp.listen((_, header) => {
      if (header.opcode === 2 && isSame(header.senderIp, target)) answer ??= header.senderMac.slice();
    });
    stack.arp.request(path.device, target, null);
    world.scheduler.runWhile(() => answer === null, world.scheduler.nowNs() + timeout);
    stop();

    const address = formatAddress(target);
    const found = answer as Uint8Array | null;
    const text = found === null ? `nobody has ${address}` : `${address} is at ${formatMac(found)}`;
    const isExpectedMac = wanted === undefined || (found !== null && isSame(found, wanted));
    if ((found !== null) === (expect === 'ok') && isExpectedMac) return { title, checks: [passed(text)] };
    const owner = world.hostOf(target);
    const operation =
      (name: '1' | '2', field: 'arp_tpa' | 'arp_spa'): Leg['isFrame'] =>
      (parts) =>
        frameField('arp_op').read(parts) === name && frameField(field).read(parts) === address;
    const question: Leg = { what: `the question of ${from}`, from, to: owner, isFrame: operation('1', 'arp_tpa') };
    const reply: Leg = {
      what: `the answer of ${owner}`,
      from: owner ?? '',
      to: from,
      isFrame: operation('2', 'arp_spa'),
    };
    const details =
      found === null ? explainLoss(world, mark, [question, reply], target, false) : explainArrival(world, mark, reply);
    const missing = wanted === undefined || found === null ? '' : `, not ${formatMac(wanted)}`;
    return { title, checks: [failed(text + missing, details)] };
  },
});
