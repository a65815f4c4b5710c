/**
 * add-group, add-groups, mod-group, del-groups, insert-buckets and remove-buckets.
 * Mirrors ofctl_group_mod(), ofctl_group_mod_file() and bundle_group_mod__() of utilities/ovs-ofctl.c.
 */
import { UserError } from '../../report/user-error.js';
import { flowFileLines } from '../flow-file.js';
import { formatGroupMod } from '../group-format.js';
import type { GroupMod, GroupModCommand } from '../group-mod.js';
import { type ParsedGroupMod, parseGroupMod } from '../group-mod-parse.js';
import { checkReceivedGroupMod, groupModInVersion } from '../group-version.js';
import { P_ANY, P_OF13_UP, type Protocols, versionOfProtocol } from '../protocol.js';
import { offering } from '../switch-connection.js';
import { sendBundle } from './bundle-transaction.js';
import { readFlowFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

/** Changes groups one by one; the first that the switch refuses ends the run. */
function send(invocation: Invocation, name: string, mods: readonly GroupMod[], usable: Protocols): void {
  if (invocation.options.bundle) {
    const messages = mods.map((mod) => ({ kind: 'group-mod', mod }) as const);
    sendBundle(invocation, name, messages, usable & P_OF13_UP);
    return;
  }
  const { connection, version, protocol } = invocation.openForFlowMod(name, usable);
  const messageName = version === 10 ? 'NXT_GROUP_MOD' : 'OFPT_GROUP_MOD';
  for (const mod of mods) {
    const received = groupModInVersion(mod, versionOfProtocol(protocol));
    const xid = invocation.sendQuietly();
    const head = invocation.header(messageName, version, xid);
    invocation.refusable(version, xid, `${head} ***decode error***`, () => checkReceivedGroupMod(received, version));
    const options = { ports: connection.ports, names: invocation.showsNames };
    invocation.refusable(version, xid, `${head}${formatGroupMod(received, version, options)}`, () => {
      offering(connection, 'groupMods').groupMods([received]);
    });
  }
}

async function changeFromFile(
  invocation: Invocation,
  name: string,
  path: string,
  command: GroupModCommand | null,
): Promise<void> {
  const ports = invocation.namesToAccept(name);
  const text = await readFlowFile(invocation, path);
  const parsed = flowFileLines(text).map((line): ParsedGroupMod => {
    try {
      return parseGroupMod(line.text, command, ports);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(error.message, { file: path, line: line.number });
    }
  });
  const usable = parsed.reduce((set, { protocols }) => set & protocols, P_ANY);
  send(
    invocation,
    name,
    parsed.map(({ mod }) => mod),
    usable,
  );
}

async function change(
  invocation: Invocation,
  name: string,
  group: string | undefined,
  command: GroupModCommand,
): Promise<void> {
  if (group === '-') {
    await changeFromFile(invocation, name, group, command === 'add' ? null : command);
    return;
  }
  const { mod, protocols } = parseGroupMod(group ?? '', command, invocation.namesToAccept(name));
  send(invocation, name, [mod], protocols);
}

const groupCommand = (
  name: string,
  usage: string,
  minArgs: number,
  commandOf: (invocation: Invocation) => GroupModCommand,
): OfctlCommand => ({
  name,
  usage,
  minArgs,
  maxArgs: 2,
  writes: true,
  run: (invocation, [switchName = '', group]) => change(invocation, switchName, group, commandOf(invocation)),
});

export const addGroup = groupCommand('add-group', 'switch group', 1, () => 'add');
export const modGroup = groupCommand('mod-group', 'switch group', 1, ({ options }) =>
  options.mayCreate ? 'add-or-modify' : 'modify',
);
export const delGroups = groupCommand('del-groups', 'switch [group]', 1, () => 'delete');
export const insertBuckets = groupCommand('insert-buckets', 'switch [group]', 1, () => 'insert-bucket');
export const removeBuckets = groupCommand('remove-buckets', 'switch [group]', 1, () => 'remove-bucket');

export const addGroups: OfctlCommand = {
  name: 'add-groups',
  usage: 'switch file',
  minArgs: 1,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', path = '']) => changeFromFile(invocation, name, path, null),
};
