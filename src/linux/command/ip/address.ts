/** `ip address`: show, add, delete, flush (iproute2's ip/ipaddress.c). */
import type { NetDevice } from '../../device/net-device.js';
import { broadcastOf, formatAddress, type IpAddress, isLoopbackAddress, type Prefix } from '../../ip/address.js';
import type { AddressOptions, InterfaceAddress } from '../../ip/stack.js';
import type { CommandContext } from '../command.js';
import {
  type Arguments,
  garbage,
  IpError,
  type IpOptions,
  kernelError,
  matches,
  missing,
  rtnetlink,
  usageError,
} from './arguments.js';
import { briefHeadText, countersText, headText, linkText, nameText, stateText } from './device-text.js';
import { selectDevices } from './link.js';

export function ipAddress(args: Arguments, options: IpOptions, context: CommandContext): string {
  const word = args.peek();
  if (word === undefined) return show(args, options, context);
  args.take();
  if (matches(word, 'add') || matches(word, 'change') || word === 'chg' || matches(word, 'replace')) {
    return change(args, context, matches(word, 'add') ? 'add' : 'replace');
  }
  if (matches(word, 'delete')) return change(args, context, 'delete');
  if (matches(word, 'show') || matches(word, 'list') || matches(word, 'lst')) return show(args, options, context);
  if (matches(word, 'flush')) return flush(args, options, context);
  throw usageError(`Command "${word}" is unknown, try "ip address help".`);
}

interface Selection {
  readonly device: string | null;
  readonly onlyUp: boolean;
  readonly scope: string | null;
}

function select(args: Arguments): Selection {
  let device: string | null = null;
  let onlyUp = false;
  let scope: string | null = null;
  while (!args.done) {
    const word = args.take();
    if (word === 'up') onlyUp = true;
    else if (word === 'scope') scope = args.take();
    else if (word === 'to' || word === 'label' || word === 'master' || word === 'type') {
      throw new IpError(`upcall: ip address show ${word} is not simulated`, 1);
    } else {
      const name = word === 'dev' ? args.take() : word;
      if (device !== null) throw garbage('dev', name);
      device = name;
    }
  }
  return { device, onlyUp, scope };
}

function show(args: Arguments, options: IpOptions, context: CommandContext): string {
  const { namespace } = context;
  const selection = select(args);
  const { stack } = namespace;
  let text = '';
  for (const device of selectDevices(context, selection.device)) {
    if (selection.onlyUp && !device.up) continue;
    const addresses = stack
      .addressesOf(device)
      .filter(
        ({ prefix, scope }) =>
          (options.family === null || prefix.address.length === (options.family === 4 ? 4 : 16)) &&
          (selection.scope === null || selection.scope === scope),
      );
    if (options.family !== null && addresses.length === 0) continue;
    if (options.brief) {
      const list = addresses.map(({ prefix }) => `${formatAddress(prefix.address)}/${prefix.length} `).join('');
      text += `${nameText(device).padEnd(16)} ${stateText(device).padEnd(14)} ${list}\n`;
    } else if (options.oneLine) {
      for (const address of addresses) {
        text += `${device.ifindex}: ${device.name}    ${addressText(address).join('\\').trimStart()}\n`;
      }
    } else {
      text += `${options.family === 6 ? briefHeadText(device) : headText(device, false)}\n`;
      if (options.family === null) text += `${linkText(device, namespace)}\n`;
      for (const address of addresses) text += `${addressText(address).join('\n')}\n`;
      if (options.statistics) text += `${countersText(device).join('\n')}\n`;
    }
  }
  return text;
}

function addressText(address: InterfaceAddress): readonly string[] {
  const { prefix, device, scope } = address;
  const isIpv4 = prefix.address.length === 4;
  let line = `    ${isIpv4 ? 'inet' : 'inet6'} ${formatAddress(prefix.address)}/${prefix.length}`;
  if (address.broadcastShown && address.broadcast !== null) line += ` brd ${formatAddress(address.broadcast)}`;
  line += ` scope ${scope} `;
  if (address.secondary) line += 'secondary ';
  if (isIpv4) line += address.label ?? device.name;
  return [line, '       valid_lft forever preferred_lft forever'];
}

function change(args: Arguments, context: CommandContext, what: 'add' | 'replace' | 'delete'): string {
  const { namespace } = context;
  let prefix: Prefix | null = null;
  let device: NetDevice | null = null;
  let broadcast: IpAddress | '+' | '-' | null = null;
  let label: string | undefined;
  let scope: InterfaceAddress['scope'] | undefined;
  while (!args.done) {
    const word = args.peek()!;
    switch (word) {
      case 'dev':
        args.take();
        device = args.device(namespace);
        break;
      case 'brd':
      case 'broadcast':
        args.take();
        if (args.peek() === '+' || args.peek() === '-') broadcast = args.take() as '+' | '-';
        else broadcast = args.address();
        break;
      case 'label':
        args.take();
        label = args.take();
        break;
      case 'scope': {
        args.take();
        const name = args.take();
        if (name !== 'global' && name !== 'link' && name !== 'host') {
          throw usageError(`Error: argument "${name}" is wrong: invalid scope value.\n`);
        }
        scope = name;
        break;
      }
      case 'nodad':
      case 'noprefixroute':
        args.take();
        if (word === 'noprefixroute') throw new IpError('upcall: noprefixroute is not simulated', 1);
        break;
      case 'valid_lft':
      case 'preferred_lft':
      case 'peer':
        throw new IpError(`upcall: ip address ${what} ${word} is not simulated`, 1);
      default:
        if (word === 'local') args.take();
        if (prefix !== null) throw garbage('local', word);
        prefix = args.prefix();
    }
  }
  if (device === null) throw missing('dev', 1);
  if (prefix === null) throw rtnetlink('Operation not supported');
  const { stack } = namespace;
  const isIpv4 = prefix.address.length === 4;
  if (what === 'delete') {
    if (!stack.removeAddress(device, prefix)) {
      throw kernelError(`Error: ${isIpv4 ? 'ipv4: Address' : 'ipv6: address'} not found.`);
    }
    return '';
  }
  const automaticScope = isLoopbackAddress(prefix.address)
    ? 'host'
    : !isIpv4 && prefix.address[0] === 0xfe && (prefix.address[1]! & 0xc0) === 0x80
      ? 'link'
      : 'global';
  const options: AddressOptions = {
    scope: scope ?? automaticScope,
    ...(broadcast === null
      ? {}
      : { broadcast: broadcast === '+' ? broadcastOf(prefix) : broadcast === '-' ? null : broadcast }),
    ...(label === undefined ? {} : { label }),
  };
  if (!stack.addAddress(device, prefix, options) && what === 'add') {
    throw isIpv4
      ? kernelError('Error: ipv4: Address already assigned.')
      : kernelError('Error: ipv6: address already assigned.');
  }
  return '';
}

function flush(args: Arguments, options: IpOptions, context: CommandContext): string {
  if (args.done) throw new IpError('Flush requires arguments.', 1);
  const selection = select(args);
  for (const device of selectDevices(context, selection.device)) {
    if (selection.onlyUp && !device.up) continue;
    for (const { prefix, scope } of context.namespace.stack.addressesOf(device)) {
      const isWanted =
        (selection.scope === null || selection.scope === scope) &&
        (options.family === null || prefix.address.length === (options.family === 4 ? 4 : 16));
      if (isWanted) context.namespace.stack.removeAddress(device, prefix);
    }
  }
  return '';
}
