/** A machine with a shell, for tests. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Machine } from '#src/linux/machine.js';
import { Shell, type ShellOptions } from '#src/linux/shell/shell.js';
import { SeededRng } from '#src/sim/rng.js';
import { Scheduler } from '#src/sim/scheduler.js';

export function freshShell(options: ShellOptions = {}, seed = 1): Shell {
  const machine = new Machine({ name: 'host', scheduler: new Scheduler(), rng: new SeededRng(seed) });
  return new Shell(machine, options);
}

/** A folder of the disk that goes away with the test. */
export function scratchFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'upcall-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
