/**
 * `upcall replay CAPTURE…`: captures through a switch. Parses the arguments, gives the replay real time, standard input
 * and a terminal, prints the report. Exit codes: 0; 2 for what is no capture or has a link type that is refused; 130
 * when it was interrupted.
 */
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { streamSource } from '../capture/byte-source.js';
import type { CaptureReader } from '../capture/capture-reader.js';
import { type CaptureReport, reportsToJson, reportToJson } from '../replay/capture-report.js';
import { type ReplayEdge, type ReplayOptions, replayCaptures, type TargetWish } from '../replay/replay-captures.js';
import type { ReplayTarget } from '../replay/replay-target.js';
import { renderReport, renderTotals } from '../replay/report-text.js';
import { SPREAD_CHOICES } from '../replay/spread.js';
import { parseSpeed, type RealTime, type ReplaySpeed, WallPace } from '../replay/wall-pace.js';
import { paletteFor } from '../report/colour.js';
import { Progress } from '../report/progress.js';
import { UserError } from '../report/user-error.js';

interface ReplayArguments {
  setup: string | undefined;
  by: (typeof SPREAD_CHOICES)[number] | undefined;
  'in-port': string | undefined;
  ports: number;
  speed: string;
  loops: number;
  out: string | undefined;
  drops: string | undefined;
  json: boolean;
  seed: number;
}

