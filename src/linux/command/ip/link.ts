/** `ip link`: show, set, add, delete (iproute2's ip/iplink.c). Only devices that this room has can be added. */
import { Loopback } from '../../device/loopback.js';
import type { NetDevice } from '../../device/net-device.js';
import type { CommandContext } from '../command.js';
import {
  type Arguments,
  garbage,
  type IpOptions,
  IpError,
  kernelError,
  matches,
  missing,
  rtnetlink,
  usageError,
} from './arguments.js';
import { briefLinkText, countersText, headText, linkText } from './device-text.js';

/** IFNAMSIZ without its end. */
const MAX_NAME_SIZE = 15;
const MIN_MTU = 68;

export function ipLink(args: Arguments, options: IpOptions, context: CommandContext): string {
  const word = args.peek();
  if (word === undefined) return show(args, options, context);
  args.take();
  if (matches(word, 'set') || matches(word, 'change')) return set(args, context);
  if (matches(word, 'add')) return add(args, context);
  if (matches(word, 'delete')) return remove(args, context);
  if (matches(word, 'show') || matches(word, 'list') || matches(word, 'lst')) return show(args, options, context);
  throw usageError(`Command "${word}" is unknown, try "ip link help".`);
}

function show(args: Arguments, options: IpOptions, context: CommandContext): string {
  const { namespace } = context;
  let wanted: string | null = null;
  let onlyUp = false;
  while (!args.done) {
    let word = args.take();
    if (word === 'up') {
      onlyUp = true;
      continue;
    }
    if (word === 'dev') word = args.take();
    if (wanted !== null) throw garbage('dev', word);
    wanted = word;
  }
  const devices = selectDevices(context, wanted).filter((device) => !onlyUp || device.up);
  if (options.brief) return devices.map((device) => `${briefLinkText(device)}\n`).join('');
  return devices
    .map((device) => {
      const lines = [headText(device, true), linkText(device, namespace)];
      if (options.statistics) lines.push(...countersText(device));
      return `${lines.join(options.oneLine ? '\\' : '\n')}\n`;
    })
    .join('');
}

/** All devices in the order of their numbers, or the one of that name. */
export function selectDevices(context: CommandContext, name: string | null): readonly NetDevice[] {
  const { devices } = context.namespace;
  if (name === null) return [...devices.values()].sort((a, b) => a.ifindex - b.ifindex);
  const device = devices.get(name);
  if (device === undefined) throw new IpError(`Device "${name}" does not exist.`, 1);
  return [device];
}

function set(args: Arguments, context: CommandContext): string {
  const { namespace, machine } = context;
  let device: NetDevice | null = null;
  const changes: ((device: NetDevice) => void)[] = [];
  while (!args.done) {
    const word = args.take();
    switch (word) {
      case 'up':
        changes.push((target) => target.setUp(true));
        break;
      case 'down':
        changes.push((target) => target.setUp(false));
        break;
      case 'mtu': {
        const mtu = args.unsigned('mtu');
        changes.push((target) => {
          if (mtu < MIN_MTU) throw kernelError('Error: mtu less than device minimum.');
          if (mtu > 65_535 && target.kind !== 'loopback') throw kernelError('Error: mtu greater than device maximum.');
          target.setMtu(mtu);
        });
        break;
      }
      case 'address': {
        const mac = args.mac();
        changes.push((target) => {
          if ((mac[0]! & 1) !== 0) throw rtnetlink('Cannot assign requested address');
          target.setMac(mac);
        });
        break;
      }
      case 'name': {
        const name = args.take();
        checkName(name);
        changes.push((target) => {
          if (name !== target.name && !namespace.renameDevice(target, name)) throw rtnetlink('File exists');
        });
        break;
      }
      case 'netns': {
        const name = args.take();
        changes.push((target) => {
          const to = name === '1' ? machine.root : machine.namespaces.get(name);
          if (to === undefined) throw usageError(`Error: argument "${name}" is wrong: Invalid "netns" value\n`);
          if (target instanceof Loopback) throw rtnetlink('Invalid argument');
          // A switch lets go of a device that leaves, unless the device is the switch's own.
          if (target.kind !== 'internal') target.onReceive(null);
          if (to !== namespace && !to.addDevice(target)) throw rtnetlink('File exists');
        });
        break;
      }
      case 'promisc':
      case 'arp':
      case 'multicast':
        throw new IpError(`upcall: ip link set ${word} is not simulated`, 1);
      default: {
        if (device !== null) throw garbage('dev', word);
        const name = word === 'dev' ? args.take() : word;
        device = namespace.devices.get(name) ?? null;
        if (device === null) throw new IpError(`Cannot find device "${name}"`, 1);
      }
    }
  }
  if (device === null) throw missing('dev');
  for (const change of changes) change(device);
  return '';
}

