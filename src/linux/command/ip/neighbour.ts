/** `ip neighbour`: show, add, replace, delete, flush (iproute2's ip/ipneigh.c). */
import type { NetDevice } from '../../device/net-device.js';
import { formatAddress, formatMac, type IpAddress, isSame } from '../../ip/address.js';
import type { Neighbour, NeighbourState } from '../../ip/neighbour-table.js';
import type { CommandContext } from '../command.js';
import { type Arguments, garbage, IpError, type IpOptions, matches, rtnetlink, usageError } from './arguments.js';

export function ipNeighbour(args: Arguments, options: IpOptions, context: CommandContext): string {
  const word = args.peek();
  if (word === undefined) return show(args, options, context);
  args.take();
  if (matches(word, 'add')) return change(args, context, 'add');
  if (matches(word, 'change') || word === 'chg') return change(args, context, 'change');
  if (matches(word, 'replace')) return change(args, context, 'replace');
  if (matches(word, 'delete')) return change(args, context, 'delete');
  if (matches(word, 'show') || matches(word, 'lst') || matches(word, 'list')) return show(args, options, context);
  if (matches(word, 'flush')) return flush(args, options, context);
  throw usageError(`Command "${word}" is unknown, try "ip neigh help".`);
}

function select(args: Arguments, options: IpOptions, context: CommandContext) {
  let device: NetDevice | null = null;
  let address: IpAddress | null = null;
  let state: string | null = null;
  while (!args.done) {
    const word = args.peek()!;
    if (word === 'dev') {
      args.take();
      device = args.device(context.namespace);
    } else if (word === 'nud') {
      args.take();
      state = args.take().toUpperCase();
    } else {
      if (word === 'to') args.take();
      if (address !== null) throw garbage('to', word);
      address = args.prefix().address;
    }
  }
  const accepts = (neighbour: Neighbour): boolean =>
    (device === null || neighbour.device === device) &&
    (address === null || isSame(neighbour.address, address)) &&
    (state === null || state === 'ALL' || neighbour.state === state) &&
    (options.family === null || neighbour.address.length === (options.family === 4 ? 4 : 16));
  return { device, accepts };
}

function show(args: Arguments, options: IpOptions, context: CommandContext): string {
  const { device, accepts } = select(args, options, context);
  return context.namespace.stack.neighbours
    .list()
    .filter(accepts)
    .sort((a, b) => a.address.length - b.address.length)
    .map((neighbour) => {
      const where = device === null ? `dev ${neighbour.device.name} ` : '';
      const link = neighbour.mac === null ? '' : `lladdr ${formatMac(neighbour.mac)} `;
      const router = neighbour.isRouter ? 'router ' : '';
      return `${formatAddress(neighbour.address)} ${where}${link}${router}${neighbour.state} \n`;
    })
    .join('');
}

const STATES: Readonly<Record<string, Extract<NeighbourState, 'PERMANENT' | 'REACHABLE' | 'STALE'>>> = {
  permanent: 'PERMANENT',
  reachable: 'REACHABLE',
  stale: 'STALE',
};

function change(args: Arguments, context: CommandContext, what: 'add' | 'change' | 'replace' | 'delete'): string {
  const { neighbours } = context.namespace.stack;
  let device: NetDevice | null = null;
  let address: IpAddress | null = null;
  let mac: Uint8Array | null = null;
  let state: keyof typeof STATES = 'permanent';
  while (!args.done) {
    const word = args.peek()!;
    if (word === 'dev') {
      args.take();
      device = args.device(context.namespace);
    } else if (word === 'lladdr') {
      args.take();
      mac = args.mac();
    } else if (word === 'nud') {
      args.take();
      state = args.take();
      if (!(state in STATES)) throw usageError(`Error: argument "${state}" is wrong: nud state is bad\n`);
    } else {
      if (word === 'to') args.take();
      if (address !== null) throw garbage('to', word);
      address = args.address();
    }
  }
  if (device === null || address === null) throw usageError('Device and destination are required arguments.');
  const known = neighbours.get(device, address);
  if (what === 'delete') {
    if (!neighbours.delete(device, address)) throw rtnetlink('No such file or directory');
    return '';
  }
  if (what === 'add' && known !== null) throw rtnetlink('File exists');
  if (what === 'change' && known === null) throw rtnetlink('No such file or directory');
  if (mac === null) throw rtnetlink('Invalid argument');
  neighbours.set(device, address, mac, STATES[state]!);
  return '';
}

function flush(args: Arguments, options: IpOptions, context: CommandContext): string {
  if (args.done) throw new IpError('Flush requires arguments.', 1);
  const { accepts } = select(args, options, context);
  // Permanent entries stay unless they are asked for by their state.
  context.namespace.stack.neighbours.flush((neighbour) => neighbour.state !== 'PERMANENT' && accepts(neighbour));
  return '';
}
