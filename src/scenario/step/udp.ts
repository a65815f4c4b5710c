/** `udp`: datagrams from one host to a port of another, and whether they arrive. */
import { z } from 'zod';
import { DROP_REASONS, type DropReason } from '#datapath/drop-reason.js';
import { IP_PROTO_UDP } from '#datapath/packet/ipv4.js';
import { OFF_NW_PROTO, OFF_TP_DST, OFF_TP_SRC } from '#flowtable/flow-key.js';
import { ICMP_PORT_UNREACHABLE } from '../../linux/ip/icmp.js';
import { ICMPV6_PORT_UNREACHABLE } from '../../linux/ip/icmpv6.js';
import { explainArrival, explainLoss } from '../explain/explain-loss.js';
import type { Leg } from '../explain/follow.js';
import { flag, hostName, map, time, whole, words } from '../file/values.js';
import { defineStep, failed, passed, refer } from './step-kind.js';

const DEFAULT_TIMEOUT_NS = 5e9;
const DEFAULT_TEXT = 'hello';

export const udp = defineStep({
  name: 'udp',
  schema: map(
    {
      from: hostName.describe('Who sends'),
      to: words('a host or an IP address').describe('Whom to: a host or an address'),
      port: whole(1, 65_535),
      source: whole(1, 65_535).optional().describe('The port to send from; any free one when not given'),
      listen: flag.optional().describe('Whether something listens there for this step, as it does when not given'),
      send: z
        .string({ error: 'expected a text' })
        .optional()
        .describe('The text of each datagram; "hello" when not given'),
      count: whole(1, 100_000).optional().describe('How many datagrams; 1 when not given'),
      interval: time.optional().describe('Time between them; all at once when not given'),
      expect: z
        .enum(['ok', 'fail', 'loss', 'refused'])
        .optional()
        .describe('ok: all arrive (when not given). fail: none does. loss: some do. refused: the port is unreachable'),
      timeout: time.optional().describe('How long to wait for the last; 5s when not given'),
    },
    'a map of from, to and port',
  ).describe('Sends datagrams and sees whether they arrive'),
  references: ({ from, to }) => [...refer('host', from, 'from'), ...refer('target', to, 'to')],
  run(value, { world }) {
    const { from, to, port, listen = true, send = DEFAULT_TEXT, count = 1, interval = 0, expect = 'ok' } = value;
    const title = `udp ${from} -> ${to} port ${port}${count === 1 ? '' : `, ${count} times`}${expect === 'ok' ? '' : `, expecting ${expect}`}`;
    const destination = world.addressOf(to);
    if (destination === null) return { title, checks: [failed(`${to} has no address to send to`)] };
    const owner = world.hostOf(destination);
    const { scheduler, witness } = world;
    const mark = witness.mark();

    let received = 0;
    let wasRefused = false;
    let wasUnreachable = false;
    const server =
      listen && owner !== null
        ? world.host(owner).root.stack.udp.bind({ port }, (_, payload) => {
            if (new TextDecoder().decode(payload) === send) received++;
          })
        : null;
    if (listen && owner !== null && server === null)
      return { title, checks: [failed(`port ${port} of ${owner} is in use`)] };
    const socket = world.host(from).root.stack.udp.bind(
      { port: value.source ?? 0 },
      () => {},
      (error) => {
        if (error.kind !== 'unreachable') return;
        if (error.code === (error.from.length === 4 ? ICMP_PORT_UNREACHABLE : ICMPV6_PORT_UNREACHABLE))
          wasRefused = true;
        else wasUnreachable = true;
      },
    );
    if (socket === null) {
      server?.close();
      return { title, checks: [failed(`port ${value.source ?? 'any'} of ${from} is in use`)] };
    }
    const payload = new TextEncoder().encode(send);
    let refusal: DropReason | null = null;
    for (let i = 0; i < count; i++) {
      refusal = socket.send(destination, port, payload);
      if (interval > 0) scheduler.runUntil(scheduler.nowNs() + interval);
    }
    scheduler.runWhile(
      () => received < count && !wasRefused && !wasUnreachable,
      scheduler.nowNs() + (value.timeout ?? DEFAULT_TIMEOUT_NS),
    );
    socket.close();
    server?.close();

    const text = wasRefused ? 'the port is unreachable' : `${received} of ${count} arrived`;
    const isRight =
      expect === 'ok'
        ? received === count
        : expect === 'fail'
          ? received === 0
          : expect === 'refused'
            ? wasRefused
            : received > 0 && received < count;
    if (isRight) return { title, checks: [passed(text)] };
    if (refusal !== null)
      return { title, checks: [failed(text, [`${from} could not send: ${refusal}: ${DROP_REASONS[refusal]}`])] };
    const leg: Leg = {
      what: `the datagram of ${from}`,
      from,
      to: owner,
      isFrame: ({ key }) =>
        key.u8(OFF_NW_PROTO) === IP_PROTO_UDP && key.u16(OFF_TP_SRC) === socket.port && key.u16(OFF_TP_DST) === port,
    };
    const details =
      received === count ? explainArrival(world, mark, leg) : explainLoss(world, mark, [leg], destination);
    return { title, checks: [failed(text, details)] };
  },
});
