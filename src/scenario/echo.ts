/** Echo requests by the sockets of a host's own stack, as ping sends them: the ping of steps that do not read its text. */
import type { DropReason } from '#datapath/drop-reason.js';
import { familyOf, formatAddress, type IpAddress } from '../linux/ip/address.js';
import type { IcmpError } from '../linux/ip/icmp-error.js';
import type { FrameParts } from './frame/dissect.js';
import { frameField } from './frame/frame-fields.js';
import type { Leg } from './explain/follow.js';
import type { World } from './world.js';

export interface EchoOptions {
  readonly count: number;
  /** Bytes of payload. */
  readonly size: number;
  readonly intervalNs: number;
  /** How long to wait for the last answer. */
  readonly timeoutNs: number;
}

/** ping's defaults, but for the wait: a question for an address takes three seconds to be given up. */
export const ECHO_DEFAULTS: EchoOptions = { count: 1, size: 56, intervalNs: 1e9, timeoutNs: 5e9 };

export interface EchoResult {
  readonly sent: number;
  readonly received: number;
  /** Why the last request could not even be sent. */
  readonly refused: DropReason | null;
  /** ICMP errors that came back: `host unreachable, by 10.0.0.1`. */
  readonly errors: readonly string[];
  readonly identifier: number;
  readonly source: IpAddress | null;
}

const TIMESTAMP_SIZE = 16;

/** Codes of "destination unreachable" (RFC 792, RFC 1122 §3.2.2.1; RFC 4443 §3.1). */
const UNREACHABLE: Readonly<Record<4 | 6, Readonly<Record<number, string>>>> = {
  4: {
    0: 'net unreachable',
    1: 'host unreachable',
    2: 'protocol unreachable',
    3: 'port unreachable',
    13: 'prohibited',
  },
  6: { 0: 'no route', 1: 'prohibited', 3: 'address unreachable', 4: 'port unreachable' },
};

function describeError({ kind, code, from, mtu }: IcmpError): string {
  if (kind === 'too-big') return `packet too big, the MTU is ${mtu}`;
  if (kind === 'unreachable') return UNREACHABLE[familyOf(from)][code] ?? `unreachable, code ${code}`;
  return kind === 'time-exceeded' ? 'time exceeded' : 'parameter problem';
}

export function sendEchoes(world: World, from: string, destination: IpAddress, options: EchoOptions): EchoResult {
  const { scheduler } = world;
  const { stack } = world.host(from).root;
  const echoes = destination.length === 4 ? stack.icmp.echoes : stack.icmpv6.echoes;
  const answered = new Set<number>();
  const errors: string[] = [];
  const failures = new Set<number>();
  const socket = echoes.open((event) => {
    if (event.kind === 'reply') answered.add(event.sequence);
    else {
      failures.add(event.sequence);
      errors.push(`${describeError(event.error)}, by ${formatAddress(event.error.from)}`);
    }
  });
  const payload = Uint8Array.from({ length: options.size }, (_, i) => (i < TIMESTAMP_SIZE ? 0 : i & 0xff));
  const path = stack.path(destination);
  let refused: DropReason | null = null;
  for (let sequence = 1; sequence <= options.count; sequence++) {
    refused = socket.send({ sequence, destination, payload });
    const isLast = sequence === options.count;
    const untilNs = scheduler.nowNs() + (isLast ? options.timeoutNs : options.intervalNs);
    // The next request goes out after the interval, whether this one was answered or not; after the last the answer ends the wait.
    if (!isLast) scheduler.runUntil(untilNs);
    else if (refused === null) {
      scheduler.runWhile(() => answered.size + failures.size < options.count, untilNs);
    }
  }
  socket.close();
  return {
    sent: options.count,
    received: answered.size,
    refused,
    errors,
    identifier: socket.identifier,
    source: path === 'no-route' ? null : path.source,
  };
}

/** The frames of an echo and its answer, to be followed. The last request stands for all. */
export function echoLegs(world: World, from: string, destination: IpAddress, result: EchoResult): readonly Leg[] {
  const to = world.hostOf(destination);
  const isIpv4 = destination.length === 4;
  const [typeField, request, reply] = isIpv4
    ? (['icmp_type', '8', '0'] as const)
    : (['icmpv6_type', '128', '129'] as const);
  const lastEcho = result.identifier * 0x10000 + result.sent;
  const is = (parts: FrameParts, type: string): boolean =>
    parts.echo === lastEcho && frameField(typeField).read(parts) === type;
  return [
    { what: `the echo request of ${from}`, from, to, isFrame: (parts) => is(parts, request) },
    { what: `the echo reply of ${to}`, from: to ?? '', to: from, isFrame: (parts) => is(parts, reply) },
  ];
}
