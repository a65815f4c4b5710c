/** `ip route`: show, get, add, replace, delete, flush, of the one table there is (iproute2's ip/iproute.c). */
import type { NetDevice } from '../../device/net-device.js';
import {
  formatAddress,
  formatPrefix,
  type IpAddress,
  isInPrefix,
  isSame,
  networkOf,
  type Prefix,
  parsePrefix,
} from '../../ip/address.js';
import { isSamePrefix, type Route } from '../../ip/route-table.js';
import type { CommandContext } from '../command.js';
import {
  type Arguments,
  garbage,
  IpError,
  type IpOptions,
  kernelError,
  matches,
  rtnetlink,
  usageError,
} from './arguments.js';

export function ipRoute(args: Arguments, options: IpOptions, context: CommandContext): string {
  const word = args.peek();
  if (word === undefined) return show(args, options, context);
  args.take();
  if (matches(word, 'add')) return change(args, options, context, 'add');
  if (matches(word, 'change') || word === 'chg' || matches(word, 'replace'))
    return change(args, options, context, 'replace');
  if (matches(word, 'append') || matches(word, 'prepend'))
    throw new IpError(`upcall: ip route ${word} is not simulated`, 1);
  if (matches(word, 'delete')) return change(args, options, context, 'delete');
  if (matches(word, 'list') || matches(word, 'show') || matches(word, 'lst')) return show(args, options, context);
  if (matches(word, 'get')) return get(args, context);
  if (matches(word, 'flush')) return flush(args, options, context);
  throw usageError(`Command "${word}" is unknown, try "ip route help".`);
}

const USAGE = `Usage: ip route { list | flush } [ PREFIX ] [ dev STRING ] [ via ADDRESS ] [ proto RTPROTO ] [ scope SCOPE ]
       ip route get ADDRESS [ from ADDRESS ] [ oif STRING ]
       ip route { add | del | replace } PREFIX [ via ADDRESS ] [ dev STRING ] [ src ADDRESS ]
                [ metric METRIC ] [ proto RTPROTO ] [ scope SCOPE ] [ onlink ]`;

interface Wanted {
  destination: Prefix | null;
  gateway: IpAddress | null;
  device: NetDevice | null;
  source: IpAddress | null;
  metric: number | null;
  protocol: Route['protocol'] | null;
  scope: Route['scope'] | null;
  onLink: boolean;
}

const anyPrefix = (family: 4 | 6): Prefix => ({ address: new Uint8Array(family === 4 ? 4 : 16), length: 0 });

/** iproute2 takes `10.0` for 10.0.0.0/16, and so do we. */
function destinationPrefix(word: string, family: 4 | 6): Prefix {
  if (word === 'default' || word === 'any' || word === 'all') return anyPrefix(family);
  const prefix = parsePrefix(word);
  if (prefix === null) throw new IpError(`Error: any valid prefix is expected rather than "${word}".`, 1);
  return prefix;
}

function read(args: Arguments, options: IpOptions, context: CommandContext): Wanted {
  const wanted: Wanted = {
    destination: null,
    gateway: null,
    device: null,
    source: null,
    metric: null,
    protocol: null,
    scope: null,
    onLink: false,
  };
  let destinationWord: string | null = null;
  while (!args.done) {
    const word = args.take();
    switch (word) {
      case 'via':
        if (args.peek() === 'inet' || args.peek() === 'inet6') args.take();
        wanted.gateway = args.address();
        break;
      case 'dev':
      case 'oif':
        wanted.device = args.device(context.namespace);
        break;
      case 'src':
        wanted.source = args.address();
        break;
      case 'metric':
      case 'priority':
      case 'preference':
        wanted.metric = args.unsigned('metric');
        break;
      case 'proto':
      case 'protocol': {
        const name = args.take();
        if (name !== 'kernel' && name !== 'boot' && name !== 'static') {
          throw usageError(`Error: argument "${name}" is wrong: "protocol" value is invalid\n`);
        }
        wanted.protocol = name;
        break;
      }
      case 'scope': {
        const name = args.take();
        if (name !== 'global' && name !== 'link' && name !== 'host') {
          throw usageError(`Error: argument "${name}" is wrong: invalid "scope" value\n`);
        }
        wanted.scope = name;
        break;
      }
      case 'onlink':
        wanted.onLink = true;
        break;
      case 'table': {
        const name = args.take();
        if (name !== 'main' && name !== '254')
          throw new IpError(`upcall: only the table main is simulated, not ${name}`, 1);
        break;
      }
      case 'blackhole':
      case 'unreachable':
      case 'prohibit':
      case 'local':
      case 'nexthop':
      case 'mtu':
      case 'advmss':
      case 'encap':
        throw new IpError(`upcall: ip route ${word} is not simulated`, 1);
      case 'unicast':
        break;
      default: {
        const text = word === 'to' ? args.take() : word;
        if (destinationWord !== null) throw garbage('to', text);
        destinationWord = text;
      }
    }
  }
  const family = options.family ?? (wanted.gateway?.length === 16 ? 6 : 4);
  if (destinationWord !== null) wanted.destination = destinationPrefix(destinationWord, family);
  return wanted;
}

