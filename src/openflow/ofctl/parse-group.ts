/** ovs-ofctl parse-group GROUP: prints how a group would travel. Mirrors ofctl_parse_group(). */
import { UserError } from '../../report/user-error.js';
import { formatGroupMod } from '../group-format.js';
import { parseGroupMod } from '../group-mod-parse.js';
import { checkReceivedGroupMod, groupModInVersion } from '../group-version.js';
import { NO_PORT_NAMES } from '../ports.js';
import { formatProtocols, versionOfProtocol } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';

export const parseGroup: OfctlCommand = {
  name: 'parse-group',
  usage: 'group',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [group = '']) {
    const { mod, protocols } = parseGroupMod(group, 'add', NO_PORT_NAMES);
    invocation.print(`usable protocols: ${formatProtocols(protocols)}\n`);
    const candidates = protocols & invocation.options.allowed;
    if (candidates === 0) throw new UserError('no usable protocol');
    const version = versionOfProtocol(candidates & -candidates);
    invocation.print(`chosen version: OpenFlow${version}\n`);
    const received = groupModInVersion(mod, version);
    const name = version === 10 ? 'NXT_GROUP_MOD' : 'OFPT_GROUP_MOD';
    const head = invocation.header(name, version, invocation.nextXid());
    let text: string;
    try {
      checkReceivedGroupMod(received, version, 'tool');
      text = formatGroupMod(received, version, { ports: NO_PORT_NAMES });
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      text = ` ***decode error: ${error.code}***`;
    }
    invocation.print(`${head}${text}\n`);
  },
};
