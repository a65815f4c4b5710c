/**
 * The switch that a shell file sets up, on a fresh machine as `upcall sh` has it, as the target of a replay. Frames come
 * in by the ports that the file made: all that stand for a device (type=dummy, or a device of the machine), by number;
 * or by the one that the user names. The n-th thing that tells frames apart comes in by the n-th port, round and round.
 */
import { readFile } from 'node:fs/promises';
import { Datapath } from '#datapath/datapath.js';
import type { VportInfo } from '#datapath/dpif.js';
import { Machine } from '../linux/machine.js';
import { Shell } from '../linux/shell/shell.js';
import { fileError } from '../report/file-error.js';
import { UserError } from '../report/user-error.js';
import { SeededRng } from '../sim/rng.js';
import { Scheduler } from '../sim/scheduler.js';
import { bufferSizeFor, VswitchdTarget } from './vswitchd-target.js';

export interface SetupMachineOptions {
  /** Path of the shell file. */
  readonly setup: string;
  /** The directory of the disk that the file's commands see. */
  readonly directory: string;
  readonly portLabels: readonly string[];
  readonly longestFrame: number;
  readonly seed: number;
  /** The one port for all frames: its name, or its OpenFlow number. */
  readonly inPort?: string | undefined;
  /** Hears of what the file's commands print. */
  readonly onOutput: (bytes: Uint8Array) => void;
}

export const makeSetupMachine = async (options: SetupMachineOptions): Promise<VswitchdTarget> => {
  const { setup } = options;
  let script: string;
  try {
    script = await readFile(setup, 'utf8');
  } catch (error) {
    throw fileError('read', setup, error);
  }
  const machine = new Machine({
    name: 'host',
    scheduler: new Scheduler(),
    rng: new SeededRng(options.seed),
    datapath: { packetBufferSize: bufferSizeFor(options.longestFrame) },
  });
  const shell = new Shell(machine, { mount: options.directory });
  const { exitCode } = await shell.run(script, { onOutput: (_, bytes) => options.onOutput(bytes) });
  if (exitCode !== 0) throw new UserError(`the setup ended with exit status ${exitCode}`, { file: setup });

  const { datapath, inPorts } = choosePorts(machine, options);
  return new VswitchdTarget({
    description: `the switch of ${setup}, by ${inPorts.length} of its ports`,
    datapath,
    scheduler: machine.scheduler,
    inPorts: inPorts.map(({ port }) => port),
    labels: options.portLabels,
    finish: async () => {
      machine.scheduler.runDue();
      return (await machine.files.flush()).map((error) => `cannot write ${error}`);
    },
  });
};

interface ChosenPorts {
  readonly datapath: Datapath;
  readonly inPorts: readonly VportInfo[];
}

const standsForDevice = ({ type }: VportInfo): boolean => type === 'dummy' || type === 'netdev';

const choosePorts = (machine: Machine, options: SetupMachineOptions): ChosenPorts => {
  const { setup, inPort } = options;
  const all = machine.hasSwitch ? [...machine.vswitchd.datapaths().values()] : [];
  const datapaths = all.filter((dpif): dpif is Datapath => dpif instanceof Datapath);
  if (datapaths.length === 0) throw new UserError('the setup made no bridge', { file: setup });
  if (inPort !== undefined) {
    const name = nameOfPort(machine, inPort);
    for (const datapath of datapaths) {
      const info = datapath.portDump().find((port) => port.name === name);
      if (info !== undefined) return { datapath, inPorts: [info] };
    }
    const names = datapaths.flatMap((datapath) => datapath.portDump().map((port) => port.name));
    throw new UserError(`--in-port ${inPort}: the setup made no such port`, {
      file: setup,
      hint: `it made ${names.join(', ')}`,
    });
  }
  const withPorts = datapaths
    .map((datapath) => ({ datapath, inPorts: datapath.portDump().filter(standsForDevice) }))
    .filter(({ inPorts }) => inPorts.length > 0);
  const [only, another] = withPorts;
  if (only === undefined) {
    throw new UserError('the setup made no port that frames can come in by', {
      file: setup,
      hint: 'ovs-vsctl add-port br0 p1 -- set Interface p1 type=dummy makes one on a bridge of datapath_type=dummy',
    });
  }
  if (another !== undefined) {
    throw new UserError(`the setup has ports on ${only.datapath.name} and on ${another.datapath.name}`, {
      file: setup,
      hint: 'name one with --in-port',
    });
  }
  return only;
};

/** A number is an OpenFlow port, where one bridge only has it; everything else is a name. */
const nameOfPort = (machine: Machine, inPort: string): string => {
  if (!/^\d+$/.test(inPort)) return inPort;
  const number = Number(inPort);
  const named = machine.database.rows('Interface').filter((row) => row.integer('ofport') === number);
  return named.length === 1 ? (named[0]!.string('name') ?? inPort) : inPort;
};