function change(
  args: Arguments,
  options: IpOptions,
  context: CommandContext,
  what: 'add' | 'replace' | 'delete',
): string {
  const { stack } = context.namespace;
  if (args.done && what !== 'delete') throw usageError(USAGE);
  const wanted = read(args, options, context);
  const destination = wanted.destination ?? anyPrefix(options.family ?? 4);
  const isIpv4 = destination.address.length === 4;
  if (what === 'delete') {
    const removed = stack.routes.removeFirst(
      (route) =>
        isSamePrefix(route.destination, destination) &&
        (wanted.device === null || route.device === wanted.device) &&
        (wanted.metric === null || route.metric === wanted.metric) &&
        (wanted.gateway === null || (route.gateway !== null && isSame(route.gateway, wanted.gateway))),
    );
    if (removed === null) throw rtnetlink('No such process');
    return '';
  }
  if (!isSame(networkOf(destination), destination.address)) {
    throw isIpv4 ? kernelError('Error: Invalid prefix for given prefix length.') : rtnetlink('Invalid argument');
  }
  const device = nextDevice(wanted, context);
  if (wanted.source !== null && !stack.isLocal(wanted.source)) {
    throw isIpv4 ? kernelError('Error: Invalid prefsrc address.') : rtnetlink('Invalid argument');
  }
  const metric = wanted.metric ?? (isIpv4 ? 0 : 1024);
  if (what === 'replace') {
    stack.routes.removeFirst((route) => isSamePrefix(route.destination, destination) && route.metric === metric);
  }
  const isAdded = stack.routes.add({
    destination,
    gateway: wanted.gateway,
    device,
    source: wanted.source,
    scope: wanted.scope ?? (isIpv4 && wanted.gateway === null ? 'link' : 'global'),
    protocol: wanted.protocol ?? 'boot',
    metric,
  });
  if (!isAdded) throw rtnetlink('File exists');
  return '';
}

/** The device of a new route: given, or the one that reaches the gateway. */
function nextDevice(wanted: Wanted, context: CommandContext): NetDevice {
  const { stack } = context.namespace;
  if (wanted.gateway === null) {
    if (wanted.device === null) throw rtnetlink('No such device');
    if (!wanted.device.up) throw kernelError('Error: Device for nexthop is not up.');
    return wanted.device;
  }
  if (wanted.device !== null && (wanted.onLink || (wanted.gateway.length === 16 && wanted.gateway[0] === 0xfe))) {
    if (!wanted.device.up) throw kernelError('Error: Device for nexthop is not up.');
    return wanted.device;
  }
  if (wanted.gateway.length === 16 && stack.isLocal(wanted.gateway)) {
    throw kernelError('Error: Gateway can not be a local address.');
  }
  const route = stack.routes.lookup(wanted.gateway, wanted.device);
  if (wanted.device !== null && !wanted.device.up) throw kernelError('Error: Device for nexthop is not up.');
  if (route === null || (wanted.gateway.length === 4 && route.scope !== 'link')) {
    throw wanted.gateway.length === 4
      ? kernelError('Error: Nexthop has invalid gateway.')
      : rtnetlink('No route to host');
  }
  return route.device;
}

