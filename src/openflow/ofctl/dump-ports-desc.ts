/** ovs-ofctl dump-ports-desc SWITCH [PORT]: ports with their settings; versions before 1.5 always show all. */
import { OFPP_NONE } from '../ports.js';
import type { OfctlCommand } from './command.js';
import { parsePortArgument } from './port-argument.js';
import { formatPortDescription, sortPorts } from '../port-format.js';

export const dumpPortsDesc: OfctlCommand = {
  name: 'dump-ports-desc',
  usage: 'switch [port]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', portText]) {
    const { connection, version } = invocation.open(name);
    const port = portText === undefined ? OFPP_NONE : parsePortArgument(invocation, name, portText);
    const head = invocation.header('OFPST_PORT_DESC reply', version, invocation.nextXid());
    invocation.print(`${head}\n`);
    for (const description of sortPorts(connection.portDescriptions())) {
      if (version >= 15 && port !== OFPP_NONE && description.port !== port) continue;
      invocation.print(formatPortDescription(description, version));
    }
  },
};
