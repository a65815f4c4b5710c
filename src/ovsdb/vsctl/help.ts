/** `ovs-vsctl --help`: in our own words, made from the commands' syntax, so that it is complete by itself. */
import { commandIndex } from './commands/index-of-commands.js';

export function helpText(): string {
  const lines = [
    'ovs-vsctl: reads and changes the configuration of the switch',
    'usage: ovs-vsctl [OPTIONS] COMMAND [ARG...] [-- [OPTIONS] COMMAND [ARG...]]...',
    '',
    'Commands of one line make one transaction. Options of a command stand before its name:',
  ];
  for (const command of commandIndex.values()) {
    const options = command.options.map((option) => `[${option.endsWith('=') ? `${option}ARG` : option}]`);
    lines.push(`  ${[...options, command.name, command.arguments].filter((word) => word !== '').join(' ')}`);
  }
  lines.push(
    '',
    'Options:',
    '  --no-wait                  do not wait until the switch follows the database',
    '  --dry-run                  change nothing',
    '  --oneline                  one line of output for each command',
    '  -t, --timeout=SECS         fail when a condition does not hold in time',
    '  -f, --format=FORMAT        list, table, html, csv or json',
    '  -d, --data=FORMAT          cells as string, bare or json',
    '  --no-headings, --bare, --pretty, --max-column-width=N',
    '  -v[LEVELS]                 which warnings to print',
    '  -h, --help; -V, --version',
  );
  return `${lines.join('\n')}\n`;
}
