/** What one file of an ovs-ofctl command holds. A new command is one file and one line in commands.ts. */
import type { Invocation } from './invocation.js';

export interface OfctlCommand {
  readonly name: string;
  /** Its arguments, as list-commands shows them. */
  readonly usage: string;
  readonly minArgs: number;
  readonly maxArgs: number;
  /** May change the switch: refused by --read-only. */
  readonly writes: boolean;
  /** Prints through the invocation; throws UserError for what ovs-ofctl would die of. */
  run(invocation: Invocation, args: readonly string[]): void | Promise<void>;
}
