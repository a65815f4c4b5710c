/** Commands that add, delete and name bridges, real ones and VLANs of others that pass for bridges ("fake bridges"). */
import { UserError } from '#src/report/user-error.js';
import { differenceOf, unionOf } from '../../datum.js';
import type { BridgeEntry, BridgeMap } from '../bridge-map.js';
import { sortNames } from '../bridge-map.js';
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';
import type { Draft, DraftRow } from '../draft.js';

export function addReference(row: DraftRow, column: string, uuid: string): void {
  row.set(column, unionOf(row.get(column), [uuid]));
}

export function removeReference(row: DraftRow, column: string, uuid: string): void {
  row.set(column, differenceOf(row.get(column), [uuid]));
}

/** A leading number, or 0, as atoi() reads it. */
export const parseLeadingInteger = (text: string): number => Number.parseInt(text, 10) || 0;

/** Adds the internal interface and the port of a bridge's own name. */
function insertLocalPort(context: CommandContext, name: string): DraftRow {
  const local = context.draft.insert('Interface');
  local.set('name', [name]);
  local.set('type', ['internal']);
  context.run.newInterfaces.push(local);
  const port = context.draft.insert('Port');
  port.set('name', [name]);
  port.set('interfaces', [local.uuid]);
  return port;
}

/** Whether a bridge that exists already is the one wanted; throws when it is another. */
function checkExisting(bridge: BridgeEntry, parent: string | undefined, vlan: number): void {
  const { name } = bridge;
  if (parent === undefined) {
    if (bridge.parent === undefined) return;
    throw new UserError(`"--may-exist add-br ${name}" but ${name} is a VLAN bridge for VLAN ${bridge.vlan}`);
  }
  const wish = `"--may-exist add-br ${name} ${parent} ${vlan}" but ${name}`;
  if (bridge.parent === undefined) throw new UserError(`${wish} is not a VLAN bridge`);
  if (bridge.parent.name !== parent) throw new UserError(`${wish} has the wrong parent ${bridge.parent.name}`);
  if (bridge.vlan !== vlan) throw new UserError(`${wish} is a VLAN bridge for the wrong VLAN ${bridge.vlan}`);
}

const addBr: CommandSyntax = {
  name: 'add-br',
  minArgs: 1,
  maxArgs: 3,
  arguments: 'NEW-BRIDGE [PARENT] [NEW-VLAN]',
  options: ['--may-exist'],
  writes: true,
  run(context) {
    const [name = '', parentName, vlanText] = context.args;
    if (name === '') throw new UserError('bridge name must not be empty string');
    if (parentName !== undefined && vlanText === undefined) {
      throw new UserError("'add-br' command takes exactly 1 or 3 arguments");
    }
    const vlan = parseLeadingInteger(vlanText ?? '');
    if (vlan < 0 || vlan > 4095) throw new UserError('add-br: vlan must be between 0 and 4095');
    const bridges = context.bridges();
    const existing = context.hasOption('--may-exist') ? bridges.findBridge(name) : undefined;
    if (existing !== undefined) {
      checkExisting(existing, parentName, vlan);
      return undefined;
    }
    bridges.checkConflicts(name, `cannot create a bridge named ${name}`);
    if (parentName === undefined) {
      const port = insertLocalPort(context, name);
      const bridge = context.draft.insert('Bridge');
      bridge.set('name', [name]);
      bridge.set('ports', [port.uuid]);
      addReference(context.draft.root(), 'bridges', bridge.uuid);
      return undefined;
    }
    const parent = bridges.findBridge(parentName);
    if (parent?.parent !== undefined) throw new UserError('cannot create bridge with fake bridge as parent');
    if (parent === undefined) throw new UserError(`parent bridge ${parentName} does not exist`);
    const conflict = parent.children.get(vlan);
    if (conflict !== undefined) {
      throw new UserError(`bridge ${parentName} already has a child VLAN bridge ${conflict.name} on VLAN ${vlan}`);
    }
    const port = insertLocalPort(context, name);
    port.set('fake_bridge', [true]);
    port.set('tag', [vlan]);
    addReference(parent.row, 'ports', port.uuid);
    return undefined;
  },
};