function select(
  args: Arguments,
  options: IpOptions,
  context: CommandContext,
): { readonly routes: readonly Route[]; readonly wanted: Wanted } {
  if (args.peek() === 'root' || args.peek() === 'match' || args.peek() === 'exact') {
    throw new IpError(`upcall: ip route show ${args.peek()} is not simulated`, 1);
  }
  const wanted = read(args, options, context);
  const family = wanted.destination === null ? (options.family ?? 4) : wanted.destination.address.length === 4 ? 4 : 6;
  const routes = context.namespace.stack.routes
    .list(family)
    .filter(
      (route) =>
        route.device.up &&
        (wanted.destination === null || isSamePrefix(route.destination, wanted.destination)) &&
        (wanted.device === null || route.device === wanted.device) &&
        (wanted.protocol === null || route.protocol === wanted.protocol) &&
        (wanted.scope === null || route.scope === wanted.scope) &&
        (wanted.gateway === null || (route.gateway !== null && isSame(route.gateway, wanted.gateway))),
    );
  return { routes, wanted };
}

function show(args: Arguments, options: IpOptions, context: CommandContext): string {
  const { routes, wanted } = select(args, options, context);
  return routes.map((route) => `${routeText(route, wanted.device === null)}\n`).join('');
}

function flush(args: Arguments, options: IpOptions, context: CommandContext): string {
  if (args.done) throw new IpError('"ip route flush" requires arguments.', 1);
  for (const route of select(args, options, context).routes) {
    context.namespace.stack.routes.removeFirst((other) => other === route);
  }
  return '';
}

/** The device is left out where it was asked for. */
function routeText(route: Route, withDevice: boolean): string {
  const { destination } = route;
  const isIpv4 = destination.address.length === 4;
  const isHost = destination.length === destination.address.length * 8;
  const target =
    destination.length === 0 ? 'default' : isHost ? formatAddress(destination.address) : formatPrefix(destination);
  let text = `${target} `;
  if (route.gateway !== null) text += `via ${formatAddress(route.gateway)} `;
  if (withDevice) text += `dev ${route.device.name} `;
  if (route.protocol !== 'boot') text += `proto ${route.protocol} `;
  if (isIpv4 && route.scope !== 'global') text += `scope ${route.scope} `;
  if (route.source !== null) text += `src ${formatAddress(route.source)} `;
  if (route.metric !== 0) text += `metric ${route.metric} `;
  if (!isIpv4) text += 'pref medium';
  if (!route.device.carrier) text += isIpv4 ? 'linkdown ' : ' linkdown';
  return text;
}

function get(args: Arguments, context: CommandContext): string {
  const { stack, loopback } = context.namespace;
  let destination: IpAddress | null = null;
  let device: NetDevice | null = null;
  let from: IpAddress | null = null;
  while (!args.done) {
    const word = args.peek()!;
    if (word === 'oif' || word === 'dev') {
      args.take();
      device = args.device(context.namespace);
    } else if (word === 'from') {
      args.take();
      from = args.address();
    } else if (destination === null) {
      if (word === 'to') args.take();
      destination = args.prefix().address;
    } else throw garbage('to', word);
  }
  if (destination === null) throw new IpError('need at least a destination address', 1);
  const path = stack.path(destination, { device, source: from });
  if (path === 'no-route') throw rtnetlink('Network is unreachable');
  const target = formatAddress(destination);
  if (destination.length === 4) {
    const isLocal = path.device === loopback;
    const via = path.nextHop === null || isSame(path.nextHop, destination) ? '' : `via ${formatAddress(path.nextHop)} `;
    const kind = isLocal ? 'local ' : stack.isBroadcast(destination) ? 'broadcast ' : '';
    const source = from === null ? `src ${formatAddress(path.source)} ` : '';
    const origin = from === null ? '' : `from ${formatAddress(from)} `;
    const cache = isLocal ? 'cache <local> ' : kind === '' ? 'cache ' : 'cache <local,brd> ';
    return `${kind}${target} ${origin}${via}dev ${path.device.name} ${source}uid 0 \n    ${cache}\n`;
  }
  const route = stack.routes.lookup(destination, device);
  const via = path.nextHop === null || isSame(path.nextHop, destination) ? '' : `via ${formatAddress(path.nextHop)} `;
  if (route === null || !isInPrefix(destination, route.destination) || path.device === loopback) {
    return `local ${target} from :: dev lo proto kernel src ${formatAddress(path.source)} metric 0 pref medium\n`;
  }
  const protocol = route.protocol === 'boot' ? '' : `proto ${route.protocol} `;
  return `${target} from :: ${via}dev ${path.device.name} ${protocol}src ${formatAddress(path.source)} metric ${route.metric} pref medium\n`;
}
