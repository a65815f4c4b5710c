/** Commands about ports, the bonds among them, and their interfaces. */
import { UserError } from '#src/report/user-error.js';
import type { PortEntry } from '../bridge-map.js';
import { sortNames } from '../bridge-map.js';
import { setColumn } from '../column-argument.js';
import type { CommandSyntax } from '../command.js';
import { commandToString } from '../command.js';
import type { CommandContext } from '../context.js';
import { addReference, deletePort, removeReference } from './bridge.js';
import { sortedSet } from '../../datum.js';

const listPorts: CommandSyntax = {
  name: 'list-ports',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    const bridge = context.bridges().getBridge(context.arg(0));
    const names = bridge.ports.map((port) => port.name).filter((name) => name !== bridge.name);
    for (const name of sortNames(names)) context.print(name);
    return undefined;
  },
};

interface NewPort {
  readonly bridge: string;
  readonly name: string;
  readonly interfaces: readonly string[];
  readonly hasFakeInterface: boolean;
  readonly settings: readonly string[];
}

/** Throws when the port that exists is not the one wanted. */
function checkExisting(context: CommandContext, existing: PortEntry, wanted: NewPort): void {
  const wish = `"${commandToString(context.command)}" but ${wanted.name}`;
  if (existing.bridge.name !== wanted.bridge) {
    throw new UserError(`${wish} is actually attached to bridge ${existing.bridge.name}`);
  }
  const have = sortNames(existing.row.refs('interfaces').map((row) => row.text('name')));
  const want = sortNames(wanted.interfaces);
  if (have.length !== want.length || have.some((name, i) => name !== want[i])) {
    throw new UserError(`${wish} actually has interface(s) ${have.join(', ')}`);
  }
}

function addNewPort(context: CommandContext, wanted: NewPort): void {
  if (wanted.name === '') throw new UserError('port name must not be empty string');
  if (wanted.interfaces.includes('')) throw new UserError('interface name must not be empty string');
  const bridges = context.bridges();
  const existing = context.hasOption('--may-exist') ? bridges.findPort(wanted.name) : undefined;
  if (existing !== undefined) {
    checkExisting(context, existing, wanted);
    return;
  }
  bridges.checkConflicts(wanted.name, `cannot create a port named ${wanted.name}`);
  for (const name of wanted.interfaces) bridges.checkConflicts(name, `cannot create an interface named ${name}`);
  const bridge = bridges.getBridge(wanted.bridge);
  const interfaces = wanted.interfaces.map((name) => {
    const row = context.draft.insert('Interface');
    row.set('name', [name]);
    context.run.newInterfaces.push(row);
    return row.uuid;
  });
  const port = context.draft.insert('Port');
  port.set('name', [wanted.name]);
  port.set('interfaces', sortedSet(interfaces));
  port.set('bond_fake_iface', [wanted.hasFakeInterface]);
  if (bridge.parent !== undefined) port.set('tag', [bridge.vlan]);
  for (const setting of wanted.settings) setColumn(port, setting, context.symbols, false);
  addReference(bridge.row, 'ports', port.uuid);
}

const addPort: CommandSyntax = {
  name: 'add-port',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'BRIDGE NEW-PORT [COLUMN[:KEY]=VALUE]...',
  options: ['--may-exist'],
  writes: true,
  run(context) {
    const name = context.arg(1);
    addNewPort(context, {
      bridge: context.arg(0),
      name,
      interfaces: [name],
      hasFakeInterface: false,
      settings: context.args.slice(2),
    });
    return undefined;
  },
};

const addBond: CommandSyntax = {
  name: 'add-bond',
  minArgs: 4,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'BRIDGE BOND IFACE... [COLUMN[:KEY]=VALUE]...',
  options: ['--may-exist', '--fake-iface'],
  writes: true,
  run(context) {
    const words = context.args.slice(2);
    const firstSetting = words.findIndex((word) => word.includes('='));
    const interfaces = firstSetting < 0 ? words : words.slice(0, firstSetting);
    if (interfaces.length < 2) {
      throw new UserError(`add-bond requires at least 2 interfaces, but only ${interfaces.length} were specified`);
    }
    addNewPort(context, {
      bridge: context.arg(0),
      name: context.arg(1),
      interfaces,
      hasFakeInterface: context.hasOption('--fake-iface'),
      settings: words.slice(interfaces.length),
    });
    return undefined;
  },
};

