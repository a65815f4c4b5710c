/**
 * The commands of a running `ovs-ofctl monitor` (ovs-appctl -t ovs-ofctl). Mirrors ofctl_barrier(),
 * unixctl_packet_out(), ofctl_set_output_file(), ofctl_block() and ofctl_unblock() of utilities/ovs-ofctl.c.
 */
import { UserError } from '../../report/user-error.js';
import { formatPacketOut } from '../packet-out-format.js';
import { checkPacketOutActions, checkReceivedPacketOut, packetOutInVersion } from '../packet-out-version.js';
import { protocolsOfVersion } from '../protocol.js';
import { OpenFlowError } from '../switch-connection.js';
import type { DaemonCommand, UnixctlReply } from './daemon.js';
import type { MonitorSession } from './monitor.js';
import { type ParsedPacketOut, parsePacketOut } from './packet-out.js';

const done = (text = ''): UnixctlReply => ({ ok: true, text });
const refused = (text: string): UnixctlReply => ({ ok: false, text });

const ANY_NUMBER = Number.POSITIVE_INFINITY;
const command = (
  name: string,
  usage: string,
  minArgs: number,
  maxArgs: number,
  run: (args: readonly string[]) => UnixctlReply,
): DaemonCommand => ({ name, usage, minArgs, maxArgs, run });

export function monitorCommands(session: MonitorSession): readonly DaemonCommand[] {
  return [
    command('ofctl/barrier', '', 0, 0, () => barrier(session)),
    command('ofctl/block', '', 0, 0, () => done(session.block(true) ? '' : 'already blocking')),
    command('ofctl/unblock', '', 0, 0, () => done(session.block(false) ? '' : 'already unblocked')),
    command('ofctl/packet-out', '"in_port=<port> packet=<hex data> actions=..."', 1, 1, ([text = '']) =>
      packetOut(session, text),
    ),
    command('ofctl/send', 'OFMSG...', 1, ANY_NUMBER, () =>
      refused("ofctl/send: Upcall does not speak OpenFlow's wire protocol yet"),
    ),
    command('ofctl/set-output-file', 'FILE', 1, 1, ([path = '']) => {
      const error = session.redirect(path);
      return error === null ? done() : refused(error);
    }),
  ];
}

/** All that the switch said before has been printed when the barrier's reply has. */
function barrier(session: MonitorSession): UnixctlReply {
  const { invocation, vconn } = session;
  if (!session.canRead) return refused('ofctl/barrier: while blocked, no reply is read (ofctl/unblock comes first)');
  session.printReceived(`${invocation.header('OFPT_BARRIER_REPLY', vconn.version, invocation.nextXid())}\n`);
  return done();
}

function packetOut(session: MonitorSession, text: string): UnixctlReply {
  const { invocation, vconn } = session;
  const { connection, version } = vconn;
  let parsed: ParsedPacketOut;
  try {
    parsed = parsePacketOut(text, invocation.namesBySocket(session.name));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return refused(`${error.message}\n`);
  }
  if ((parsed.protocols & protocolsOfVersion(version)) === 0) {
    return refused('PACKET_OUT actions are incompatible with the OpenFlow connection.\n');
  }
  const { inPort, packet, actions } = parsed.message;
  const { verbosity, ...options } = session.textOptions;
  const xid = invocation.nextXid();
  const head = invocation.header('OFPT_PACKET_OUT', version, xid);
  const shown = (deep: number): string => {
    const message = formatPacketOut({ inPort, packet, actions }, options, deep);
    return `${head} ${message}${message.endsWith('\n') ? '' : '\n'}`;
  };
  session.print(shown(verbosity));
  try {
    session.controller.request(xid, () => {
      const message = packetOutInVersion({ inPort, packet, actions }, version);
      checkReceivedPacketOut(message, version);
      checkPacketOutActions(message, version);
      connection.packetOut(message);
    });
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    // The refusal comes as a message, with the beginning of what was refused.
    session.printReceived(`${invocation.header('OFPT_ERROR', version, xid)} ${error.code}\n${shown(2)}`);
  }
  return done();
}
