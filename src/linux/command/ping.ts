/**
 * `ping`, in the words of iputils 20221126, in virtual time: echo requests at their interval, replies and errors as
 * they come, statistics at the end. One without an end in sight is refused, for nobody could interrupt it.
 */
import type { CommandOutput } from '#src/report/command-output.js';
import type { NetDevice } from '../device/net-device.js';
import { familyOf, formatAddress, type IpAddress, parseAddress } from '../ip/address.js';
import type { FragmentPolicy } from '../ip/packet.js';
import { resolveHost } from './host-name.js';
import { type CommandContext, failed, type ShellCommand } from './command.js';
import { EchoRun, scopeText } from './ping-run.js';

export interface PingOptions {
  readonly family: 4 | 6 | null;
  readonly count: number | null;
  readonly deadlineNs: number | null;
  readonly intervalNs: number;
  readonly lingerNs: number;
  readonly size: number;
  readonly ttl: number;
  readonly tos: number;
  readonly quiet: boolean;
  readonly numeric: boolean;
  readonly timestamps: boolean;
  readonly reportOutstanding: boolean;
  readonly broadcast: boolean;
  readonly pattern: Uint8Array | null;
  readonly fragment: FragmentPolicy;
  readonly from: string | null;
  readonly destination: string;
}

const NS_PER_SEC = 1e9;
const MAX_COUNT = 9223372036854775807n;

class PingError extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const ping: ShellCommand = {
  name: 'ping',
  async run(args, context) {
    try {
      const options = parseOptions(args);
      if (options === 'version') return { stdout: 'ping from iputils 20221126\n', stderr: '', exitCode: 0 };
      return await start(options, context);
    } catch (error) {
      if (error instanceof PingError) return failed(`ping: ${error.message}\n`, error.exitCode);
      throw error;
    }
  },
};

async function start(options: PingOptions, context: CommandContext): Promise<CommandOutput> {
  const { namespace, machine } = context;
  const { stack } = namespace;
  const [name, zone] = options.destination.split('%', 2) as [string, string | undefined];
  const literal = parseAddress(name);
  const destination = literal ?? (await resolveHost(name, options.family, context));
  if (destination === null) throw new PingError(`${options.destination}: Temporary failure in name resolution`, 2);
  if (options.family !== null && familyOf(destination) !== options.family) {
    throw new PingError(`${options.destination}: Address family for hostname not supported`, 2);
  }
  const { device, source } = findSource(options.from ?? zone ?? null, context);
  if (stack.isBroadcast(destination) && !options.broadcast) {
    throw new PingError('Do you want to ping broadcast? Then -b. If not, check your local firewall rules', 2);
  }
  const path = stack.path(destination, { source, device });
  if (path === 'no-route') throw new PingError('connect: Network is unreachable', 2);
  if (options.count === null && options.deadlineNs === null) {
    throw new PingError('-c COUNT or -w DEADLINE is needed: in virtual time nobody can interrupt it', 2);
  }
  let head = '';
  if (options.pattern !== null) head += `PATTERN: 0x${Buffer.from(options.pattern).toString('hex')}\n`;
  const target = formatAddress(destination);
  const from = options.from === null ? '' : ` from ${formatAddress(path.source)} ${device?.name ?? ''}:`;
  const isIpv4 = destination.length === 4;
  head += isIpv4
    ? `PING ${options.destination} (${target})${from} ${options.size}(${options.size + 28}) bytes of data.\n`
    : `PING ${options.destination}(${target}${scopeText(destination, path.device)})${from === '' ? '' : from} ${options.size} data bytes\n`;
  const warning = stack.isBroadcast(destination) ? 'WARNING: pinging broadcast address\n' : '';
  const shownName = literal === null && !options.numeric ? name : null;
  const run = new EchoRun({ options, machine, stack, destination, source, device, pathDevice: path.device, shownName });
  const outcome = run.toEnd();
  return { stdout: head + outcome.stdout, stderr: warning + outcome.stderr, exitCode: outcome.exitCode };
}

/** -I takes a device or an address. */
function findSource(
  from: string | null,
  { namespace }: CommandContext,
): { readonly device: NetDevice | null; readonly source: IpAddress | null } {
  if (from === null) return { device: null, source: null };
  const address = parseAddress(from);
  if (address !== null) {
    if (!namespace.stack.isLocal(address)) throw new PingError('bind: Cannot assign requested address', 2);
    return { device: null, source: address };
  }
  const device = namespace.devices.get(from);
  if (device === undefined) throw new PingError(`SO_BINDTODEVICE ${from}: No such device`, 2);
  return { device, source: null };
}

const WITH_ARGUMENT = 'TFNceiIlmMpQsStwW';
const WITHOUT_ARGUMENT = 'hbR6aABdDfLnOqrUvV4C';
const NOT_SIMULATED = 'TFNlmSRaABdfLrUC';

