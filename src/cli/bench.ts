/**
 * `upcall bench [NAME…]`: how long the switch takes for a packet, and for what else it does. Parses the arguments, gives
 * a terminal its progress, prints. Exit codes: 0; 1 when a workload does not do what its name says; 2 for arguments that
 * make no sense. A peer or a workload that is not there is told of on standard error, and the rest is measured.
 */
import { writeFileSync } from 'node:fs';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { ATTACK, attackToJson, plotAttack, renderAttack, runAttack } from '#bench/attack.js';
import { environment } from '#bench/environment.js';
import { FRAME_KINDS, type FrameKind, SKEWS, type Skew } from '#bench/frames.js';
import { type Measurement, measure } from '#bench/measure.js';
import { microBenchmarks } from '#bench/micro/index-of-micro-benchmarks.js';
import { runMicroBenchmarks } from '#bench/micro/micro-benchmark.js';
import { openPeer } from '#bench/peer/index-of-peers.js';
import { PEER_NAMES, type Peer, type PeerMeasurement, PeerMissing, type PeerName } from '#bench/peer/peer.js';
import { plotMeasurements } from '#bench/plot.js';
import { measurementsToJson, microToJson, renderMeasurements, renderMicro } from '#bench/report.js';
import { WORKLOADS } from '#bench/workload/index-of-workloads.js';
import { SelfCheckError, type Workload, type WorkloadKind } from '#bench/workload/workload.js';
import { PLAIN, paletteFor } from '../report/colour.js';
import { fileError } from '../report/file-error.js';
import { Progress } from '../report/progress.js';
import { checkPlotFile } from '../report/svg-plot.js';
import { UserError } from '../report/user-error.js';

interface BenchArguments {
  names: string[];
  all: boolean;
  frames: FrameKind | undefined;
  skew: Skew;
  seconds: number;
  rounds: number;
  capture: string | undefined;
  peer: string;
  micro: boolean;
  plot: string | undefined;
  json: boolean;
}

const MAX_SECONDS = 3600;
const MAX_ROUNDS = 1000;

const parsePeers = (text: string): readonly PeerName[] =>
  text
    .split(',')
    .filter((name) => name !== '')
    .map((name) => {
      const known = PEER_NAMES.find((candidate) => candidate === name);
      if (known !== undefined) return known;
      throw new UserError(`--peer ${name}: there is no such peer`, { hint: `there are: ${PEER_NAMES.join(', ')}` });
    });

