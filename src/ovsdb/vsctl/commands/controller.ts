/** Commands about who controls the switch: OpenFlow controllers and the fail mode of bridges, OVSDB managers. */
import { UserError } from '#src/report/user-error.js';
import { sortedSet } from '../../datum.js';
import { sortNames } from '../bridge-map.js';
import type { CommandSyntax } from '../command.js';
import type { CommandContext } from '../context.js';
import { parseLeadingInteger } from './bridge.js';

const TARGET = /^p?(tcp|unix|ssl):/;

/** Rows of Controller or Manager, one for each target. */
function insertTargets(context: CommandContext, table: string, targets: readonly string[]): readonly string[] {
  const probe = context.option('--inactivity-probe');
  return targets.map((target) => {
    if (!TARGET.test(target)) context.run.log.warn('vsctl', `target type "${target}" is possibly erroneous`);
    const row = context.draft.insert(table);
    row.set('target', [target]);
    if (probe !== undefined) row.set('inactivity_probe', [parseLeadingInteger(probe)]);
    return row.uuid;
  });
}

const getController: CommandSyntax = {
  name: 'get-controller',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    const { row } = context.bridges().getBridge(context.arg(0));
    for (const target of sortNames(row.refs('controller').map((controller) => controller.text('target')))) {
      context.print(target);
    }
    return undefined;
  },
};

const delController: CommandSyntax = {
  name: 'del-controller',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: true,
  run(context) {
    const { row } = context.bridges().getRealBridge(context.arg(0));
    for (const controller of row.refs('controller')) context.draft.delete(controller);
    row.set('controller', []);
    return undefined;
  },
};

const setController: CommandSyntax = {
  name: 'set-controller',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'BRIDGE TARGET...',
  options: ['--inactivity-probe='],
  writes: true,
  run(context) {
    const { row } = context.bridges().getRealBridge(context.arg(0));
    for (const controller of row.refs('controller')) context.draft.delete(controller);
    row.set('controller', sortedSet(insertTargets(context, 'Controller', context.args.slice(1))));
    return undefined;
  },
};

const getFailMode: CommandSyntax = {
  name: 'get-fail-mode',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: false,
  run(context) {
    const mode = context.bridges().getBridge(context.arg(0)).row.text('fail_mode');
    if (mode !== '') context.print(mode);
    return undefined;
  },
};

const delFailMode: CommandSyntax = {
  name: 'del-fail-mode',
  minArgs: 1,
  maxArgs: 1,
  arguments: 'BRIDGE',
  options: [],
  writes: true,
  run(context) {
    context.bridges().getRealBridge(context.arg(0)).row.set('fail_mode', []);
    return undefined;
  },
};

const setFailMode: CommandSyntax = {
  name: 'set-fail-mode',
  minArgs: 2,
  maxArgs: 2,
  arguments: 'BRIDGE MODE',
  options: [],
  writes: true,
  run(context) {
    const { row } = context.bridges().getRealBridge(context.arg(0));
    const mode = context.arg(1);
    if (mode !== 'standalone' && mode !== 'secure') {
      throw new UserError('fail-mode must be "standalone" or "secure"');
    }
    row.set('fail_mode', [mode]);
    return undefined;
  },
};

const getManager: CommandSyntax = {
  name: 'get-manager',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: false,
  run(context) {
    const targets = context.draft
      .root()
      .refs('manager_options')
      .map((manager) => manager.text('target'));
    for (const target of sortNames([...new Set(targets)])) context.print(target);
    return undefined;
  },
};

function deleteManagers(context: CommandContext): void {
  const root = context.draft.root();
  for (const manager of root.refs('manager_options')) context.draft.delete(manager);
  root.set('manager_options', []);
}

const delManager: CommandSyntax = {
  name: 'del-manager',
  minArgs: 0,
  maxArgs: 0,
  arguments: '',
  options: [],
  writes: true,
  run(context) {
    deleteManagers(context);
    return undefined;
  },
};

const setManager: CommandSyntax = {
  name: 'set-manager',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  arguments: 'TARGET...',
  options: ['--inactivity-probe='],
  writes: true,
  run(context) {
    deleteManagers(context);
    context.draft.root().set('manager_options', sortedSet(insertTargets(context, 'Manager', context.args)));
    return undefined;
  },
};

export const controllerCommands: readonly CommandSyntax[] = [
  getController,
  delController,
  setController,
  getFailMode,
  delFailMode,
  setFailMode,
  getManager,
  delManager,
  setManager,
];
