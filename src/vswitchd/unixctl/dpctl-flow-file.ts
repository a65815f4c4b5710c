/**
 * dpctl/add-flows, mod-flows and del-flows: flows from a file, one to a line, each with a word in front of it where it
 * is not what the command's name says. Mirrors dpctl_process_flows() and dpctl_del_flows() of lib/dpctl.c, for which
 * a line that fails is no reason to fail.
 */

import type { DpctlCommand, DpctlSession } from './dpctl.js';
import { deleteFlowText, putFlowText } from './dpctl-flow.js';
import { ENOENT } from './errno.js';

type LineCommand = 'add' | 'modify' | 'delete';

const COMMANDS: readonly LineCommand[] = ['add', 'delete', 'modify'];

/** The file that a command line of dpctl reads, or null for none: the last word behind the name of such a command. */
export function flowFileOf(args: readonly string[]): string | null {
  const at = args.findIndex((arg) => /^(dpctl\/)?(add|mod|del)-flows$/.test(arg));
  const last = args.at(-1);
  return at < 0 || at === args.length - 1 || last === undefined ? null : last;
}

function processFlows(args: readonly string[], session: DpctlSession, preset: LineCommand): boolean {
  const path = args.at(-1)!;
  const found = session.datapath(args, 4);
  if (found === null) return false;
  const text = session.readFile(path);
  if (text === null) {
    // OVS says so and still succeeds.
    session.error(`Opening file "${path}" failed`, ENOENT);
    return true;
  }
  for (const [number, line] of meaningfulLines(text)) {
    const { command, flow, actions } = parseLine(line, preset);
    if (flow === null || (command === 'delete') !== (actions === null)) {
      session.error(`Failed parsing line number ${number}, skipped!`);
    } else if (command === 'delete') {
      deleteFlowText(found.dpif, flow, session);
    } else {
      putFlowText(found.dpif, flow, actions!, session, command === 'add' ? 'create' : 'modify');
    }
  }
  return true;
}

/** Lines with their numbers, without comments, and without those that are blank. */
function* meaningfulLines(text: string): Iterable<readonly [number: number, line: string]> {
  const lines = text.split('\n');
  for (const [i, line] of lines.entries()) {
    const plain = line.replace(/#.*$/, '');
    if (/[^ \t\r\n]/.test(plain)) yield [i + 1, plain];
  }
}

function parseLine(
  text: string,
  preset: LineCommand,
): { readonly command: LineCommand; readonly flow: string | null; readonly actions: string | null } {
  let line = text.replace(/^[ \t\r\n]+/, '');
  const word = /^[^, \t\r\n]*/.exec(line)![0];
  // Any beginning of the word will do, even none at all.
  const command = COMMANDS.find((candidate) => candidate.startsWith(word));
  if (command !== undefined) line = line.slice(word.length);
  line = line.replace(/^[ \t\r\n]+/, '');
  const flow = /^[^ \t\r\n]*/.exec(line)![0];
  const actions = line.slice(flow.length).replace(/^[ \t\r\n]+/, '');
  return {
    command: command ?? preset,
    flow: flow === '' ? null : flow,
    actions: flow === '' || actions === '' ? null : actions,
  };
}

function fromFile(name: string, preset: LineCommand): DpctlCommand {
  return {
    name,
    usage: '[dp] file',
    minArgs: 1,
    maxArgs: 2,
    isReadOnly: false,
    run: (args, session) => processFlows(args, session, preset),
  };
}

export const dpctlAddFlows = fromFile('add-flows', 'add');
export const dpctlModFlows = fromFile('mod-flows', 'modify');

export const dpctlDelFlows: DpctlCommand = {
  name: 'del-flows',
  usage: '[dp] [file]',
  minArgs: 0,
  maxArgs: 2,
  isReadOnly: false,
  run(args, session) {
    if (args.length === 2 || (args.length === 1 && session.named(args[0]!) === undefined)) {
      return processFlows(args, session, 'delete');
    }
    const found = session.datapath(args, 2);
    if (found === null) return false;
    found.dpif.flowFlush();
    return true;
  },
};
