/** ovs-ofctl del-flows SWITCH [FLOW]: deletes flows that match, or all; --strict: the very flow. */
import { changeFlows } from './change-flows.js';
import type { OfctlCommand } from './command.js';

export const delFlows: OfctlCommand = {
  name: 'del-flows',
  usage: 'switch [flow]',
  minArgs: 1,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', flow = '']) =>
    changeFlows(invocation, name, flow, invocation.options.strict ? 'delete-strict' : 'delete'),
};
