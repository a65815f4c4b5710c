/** Measurements as a table and as JSON, and the machine they were made on, which is part of every figure. */
import { cpus } from 'node:os';
import type { Palette } from '#src/report/colour.js';
import { renderTable } from '#src/report/table.js';
import { formatRate, formatShare } from '#src/report/units.js';
import type { Measurement } from './measure.js';
import type { MicroMeasurement } from './micro/micro-benchmark.js';
import { RATIOS } from './workload/index-of-workloads.js';

export interface Environment {
  readonly node: string;
  readonly cpu: string;
  readonly cpuCount: number;
}

export function environment(): Environment {
  const processors = cpus();
  return {
    node: process.version,
    cpu: processors[0]?.model.trim() ?? 'unknown processor',
    cpuCount: processors.length,
  };
}

const nanoseconds = (ns: number): string => (ns < 1000 ? ns.toFixed(1) : ns.toFixed(0));

/** One line that says where the figures come from. */
function heading({ node, cpu, cpuCount }: Environment): string {
  return `Node ${node} on ${cpu}, ${cpuCount} ${cpuCount === 1 ? 'processor' : 'processors'}, one of them used`;
}

export function renderMeasurements(
  measurements: readonly Measurement[],
  machine: Environment,
  palette: Palette,
): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const table = renderTable(
    [
      { title: 'workload' },
      right('ns/packet'),
      right('p25'),
      right('p75'),
      right('min'),
      right('max'),
      right('rate'),
      right('cache hits'),
      right('megaflows'),
      right('masks'),
    ],
    measurements.map(({ name, nsPerPacket, spread, counts }) => [
      name,
      palette.bold(nanoseconds(nsPerPacket)),
      nanoseconds(spread.p25),
      nanoseconds(spread.p75),
      nanoseconds(spread.min),
      nanoseconds(spread.max),
      formatRate(1e9 / nsPerPacket, 'pps'),
      formatShare(counts.microflowHits, counts.packets),
      String(counts.flows),
      String(counts.masks),
    ]),
  );
  const lines = [heading(machine), '', ...table];
  const ratios = ratiosOf(measurements);
  if (ratios.length > 0) {
    lines.push('', 'Ratios within this run', ...renderTable([{ title: '' }, right('')], ratios).slice(1));
  }
  return `${lines.join('\n')}\n`;
}

function ratiosOf(measurements: readonly Measurement[]): string[][] {
  const byName = new Map(measurements.map((measurement) => [measurement.name, measurement.nsPerPacket]));
  return RATIOS.flatMap(([name, base]) => {
    const above = byName.get(name);
    const below = byName.get(base);
    return above === undefined || below === undefined ? [] : [[`${name} / ${base}`, (above / below).toFixed(2)]];
  });
}

/** One array; the settings of each name the machine too, so that an object can be kept by itself. */
export function measurementsToJson(measurements: readonly Measurement[], machine: Environment): string {
  const objects = measurements.map(({ name, nsPerPacket, spread, settings, counts }) => ({
    name,
    nsPerPacket,
    spread,
    settings: { ...settings, ...machine },
    counts,
  }));
  return `${JSON.stringify(objects, null, 2)}\n`;
}

export function renderMicro(measurements: readonly MicroMeasurement[], machine: Environment): string {
  const right = (title: string) => ({ title, align: 'right' as const });
  const rows = measurements.map(({ name, nsPerOperation, marginPercent, sampleCount }) => [
    name,
    nanoseconds(nsPerOperation),
    `±${marginPercent.toFixed(1)}%`,
    String(sampleCount),
  ]);
  const table = renderTable([{ title: 'operation' }, right('ns'), right('margin'), right('samples')], rows);
  return `${[heading(machine), '', ...table].join('\n')}\n`;
}

export function microToJson(measurements: readonly MicroMeasurement[], machine: Environment): string {
  const objects = measurements.map(({ sampleCount, ...rest }) => ({ ...rest, settings: { sampleCount, ...machine } }));
  return `${JSON.stringify(objects, null, 2)}\n`;
}
