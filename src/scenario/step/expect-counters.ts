/** `expect: counters`: what a device, a datapath port or a datapath has counted since it was made. */
import type { DatapathStats } from '#datapath/dpif.js';
import { checkCount } from '../count-check.js';
import { countRange, hostName, map, place } from '../file/values.js';
import { suggestion } from '../suggest.js';
import type { World } from '../world.js';
import { defineExpectation } from './expectation.js';
import { type Check, failed, refer } from './step-kind.js';

/** The names of `ip -s link` and dpctl/show, and where the figures are. */
const DEVICE_COUNTERS = {
  rx_packets: 'rxPackets',
  rx_bytes: 'rxBytes',
  tx_packets: 'txPackets',
  tx_bytes: 'txBytes',
  rx_dropped: 'rxDropped',
  tx_dropped: 'txDropped',
  rx_errors: 'rxErrors',
  tx_errors: 'txErrors',
} as const;

const DATAPATH_COUNTERS = {
  hit: (stats: DatapathStats) => stats.hits,
  missed: (stats: DatapathStats) => stats.missed,
  lost: (stats: DatapathStats) => stats.lost,
  flows: (stats: DatapathStats) => stats.flows,
  masks: (stats: DatapathStats) => stats.masks,
} as const;

const deviceRanges = Object.fromEntries(Object.keys(DEVICE_COUNTERS).map((name) => [name, countRange.optional()]));
const datapathRanges = Object.fromEntries(Object.keys(DATAPATH_COUNTERS).map((name) => [name, countRange.optional()]));

export const expectCounters = defineExpectation({
  name: 'counters',
  schema: map(
    {
      at: place.optional().describe('The device or datapath port whose packets are looked at'),
      on: hostName.optional().describe('The machine whose datapath is looked at'),
      ...(deviceRanges as Record<keyof typeof DEVICE_COUNTERS, ReturnType<typeof countRange.optional>>),
      ...(datapathRanges as Record<keyof typeof DATAPATH_COUNTERS, ReturnType<typeof countRange.optional>>),
    },
    'a map of at (or on) and counters',
  )
    .refine((value) => (value.at === undefined) !== (value.on === undefined), {
      error: 'expected at (a device) or on (a machine with a datapath), and not both',
    })
    .describe('Counters of a device (at) or of a datapath (on)'),
  references: ({ at, on }) => [...refer('place', at, 'at'), ...refer('machine', on, 'on')],
  check(value, { world }) {
    const { at, on } = value;
    const found = at !== undefined ? deviceFigures(world, at) : datapathFigures(world, on!);
    const where = at ?? `the datapath of ${on}`;
    if (typeof found === 'string') return [failed(found)];
    const checks: Check[] = [];
    for (const [name, range] of Object.entries(value)) {
      if (name === 'at' || name === 'on' || range === undefined || typeof range === 'string') continue;
      const figure = found[name];
      const what = `${name} of ${where}`;
      if (figure === undefined) {
        checks.push(failed(`${what}: it has no such counter`, [suggestion(name, Object.keys(found))]));
      } else checks.push(checkCount(what, figure, range));
    }
    return checks;
  },
});

type Figures = Readonly<Record<string, number>>;

/** The counters of a device, or of a datapath port that is none; a sentence where there is neither. */
function deviceFigures(world: World, where: string): Figures | string {
  const [host = '', name = ''] = where.split(':');
  const machine = world.host(host);
  let stats = machine.device(name)?.counters ?? null;
  if (stats === null && machine.hasSwitch) {
    for (const dpif of machine.vswitchd.datapaths().values()) {
      const port = dpif.portDump().find((candidate) => candidate.name === name);
      if (port !== undefined) stats = { ...port.stats, multicast: 0 };
    }
  }
  if (stats === null) return `${host} has no device or datapath port ${name}`;
  const figures = stats;
  return Object.fromEntries(Object.entries(DEVICE_COUNTERS).map(([word, key]) => [word, figures[key]]));
}

/** The sums over a machine's datapaths. */
function datapathFigures(world: World, host: string): Figures | string {
  const machine = world.host(host);
  const datapaths = machine.hasSwitch ? [...machine.vswitchd.datapaths().values()] : [];
  if (datapaths.length === 0) return `${host} has no datapath: it has no bridge`;
  const all = datapaths.map((dpif) => dpif.stats());
  return Object.fromEntries(
    Object.entries(DATAPATH_COUNTERS).map(([word, read]) => [word, all.reduce((sum, stats) => sum + read(stats), 0)]),
  );
}