/** Takes a port out of its bridge, with its interfaces. */
export function deletePort(draft: Draft, port: { readonly row: DraftRow; readonly bridge: BridgeEntry }): void {
  removeReference(port.bridge.row, 'ports', port.row.uuid);
  for (const interfaceRow of port.row.refs('interfaces')) draft.delete(interfaceRow);
  draft.delete(port.row);
}

function deleteBridge(draft: Draft, bridge: BridgeEntry): void {
  for (const child of bridge.children.values()) deleteBridge(draft, child);
  for (const port of bridge.ports) deletePort(draft, port);
  if (bridge.parent !== undefined) return;
  for (const set of draft.rows('Flow_Sample_Collector_Set')) {
    if (set.atom('bridge') === bridge.row.uuid) draft.delete(set);
  }
  removeReference(draft.root(), 'bridges', bridge.row.uuid);
  draft.delete(bridge.row);
}

const delBr: CommandSyntax = {
  name: 'del-br',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: ['--if-exists'],
  writes: true,
  run(context) {
    const bridges = context.bridges();
    const name = context.arg(0);
    const bridge = context.hasOption('--if-exists') ? bridges.findBridge(name) : bridges.getBridge(name);
    if (bridge !== undefined) deleteBridge(context.draft, bridge);
    return undefined;
  },
};

const listBr: CommandSyntax = {
  name: 'list-br',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: ['--real', '--fake'],
  writes: false,
  run(context) {
    const isAnyKind = !context.hasOption('--real') && !context.hasOption('--fake');
    const wanted = [...context.bridges().bridges.values()].filter(
      ({ parent }) => isAnyKind || context.hasOption(parent === undefined ? '--real' : '--fake'),
    );
    for (const name of sortNames(wanted.map((bridge) => bridge.name))) context.print(name);
    return undefined;
  },
};

const brExists: CommandSyntax = {
  name: 'br-exists',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run: (context) => (context.bridges().findBridge(context.arg(0)) === undefined ? 2 : undefined),
};

const brToVlan: CommandSyntax = {
  name: 'br-to-vlan',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    context.print(String(context.bridges().getBridge(context.arg(0)).vlan));
    return undefined;
  },
};

const brToParent: CommandSyntax = {
  name: 'br-to-parent',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    const bridge = context.bridges().getBridge(context.arg(0));
    context.print((bridge.parent ?? bridge).name);
    return undefined;
  },
};

/** Where a bridge keeps its external IDs: a fake bridge in its port, under a prefix. */
function externalIds(bridges: BridgeMap, name: string): { readonly row: DraftRow; readonly prefix: string } {
  const bridge = bridges.getBridge(name);
  if (bridge.parent === undefined) return { row: bridge.row, prefix: '' };
  return { row: bridges.ports.get(name)!.row, prefix: 'fake-bridge-' };
}

const brSetExternalId: CommandSyntax = {
  name: 'br-set-external-id',
  minArgs: 2,
  maxArgs: 3,
  arguments: 'BRIDGE KEY [VALUE]',
  options: [],
  writes: true,
  run(context) {
    const { row, prefix } = externalIds(context.bridges(), context.arg(0));
    const key = prefix + context.arg(1);
    const value = context.args[2];
    const without = differenceOf(row.get('external_ids'), [key]);
    row.set('external_ids', value === undefined ? without : unionOf(new Map([[key, value]]), without));
    return undefined;
  },
};

const brGetExternalId: CommandSyntax = {
  name: 'br-get-external-id',
  minArgs: 1,
  maxArgs: 2,
  arguments: 'BRIDGE [KEY]',
  options: [],
  writes: false,
  run(context) {
    const { row, prefix } = externalIds(context.bridges(), context.arg(0));
    const wanted = context.args[1];
    for (const [key, value] of row.map('external_ids')) {
      const name = String(key);
      if (!name.startsWith(prefix)) continue;
      const bare = name.slice(prefix.length);
      if (wanted === undefined) context.print(`${bare}=${value}`);
      else if (wanted === bare) context.print(String(value));
    }
    return undefined;
  },
};

export const bridgeCommands: readonly CommandSyntax[] = [
  addBr,
  delBr,
  listBr,
  brExists,
  brToVlan,
  brToParent,
  brSetExternalId,
  brGetExternalId,
];
