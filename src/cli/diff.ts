/**
 * `upcall diff A B --capture FILE`: two rule sets over the same traffic, and the flows whose fate changes. Exit codes: 0
 * no difference; 1 some; 2 bad input.
 */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import type { PreparedSwitch, SetupOptions } from '../explain/switch-setup.js';
import { paletteFor } from '../report/colour.js';
import { UserError } from '../report/user-error.js';
import { readText } from './explain.js';

interface DiffArguments {
  readonly a: string;
  readonly b: string;
  readonly capture: string;
  readonly setup: string | undefined;
  readonly bridge: string | undefined;
  readonly 'in-port': string | undefined;
  readonly json: boolean;
  readonly seed: number;
}

const build = (yargs: Argv): Argv<DiffArguments> =>
  yargs
    .usage('$0 diff A B --capture FILE [options]\n\nTells the flows whose fate two rule sets make different.')
    .positional('a', {
      type: 'string',
      demandOption: true,
      describe: 'Shell script that sets up a switch, or a file of flows',
    })
    .positional('b', { type: 'string', demandOption: true, describe: 'The other one' })
    .option('capture', {
      type: 'string',
      requiresArg: true,
      demandOption: true,
      describe: 'The traffic: pcap or pcapng',
    })
    .option('setup', {
      type: 'string',
      requiresArg: true,
      describe: 'Shell file that sets up the switch; A and B are files of flows for a bridge of it',
    })
    .option('bridge', { type: 'string', requiresArg: true, describe: 'With --setup: the bridge that gets the flows' })
    .option('in-port', {
      type: 'string',
      requiresArg: true,
      describe: 'The port that all frames come in by (else one port for each source MAC address)',
    })
    .option('json', { type: 'boolean', default: false, describe: 'As one JSON object' })
    .option('seed', { type: 'number', requiresArg: true, default: 1, describe: 'Seed of all that is random' })
    .example('$0 diff old.sh new.sh --capture web.pcap', 'two switches')
    .example('$0 diff old.flows new.flows --setup switch.sh --capture web.pcap', 'two sets of flows for one switch');

export const diffCommand: CommandModule<object, DiffArguments> = {
  command: 'diff <a> <b>',
  describe: 'Tell the flows whose fate two rule sets make different',
  builder: build,
  handler: async (argv) => {
    process.exitCode = await runDiff(argv);
  },
};

async function runDiff(argv: ArgumentsCamelCase<DiffArguments>): Promise<number> {
  if (!Number.isSafeInteger(argv.seed)) throw new UserError('--seed must be a whole number');
  const [{ readFrames }, { Side }, { diffRuleSets }, { renderDiff, diffToJson }] = await Promise.all([
    import('../explain/capture-frames.js'),
    import('../explain/diff/side.js'),
    import('../explain/diff/diff-rule-sets.js'),
    import('../explain/diff/diff-report.js'),
  ]);
  const frames = await readFrames(argv.capture);
  const [a, b] = await prepare(argv);
  const diff = diffRuleSets(new Side(argv.a, a), new Side(argv.b, b), frames, argv.inPort);
  const names = [argv.a, argv.b] as const;
  process.stdout.write(
    argv.json
      ? `${JSON.stringify(diffToJson(diff, names), null, 2)}\n`
      : renderDiff(diff, names, paletteFor(process.stdout, process.env)),
  );
  return diff.changedFrames > 0 ? 1 : 0;
}

async function prepare(argv: ArgumentsCamelCase<DiffArguments>): Promise<readonly [PreparedSwitch, PreparedSwitch]> {
  const { applyFlows, bridgeOf, isFlowFile, portsNamedIn, runSetup, setUpFlowFile } = await import(
    '../explain/switch-setup.js'
  );
  const optionsOf = (file: string): SetupOptions => ({
    file,
    text: readText(file),
    directory: process.cwd(),
    seed: argv.seed,
    onOutput: (bytes) => process.stderr.write(bytes),
  });
  const sides = [optionsOf(argv.a), optionsOf(argv.b)] as const;
  if (argv.setup !== undefined) {
    const setup = optionsOf(argv.setup);
    const withFlows = async ({ file, text }: SetupOptions): Promise<PreparedSwitch> => {
      const prepared = await runSetup(setup);
      applyFlows(bridgeOf(prepared, argv.bridge, setup.file), prepared, file, text);
      return prepared;
    };
    return [await withFlows(sides[0]), await withFlows(sides[1])];
  }
  // Files of flows alone get the same ports: those that either of them names.
  const ports = new Set(sides.flatMap(({ file, text }) => (isFlowFile(text) ? [...portsNamedIn(file, text)] : [])));
  const make = (side: SetupOptions): Promise<PreparedSwitch> =>
    isFlowFile(side.text) ? setUpFlowFile(side, ports) : runSetup(side);
  return [await make(sides[0]), await make(sides[1])];
}
