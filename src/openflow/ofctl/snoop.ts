/**
 * ovs-ofctl snoop SWITCH: what a switch and its controller say to each other. Mirrors ofctl_snoop(). A bridge hangs up
 * on who would listen while it has no controller, and Upcall's have none yet: their controllers would come by OpenFlow's
 * wire.
 */
import { UserError } from '../../report/user-error.js';
import type { OfctlCommand } from './command.js';

export const snoop: OfctlCommand = {
  name: 'snoop',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    if (invocation.environment.connection(name) === undefined) {
      throw new UserError(`${name} is not a bridge or a socket`);
    }
    throw new UserError(`${name}: failed to connect to socket (Connection reset by peer)`);
  },
};
