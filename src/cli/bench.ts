/**
 * `upcall bench [NAME…]`: how long the switch takes for a packet. Parses the arguments, gives a terminal its progress,
 * prints. Exit codes: 0; 1 when a workload does not do what its name says; 2 for arguments that make no sense.
 */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { FRAME_KINDS, type FrameKind } from '#bench/frames.js';
import { measure } from '#bench/measure.js';
import { microBenchmarks } from '#bench/micro/index-of-micro-benchmarks.js';
import { runMicroBenchmarks } from '#bench/micro/micro-benchmark.js';
import { environment, measurementsToJson, microToJson, renderMeasurements, renderMicro } from '#bench/report.js';
import { WORKLOADS } from '#bench/workload/index-of-workloads.js';
import { SelfCheckError, type Workload, type WorkloadKind } from '#bench/workload/workload.js';
import { PLAIN, paletteFor } from '../report/colour.js';
import { Progress } from '../report/progress.js';
import { UserError } from '../report/user-error.js';

interface BenchArguments {
  names: string[];
  frames: FrameKind;
  seconds: number;
  rounds: number;
  capture: string | undefined;
  micro: boolean;
  json: boolean;
}

const MAX_SECONDS = 3600;
const MAX_ROUNDS = 1000;

const build = (yargs: Argv): Argv<BenchArguments> =>
  yargs
    .positional('names', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Workloads; all of them when none is named',
    })
    .option('frames', {
      choices: FRAME_KINDS,
      default: 'udp' as const,
      requiresArg: true,
      describe: 'What frames are: UDP of minimum size, the same with an 802.1Q tag, or inside VXLAN',
    })
    .option('seconds', {
      type: 'number',
      default: 1,
      requiresArg: true,
      describe: 'Time measured for each workload, besides half as much to warm up',
    })
    .option('rounds', { type: 'number', default: 15, requiresArg: true, describe: 'Rounds that the time is cut into' })
    .option('capture', {
      type: 'string',
      requiresArg: true,
      describe: 'Frames for the workload capture: pcap, pcapng or gzip of either',
    })
    .option('micro', {
      type: 'boolean',
      default: false,
      describe: 'Single functions instead: extraction, hashes, each table',
    })
    .option('json', { type: 'boolean', default: false, describe: 'One JSON array' })
    .example('$0 bench', 'all workloads, side by side')
    .example('$0 bench masks-1 masks-512 --seconds 5', 'two of them, for longer')
    .example('$0 bench flows-1k --frames vlan --json', 'tagged frames, as JSON')
    .example('$0 bench capture --capture web.pcap', 'your own traffic')
    .example('$0 bench --micro', 'the parts by themselves')
    .epilogue(`Workloads:\n${WORKLOADS.map(({ name, summary }) => `  ${name.padEnd(14)}${summary}`).join('\n')}`);

export const benchCommand: CommandModule<object, BenchArguments> = {
  command: 'bench [names..]',
  describe: 'Measure how long the switch takes for a packet',
  builder: build,
  handler: async (argv: ArgumentsCamelCase<BenchArguments>) => {
    checkRange('seconds', argv.seconds, 0.001, MAX_SECONDS);
    checkRange('rounds', argv.rounds, 1, MAX_ROUNDS);
    if (!Number.isInteger(argv.rounds)) throw new UserError('--rounds must be a whole number');
    const kinds = chosenWorkloads(argv);
    const progress = new Progress(process.stderr, () => performance.now() * 1e6, 'measuring', 'steps');
    const onProgress = (done: number, total: number): void => progress.update(done, total);
    try {
      if (argv.micro) {
        const results = runMicroBenchmarks(microBenchmarks(), { seconds: argv.seconds, onProgress });
        progress.finish();
        process.stdout.write(argv.json ? microToJson(results, environment()) : renderMicro(results, environment()));
        return;
      }
      const workloads: Workload[] = [];
      for (const kind of kinds) {
        workloads.push(await kind.prepare({ frames: argv.frames, capture: argv.capture ?? null }));
      }
      const results = measure(workloads, { seconds: argv.seconds, rounds: argv.rounds, onProgress });
      progress.finish();
      const palette = argv.json ? PLAIN : paletteFor(process.stdout, process.env);
      const machine = environment();
      process.stdout.write(
        argv.json ? measurementsToJson(results, machine) : renderMeasurements(results, machine, palette),
      );
    } catch (error) {
      if (!(error instanceof SelfCheckError)) throw error;
      progress.finish();
      process.stderr.write(`upcall bench: ${error.message}\n`);
      process.exitCode = 1;
    } finally {
      progress.finish();
    }
  },
};

const chosenWorkloads = (argv: BenchArguments): readonly WorkloadKind[] => {
  if (argv.micro && argv.names.length > 0) throw new UserError('--micro takes no workloads');
  if (argv.capture !== undefined && (argv.micro || (argv.names.length > 0 && !argv.names.includes('capture')))) {
    throw new UserError('--capture is for the workload capture, which is not among those named');
  }
  if (argv.names.length === 0) return WORKLOADS;
  return [...new Set(argv.names)].map((name) => {
    const kind = WORKLOADS.find((candidate) => candidate.name === name);
    if (kind !== undefined) return kind;
    throw new UserError(`there is no workload ${name}`, {
      hint: `there are: ${WORKLOADS.map((candidate) => candidate.name).join(', ')}`,
    });
  });
};

const checkRange = (option: string, value: number, least: number, most: number): void => {
  if (value >= least && value <= most) return;
  throw new UserError(`--${option} must be a number from ${least} to ${most}`);
};
