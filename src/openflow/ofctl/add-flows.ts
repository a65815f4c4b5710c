/** ovs-ofctl add-flows SWITCH FILE: the flow changes of a file, each line with its command or an addition. */
import { changeFlowsFromFile } from './change-flows.js';
import type { OfctlCommand } from './command.js';

export const addFlows: OfctlCommand = {
  name: 'add-flows',
  usage: 'switch file',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', path = '']) => changeFlowsFromFile(invocation, name, path, null),
};
