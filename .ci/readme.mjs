/**
 * Runs the commands that a Markdown file shows, and compares what they print with what stands there.
 *
 * A block marked `console` is a transcript: lines that begin with `$ ` are commands (a line that ends with a backslash
 * goes on, as does an open single quote), and what follows is their output, standard error included. A line of `...` stands for any number of lines. In a
 * block marked `console varies` (figures that no two runs share) the output is not compared; the command must succeed all
 * the same. With `--update` what is printed takes the place of what was shown. Commands of one block run one after another in the folder of the file; `upcall` is the one built there.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** The transcripts of a text: each command with the output shown, and the lines that both stand on. */
export function transcripts(text) {
  const found = [];
  let block = null;
  let command = null;
  text.split('\n').forEach((line, index) => {
    if (block === null) {
      if (/^```console( varies)?$/.test(line)) block = { varies: line.endsWith('varies') };
    } else if (line.startsWith('```')) {
      block = null;
      command = null;
    } else if (command?.isOpen) {
      command.text += `\n${line}`;
      command.isOpen = isOpen(command.text);
      command.outputAt = index + 1;
    } else if (line.startsWith('$ ')) {
      const words = line.slice(2);
      command = {
        text: words,
        line: index + 1,
        outputAt: index + 1,
        varies: block.varies,
        output: [],
        isOpen: isOpen(words),
      };
      found.push(command);
    } else command?.output.push(line);
  });
  return found;
}

/** True for a command that goes on: after a backslash, or within a quotation that spans lines. */
function isOpen(command) {
  return command.endsWith('\\') || (command.split("'").length - 1) % 2 === 1;
}

/** Whether lines are those shown, `...` standing for any. */
export function agrees(shown, printed) {
  const from = (s, p) => {
    if (s === shown.length) return p === printed.length;
    if (shown[s] === '...') {
      for (let end = p; end <= printed.length; end++) if (from(s + 1, end)) return true;
      return false;
    }
    return p < printed.length && shown[s] === printed[p] && from(s + 1, p + 1);
  };
  return from(0, 0);
}

function main(file, update) {
  const folder = dirname(resolve(file));
  const bin = mkdtempSync(join(tmpdir(), 'readme-'));
  const upcall = join(bin, 'upcall');
  writeFileSync(upcall, `#!/bin/sh\nexec node ${join(folder, 'dist/src/cli/main.js')} "$@"\n`);
  chmodSync(upcall, 0o755);
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}`, NO_COLOR: '1', COLUMNS: '100' };
  let failed = 0;
  const lines = readFileSync(file, 'utf8').split('\n');
  const commands = transcripts(lines.join('\n'));
  const results = [];
  for (const { text, line, varies, output } of commands) {
    const run = spawnSync('bash', ['-c', `exec 2>&1\n${text}`], {
      cwd: folder,
      env,
      encoding: 'utf8',
      timeout: 120_000,
    });
    const printed = run.stdout.trimEnd().split('\n');
    results.push(printed);
    const shown = output.join('\n').trimEnd().split('\n');
    const right = varies ? run.status === 0 : agrees(shown, printed);
    console.log(`${right ? 'ok  ' : 'FAIL'} ${file}:${line}: ${text}`);
    if (right) continue;
    failed++;
    console.log(`printed (exit code ${run.status}):\n${printed.map((one) => `    ${one}`).join('\n')}`);
  }
  if (update) {
    // From the end, so that the lines of earlier ones stay where they are.
    for (const [i, { outputAt, output }] of [...commands.entries()].reverse()) {
      const printed = results[i].join('\n') === '' ? [] : results[i];
      if (!output.includes('...')) lines.splice(outputAt, output.length, ...printed);
    }
    writeFileSync(file, lines.join('\n'));
  }
  rmSync(bin, { recursive: true, force: true });
  console.log(`${commands.length - failed} of ${commands.length} commands print what the text shows`);
  process.exitCode = failed === 0 && commands.length > 0 ? 0 : 1;
}

if (process.argv[2] !== undefined) main(process.argv[2], process.argv[3] === '--update');
