/** bfd/show and bfd/set-forwarding. Mirrors the bfd_unixctl_*() functions of lib/bfd.c. */
import { overrideNamed } from '../link-monitor-override.js';
import type { LinkMonitors } from '../link-monitors.js';
import { reply, replyError, type UnixctlCommand } from '../unixctl/command.js';
import type { Bfd } from './bfd.js';
import { bfdText } from './bfd-text.js';

export function bfdCommands(monitors: LinkMonitors): readonly UnixctlCommand[] {
  const named = (name: string): Bfd | undefined => [...monitors.bfds()].find(({ identity }) => identity.name === name);
  return [
    {
      name: 'bfd/show',
      usage: '[interface]',
      minArgs: 0,
      maxArgs: 1,
      run([name], context) {
        const nowMs = Math.floor(context.nowNs() / 1e6);
        if (name === undefined) {
          const all = [...monitors.bfds()];
          return reply(all.map((bfd) => `---- ${bfd.identity.name} ----\n${bfdText(bfd, nowMs)}`).join(''));
        }
        const bfd = named(name);
        return bfd === undefined ? replyError('no such bfd object') : reply(bfdText(bfd, nowMs));
      },
    },
    {
      name: 'bfd/set-forwarding',
      usage: '[interface] normal|false|true',
      minArgs: 1,
      maxArgs: 2,
      run(args) {
        const override = overrideNamed(args.at(-1)!);
        if (override === undefined) return replyError('unknown fault string');
        if (args.length === 1) {
          for (const bfd of monitors.bfds()) bfd.setOverride(override);
          return reply('OK');
        }
        const bfd = named(args[0]!);
        if (bfd === undefined) return replyError('no such BFD object');
        bfd.setOverride(override);
        return reply('OK');
      },
    },
  ];
}
