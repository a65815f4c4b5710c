/** ovs-ofctl mod-flows SWITCH FLOW: changes the actions of flows that match; --strict: of the very flow. */
import { changeFlows } from './change-flows.js';
import type { OfctlCommand } from './command.js';

export const modFlows: OfctlCommand = {
  name: 'mod-flows',
  usage: 'switch flow',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', flow = '']) =>
    changeFlows(invocation, name, flow, invocation.options.strict ? 'modify-strict' : 'modify'),
};
