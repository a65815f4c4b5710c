/**
 * ovs-ofctl bundle SWITCH FILE: carries out the file's flow changes, group changes and packet-outs, all or none.
 * Mirrors ofctl_bundle() of utilities/ovs-ofctl.c and parse_ofp_bundle_file() (lib/ofp-bundle.c).
 */
import { UserError } from '../../report/user-error.js';
import { flowFileLines, parseFlowFile } from '../flow-file.js';
import { checkReceivedFlowMod, flowModInVersion } from '../flow-version.js';
import { parseGroupMod } from '../group-mod-parse.js';
import { checkReceivedGroupMod, groupModInVersion } from '../group-version.js';
import { actionsForPacketOut } from '../packet-out-version.js';
import type { PortNames } from '../ports.js';
import { type OpenFlowVersion, P_ANY, P_OF13_UP, type Protocols } from '../protocol.js';
import { type BundleMessage, offering } from '../switch-connection.js';
import { readFlowFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';
import { parsePacketOut } from './packet-out.js';

interface ParsedMessage {
  readonly protocols: Protocols;
  /** The message as the switch gets it; throws what it answers to a bad one. */
  inVersion(version: OpenFlowVersion, tableCount: number): BundleMessage;
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
    return {
      protocols,
      inVersion(version, tableCount) {
        const received = flowModInVersion(mod, version);
        checkReceivedFlowMod(received, version, tableCount);
        return { kind: 'flow-mod', mod: received };
      },
    };
  }
  if ('group'.startsWith(word)) {
    const { mod, protocols } = parseGroupMod(rest, null, ports);
    return {
      protocols,
      inVersion(version) {
        const received = groupModInVersion(mod, version);
        checkReceivedGroupMod(received, version);
        return { kind: 'group-mod', mod: received };
      },
    };
  }
  if ('packet-out'.startsWith(word)) {
    const { inPort, packet, actions, protocols } = parsePacketOut(rest, ports);
    return {
      protocols,
      inVersion(version) {
        return {
          kind: 'packet-out',
          message: { inPort, packet, actions: actionsForPacketOut(actions, inPort, version) },
        };
      },
    };
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
    const { connection, version } = invocation.openForFlowMod(name, usable);
    const xid = invocation.nextXid();
    invocation.refusable(version, xid, invocation.header('ONFT_BUNDLE_CONTROL', version, xid), () => {
      const { tableCount } = connection.features();
      offering(connection, 'bundle').bundle(messages.map((message) => message.inVersion(version, tableCount)));
    });
  },
};
