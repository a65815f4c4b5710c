/**
 * Files of flows: one a line, comments after #, each line with or without its command (`add`, `delete_strict`, …).
 * Mirrors parse_ofp_flow_mod_file() (lib/ofp-flow.c) and ds_get_preprocessed_line() (lib/dynamic-string.c).
 */
import { UserError } from '../report/user-error.js';
import type { FlowMod, FlowModCommand } from './flow-mod.js';
import { type FlowModParseOptions, parseFlowMod } from './flow-mod-parse.js';
import { P_ANY, type Protocols } from './protocol.js';

export interface ParsedFlowFile {
  readonly mods: readonly FlowMod[];
  /** Protocols that can carry every flow. */
  readonly protocols: Protocols;
}

export interface FlowFileOptions extends FlowModParseOptions {
  /** For errors. */
  readonly fileName: string;
  /** The command of lines that name none; null: lines may name one, and are additions otherwise. */
  readonly command: FlowModCommand | null;
}

export interface FlowFileLine {
  readonly number: number;
  readonly text: string;
}

/** The lines that say something, without comments. */
export function flowFileLines(text: string): readonly FlowFileLine[] {
  return text
    .split('\n')
    .map((line, index) => ({ number: index + 1, text: line.replace(/#.*$/s, '') }))
    .filter((line) => /[^ \t\n]/.test(line.text));
}

const COMMANDS: readonly (readonly [string, FlowModCommand])[] = [
  ['add', 'add'],
  ['delete', 'delete'],
  ['delete_strict', 'delete-strict'],
  ['modify', 'modify'],
  ['modify_strict', 'modify-strict'],
];

/** Takes the command off a line; as in OVS the beginning of its name is enough. */
function splitCommand(line: string): { readonly command: FlowModCommand; readonly flow: string } {
  const text = line.trimStart();
  const word = /^[^, \t\r\n]*/.exec(text)![0];
  const found = COMMANDS.find(([name]) => name.startsWith(word));
  return found === undefined ? { command: 'add', flow: text } : { command: found[1], flow: text.slice(word.length) };
}

/** Parses all lines; throws UserError with file and line for the first that is wrong. */
export function parseFlowFile(text: string, options: FlowFileOptions): ParsedFlowFile {
  const mods: FlowMod[] = [];
  let protocols = P_ANY;
  for (const line of flowFileLines(text)) {
    const { command, flow } =
      options.command === null ? splitCommand(line.text) : { command: options.command, flow: line.text };
    try {
      const parsed = parseFlowMod(flow, command, options);
      mods.push(parsed.mod);
      protocols &= parsed.protocols;
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(error.message, { file: options.fileName, line: line.number });
    }
  }
  return { mods, protocols };
}
