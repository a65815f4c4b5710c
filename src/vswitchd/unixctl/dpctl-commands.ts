/** All dpctl commands: a new one is one file and one line here. */
import { type UnixctlCommand, reply, replyError } from './command.js';
import { dpctlCtBkts, dpctlCtStatsShow, dpctlDumpConntrack, dpctlFlushConntrack } from './dpctl-conntrack.js';
import { DPCTL_CONNTRACK_SETTINGS } from './dpctl-conntrack-settings.js';
import { type DpctlCommand, DpctlSession, parseDpctlOptions } from './dpctl.js';
import { dpctlDumpFlows, dpctlGetFlow } from './dpctl-dump-flows.js';
import { dpctlAddFlow, dpctlDelFlow, dpctlDelFlows, dpctlModFlow } from './dpctl-flow.js';
import { dpctlParseActions } from './dpctl-parse-actions.js';
import { dpctlDumpDps, dpctlShow } from './dpctl-show.js';

const dpctlListCommands: DpctlCommand = {
  name: 'list-commands',
  usage: '',
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  run(_args, session) {
    session.print('The available commands are:\n');
    for (const { name, usage } of DPCTL_COMMANDS) {
      session.print(`  ${session.isAppctl ? 'dpctl/' : ''}${name.padEnd(23)} ${usage}\n`);
    }
    return true;
  },
};

export const DPCTL_COMMANDS: readonly DpctlCommand[] = [
  dpctlDumpDps,
  dpctlShow,
  dpctlDumpFlows,
  dpctlAddFlow,
  dpctlModFlow,
  dpctlGetFlow,
  dpctlDelFlow,
  dpctlDelFlows,
  dpctlDumpConntrack,
  dpctlFlushConntrack,
  dpctlCtStatsShow,
  dpctlCtBkts,
  ...DPCTL_CONNTRACK_SETTINGS,
  dpctlListCommands,
  dpctlParseActions,
];

/** The same commands as ovs-appctl has them: `dpctl/show`, with output and errors in one answer. */
export const DPCTL_UNIXCTL_COMMANDS: readonly UnixctlCommand[] = DPCTL_COMMANDS.map((command) => ({
  name: `dpctl/${command.name}`,
  usage: command.usage,
  minArgs: command.minArgs,
  maxArgs: command.maxArgs,
  run(args, context) {
    const parsed = parseDpctlOptions(args);
    if (!parsed.ok) return replyError(parsed.error);
    const session = new DpctlSession(parsed.options, context.datapaths(), context.nowNs(), true);
    const ok = command.run(parsed.rest, session);
    const text = session.said.map((part) => part.text).join('');
    return ok ? reply(text) : replyError(text);
  },
}));
