/**
 * `upcall topo linear,3 --test pingall`: a network from one word, as mininet's `mn --topo linear,3 --test pingall` makes
 * it. `--dump` prints the scenario file that the word stands for. Exit codes as of `upcall run`.
 */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { UserError } from '../report/user-error.js';
import { type RunArguments, runAll, runOptions } from './run.js';

const TESTS = ['pingall', 'pingpair', 'none'] as const;

interface TopoArguments extends Omit<RunArguments, 'files'> {
  topology: string | undefined;
  test: (typeof TESTS)[number];
  latency: string | undefined;
  bandwidth: string | undefined;
  loss: string | undefined;
  dump: boolean;
}

const build = (yargs: Argv): Argv<TopoArguments> =>
  runOptions(
    yargs
      .positional('topology', {
        type: 'string',
        describe: 'single,HOSTS  linear,SWITCHES[,HOSTS]  tree,DEPTH[,FANOUT]',
      })
      .option('test', { choices: TESTS, requiresArg: true, default: 'pingall' as const, describe: 'What to try' })
      .option('latency', { type: 'string', requiresArg: true, describe: 'Of the links between switches: 10ms' })
      .option('bandwidth', { type: 'string', requiresArg: true, describe: 'Of the links between switches: 100mbit' })
      .option('loss', { type: 'string', requiresArg: true, describe: 'Of the links between switches: 1%' })
      .option('dump', { type: 'boolean', default: false, describe: 'Print the scenario file that it stands for' }),
  )
    .example('$0 topo linear,3 --test pingall', 'three switches in a row, a host on each, every host pings every other')
    .example('$0 topo tree,2,3 --latency 1ms', 'a tree of switches with nine hosts')
    .example('$0 topo single,4 --dump > four.yaml', 'a scenario file to begin with') as Argv<TopoArguments>;

export const topoCommand: CommandModule<object, TopoArguments> = {
  command: 'topo [topology]',
  describe: 'Build a network from one word and test it',
  builder: build,
  handler: async (argv) => {
    const { topology } = argv;
    if (topology === undefined) {
      throw new UserError('which topology? For example: upcall topo linear,3');
    }
    process.exitCode = await runTopology({ ...argv, topology });
  },
};

const runTopology = async (argv: ArgumentsCamelCase<TopoArguments & { topology: string }>): Promise<number> => {
  const [{ makeTopology }, { readScenario }, { stringify }] = await Promise.all([
    import('../scenario/topology.js'),
    import('../scenario/file/read-scenario.js'),
    import('yaml'),
  ]);
  const { latency, bandwidth, loss } = argv;
  const file = makeTopology(String(argv.topology), stepsOf(argv.test), { latency, bandwidth, loss });
  const text = stringify(file, { lineWidth: 0 });
  if (argv.dump) {
    process.stdout.write(text);
    return 0;
  }
  // What runs is the file that --dump prints, read like any other.
  const result = readScenario(text, `${argv.topology}.yaml`, null);
  if (!result.ok) throw new UserError(result.errors.map(({ message }) => message).join('\n'));
  return runAll([result.scenario], argv);
};

const stepsOf = (test: (typeof TESTS)[number]): readonly object[] => {
  switch (test) {
    case 'pingall':
      return [{ pingall: {} }];
    case 'pingpair':
      return [{ pingall: { hosts: ['h1', 'h2'] } }];
    case 'none':
      return [];
  }
};
