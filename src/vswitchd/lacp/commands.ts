/** lacp/show and lacp/show-stats. Mirrors lacp_unixctl_show() and lacp_unixctl_show_stats() of lib/lacp.c. */
import type { Bonds } from '../bond/bonds.js';
import { reply, replyError, type UnixctlCommand } from '../unixctl/command.js';
import type { Lacp } from './lacp.js';
import { lacpStatsText, lacpText } from './lacp-text.js';

export function lacpCommands(bonds: Bonds): readonly UnixctlCommand[] {
  const command = (name: string, textOf: (lacp: Lacp) => string): UnixctlCommand => ({
    name,
    usage: '[port]',
    minArgs: 0,
    maxArgs: 1,
    run([wanted]) {
      bonds.settle();
      const shown = bonds.lacps.filter(({ settings }) => wanted === undefined || settings.name === wanted);
      if (wanted !== undefined && shown.length === 0) return replyError('no such lacp object');
      return reply(shown.map(textOf).join(''));
    },
  });
  return [command('lacp/show', lacpText), command('lacp/show-stats', lacpStatsText)];
}
