/**
 * What a command has at hand while it runs: its arguments, the draft of the database, and where its output goes.
 * Mirrors struct ctl_context.
 */
import { BridgeMap } from './bridge-map.js';
import type { Command } from './command.js';
import type { Draft, DraftRow } from './draft.js';
import type { ConsoleLog } from './log.js';
import type { Symbols } from './symbols.js';
import type { Table } from './table-output.js';

/** What all commands of one run share. */
export interface Run {
  readonly draft: Draft;
  readonly symbols: Symbols;
  readonly log: ConsoleLog;
  /** Interfaces that the run adds: vswitchd will say whether it could set them up. */
  readonly newInterfaces: DraftRow[];
}

export class CommandContext {
  readonly run: Run;
  readonly command: Command;
  readonly isLast: boolean;
  /** What the command prints; a table is printed in its place. */
  output = '';
  table: Table | undefined;
  /** A row whose UUID is the command's output, known only when the database has it. */
  createdRow: DraftRow | undefined;
  /** The command waits for something that is not so now. */
  isWaiting = false;

  constructor(run: Run, command: Command, isLast: boolean) {
    this.run = run;
    this.command = command;
    this.isLast = isLast;
  }

  get args(): readonly string[] {
    return this.command.args;
  }

  get draft(): Draft {
    return this.run.draft;
  }

  get symbols(): Symbols {
    return this.run.symbols;
  }

  /** An argument that the command's syntax requires. */
  arg(i: number): string {
    const arg = this.args[i];
    if (arg === undefined) throw new Error(`${this.command.syntax.name} has no argument ${i}`);
    return arg;
  }

  hasOption(name: string): boolean {
    return this.command.options.has(name);
  }

  option(name: string): string | undefined {
    return this.command.options.get(name);
  }

  print(line: string): void {
    this.output += `${line}\n`;
  }

  /** Bridges, ports and interfaces as the draft has them now. */
  bridges(): BridgeMap {
    return new BridgeMap(this.draft, this.run.log);
  }
}
