/**
 * The report of a replay as people read it. The figures are those of `capture-report.ts`; warnings and errors are not
 * here, since they go to standard error.
 */
import { DROP_REASONS } from '#datapath/drop-reason.js';
import type { Palette } from '../report/colour.js';
import { sparkline } from '../report/sparkline.js';
import { type Column, renderPairs, renderTable } from '../report/table.js';
import { formatCount, formatDuration, formatRate, formatShare, formatSize } from '../report/units.js';
import type { CaptureReport } from './capture-report.js';
import type { CaptureCounts } from './capture-scan.js';
import type { FlowSample, PortResult, ReplayResult } from './replay-loop.js';

/** A switch may have a thousand ports; those with the most traffic are enough to read. */
const MAX_PORT_ROWS = 20;

export const renderReport = (report: CaptureReport, palette: Palette): string => {
  const lines = [palette.bold(report.file)];
  const { counts, result } = report;
  if (counts !== null) lines.push(...indent(renderPairs(capturePairs(report, counts))));
  if (result !== null && counts !== null) {
    lines.push('', ...section(palette, `Through ${result.description}`, renderPairs(switchPairs(result))));
    lines.push('', ...section(palette, 'Ports', portLines(result.ports)));
    if (result.drops.size > 0) lines.push('', ...section(palette, 'Drops', dropLines(result)));
    lines.push('', ...section(palette, 'Flows over time', flowLines(result.samples)));
  }
  return `${lines.join('\n')}\n`;
};

/** The last lines when there are several captures. */
export const renderTotals = (reports: readonly CaptureReport[], palette: Palette): string => {
  const total = (of: (report: CaptureReport) => number | undefined): number =>
    reports.reduce((sum, report) => sum + (of(report) ?? 0), 0);
  const refused = reports.filter((report) => report.error !== null).length;
  const pairs: [string, string][] = [
    [
      'captures',
      refused === 0 ? formatCount(reports.length) : `${formatCount(reports.length)}, ${refused} with an error`,
    ],
    ['packets', formatCount(total(({ counts }) => counts?.packets))],
    ['replayed', formatCount(total(({ result }) => result?.packets))],
    ['upcalls', formatCount(total(({ result }) => result?.stats.missed))],
    ['lost', formatCount(total(({ result }) => result?.stats.lost))],
  ];
  return `${[palette.bold('Total'), ...indent(renderPairs(pairs))].join('\n')}\n`;
};

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const section = (palette: Palette, title: string, lines: readonly string[]): string[] => [
  palette.bold(title),
  ...indent(lines),
];

const capturePairs = (report: CaptureReport, counts: CaptureCounts): [string, string][] => {
  const pairs: [string, string][] = [
    ['format', `${report.format ?? 'none'}${report.compressed ? ', gzip' : ''}`],
    ['packets', formatCount(counts.packets)],
    ['bytes', `${formatSize(counts.bytes)} captured, ${formatSize(counts.wireBytes)} on the wire`],
    ['duration', formatDuration(counts.durationNs)],
  ];
  for (const { name, packets, replayable } of counts.linkTypes) {
    const remark = replayable ? '' : ', not replayed';
    pairs.push(['link type', `${name}: ${formatCount(packets)}${remark}`]);
  }
  if (counts.snapCut > 0) pairs.push(['cut by snap length', formatCount(counts.snapCut)]);
  if (counts.withoutEthernetForm > 0) {
    pairs.push(['nothing for Ethernet', `${formatCount(counts.withoutEthernetForm)}, not replayed`]);
  }
  return pairs;
};

const switchPairs = (result: ReplayResult): [string, string][] => {
  const { stats } = result;
  const lookups = stats.microflowHits + stats.megaflowHits + stats.missed;
  const share = (part: number): string => `${formatCount(part)}  ${formatShare(part, lookups)}`;
  const seconds = result.wallNs / 1e9;
  const pairs: [string, string][] = [
    ['packets', `${formatCount(result.packets)}${result.loops > 1 ? ` in ${result.loops} loops` : ''}`],
    ['microflow hits', share(stats.microflowHits)],
    ['megaflow hits', share(stats.megaflowHits)],
    ['upcalls', share(stats.missed)],
    ['lost', formatCount(stats.lost)],
    ['flows', `${formatCount(stats.flows)} at the end, ${formatCount(result.peakFlows)} at most`],
    ['masks', `${formatCount(stats.masks)} at the end, ${formatCount(result.peakMasks)} at most`],
  ];
  if (stats.recirculations > 0) pairs.push(['recirculations', formatCount(stats.recirculations)]);
  if (seconds > 0) {
    const bits = formatRate((result.bytes * 8) / seconds, 'bit/s');
    pairs.push([
      'rate',
      `${formatRate(result.packets / seconds, 'packets/s')}, ${bits} in ${formatDuration(result.wallNs)}`,
    ]);
  }
  if (result.stopped) pairs.push(['stopped', 'before the end']);
  return pairs;
};

const PORT_COLUMNS: readonly Column[] = [
  { title: 'port', align: 'right' },
  { title: 'name' },
  { title: 'rx packets', align: 'right' },
  { title: 'rx bytes', align: 'right' },
  { title: 'tx packets', align: 'right' },
  { title: 'tx bytes', align: 'right' },
  { title: 'dropped', align: 'right' },
  { title: 'takes' },
];

const portLines = (ports: readonly PortResult[]): string[] => {
  const busy = ports.filter((port) => port.rxPackets + port.txPackets + port.dropped > 0);
  const shown = [...busy]
    .sort((a, b) => b.rxPackets + b.txPackets - (a.rxPackets + a.txPackets) || a.port - b.port)
    .slice(0, MAX_PORT_ROWS)
    .sort((a, b) => a.port - b.port);
  const lines = renderTable(
    PORT_COLUMNS,
    shown.map((port) => [
      String(port.port),
      port.name,
      formatCount(port.rxPackets),
      formatCount(port.rxBytes),
      formatCount(port.txPackets),
      formatCount(port.txBytes),
      formatCount(port.dropped),
      port.takes,
    ]),
  );
  if (busy.length > shown.length)
    lines.push(`and ${formatCount(busy.length - shown.length)} more ports with less traffic`);
  return lines;
};

const dropLines = (result: ReplayResult): string[] => {
  const rows = [...result.drops].sort((a, b) => b[1] - a[1]);
  return renderTable(
    [{ title: 'packets', align: 'right' }, { title: 'reason' }, { title: 'meaning' }],
    rows.map(([reason, count]) => [formatCount(count), reason, DROP_REASONS[reason]]),
  );
};

const flowLines = (samples: readonly FlowSample[]): string[] => {
  const flows = samples.map((sample) => sample.flows);
  const upcalls = samples.map((sample, i) => sample.missed - (samples[i - 1]?.missed ?? 0));
  const most = (values: readonly number[]): string => formatCount(values.reduce((a, b) => Math.max(a, b), 0));
  const end = samples.at(-1)?.timeNs ?? 0;
  return [
    `flows    ${sparkline(flows)}  at most ${most(flows)}`,
    `upcalls  ${sparkline(upcalls)}  at most ${most(upcalls)} between two looks`,
    `         0 to ${formatDuration(end)}`,
  ];
};
