/**
 * Transcripts of the real ovs-vsctl 3.1.0 with a real ovsdb-server, played through runVsctl(): each file of
 * `transcripts/` starts on a fresh database. `RECORD=1` writes the files anew from the real tool.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MemoryDatabase } from '#src/ovsdb/memory-database.js';
import { runVsctl } from '#src/ovsdb/vsctl/vsctl.js';
import type { CommandOutput } from '#src/report/command-output.js';
import { SeededRng } from '#src/sim/rng.js';
import { comparable, maskRandomness } from '../comparable.js';
import { RealOvsdb } from '../real-ovsdb.js';

const FOLDER = new URL('./transcripts/', import.meta.url);
const PROMPT = '$ ovs-vsctl';

interface Step {
  readonly line: string;
  readonly args: readonly string[];
  /** Standard error, standard output, and the exit code when it is not 0. */
  readonly output: string;
}

/** Splits as a shell does: blanks part words, single and double quotes hold them together. */
function splitWords(line: string): readonly string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  return words.map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, (_all, single, double) => single ?? double));
}

const trimNewlines = (text: string): string => text.replace(/\n+$/, '');

function readSteps(text: string): { readonly head: string; readonly steps: readonly Step[] } {
  const [head = '', ...parts] = `\n${text}`.split(`\n${PROMPT}`);
  const steps = parts.map((part) => {
    const [line = '', ...output] = part.split('\n');
    return { line, args: ['--no-wait', ...splitWords(line)], output: trimNewlines(output.join('\n')) };
  });
  return { head: head.trimStart(), steps };
}

const printOutput = ({ stdout, stderr, exitCode }: CommandOutput): string =>
  trimNewlines(stderr + stdout + (exitCode === 0 ? '' : `[exit ${exitCode}]`));

function record(file: string): void {
  const url = new URL(file, FOLDER);
  const { head, steps } = readSteps(readFileSync(url, 'utf8'));
  const real = new RealOvsdb();
  try {
    let text = head;
    for (const { line, args } of steps) {
      const output = maskRandomness(printOutput(real.vsctl(args)));
      text += `${text === '' ? '' : '\n'}${PROMPT}${line}${output === '' ? '' : `\n${output}`}`;
    }
    writeFileSync(url, `${text}\n`);
  } finally {
    real.stop();
  }
}

describe.each(readdirSync(FOLDER).sort())('%s', (file) => {
  if (process.env.RECORD === '1') record(file);
  const { steps } = readSteps(readFileSync(new URL(file, FOLDER), 'utf8'));
  const database = new MemoryDatabase(new SeededRng(1));

  test.each(steps)('ovs-vsctl$line', ({ args, output }) => {
    const ours = printOutput(runVsctl(args, { database }));
    const text = (stdout: string): CommandOutput => ({ stdout, stderr: '', exitCode: 0 });
    expect(comparable(text(ours))).toEqual(comparable(text(output)));
  });
});
