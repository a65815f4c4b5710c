/** ovs-ofctl add-flow SWITCH FLOW: adds a flow; with - in place of FLOW, those of standard input. */
import type { OfctlCommand } from './command.js';
import { changeFlows } from './change-flows.js';

export const addFlow: OfctlCommand = {
  name: 'add-flow',
  usage: 'switch flow',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', flow = '']) => changeFlows(invocation, name, flow, 'add'),
};
