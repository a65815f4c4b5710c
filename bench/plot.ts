/** Measurements as a picture: a bar for each workload, and beside it those of its peers. */
import { type Panel, renderPlot } from '#src/report/svg-plot.js';
import { type Environment, heading } from './environment.js';
import type { Measurement } from './measure.js';
import type { PeerMeasurements } from './report.js';
import type { Unit } from './workload/workload.js';

const UNITS: readonly Unit[] = ['packet', 'flow', 'lookup'];

export function plotMeasurements(
  measurements: readonly Measurement[],
  machine: Environment,
  peers: PeerMeasurements,
): string {
  const peerNames = [...new Set([...peers.values()].flat().map(({ peer }) => peer))];
  const panels = UNITS.flatMap((unit): Panel[] => {
    const ours = measurements.filter((measurement) => measurement.unit === unit);
    if (ours.length === 0) return [];
    return [
      {
        kind: 'bars',
        title: `Time per ${unit}`,
        xTitle: `nanoseconds per ${unit}, on a processor (medians)`,
        xScale: 'log',
        series: ['upcall', ...(unit === 'packet' ? peerNames : [])],
        rows: ours.map(({ name, onCpuNs }) => ({
          label: name,
          values: [
            onCpuNs,
            ...(unit === 'packet' ? peerNames : []).map(
              (peer) => peers.get(name)?.find((one) => one.peer === peer)?.onCpuNs ?? null,
            ),
          ],
        })),
      },
    ];
  });
  return renderPlot('upcall bench', heading(machine), panels);
}
