/** ovs-ofctl parse-flow FLOW and parse-flows FILE: print how flows would travel. Mirrors ofctl_parse_flows__(). */
import { UserError } from '../../report/user-error.js';
import { parseFlowFile } from '../flow-file.js';
import type { FlowMod } from '../flow-mod.js';
import { formatFlowMod } from '../flow-mod-format.js';
import { parseFlowMod } from '../flow-mod-parse.js';
import { checkReceivedFlowMod, flowModInVersion, shownFlowMod } from '../flow-version.js';
import { NO_PORT_NAMES } from '../ports.js';
import {
  formatProtocols,
  type OpenFlowVersion,
  P_OF10_NXM_ANY,
  type Protocols,
  versionOfProtocol,
} from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import { readFlowFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

function printFlows(invocation: Invocation, mods: readonly FlowMod[], usable: Protocols): void {
  invocation.print(`usable protocols: ${formatProtocols(usable)}\n`);
  const candidates = usable & invocation.options.allowed;
  if (candidates === 0) throw new UserError('no usable protocol');
  const protocol = candidates & -candidates;
  invocation.print(`chosen protocol: ${formatProtocols(protocol)}\n`);
  const version = versionOfProtocol(protocol);
  const message = (protocol & P_OF10_NXM_ANY) !== 0 ? 'NXT_FLOW_MOD' : 'OFPT_FLOW_MOD';
  for (const mod of mods) {
    const carried = flowModInVersion(mod, version, protocol);
    const shown = shownFlowMod(mod, carried, protocol);
    const head = invocation.header(message, version, invocation.nextXid());
    invocation.print(`${head} ${describe(carried, shown, version)}\n`);
  }
}

/** The change as a switch understands it, or why it does not. */
function describe(carried: FlowMod, shown: FlowMod, version: OpenFlowVersion): string {
  try {
    checkReceivedFlowMod(carried, version, 255, 'tool');
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    return `***decode error: ${error.code}***`;
  }
  return formatFlowMod(shown, version, { ports: NO_PORT_NAMES });
}

export const parseFlow: OfctlCommand = {
  name: 'parse-flow',
  usage: 'flow',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [flow = '']) {
    const { mod, protocols } = parseFlowMod(flow, 'add', { ports: NO_PORT_NAMES });
    printFlows(invocation, [mod], protocols);
  },
};

export const parseFlows: OfctlCommand = {
  name: 'parse-flows',
  usage: 'file',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  async run(invocation, [path = '']) {
    const text = await readFlowFile(invocation, path);
    const { mods, protocols } = parseFlowFile(text, { ports: NO_PORT_NAMES, fileName: path, command: 'add' });
    printFlows(invocation, mods, protocols);
  },
};