function add(args: Arguments, context: CommandContext): string {
  const { namespace, machine } = context;
  let name: string | null = null;
  let peerName: string | null = null;
  let mac: Uint8Array | undefined;
  let peerMac: Uint8Array | undefined;
  let peerNamespace = namespace;
  let mtu: number | undefined;
  let type: string | null = null;
  while (!args.done) {
    const word = args.take();
    if (word === 'type') {
      type = args.take();
      if (type !== 'veth') throw kernelError('Error: Unknown device type.');
      if (args.peek() !== 'peer') continue;
      args.take();
      while (!args.done) {
        const option = args.take();
        if (option === 'name') peerName = args.take();
        else if (option === 'address') peerMac = args.mac();
        else if (option === 'netns') {
          const target = args.take();
          const found = machine.namespaces.get(target);
          if (found === undefined) throw usageError(`Error: argument "${target}" is wrong: Invalid "netns" value\n`);
          peerNamespace = found;
        } else if (peerName === null) peerName = option;
        else throw garbage('name', option);
      }
    } else if (word === 'address') mac = args.mac();
    else if (word === 'mtu') mtu = args.unsigned('mtu');
    else if (word === 'name' || word === 'dev') name = args.take();
    else if (name === null) name = word;
    else throw garbage('name', word);
  }
  if (type === null) throw new IpError('Not enough information: "type" argument is required', 1);
  const free = (taken: string | null, space = namespace): string => {
    for (let number = 0; ; number++) {
      const candidate = `veth${number}`;
      if (!space.devices.has(candidate) && candidate !== taken) return candidate;
    }
  };
  name ??= free(peerName);
  peerName ??= free(name, peerNamespace);
  checkName(name);
  checkName(peerName);
  if (namespace.devices.has(name) || peerNamespace.devices.has(peerName)) throw rtnetlink('File exists');
  if (peerNamespace === namespace && name === peerName) throw rtnetlink('File exists');
  machine.addVethPair(name, peerName, {
    namespace,
    peerNamespace,
    ...(mac === undefined ? {} : { mac }),
    ...(peerMac === undefined ? {} : { peerMac }),
    ...(mtu === undefined ? {} : { mtu }),
  });
  return '';
}

function remove(args: Arguments, context: CommandContext): string {
  let device: NetDevice | null = null;
  while (!args.done) {
    const word = args.take();
    if (word === 'type') {
      args.take();
      continue;
    }
    const name = word === 'dev' ? args.take() : word;
    if (device !== null) throw garbage('dev', name);
    device = context.namespace.devices.get(name) ?? null;
    if (device === null) throw new IpError(`Cannot find device "${name}"`, 1);
  }
  if (device === null) throw missing('dev');
  // A card is hardware, and an internal port is the switch's own.
  if (device.kind !== 'veth') throw rtnetlink('Operation not supported');
  device.destroy();
  return '';
}

function checkName(name: string): void {
  if (name === '' || name.length > MAX_NAME_SIZE || /[/\s]/.test(name) || name === '.' || name === '..') {
    throw usageError(`Error: argument "${name}" is wrong: "name" not a valid ifname\n`);
  }
}
