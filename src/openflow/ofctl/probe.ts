/** ovs-ofctl probe SWITCH: succeeds when the switch answers. */
import type { OfctlCommand } from './command.js';

export const probe: OfctlCommand = {
  name: 'probe',
  usage: 'target',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    invocation.open(name);
  },
};
