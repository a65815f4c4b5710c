/**
 * ovs-ofctl bundle SWITCH FILE: carries out the file's flow changes, group changes and packet-outs, all or none.
 * Mirrors ofctl_bundle() of utilities/ovs-ofctl.c and parse_ofp_bundle_file() (lib/ofp-bundle.c).
 */
import { UserError } from '../../report/user-error.js';
import { flowFileLines, parseFlowFile } from '../flow-file.js';
import { parseGroupMod } from '../group-mod-parse.js';
import type { PortNames } from '../ports.js';
import { P_ANY, P_OF13_UP, type Protocols } from '../protocol.js';
import { sendBundle, type ToolMessage } from './bundle-transaction.js';
import { readFlowFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';
import { parsePacketOut } from './packet-out.js';

interface ParsedMessage {
  readonly protocols: Protocols;
  readonly message: ToolMessage;
  /** Does a packet-out tell more of its packet than its bytes? */
}

/** The beginning of a word is enough, as it is for commands of flows. */
function parseLine(line: string, ports: PortNames): ParsedMessage {
  const text = line.trimStart();
  const word = /^[^, \t\r\n]*/.exec(text)![0];
  const rest = text.slice(word.length);
  if ('flow'.startsWith(word)) {
    const { mods, protocols } = parseFlowFile(rest, { ports, fileName: '', command: null });
    const mod = mods[0];
    if (mod === undefined) throw new UserError('must specify an action');
    return { protocols, message: { kind: 'flow-mod', mod } };
  }
  if ('group'.startsWith(word)) {
    const { mod, protocols } = parseGroupMod(rest, null, ports);
    return { protocols, message: { kind: 'group-mod', mod } };
  }
  if ('packet-out'.startsWith(word)) {
    const { message, protocols } = parsePacketOut(rest, ports);
    return { protocols, message: { kind: 'packet-out', message } };
  }
  throw new UserError(`Unsupported bundle message type: ${word}`);
}

export const bundle: OfctlCommand = {
  name: 'bundle',
  usage: 'switch file',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  async run(invocation, [name = '', path = '']) {
    const ports = invocation.namesToAccept(name);
    const messages = flowFileLines(await readFlowFile(invocation, path)).map((line): ParsedMessage => {
      try {
        return parseLine(line.text, ports);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        throw new UserError(error.message, { file: path, line: line.number });
      }
    });
    const usable = messages.reduce((set, { protocols }) => set & protocols, P_ANY) & P_OF13_UP;
    sendBundle(
      invocation,
      name,
      messages.map(({ message }) => message),
      usable,
    );
  },
};
