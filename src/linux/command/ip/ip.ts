/** `ip`: its options, and the object that the rest is about (iproute2's ip/ip.c). */
import type { CommandOutput } from '#src/report/command-output.js';
import { type CommandContext, failed, printed, type ShellCommand } from '../command.js';
import { Arguments, IpError, type IpOptions, matches, usageError } from './arguments.js';
import { ipAddress } from './address.js';
import { ipLink } from './link.js';
import { ipNeighbour } from './neighbour.js';
import { ipNetns } from './netns.js';
import { ipRoute } from './route.js';

const VERSION = 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n';

/** In the order in which iproute2 looks a beginning up; null is what is not simulated. */
const OBJECTS: readonly (readonly [
  string,
  ((args: Arguments, options: IpOptions, context: CommandContext) => string | Promise<CommandOutput>) | null,
])[] = [
  ['address', ipAddress],
  ['addrlabel', null],
  ['maddress', null],
  ['route', ipRoute],
  ['rule', null],
  ['neighbor', ipNeighbour],
  ['neighbour', ipNeighbour],
  ['link', ipLink],
  ['tunnel', null],
  ['tuntap', null],
  ['monitor', null],
  ['netns', (args, _options, context) => ipNetns(args, context)],
  ['vrf', null],
  ['nexthop', null],
];

const USAGE = `Usage: ip [ OPTIONS ] OBJECT { COMMAND | help }
where  OBJECT := { address | link | neighbour | netns | route }
       OPTIONS := { -V[ersion] | -s[tatistics] | -br[ief] | -o[neline] |
                    -f[amily] { inet | inet6 } | -4 | -6 | -n[etns] name }
`;

export const ip: ShellCommand = {
  name: 'ip',
  async run(words, context) {
    try {
      return await runIp(new Arguments(words), context);
    } catch (error) {
      if (error instanceof IpError) return failed(`${error.message}\n`, error.exitCode);
      throw error;
    }
  },
};

async function runIp(args: Arguments, context: CommandContext): Promise<CommandOutput> {
  let family: 4 | 6 | null = null;
  let brief = false;
  let oneLine = false;
  let statistics = false;
  let namespace = context.namespace;
  while (args.peek()?.startsWith('-')) {
    const word = args.take();
    // Both -brief and --brief are understood.
    const option = word.startsWith('--') ? word.slice(2) : word.slice(1);
    if (option === '4') family = 4;
    else if (option === '6') family = 6;
    else if (option === 'family' || option === 'f') {
      const name = args.take();
      if (name !== 'inet' && name !== 'inet6')
        throw usageError(`Error: argument "${name}" is wrong: invalid protocol family\n`);
      family = name === 'inet' ? 4 : 6;
    } else if (matches(option, 'brief') && option.length >= 2) brief = true;
    else if (matches(option, 'oneline')) oneLine = true;
    else if (matches(option, 'statistics') || matches(option, 'stats')) statistics = true;
    else if (matches(option, 'netns') && option !== '') {
      const name = args.take();
      const found = context.machine.namespaces.get(name);
      if (found === undefined) throw usageError(`Cannot open network namespace "${name}": No such file or directory`);
      namespace = found;
    } else if (option === 'V' || matches(option, 'Version')) return printed(VERSION);
    else if (option === 'c' || option.startsWith('color')) continue;
    else if (matches(option, 'help')) return failed(USAGE, 255);
    else if (['d', 'details', 'j', 'json', 'p', 'pretty', 'b', 'batch', 'r', 'resolve'].includes(option)) {
      throw new IpError(`upcall: ip ${word} is not simulated`, 1);
    } else throw usageError(`Option "${word}" is unknown, try "ip -help".`);
  }
  if (args.done) return failed(USAGE, 255);
  const word = args.take();
  if (word === 'help') return failed(USAGE, 255);
  const object = OBJECTS.find(([name]) => matches(word, name));
  if (object === undefined) throw new IpError(`Object "${word}" is unknown, try "ip help".`, 1);
  const [name, run] = object;
  if (run === null) throw new IpError(`upcall: ip ${name} is not simulated`, 1);
  const result = await run(args, { family, brief, oneLine, statistics }, { ...context, namespace });
  return typeof result === 'string' ? printed(result) : result;
}
