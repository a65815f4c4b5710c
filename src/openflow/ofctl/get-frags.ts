/** ovs-ofctl get-frags SWITCH: how the switch treats fragments. Upcall's bridges know OVS's default only. */
import type { OfctlCommand } from './command.js';

export const getFrags: OfctlCommand = {
  name: 'get-frags',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    invocation.open(name);
    invocation.print('normal\n');
  },
};