const realTime: RealTime = {
  nowNs: () => performance.now() * 1e6,
  sleepMs: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

const build = (yargs: Argv): Argv<ReplayArguments> =>
  yargs
    .usage(
      '$0 replay CAPTURE... [options]\n\nSends captures (pcap, pcapng, gzip of either; - is standard input) through a switch.',
    )
    // Not declared as positional arguments of yargs, which loses a lone dash; so they are checked here.
    .parserConfiguration({ 'parse-positional-numbers': false })
    .demandCommand(1, 'replay needs a capture: a file, or - for standard input')
    .strict(false)
    .strictOptions()
    .option('setup', { type: 'string', requiresArg: true, describe: 'Shell file that sets up the switch first' })
    .option('by', {
      choices: SPREAD_CHOICES,
      requiresArg: true,
      describe: 'What tells frames apart: each value gets a port (src-mac unless --in-port)',
    })
    .option('in-port', {
      type: 'string',
      requiresArg: true,
      conflicts: 'by',
      describe: 'The one port for all frames',
    })
    .option('ports', {
      type: 'number',
      requiresArg: true,
      default: 1024,
      describe: 'The most ports of the default switch; the last one takes what is left',
    })
    .option('speed', {
      type: 'string',
      requiresArg: true,
      default: 'max',
      describe: 'max, real, or xN: N times as fast',
    })
    .option('loops', { type: 'number', requiresArg: true, default: 1, describe: 'How many times' })
    .option('out', { type: 'string', requiresArg: true, describe: 'Folder for a pcap of what leaves by each port' })
    .option('drops', { type: 'string', requiresArg: true, describe: 'pcapng of dropped frames, the reason as comment' })
    .option('json', { type: 'boolean', default: false, describe: 'The report as one JSON object' })
    .option('seed', { type: 'number', requiresArg: true, default: 1, describe: 'Seed of all that is random' })
    .example('$0 replay web.pcap', 'through a learning switch with a port for each source MAC address')
    .example('$0 replay web.pcap --setup switch.sh --by vlan', 'through a switch of your own')
    .example('$0 replay a.pcap b.pcapng.gz --json', 'several, as one JSON object')
    .example(
      '$0 replay web.pcap --drops dropped.pcapng --out ports',
      'with what was dropped, and what left by each port',
    )
    .example('tcpdump -c 1000 -w - | $0 replay -', 'from a pipe');

export const replayCommand: CommandModule<object, ReplayArguments> = {
  command: 'replay',
  describe: 'Send captures through a switch and report what it did with them',
  builder: build,
  handler: async (argv) => {
    process.exitCode = await runReplay(argv);
  },
};

const runReplay = async (argv: ArgumentsCamelCase<ReplayArguments>): Promise<number> => {
  const speed = checkedSpeed(argv);
  const options: ReplayOptions = {
    captures: argv._.slice(1).map(String),
    by: argv.inPort !== undefined ? 'one' : (argv.by ?? 'src-mac'),
    maxPorts: checkedCount('ports', argv.ports, 16_384),
    loops: checkedCount('loops', argv.loops, Number.MAX_SAFE_INTEGER),
    out: argv.out,
    drops: argv.drops,
  };
  const palette = paletteFor(process.stdout, process.env);
  const warn = paletteFor(process.stderr, process.env);
  const screen = new Screen(speed);

  const edge: ReplayEdge = {
    standardInput: () => streamSource(process.stdin, 'standard input'),
    makeTarget: (wish) => makeTarget(argv, wish),
    makePace: (total) => screen.startReplay(total),
    onScan: (reader, packets) => screen.scanned(reader, packets),
    onReport(report) {
      screen.clear();
      for (const warning of report.warnings) {
        process.stderr.write(`${report.file}: ${warn.warning('warning:')} ${warning}\n`);
      }
      if (report.error !== null) process.stderr.write(`${report.file}: ${warn.bad('error:')} ${report.error}\n`);
      if (!argv.json && report.counts !== null) process.stdout.write(`${renderReport(report, palette)}\n`);
    },
  };
  try {
    const reports = await replayCaptures(options, edge);
    print(reports, argv.json, palette);
    if (screen.interrupted) return 130;
    return reports.some((report) => report.error !== null) ? 2 : 0;
  } finally {
    screen.clear();
  }
};

const print = (reports: readonly CaptureReport[], json: boolean, palette: ReturnType<typeof paletteFor>): void => {
  if (json) {
    const object = reports.length === 1 ? reportToJson(reports[0]!) : reportsToJson(reports);
    process.stdout.write(`${JSON.stringify(object, null, 2)}\n`);
  } else if (reports.length > 1) {
    process.stdout.write(renderTotals(reports, palette));
  }
};

const makeTarget = async (argv: ArgumentsCamelCase<ReplayArguments>, wish: TargetWish): Promise<ReplayTarget> => {
  if (argv.setup === undefined) {
    const { makeLearningSwitch } = await import('../replay/learning-switch.js');
    return makeLearningSwitch({ ...wish, seed: argv.seed, inPort: argv.inPort });
  }
  const { makeSetupMachine } = await import('../replay/setup-machine.js');
  return makeSetupMachine({
    ...wish,
    seed: argv.seed,
    inPort: argv.inPort,
    setup: argv.setup,
    directory: process.cwd(),
    onOutput: (bytes) => process.stderr.write(bytes),
  });
};

const checkedSpeed = (argv: ArgumentsCamelCase<ReplayArguments>): ReplaySpeed => {
  const speed = parseSpeed(argv.speed);
  if (speed !== null) return speed;
  throw new UserError(`--speed ${argv.speed} is not a speed`, { hint: 'max, real, or x and a factor: x10, x0.5' });
};

const checkedCount = (option: string, value: number, most: number): number => {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new UserError(`--${option} must be a whole number from 1 to ${most}`);
};

/** Progress on the terminal, and the interrupt key while frames are sent. */
class Screen {
  interrupted = false;
  private readonly speed: ReplaySpeed;
  private progress: Progress | null = null;
  private scanning = false;
  private readonly onInterrupt = (): void => {
    this.interrupted = true;
    // A second one ends the program at once.
    process.off('SIGINT', this.onInterrupt);
  };

  constructor(speed: ReplaySpeed) {
    this.speed = speed;
  }

  scanned(reader: CaptureReader, packets: number): void {
    if (!this.scanning) {
      this.scanning = true;
      this.progress = new Progress(process.stderr, realTime.nowNs, `reading ${reader.name}`, 'packets');
    }
    // The bytes say how far it is; the packets are what there is to tell.
    const share = reader.size === undefined ? undefined : reader.bytesTaken / Math.max(1, reader.size);
    this.progress?.update(packets, share === undefined || share === 0 ? undefined : packets / share);
  }

  startReplay(total: number): WallPace {
    this.clear();
    this.progress = new Progress(process.stderr, realTime.nowNs, 'replaying', 'packets');
    process.on('SIGINT', this.onInterrupt);
    const breathe = async (sent: number): Promise<boolean> => {
      this.progress?.update(sent, total);
      // Signals are heard between turns of the event loop.
      await new Promise((resolve) => setImmediate(resolve));
      return this.interrupted;
    };
    return new WallPace(this.speed, realTime, breathe, () => this.interrupted);
  }

  clear(): void {
    this.progress?.finish();
    this.progress = null;
    this.scanning = false;
    process.off('SIGINT', this.onInterrupt);
  }
}
