/** What add-flow, add-flows, mod-flows and del-flows share. Mirrors ofctl_flow_mod() and ofctl_flow_mod_file(). */
import { UserError } from '../../report/user-error.js';
import { parseFlowFile } from '../flow-file.js';
import { parseFlowMod } from '../flow-mod-parse.js';
import type { FlowMod, FlowModCommand } from '../flow-mod.js';
import { P_OF13_UP, type Protocols } from '../protocol.js';
import { sendBundle } from './bundle-transaction.js';
import type { Invocation } from './invocation.js';

function send(invocation: Invocation, name: string, mods: readonly FlowMod[], usable: Protocols): void {
  if (!invocation.options.bundle) {
    invocation.sendFlowMods(name, mods, usable);
    return;
  }
  const messages = mods.map((mod) => ({ kind: 'flow-mod', mod }) as const);
  sendBundle(invocation, name, messages, usable & P_OF13_UP);
}

export async function changeFlows(
  invocation: Invocation,
  name: string,
  flow: string,
  command: FlowModCommand,
): Promise<void> {
  if (flow === '-') {
    await changeFlowsFromFile(invocation, name, flow, command === 'add' ? null : command);
    return;
  }
  const { mod, protocols } = parseFlowMod(flow, command, { ports: invocation.namesToAccept(name) });
  send(invocation, name, [mod], protocols);
}

/** command null: each line may name its own. */
export async function changeFlowsFromFile(
  invocation: Invocation,
  name: string,
  path: string,
  command: FlowModCommand | null,
): Promise<void> {
  const ports = invocation.namesToAccept(name);
  const text = await readFlowFile(invocation, path);
  const { mods, protocols } = parseFlowFile(text, { ports, fileName: path, command });
  send(invocation, name, mods, protocols);
}

/**
 * The file's text; - is standard input. `attempt` is what the real command says that it tried. Deliberate difference: it
 * takes a directory for an empty file.
 */
export async function readFlowFile(invocation: Invocation, path: string, attempt = 'open failed'): Promise<string> {
  if (path === '-') return invocation.environment.stdin;
  try {
    return Buffer.from(await invocation.environment.readFile(path)).toString('utf8');
  } catch (error) {
    const isDirectory = error instanceof Error && error.message.startsWith('EISDIR');
    throw new UserError(`${path}: ${attempt} (${isDirectory ? 'Is a directory' : 'No such file or directory'})`);
  }
}
