/** All commands of ovs-vsctl by name. A new command is one more entry of one of these lists. */
import type { CommandSyntax } from '../command.js';
import { autoAttachCommands } from './auto-attach.js';
import { bridgeCommands } from './bridge.js';
import { controllerCommands } from './controller.js';
import { createCommands } from './create.js';
import { getCommands } from './get.js';
import { portCommands } from './port.js';
import { setCommands } from './set.js';
import { show } from './show.js';
import { sslCommands } from './ssl.js';
import { switchCommands } from './switch.js';
import { zoneCommands } from './zone.js';

const commands: readonly CommandSyntax[] = [
  ...switchCommands,
  show,
  ...bridgeCommands,
  ...portCommands,
  ...controllerCommands,
  ...sslCommands,
  ...autoAttachCommands,
  ...zoneCommands,
  ...getCommands,
  ...setCommands,
  ...createCommands,
];

export const commandIndex: ReadonlyMap<string, CommandSyntax> = new Map(
  commands.map((command) => [command.name, command]),
);

/** The options of all commands, each once. */
export const commandOptionSyntax: readonly string[] = [...new Set(commands.flatMap((command) => command.options))];