function parseOptions(args: readonly string[]): PingOptions | 'version' {
  const options = new Map<string, string>();
  const rest: string[] = [];
  const words = [...args];
  while (words.length > 0) {
    const word = words.shift()!;
    if (word === '--') {
      rest.push(...words.splice(0));
    } else if (word.startsWith('-') && word.length > 1) {
      for (let at = 1; at < word.length; at++) {
        const letter = word[at]!;
        if (WITHOUT_ARGUMENT.includes(letter)) options.set(letter, '');
        else if (WITH_ARGUMENT.includes(letter)) {
          const argument = word.slice(at + 1) || words.shift();
          if (argument === undefined) throw new PingError(`option requires an argument -- '${letter}'\n\n${USAGE}`, 2);
          options.set(letter, argument);
          break;
        } else throw new PingError(`invalid option -- '${letter}'\n\n${USAGE}`, 2);
        if (NOT_SIMULATED.includes(letter)) throw new PingError(`option -${letter} is not simulated`, 2);
      }
    } else rest.push(word);
  }
  if (options.has('V')) return 'version';
  if (options.has('h')) throw new PingError(`usage\n\n${USAGE}`, 2);
  for (const letter of options.keys()) {
    if (NOT_SIMULATED.includes(letter)) throw new PingError(`option -${letter} is not simulated`, 2);
  }
  const destination = rest.at(-1);
  if (destination === undefined) throw new PingError('usage error: Destination address required', 1);
  const count = options.get('c');
  const deadline = options.get('w');
  return {
    family: options.has('4') ? 4 : options.has('6') ? 6 : null,
    count: count === undefined ? null : integer(count, 1n, MAX_COUNT),
    deadlineNs: deadline === undefined ? null : seconds(deadline, 0, 2147483),
    intervalNs: seconds(options.get('i') ?? '1', 0.001, 2147483),
    lingerNs: seconds(options.get('W') ?? '10', 0, 2147483),
    size: integer(options.get('s') ?? '56', 0n, 65_507n),
    ttl: timeToLive(options.get('t') ?? '64'),
    tos: integer(options.get('Q') ?? '0', 0n, 255n),
    quiet: options.has('q'),
    numeric: options.has('n'),
    timestamps: options.has('D'),
    reportOutstanding: options.has('O'),
    broadcast: options.has('b'),
    pattern: options.has('p') ? patternOf(options.get('p')!) : null,
    fragment: fragmentPolicy(options.get('M') ?? 'want'),
    from: options.get('I') ?? null,
    destination,
  };
}

function integer(text: string, min: bigint, max: bigint): number {
  if (!/^\s*[+-]?(\d+|0x[0-9a-fA-F]+)$/.test(text)) throw new PingError(`invalid argument: '${text}'`, 1);
  const value = BigInt(text.trim().replace(/^\+/, ''));
  if (value < min || value > max) {
    throw new PingError(`invalid argument: '${text}': out of range: ${min} <= value <= ${max}`, 1);
  }
  return Number(value);
}

function seconds(text: string, min: number, max: number): number {
  const value = Number(text);
  if (!/^\d*\.?\d+$|^\d+\.$/.test(text) || Number.isNaN(value)) throw new PingError(`bad timing interval: ${text}`, 2);
  if (value < min || value > max) throw new PingError(`bad timing interval: ${text}`, 2);
  return Math.round(value * NS_PER_SEC);
}

function timeToLive(text: string): number {
  const ttl = integer(text, 0n, 255n);
  if (ttl === 0) throw new PingError('cannot set unicast time-to-live: Invalid argument', 2);
  return ttl;
}

function patternOf(text: string): Uint8Array {
  if (!/^[0-9a-fA-F]+$/.test(text)) {
    throw new PingError('patterns must be specified as hex digits', 2);
  }
  const digits = text.slice(0, 32);
  return new Uint8Array(
    Buffer.from(digits.length % 2 === 0 ? digits : `${digits.slice(0, -1)}0${digits.at(-1)}`, 'hex'),
  );
}

function fragmentPolicy(text: string): FragmentPolicy {
  if (text === 'do' || text === 'want' || text === 'dont') return text;
  throw new PingError(`invalid -M argument: ${text}`, 1);
}

const USAGE = `Usage
  ping [options] <destination>

Options:
  <destination>      dns name or ip address
  -c <count>         stop after <count> replies
  -D                 print timestamps
  -I <interface>     either interface name or address
  -i <interval>      seconds between sending each packet
  -M <pmtud opt>     define mtu discovery, can be one of <do|dont|want>
  -n                 no dns name resolution
  -O                 report outstanding replies
  -p <pattern>       contents of padding byte
  -q                 quiet output
  -Q <tclass>        use quality of service <tclass> bits
  -s <size>          use <size> as number of data bytes to be sent
  -t <ttl>           define time to live
  -V                 print version and exit
  -w <deadline>      reply wait <deadline> in seconds
  -W <timeout>       time to wait for response
  -4, -6             use IPv4, IPv6
  -b                 allow pinging broadcast`;
