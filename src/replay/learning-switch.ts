/**
 * The switch that captures go through when nobody sets up another: one bridge in its plain state (NORMAL: it learns
 * addresses and floods what it does not know), with one port for each thing that tells frames apart.
 *
 * It is configured like any other: by a transaction on the database. It lies on the dummy datapath, which has no host
 * below it, so nothing but the capture sends frames. Its ports take frames as long as the capture's longest: captures
 * are taken above segmentation offload, where frames are longer than any wire's.
 */
import { Datapath } from '#datapath/datapath.js';
import { MemoryDatabase } from '../ovsdb/memory-database.js';
import { UserError } from '../report/user-error.js';
import { SeededRng } from '../sim/rng.js';
import { Scheduler } from '../sim/scheduler.js';
import { Vswitchd } from '../vswitchd/vswitchd.js';
import { bufferSizeFor, VswitchdTarget } from './vswitchd-target.js';

export interface LearningSwitchOptions {
  readonly portLabels: readonly string[];
  readonly longestFrame: number;
  readonly seed: number;
  /** The one port that all frames come in by; a second one, `out`, then takes what the switch sends. */
  readonly inPort?: string | undefined;
}

const BRIDGE = 'br0';
const DATAPATH = 'dummy@ovs-dummy';
const ETHERNET_HEADER_SIZE = 14;
const DEFAULT_MTU = 1500;
/** The most that mtu_request may ask for. */
const MAX_MTU = 65_535;

export const makeLearningSwitch = (options: LearningSwitchOptions): VswitchdTarget => {
  const scheduler = new Scheduler();
  const rng = new SeededRng(options.seed);
  const database = new MemoryDatabase(rng);
  const vswitchd = new Vswitchd({
    database,
    scheduler,
    rng,
    netdevs: { open: (name) => ({ error: `could not open network device ${name} (No such device)` }) },
    underlay: null,
    datapath: { packetBufferSize: bufferSizeFor(options.longestFrame) },
  });
  const names =
    options.inPort === undefined ? options.portLabels.map((_, i) => `p${i + 1}`) : checkedPair(options.inPort);
  const mtu = Math.min(MAX_MTU, Math.max(DEFAULT_MTU, options.longestFrame - ETHERNET_HEADER_SIZE));
  const { committed, results } = database.transact(bridgeOperations(names, mtu));
  if (!committed) throw new Error(`the bridge could not be set up: ${JSON.stringify(results.at(-1))}`);

  const datapath = vswitchd.datapaths().get(DATAPATH);
  if (!(datapath instanceof Datapath)) throw new Error(`the datapath ${DATAPATH} is not of this process`);
  const numbers = new Map(datapath.portDump().map(({ name, port }) => [name, port]));
  const takers = options.inPort === undefined ? names : names.slice(0, 1);
  return new VswitchdTarget({
    description: `a learning switch with ${names.length} ${names.length === 1 ? 'port' : 'ports'}`,
    datapath,
    scheduler,
    inPorts: takers.map((name) => numbers.get(name)!),
    labels: options.portLabels,
  });
};

const checkedPair = (inPort: string): string[] => {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,14}$/.test(inPort) && inPort !== BRIDGE) {
    return [inPort, inPort === 'out' ? 'out2' : 'out'];
  }
  throw new UserError(`--in-port ${inPort} cannot be the name of a port`, {
    hint: `at most 15 letters, digits, dots, dashes and underscores, and not ${BRIDGE}`,
  });
};

/** A bridge with its local port and ports of type dummy, as operations of RFC 7047. */
const bridgeOperations = (names: readonly string[], mtu: number) => {
  const ports = [{ name: BRIDGE, type: 'internal' }, ...names.map((name) => ({ name, type: 'dummy' }))];
  return [
    ...ports.flatMap(({ name, type }, i) => [
      {
        op: 'insert',
        table: 'Interface',
        'uuid-name': `interface${i}`,
        row: { name, type, mtu_request: mtu },
      },
      {
        op: 'insert',
        table: 'Port',
        'uuid-name': `port${i}`,
        row: { name, interfaces: ['named-uuid', `interface${i}`] },
      },
    ]),
    {
      op: 'insert',
      table: 'Bridge',
      'uuid-name': 'bridge',
      row: {
        name: BRIDGE,
        datapath_type: 'dummy',
        ports: ['set', ports.map((_, i) => ['named-uuid', `port${i}`])],
      },
    },
    {
      op: 'mutate',
      table: 'Open_vSwitch',
      where: [],
      mutations: [['bridges', 'insert', ['set', [['named-uuid', 'bridge']]]]],
    },
  ];
};
