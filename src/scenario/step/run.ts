/** `run`: a script in the shell of a machine or VM, and what it must print and return. */
import { hostName, map, whole, words } from '../file/values.js';
import { checkText, shownLines, textExpectations } from '../text-check.js';
import { defineStep, failed, passed, refer } from './step-kind.js';

export const run = defineStep({
  name: 'run',
  schema: map(
    {
      on: hostName.describe('The machine or VM whose shell runs it'),
      script: words('a shell script').describe('Command lines; a command that fails ends them'),
      exit: whole(0, 255).optional().describe('The exit code to expect; 0 when not given'),
      ...textExpectations,
    },
    'a map of on and script',
  ).describe('Runs a script in the shell of a machine or VM'),
  references: ({ on }) => refer('host', on, 'on'),
  async run({ on, script, exit = 0, ...expectations }, { world }) {
    const output = await world.run(on, script, { errexit: true });
    const title = `run on ${on}: ${firstLine(script)}`;
    const text = output.stdout + output.stderr;
    const status =
      output.exitCode === exit
        ? passed(`exit code ${exit}`)
        : failed(`expected exit code ${exit}, found ${output.exitCode}`, shownLines(text));
    return { title, checks: [status, ...checkText('output', text, expectations)] };
  },
});

/** The first line of a script; the others as dots. */
function firstLine(script: string): string {
  const lines = script
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const first = lines[0] ?? '';
  const cut = first.length > 70 ? `${first.slice(0, 69)}…` : first;
  return lines.length > 1 ? `${cut} …` : cut;
}
