/** ovs-ofctl dump-aggregate SWITCH [FILTER]: packets, bytes and number of flows that match. */
import { parseFlowStatsRequest } from '../flow-mod-parse.js';
import { checkMatchPrerequisites } from '../match-prerequisites.js';
import { NO_PORT_NAMES } from '../ports.js';
import { P_OF10_STD, versionOfProtocol } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';

export const dumpAggregate: OfctlCommand = {
  name: 'dump-aggregate',
  usage: 'switch [flow]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', filter = '']) {
    const accepted = filter === '' ? NO_PORT_NAMES : invocation.namesToAccept(name);
    const { request, protocols } = parseFlowStatsRequest(filter, { ports: accepted });
    const { connection, protocol } = invocation.openForDump(name, protocols);
    const version = versionOfProtocol(protocol);
    const kind = version === 10 && protocol !== P_OF10_STD ? 'NXST' : 'OFPST';
    const xid = invocation.nextXid();
    const head = (what: string): string => invocation.header(`${kind}_AGGREGATE ${what}`, version, xid);
    const code = checkMatchPrerequisites(request.match);
    invocation.answer(version, xid, `${head('request')} ***decode error: ${code}***`, () => {
      if (code !== null) throw new OpenFlowError(code);
      let packets = 0;
      let bytes = 0;
      const entries = connection.flowStats(request);
      for (const entry of entries) {
        packets += entry.packets;
        bytes += entry.bytes;
      }
      return `${head('reply')} packet_count=${packets} byte_count=${bytes} flow_count=${entries.length}`;
    });
  },
};
