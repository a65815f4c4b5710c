/**
 * `upcall lint FILE`: what is wrong with a set of flows, a file of them or those that a shell script gives a bridge. Exit
 * codes: 0 nothing found; 1 something; 2 bad input.
 */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { paletteFor } from '../report/colour.js';
import { UserError } from '../report/user-error.js';
import { readText } from './explain.js';

interface LintArguments {
  readonly file: string | undefined;
  readonly setup: string | undefined;
  readonly bridge: string | undefined;
  readonly json: boolean;
}

const build = (yargs: Argv): Argv<LintArguments> =>
  yargs
    .usage('$0 lint FILE [options]\n\nTells what is wrong with a set of flows: a file of them, or a shell script.')
    .positional('file', {
      type: 'string',
      describe: 'Flows, one a line, as ovs-ofctl add-flows takes them; or a script',
    })
    .option('setup', { type: 'string', requiresArg: true, describe: 'Shell file: the flows that it gives a bridge' })
    .option('bridge', { type: 'string', requiresArg: true, describe: 'The bridge, where there are several' })
    .option('json', { type: 'boolean', default: false, describe: 'As one JSON object' })
    .example('$0 lint flows.txt', 'a file of flows')
    .example('$0 lint --setup switch.sh --bridge br-int', 'the flows of a bridge, with its ports and VLANs');

export const lintCommand: CommandModule<object, LintArguments> = {
  command: 'lint [file]',
  describe: 'Tell what is wrong with a set of flows',
  builder: build,
  handler: async (argv) => {
    process.exitCode = await runLint(argv);
  },
};

async function runLint(argv: ArgumentsCamelCase<LintArguments>): Promise<number> {
  // yargs makes nothing of a lone dash.
  const positional = argv.file === '' ? '-' : argv.file;
  const file = argv.setup ?? positional;
  if (file === undefined || (argv.setup !== undefined && argv.file !== undefined)) {
    throw new UserError('lint needs one file: of flows, or with --setup a shell script');
  }
  const [{ readSubject }, { findingsToJson, lint, renderFindings }] = await Promise.all([
    import('../explain/lint/rule-source.js'),
    import('../explain/lint/lint.js'),
  ]);
  const subject = await readSubject(
    {
      file: file === '-' ? 'standard input' : file,
      text: readText(file),
      directory: process.cwd(),
      seed: 1,
      onOutput: (bytes) => process.stderr.write(bytes),
    },
    argv.bridge,
  );
  const findings = lint(subject);
  process.stdout.write(
    argv.json
      ? `${JSON.stringify(findingsToJson(subject, findings), null, 2)}\n`
      : renderFindings(subject, findings, paletteFor(process.stdout, process.env)),
  );
  return findings.length > 0 ? 1 : 0;
}
