/** `tcp`: a connection from one host to another, and a few bytes over it. */
import { z } from 'zod';
import { DROP_REASONS } from '#datapath/drop-reason.js';
import { TCP_ACK, TCP_SYN } from '#datapath/packet/tcp.js';
import { OFF_NW_PROTO, OFF_TCP_FLAGS, OFF_TP_DST, OFF_TP_SRC } from '#flowtable/flow-key.js';
import { explainArrival, explainLoss } from '../explain/explain-loss.js';
import type { Leg } from '../explain/follow.js';
import { flag, hostName, map, time, whole, words } from '../file/values.js';
import type { FrameParts } from '../frame/dissect.js';
import { IP_PROTO_TCP } from '#datapath/packet/ipv4.js';
import type { TcpConnection, TcpError } from '../../linux/ip/tcp-connection.js';
import { defineStep, failed, passed, refer } from './step-kind.js';

type Outcome = 'ok' | 'refused' | 'timeout' | 'unreachable' | 'reset';

const OUTCOME_OF: Readonly<Record<TcpError, Outcome>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
};

const DEFAULT_TIMEOUT_NS = 10e9;
const DEFAULT_TEXT = 'hello';

export const tcp = defineStep({
  name: 'tcp',
  schema: map(
    {
      from: hostName.describe('Who connects'),
      to: words('a host or an IP address').describe('Whom to: a host or an address'),
      port: whole(1, 65_535),
      listen: flag.optional().describe('Whether something listens there for this step, as it does when not given'),
      send: z
        .string({ error: 'expected a text' })
        .optional()
        .describe('What is sent once the connection stands, and must arrive; "hello" when not given'),
      expect: z
        .enum(['ok', 'refused', 'timeout', 'unreachable', 'reset', 'fail'])
        .optional()
        .describe('How it ends; ok when not given, fail is any end but ok'),
      timeout: time.optional().describe('How long to wait; 10s when not given'),
    },
    'a map of from, to and port',
  ).describe('Opens a TCP connection and sends a text over it'),
  references: ({ from, to }) => [...refer('host', from, 'from'), ...refer('target', to, 'to')],
  run({ from, to, port, listen = true, send = DEFAULT_TEXT, expect = 'ok', timeout = DEFAULT_TIMEOUT_NS }, { world }) {
    const title = `tcp ${from} -> ${to} port ${port}${expect === 'ok' ? '' : `, expecting ${expect}`}`;
    const destination = world.addressOf(to);
    if (destination === null) return { title, checks: [failed(`${to} has no address to connect to`)] };
    const owner = world.hostOf(destination);
    const { scheduler, witness } = world;
    const mark = witness.mark();

    let received = '';
    let accepted: TcpConnection | null = null;
    const server =
      listen && owner !== null
        ? world.host(owner).root.stack.tcp.listen({ port }, (connection) => {
            accepted = connection;
            connection.handlers = {
              onData: (bytes) => {
                received += new TextDecoder().decode(bytes);
              },
              onEnd: () => connection.close(),
            };
          })
        : null;
    if (listen && owner !== null && server === null) {
      return { title, checks: [failed(`port ${port} of ${owner} is in use`)] };
    }
    const connection = world.host(from).root.stack.tcp.connect(destination, port);
    if (typeof connection === 'string') {
      server?.close();
      const outcome = connection === 'no-route' ? 'unreachable' : 'fail';
      const isRight = expect === outcome || expect === 'fail';
      const reason = connection === 'no-route' ? DROP_REASONS[connection] : 'no local port is free';
      const text = `the connection is ${outcome}`;
      return { title, checks: [isRight ? passed(text) : failed(text, [`${from} could not begin: ${reason}`])] };
    }
    let outcome: Outcome | null = null;
    connection.handlers = {
      onConnect: () => {
        connection.send(new TextEncoder().encode(send));
        connection.close();
      },
      onClose: (error) => {
        if (error !== null) outcome ??= OUTCOME_OF[error];
      },
    };
    scheduler.runWhile(() => outcome === null && received.length < send.length, scheduler.nowNs() + timeout);
    if (outcome === null) outcome = isOpen(connection.state) && received === send ? 'ok' : 'timeout';
    const { localPort } = connection.endpoints;
    // The next step is not to cut the farewells short.
    const other = accepted as TcpConnection | null;
    if (outcome === 'ok' && other !== null) {
      scheduler.runWhile(() => other.state !== 'CLOSED', scheduler.nowNs() + timeout);
    }
    if (outcome !== 'ok') connection.abort();
    server?.close();
    const isRight = outcome === expect || (expect === 'fail' && outcome !== 'ok');
    const text = outcome === 'ok' ? 'connected, and the text arrived' : `the connection is ${outcome}`;
    if (isRight) return { title, checks: [passed(text)] };
    const legs = handshakeLegs(from, owner, localPort, port);
    const details =
      outcome === 'ok' ? explainArrival(world, mark, legs[0]!) : explainLoss(world, mark, legs, destination);
    return { title, checks: [failed(text, details)] };
  },
});

const isOpen = (state: string): boolean => state !== 'SYN-SENT' && state !== 'SYN-RECEIVED';

/** SYN, its answer, and the data. */
function handshakeLegs(from: string, to: string | null, localPort: number, port: number): readonly Leg[] {
  const is = (parts: FrameParts, source: number, destination: number, flags: number): boolean =>
    parts.key.u8(OFF_NW_PROTO) === IP_PROTO_TCP &&
    parts.key.u16(OFF_TP_SRC) === source &&
    parts.key.u16(OFF_TP_DST) === destination &&
    (parts.key.u16(OFF_TCP_FLAGS) & (TCP_SYN | TCP_ACK)) === flags;
  return [
    { what: `the SYN of ${from}`, from, to, isFrame: (parts) => is(parts, localPort, port, TCP_SYN) },
    {
      what: `the SYN-ACK of ${to}`,
      from: to ?? '',
      to: from,
      isFrame: (parts) => is(parts, port, localPort, TCP_SYN | TCP_ACK),
    },
    {
      what: `the text of ${from}`,
      from,
      to,
      isFrame: (parts) => is(parts, localPort, port, TCP_ACK) && (parts.payload?.length ?? 0) > 0,
    },
  ];
}