const build = (yargs: Argv): Argv<BenchArguments> =>
  yargs
    .positional('names', {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Workloads; those that are done quickly when none is named',
    })
    .option('all', { type: 'boolean', default: false, describe: 'All workloads, also those that take long' })
    .option('frames', {
      choices: FRAME_KINDS,
      requiresArg: true,
      describe: 'What frames are: UDP of minimum size, with an 802.1Q tag, over IPv6, inside VXLAN, or a mix',
    })
    .option('skew', {
      choices: SKEWS,
      default: 'uniform' as const,
      requiresArg: true,
      describe: 'How often flows are seen: all alike, or by Zipf',
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
    .option('peer', {
      type: 'string',
      requiresArg: true,
      default: '',
      describe: 'Others that do the same on the same frames: ovs-dpdk (as root), c (wants gcc), or ovs-dpdk,c',
    })
    .option('micro', {
      type: 'boolean',
      default: false,
      describe: 'Single functions instead: extraction, hashes, each table',
    })
    .option('plot', { type: 'string', requiresArg: true, describe: 'The figures as a picture: FILE.svg' })
    .option('json', { type: 'boolean', default: false, describe: 'One JSON array' })
    .example('$0 bench', 'the quick workloads, side by side')
    .example('$0 bench masks-1 masks-512 --seconds 5', 'two of them, for longer')
    .example('$0 bench flows-1k --frames vlan --json', 'tagged frames, as JSON')
    .example('$0 bench capture --capture web.pcap', 'your own traffic')
    .example('$0 bench flows-1k --peer ovs-dpdk,c', 'beside OVS-DPDK and C')
    .example('$0 bench --micro', 'the parts by themselves')
    .epilogue(
      `Workloads (* when named, or with --all):\n${WORKLOADS.map(({ name, summary, isLong }) => `  ${`${name}${isLong ? '*' : ''}`.padEnd(17)}${summary}`).join('\n')}\n  ${`${ATTACK}*`.padEnd(17)}a victim's rate before, during and after an explosion of masks, by kind of search`,
    );

export const benchCommand: CommandModule<object, BenchArguments> = {
  command: 'bench [names..]',
  describe: 'Measure how long the switch takes for a packet',
  builder: build,
  handler: async (argv: ArgumentsCamelCase<BenchArguments>) => {
    checkRange('seconds', argv.seconds, 0.001, MAX_SECONDS);
    checkRange('rounds', argv.rounds, 1, MAX_ROUNDS);
    if (!Number.isInteger(argv.rounds)) throw new UserError('--rounds must be a whole number');
    if (argv.plot !== undefined) checkPlotFile(argv.plot);
    parsePeers(argv.peer);
    const isAttack = argv.names.includes(ATTACK);
    if (isAttack && (argv.names.length > 1 || argv.micro || argv.peer !== '')) {
      throw new UserError(`the workload ${ATTACK} is measured by itself`);
    }
    const kinds = isAttack ? [] : chosenWorkloads(argv);
    const progress = new Progress(process.stderr, () => performance.now() * 1e6, 'measuring', 'steps');
    try {
      if (argv.micro) runMicro(argv, progress);
      else if (isAttack) runAttackScenario(argv);
      else await runWorkloads(argv, kinds, progress);
    } catch (error) {
      if (!(error instanceof SelfCheckError)) throw error;
      progress.finish();
      say(error.message);
      process.exitCode = 1;
    } finally {
      progress.finish();
    }
  },
};

const say = (message: string): void => {
  process.stderr.write(`upcall bench: ${message}\n`);
};

const runMicro = (argv: ArgumentsCamelCase<BenchArguments>, progress: Progress): void => {
  const results = runMicroBenchmarks(microBenchmarks(), {
    seconds: argv.seconds,
    onProgress: (done, total) => progress.update(done, total),
  });
  progress.finish();
  const machine = environment();
  process.stdout.write(argv.json ? jsonText(microToJson(results, machine)) : renderMicro(results, machine));
};

const runAttackScenario = (argv: ArgumentsCamelCase<BenchArguments>): void => {
  const machine = environment();
  const results = runAttack();
  process.stdout.write(argv.json ? jsonText(attackToJson(results, machine)) : renderAttack(results, machine));
  if (argv.plot !== undefined) writePlot(argv.plot, plotAttack(results, machine));
};

const runWorkloads = async (
  argv: ArgumentsCamelCase<BenchArguments>,
  kinds: readonly WorkloadKind[],
  progress: Progress,
): Promise<void> => {
  const machine = environment();
  const peers = await openPeers(parsePeers(argv.peer));
  const measurements: Measurement[] = [];
  const beside = new Map<string, PeerMeasurement[]>();
  const options = { seconds: argv.seconds, rounds: argv.rounds };
  try {
    // With peers beside them workloads are measured one at a time, so that both fall into the same minute.
    const groups = peers.length === 0 ? [kinds] : kinds.map((kind) => [kind]);
    for (const [index, group] of groups.entries()) {
      const workloads: Workload[] = [];
      for (const kind of group) workloads.push(...(await kind.prepare(optionsFor(kind, argv))));
      const results = await measure(workloads, {
        ...options,
        onProgress: (done, total) => progress.update(index * total + done, groups.length * total),
      });
      measurements.push(...results);
      for (const { name, peer: work } of workloads) {
        for (const peer of work === null ? [] : peers) {
          const result = await peer.measure(work!);
          if (result !== null) beside.set(name, [...(beside.get(name) ?? []), result]);
        }
      }
    }
  } finally {
    for (const peer of peers) await peer.stop();
  }
  progress.finish();
  const palette = argv.json ? PLAIN : paletteFor(process.stdout, process.env);
  process.stdout.write(
    argv.json
      ? jsonText(measurementsToJson(measurements, machine, beside))
      : renderMeasurements(measurements, machine, palette, beside),
  );
  if (argv.plot !== undefined) writePlot(argv.plot, plotMeasurements(measurements, machine, beside));
};

const openPeers = async (names: readonly PeerName[]): Promise<readonly Peer[]> => {
  const peers: Peer[] = [];
  for (const name of new Set(names)) {
    try {
      peers.push(await openPeer(name));
    } catch (error) {
      if (!(error instanceof PeerMissing)) throw error;
      say(`--peer ${name}: ${error.message}`);
    }
  }
  return peers;
};

const jsonText = (value: object): string => `${JSON.stringify(value, null, 2)}\n`;

const writePlot = (file: string, svg: string): void => {
  try {
    writeFileSync(file, svg);
  } catch (error) {
    throw fileError('written', file, error);
  }
};

const optionsFor = (kind: WorkloadKind, argv: ArgumentsCamelCase<BenchArguments>) => ({
  frames: argv.frames ?? kind.frames[0] ?? 'udp',
  skew: argv.skew,
  capture: argv.capture ?? null,
});

const chosenWorkloads = (argv: BenchArguments): readonly WorkloadKind[] => {
  if (argv.micro && argv.names.length > 0) throw new UserError('--micro takes no workloads');
  if (argv.micro && argv.peer !== '') throw new UserError('--micro has no peers');
  if (argv.micro && argv.plot !== undefined) throw new UserError('--micro has no plot');
  if (argv.capture !== undefined && (argv.micro || (argv.names.length > 0 && !argv.names.includes('capture')))) {
    throw new UserError('--capture is for the workload capture, which is not among those named');
  }
  const { frames, skew, names } = argv;
  if (names.length === 0) {
    const skewed = (kind: WorkloadKind): boolean => skew === 'uniform' || kind.takesSkew === true;
    const framed = (kind: WorkloadKind): boolean => frames === undefined || kind.frames.includes(frames);
    return WORKLOADS.filter(
      (kind) => kind.missing === undefined && (argv.all || kind.isLong !== true) && skewed(kind) && framed(kind),
    );
  }
  return [...new Set(names)].flatMap((name) => {
    const kind = WORKLOADS.find((candidate) => candidate.name === name);
    if (kind === undefined) {
      throw new UserError(`there is no workload ${name}`, {
        hint: `there are: ${WORKLOADS.map((candidate) => candidate.name).join(', ')}`,
      });
    }
    if (kind.missing !== undefined) {
      say(`${name}: ${kind.missing}`);
      return [];
    }
    if (frames !== undefined && !kind.frames.includes(frames)) {
      throw new UserError(`the workload ${name} has no frames of the kind ${frames}`, {
        hint: kind.frames.length === 0 ? 'its frames are its own' : `it has ${kind.frames.join(', ')}`,
      });
    }
    if (skew !== 'uniform' && kind.takesSkew !== true) {
      throw new UserError(`the workload ${name} knows no --skew`, { hint: 'the workloads flows-N do' });
    }
    return [kind];
  });
};

const checkRange = (option: string, value: number, least: number, most: number): void => {
  if (value >= least && value <= most) return;
  throw new UserError(`--${option} must be a number from ${least} to ${most}`);
};
