/** Measurements as a table and as JSON, with the machine they were made on. */
import type { Palette } from '#src/report/colour.js';
import { renderTable } from '#src/report/table.js';
import { formatRate, formatShare } from '#src/report/units.js';
import { type Environment, heading } from './environment.js';
import type { Measurement } from './measure.js';
import type { MicroMeasurement } from './micro/micro-benchmark.js';
import { compare, type PeerMeasurement, type PeerName } from './peer/peer.js';
import { RATIOS } from './workload/index-of-workloads.js';

/** What was measured of others beside a workload, by its name. */
export type PeerMeasurements = ReadonlyMap<string, readonly PeerMeasurement[]>;
export const NO_PEERS: PeerMeasurements = new Map();

export const nanoseconds = (ns: number): string => (ns < 1000 ? ns.toFixed(1) : ns.toFixed(0));

const right = (title: string) => ({ title, align: 'right' as const });

export function renderMeasurements(
  measurements: readonly Measurement[],
  machine: Environment,
  palette: Palette,
  peers: PeerMeasurements = NO_PEERS,
): string {
  const table = renderTable(
    [
      { title: 'workload' },
      right('ns'),
      { title: 'per' },
      right('on CPU'),
      right('p25'),
      right('p75'),
      right('min'),
      right('max'),
      right('rate'),
      right('cache hits'),
      right('megaflows'),
      right('masks'),
    ],
    measurements.map(({ name, unit, ns, onCpuNs, spread, counts }) => [
      name,
      palette.bold(nanoseconds(ns)),
      unit,
      nanoseconds(onCpuNs),
      nanoseconds(spread.p25),
      nanoseconds(spread.p75),
      nanoseconds(spread.min),
      nanoseconds(spread.max),
      formatRate(1e9 / ns, unit === 'packet' ? 'pps' : '/s'),
      counts.microflowHits === undefined ? '' : formatShare(counts.microflowHits, counts.hits! + counts.missed!),
      String(counts.flows ?? ''),
      String(counts.masks ?? ''),
    ]),
  );
  const lines = [heading(machine), '', ...table];
  const figures = figureLines(measurements);
  if (figures.length > 0) lines.push('', 'Besides', ...figures);
  const ratios = ratiosOf(measurements);
  if (ratios.length > 0) {
    lines.push('', 'Ratios within this run', ...renderTable([{ title: '' }, right('')], ratios).slice(1));
  }
  for (const peer of ['ovs-dpdk', 'c'] as const) lines.push(...peerLines(measurements, peers, peer));
  return `${lines.join('\n')}\n`;
}

/** `insertNsPerRule` as `insert ns per rule`. */
const words = (name: string): string => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

function figureLines(measurements: readonly Measurement[]): string[] {
  const rows = measurements.flatMap(({ name, figures }) =>
    Object.entries(figures).map(([figure, value]) => [name, words(figure), nanoseconds(value)]),
  );
  return rows.length === 0 ? [] : renderTable([{ title: '' }, { title: '' }, right('')], rows).slice(1);
}

function ratiosOf(measurements: readonly Measurement[]): string[][] {
  const byName = new Map(measurements.map(({ name, onCpuNs }) => [name, onCpuNs]));
  return RATIOS.flatMap(([name, base]) => {
    const above = byName.get(name);
    const below = byName.get(base);
    return above === undefined || below === undefined ? [] : [[`${name} / ${base}`, (above / below).toFixed(2)]];
  });
}

const PEER_TITLES: Readonly<Record<PeerName, string>> = {
  'ovs-dpdk': 'OVS-DPDK on the same frames and rules',
  c: 'A C kernel of the same parsing, hashing, probing, counting and sending',
};

function peerLines(measurements: readonly Measurement[], peers: PeerMeasurements, name: PeerName): string[] {
  const rows = measurements.flatMap((ours) => {
    const theirs = peers.get(ours.name)?.find(({ peer }) => peer === name);
    if (theirs === undefined) return [];
    const { asMeasured, withoutSourceAndSink, claim } = compare(ours.onCpuNs, theirs);
    const cells = [ours.name, nanoseconds(ours.onCpuNs), nanoseconds(theirs.onCpuNs)];
    return [
      name === 'c'
        ? [...cells, `${(100 * asMeasured).toFixed(0)}%`]
        : [...cells, `${asMeasured.toFixed(2)}x`, `${withoutSourceAndSink.toFixed(2)}x`, `${claim.toFixed(2)}x`],
    ];
  });
  if (rows.length === 0) return [];
  const columns = [{ title: 'workload' }, right('ours'), right(name)];
  if (name === 'c') {
    const table = renderTable([...columns, right("the kernel's speed")], rows);
    return ['', `${PEER_TITLES.c} (ns on a processor)`, ...table];
  }
  const share = peers.values().next().value?.[0]?.sourceAndSinkShare ?? 0;
  return [
    '',
    `${PEER_TITLES[name]} (ns on a processor)`,
    ...renderTable([...columns, right('as measured'), right('without source and sink'), right('claim')], rows),
    `Its figure contains its packet source and sink, by a profile ${(100 * share).toFixed(0)}% of its time. The claim is the lower ratio.`,
  ];
}

/** One array; the settings of each name the machine too, so that an object can be kept by itself. */
export function measurementsToJson(
  measurements: readonly Measurement[],
  machine: Environment,
  peers: PeerMeasurements = NO_PEERS,
): readonly object[] {
  return measurements.map(({ settings, ...rest }) => {
    const beside = peers.get(rest.name) ?? [];
    const compared = beside.map((peer) => ({ ...peer, ...compare(rest.onCpuNs, peer) }));
    return { ...rest, settings: { ...settings, ...machine }, ...(beside.length === 0 ? {} : { peers: compared }) };
  });
}

export function renderMicro(measurements: readonly MicroMeasurement[], machine: Environment): string {
  const rows = measurements.map(({ name, nsPerOperation, marginPercent, sampleCount }) => [
    name,
    nanoseconds(nsPerOperation),
    `±${marginPercent.toFixed(1)}%`,
    String(sampleCount),
  ]);
  const table = renderTable([{ title: 'operation' }, right('ns'), right('margin'), right('samples')], rows);
  return `${[heading(machine), '', ...table].join('\n')}\n`;
}

export function microToJson(measurements: readonly MicroMeasurement[], machine: Environment): readonly object[] {
  return measurements.map(({ sampleCount, ...rest }) => ({ ...rest, settings: { sampleCount, ...machine } }));
}
