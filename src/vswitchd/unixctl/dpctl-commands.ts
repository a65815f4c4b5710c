/** All dpctl commands: a new one is one file and one line here. */
import { type UnixctlCommand, reply, replyError } from './command.js';
import { DPCTL_CACHES, dpctlOffloadStatsShow } from './dpctl-caches.js';
import { dpctlCtBkts, dpctlCtStatsShow, dpctlDumpConntrack, dpctlFlushConntrack } from './dpctl-conntrack.js';
import { DPCTL_CONNTRACK_SETTINGS } from './dpctl-conntrack-settings.js';
import { DPCTL_DATAPATHS } from './dpctl-datapaths.js';
import { type DpctlCommand, DpctlSession, parseDpctlOptions } from './dpctl.js';
import { dpctlDumpFlows, dpctlGetFlow } from './dpctl-dump-flows.js';
import { dpctlAddFlow, dpctlDelFlow, dpctlModFlow } from './dpctl-flow.js';
import { dpctlAddFlows, dpctlDelFlows, dpctlModFlows } from './dpctl-flow-file.js';
import { DPCTL_FRAGMENTS } from './dpctl-fragments.js';
import { DPCTL_HELP } from './dpctl-help.js';
import { dpctlNormalizeActions } from './dpctl-normalize-actions.js';
import { dpctlParseActions } from './dpctl-parse-actions.js';
import { dpctlDumpDps, dpctlShow } from './dpctl-show.js';

/** Of ovs-dpctl alone. */
const dpctlHelp: DpctlCommand = {
  name: 'help',
  usage: '',
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: true,
  run(_args, session) {
    session.print(DPCTL_HELP);
    return true;
  },
};

const dpctlListCommands: DpctlCommand = {
  name: 'list-commands',
  usage: '',
  minArgs: 0,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: true,
  run(_args, session) {
    session.print('The available commands are:\n');
    for (const { name, usage } of DPCTL_COMMANDS) {
      if (session.isAppctl && name === dpctlHelp.name) continue;
      session.print(`  ${session.isAppctl ? 'dpctl/' : ''}${name.padEnd(23)} ${usage}\n`);
    }
    return true;
  },
};

/** In the order in which OVS lists them. */
export const DPCTL_COMMANDS: readonly DpctlCommand[] = [
  ...DPCTL_DATAPATHS,
  dpctlDumpDps,
  dpctlShow,
  dpctlDumpFlows,
  dpctlAddFlow,
  dpctlModFlow,
  dpctlGetFlow,
  dpctlDelFlow,
  dpctlAddFlows,
  dpctlModFlows,
  dpctlDelFlows,
  dpctlOffloadStatsShow,
  dpctlDumpConntrack,
  dpctlFlushConntrack,
  ...DPCTL_CACHES,
  dpctlCtStatsShow,
  dpctlCtBkts,
  ...DPCTL_CONNTRACK_SETTINGS,
  ...DPCTL_FRAGMENTS,
  dpctlHelp,
  dpctlListCommands,
  dpctlParseActions,
  dpctlNormalizeActions,
];

/** The same commands as ovs-appctl has them: `dpctl/show`, with output and errors in one answer. */
export const DPCTL_UNIXCTL_COMMANDS: readonly UnixctlCommand[] = DPCTL_COMMANDS.filter(
  (command) => command !== dpctlHelp,
).map((command) => ({
  name: `dpctl/${command.name}`,
  usage: command.usage,
  minArgs: command.minArgs,
  maxArgs: command.maxArgs,
  run(args, context, files) {
    const parsed = parseDpctlOptions(args);
    if (!parsed.ok) return replyError(parsed.error);
    const session = new DpctlSession(parsed.options, context, files, true);
    const ok = command.run(parsed.rest, session);
    const text = session.said.map((part) => part.text).join('');
    return ok ? reply(text) : replyError(text);
  },
}));
