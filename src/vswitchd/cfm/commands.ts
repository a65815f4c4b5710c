/** cfm/show and cfm/set-fault. Mirrors the cfm_unixctl_*() functions of lib/cfm.c. */
import type { LinkMonitors } from '../link-monitors.js';
import { overrideNamed } from '../link-monitor-override.js';
import { reply, replyError, type UnixctlCommand } from '../unixctl/command.js';
import { cfmText } from './cfm-text.js';

const NO_SUCH_CFM = replyError('no such CFM object');

export function cfmCommands(monitors: LinkMonitors): readonly UnixctlCommand[] {
  const chosen = (name: string | undefined) =>
    [...monitors.cfms()].filter((cfm) => name === undefined || cfm.name === name);
  return [
    {
      name: 'cfm/show',
      usage: '[interface]',
      minArgs: 0,
      maxArgs: 1,
      run([name], context) {
        const shown = chosen(name);
        if (name !== undefined && shown.length === 0) return NO_SUCH_CFM;
        const nowMs = Math.floor(context.nowNs() / 1e6);
        return reply(shown.map((cfm) => cfmText(cfm, nowMs)).join(''));
      },
    },
    {
      name: 'cfm/set-fault',
      usage: '[interface] normal|false|true',
      minArgs: 1,
      maxArgs: 2,
      run(args) {
        const override = overrideNamed(args.at(-1)!);
        if (override === undefined) return replyError('unknown fault string');
        const name = args.length > 1 ? args[0] : undefined;
        const changed = chosen(name);
        if (name !== undefined && changed.length === 0) return NO_SUCH_CFM;
        for (const cfm of changed) cfm.setOverride(override);
        return reply('OK');
      },
    },
  ];
}