const addBondIface: CommandSyntax = {
  name: 'add-bond-iface',
  minArgs: 2,
  maxArgs: 2,
  arguments: 'BOND IFACE',
  options: ['--may-exist'],
  writes: true,
  run(context) {
    const bridges = context.bridges();
    const port = bridges.getPort(context.arg(0));
    const name = context.arg(1);
    const existing = context.hasOption('--may-exist') ? bridges.findInterface(name) : undefined;
    if (existing !== undefined) {
      if (existing.port === port) return undefined;
      const wish = `"${commandToString(context.command)}" but ${name}`;
      throw new UserError(`${wish} is actually attached to port ${existing.port.name}`);
    }
    bridges.checkConflicts(name, `cannot create an interface named ${name}`);
    const row = context.draft.insert('Interface');
    row.set('name', [name]);
    context.run.newInterfaces.push(row);
    addReference(port.row, 'interfaces', row.uuid);
    return undefined;
  },
};

const delBondIface: CommandSyntax = {
  name: 'del-bond-iface',
  minArgs: 1,
  maxArgs: 2,
  arguments: '[BOND] IFACE',
  options: ['--if-exists'],
  writes: true,
  run(context) {
    const bridges = context.bridges();
    const name = context.arg(context.args.length - 1);
    const found = context.hasOption('--if-exists') ? bridges.findInterface(name) : bridges.getInterface(name);
    if (found === undefined) return undefined;
    if (context.args.length > 1 && bridges.getPort(context.arg(0)) !== found.port) {
      throw new UserError(`port ${context.arg(0)} does not have an interface ${name}`);
    }
    if (found.port.interfaces.length < 2) {
      throw new UserError(`cannot delete last interface from port ${found.port.name}`);
    }
    removeReference(found.port.row, 'interfaces', found.row.uuid);
    context.draft.delete(found.row);
    return undefined;
  },
};

function findTarget(context: CommandContext, target: string): PortEntry | undefined {
  const bridges = context.bridges();
  const mustExist = !context.hasOption('--if-exists');
  if (bridges.findBridge(target) !== undefined) {
    if (!mustExist) return undefined;
    throw new UserError(
      `cannot delete port ${target} because it is the local port for bridge ${target} (deleting this port requires ` +
        'deleting the entire bridge)',
    );
  }
  if (!context.hasOption('--with-iface')) return mustExist ? bridges.getPort(target) : bridges.findPort(target);
  const port = bridges.findPort(target) ?? bridges.findInterface(target)?.port;
  if (port === undefined && mustExist) throw new UserError(`no port or interface named ${target}`);
  return port;
}

const delPort: CommandSyntax = {
  name: 'del-port',
  minArgs: 1,
  maxArgs: 2,
  arguments: '[BRIDGE] PORT|IFACE',
  options: ['--if-exists', '--with-iface'],
  writes: true,
  run(context) {
    const target = context.arg(context.args.length - 1);
    const port = findTarget(context, target);
    if (port === undefined) return undefined;
    if (context.args.length === 2) {
      const { name } = context.bridges().getBridge(context.arg(0));
      if (port.bridge.name !== name) {
        const child = port.bridge.parent?.name === name ? ` (although its child bridge ${port.bridge.name} does)` : '';
        throw new UserError(`bridge ${name} does not have a port ${target}${child}`);
      }
    }
    deletePort(context.draft, port);
    return undefined;
  },
};

const portToBr: CommandSyntax = {
  name: 'port-to-br',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'PORT',
  options: [],
  writes: false,
  run(context) {
    context.print(context.bridges().getPort(context.arg(0)).bridge.name);
    return undefined;
  },
};

const listIfaces: CommandSyntax = {
  name: 'list-ifaces',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    const bridge = context.bridges().getBridge(context.arg(0));
    const names = bridge.ports.flatMap((port) => port.interfaces.map((entry) => entry.name));
    for (const name of sortNames(names.filter((candidate) => candidate !== bridge.name))) context.print(name);
    return undefined;
  },
};

const ifaceToBr: CommandSyntax = {
  name: 'iface-to-br',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'IFACE',
  options: [],
  writes: false,
  run(context) {
    context.print(context.bridges().getInterface(context.arg(0)).port.bridge.name);
    return undefined;
  },
};

export const portCommands: readonly CommandSyntax[] = [
  listPorts,
  addPort,
  delPort,
  portToBr,
  addBond,
  addBondIface,
  delBondIface,
  listIfaces,
  ifaceToBr,
];
