/**
 * `upcall run [FILES]`: scenarios with a report. Without files it runs those that come with Upcall. Exit codes: 0; 1 when
 * an expectation failed; 2 for a file that is no scenario.
 */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { FileSink } from '../capture/byte-sink.js';
import { type Palette, paletteFor } from '../report/colour.js';
import { Progress } from '../report/progress.js';
import { formatDuration } from '../report/units.js';
import { fileError } from '../report/file-error.js';
import { UserError } from '../report/user-error.js';
import type { Scenario } from '../scenario/model.js';
import type { ScenarioReport } from '../scenario/run-scenario.js';
import { packageFolder } from './package-folder.js';

export interface RunArguments {
  files: string[] | undefined;
  json: boolean;
  junit: string | undefined;
  pcap: string | undefined;
  trace: boolean;
  seed: number;
  time: boolean;
}

const build = (yargs: Argv): Argv<RunArguments> =>
  runOptions(
    yargs.positional('files', {
      type: 'string',
      array: true,
      describe: 'Scenario files; without any, those that come with Upcall',
    }),
  )
    .example('$0 run', 'every scenario that comes with Upcall')
    .example('$0 run my.yaml --trace', 'one of your own, with every hop of every frame')
    .example('$0 run vxlan.yaml --pcap captures', 'what passed at its capture points, for Wireshark')
    .example('$0 run --json > report.json', 'the report for another program')
    .example('$0 run --junit report.xml', 'the report for continuous integration, too');

/** Options that `upcall topo` has, too. */
export const runOptions = <T>(yargs: Argv<T>): Argv<T & Omit<RunArguments, 'files'>> =>
  yargs
    .option('json', { type: 'boolean', default: false, describe: 'The report as one JSON object' })
    .option('junit', {
      type: 'string',
      requiresArg: true,
      describe: 'File for the report as JUnit XML, for continuous integration',
    })
    .option('pcap', {
      type: 'string',
      requiresArg: true,
      describe: 'Folder for the captures, one folder for each scenario',
    })
    .option('trace', { type: 'boolean', default: false, describe: 'Show every hop of every frame' })
    .option('seed', { type: 'number', requiresArg: true, default: 1, describe: 'Seed of all that is random' })
    .option('time', {
      type: 'boolean',
      default: false,
      describe: 'Show how long it took (not the same in two runs)',
    }) as Argv<T & Omit<RunArguments, 'files'>>;

export const runCommand: CommandModule<object, RunArguments> = {
  command: 'run [files..]',
  describe: 'Run scenarios: machines, VMs and links from YAML files, and what is expected of them',
  builder: build,
  handler: async (argv) => {
    process.exitCode = await run(argv);
  },
};

const run = async (argv: ArgumentsCamelCase<RunArguments>): Promise<number> => {
  const { readScenarioFile } = await import('../scenario/file/read-scenario.js');
  const files = argv.files === undefined || argv.files.length === 0 ? shippedScenarios() : argv.files.map(String);
  // All files are read before any runs: what is wrong with one is better known at once.
  const results = files.map((file) => readScenarioFile(file));
  const errors = results.flatMap((result) => (result.ok ? [] : result.errors));
  if (errors.length > 0) {
    for (const error of errors) process.stderr.write(`${error.toString()}\n`);
    return 2;
  }
  return runAll(
    results.flatMap((result) => (result.ok ? [result.scenario] : [])),
    argv,
  );
};

/** Runs scenarios one after the other and prints the report; the exit code. */
export const runAll = async (scenarios: readonly Scenario[], argv: Omit<RunArguments, 'files'>): Promise<number> => {
  const [{ runScenario }, { renderScenario, renderSummary }, { reportsToJson }] = await Promise.all([
    import('../scenario/run-scenario.js'),
    import('../scenario/report-text.js'),
    import('../scenario/report-json.js'),
  ]);
  if (!Number.isSafeInteger(argv.seed)) throw new UserError('--seed must be a whole number');
  const palette = paletteFor(process.stdout, process.env);
  const nowNs = (): number => performance.now() * 1e6;
  const startNs = nowNs();
  const reports: ScenarioReport[] = [];
  for (const scenario of scenarios) {
    const progress = new Progress(process.stderr, nowNs, scenario.id, 'steps');
    // Files of one name from several folders keep their captures apart.
    const namesakes = reports.filter((report) => report.scenario.id === scenario.id).length;
    const folderName = namesakes === 0 ? scenario.id : `${scenario.id}-${namesakes + 1}`;
    const captures = argv.pcap === undefined ? null : new CaptureFolder(argv.pcap, folderName);
    const scenarioStartNs = nowNs();
    try {
      const report = await runScenario(scenario, {
        seed: argv.seed,
        trace: argv.trace,
        openCapture: captures === null ? undefined : (file) => captures.open(file),
        onStep: (done, total) => progress.update(done, total),
      });
      reports.push(report);
      progress.finish();
      if (!argv.json)
        process.stdout.write(renderScenario(report, palette) + timeLine(argv.time, nowNs() - scenarioStartNs, palette));
    } finally {
      progress.finish();
      captures?.close();
    }
  }
  if (argv.junit !== undefined) await writeJunit(argv.junit, reports);
  if (argv.json) process.stdout.write(`${JSON.stringify(reportsToJson(reports), null, 2)}\n`);
  else {
    process.stdout.write(`\n${renderSummary(reports, palette)}`);
    process.stdout.write(timeLine(argv.time, nowNs() - startNs, palette));
  }
  return reports.some((report) => report.failureCount > 0) ? 1 : 0;
};

const writeJunit = async (file: string, reports: readonly ScenarioReport[]): Promise<void> => {
  const { reportsToJunit } = await import('../scenario/report-junit.js');
  try {
    writeFileSync(file, reportsToJunit(reports));
  } catch (error) {
    throw fileError('written', file, error);
  }
};

const timeLine = (wanted: boolean, ns: number, palette: Palette): string =>
  wanted ? `  ${palette.dim(`${formatDuration(ns)} of real time`)}\n` : '';

/** The scenarios of the package, by name. */
const shippedScenarios = (): string[] => {
  const folder = path.join(packageFolder(), 'scenarios');
  const names = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
  return names.sort().map((name) => path.join(folder, name));
};

/** Capture files of one scenario; the folder is made when the first is opened. */
class CaptureFolder {
  private readonly folder: string;
  private readonly sinks: FileSink[] = [];

  constructor(parent: string, name: string) {
    this.folder = path.join(parent, name);
  }

  open(file: string): FileSink {
    if (this.sinks.length === 0) {
      try {
        mkdirSync(this.folder, { recursive: true });
      } catch (error) {
        throw fileError('made', this.folder, error);
      }
    }
    const sink = new FileSink(path.join(this.folder, file));
    this.sinks.push(sink);
    return sink;
  }

  close(): void {
    for (const sink of this.sinks) sink.close();
  }
}
