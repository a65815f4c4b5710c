/**
 * Plots as SVG: panels one below the other, each with lines over a common axis, or bars. Plain shapes and text, no
 * script, no style sheet from elsewhere, so that any viewer shows the same.
 *
 * Invariant: the same data give the same bytes. Deliberately small: what people want beyond it they make from --json.
 */
import { UserError } from './user-error.js';

export interface PlotLine {
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface LinePanel {
  readonly kind: 'lines';
  readonly title: string;
  readonly xTitle: string;
  readonly yTitle: string;
  readonly lines: readonly PlotLine[];
  readonly xScale?: Scale;
  readonly yScale?: Scale;
  /** Parts of the x axis with a name of their own, drawn behind the lines. */
  readonly phases?: readonly { readonly from: number; readonly to: number; readonly label: string }[];
}

export interface BarPanel {
  readonly kind: 'bars';
  readonly title: string;
  readonly xTitle: string;
  readonly xScale?: Scale;
  /** One colour for each series. */
  readonly series: readonly string[];
  /** A value for each series; null where it has none. */
  readonly rows: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
}

export type Scale = 'linear' | 'log';
export type Panel = LinePanel | BarPanel;

const WIDTH = 860;
const LEFT = 74;
const RIGHT = 24;
const LINE_HEIGHT = 18;
const PLOT_HEIGHT = 230;
const BAR_HEIGHT = 13;
/** Distinct to those who see fewer colours too (Okabe and Ito). */
const COLOURS = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'] as const;

const colour = (index: number): string => COLOURS[index % COLOURS.length]!;

/** Throws UserError for a file that no plot can be written as. */
export const checkPlotFile = (file: string): void => {
  if (/\.svg$/i.test(file)) return;
  throw new UserError(`--plot ${file}: plots are written as SVG`, {
    hint: /\.png$/i.test(file)
      ? 'give it a name in .svg; browsers, rsvg-convert and ImageMagick make a PNG of it'
      : 'FILE.svg',
  });
};

export const renderPlot = (title: string, subtitle: string, panels: readonly Panel[]): string => {
  let y = 56;
  const parts: string[] = [];
  for (const panel of panels) {
    const { svg, height } = panel.kind === 'lines' ? linePanel(panel, y) : barPanel(panel, y);
    parts.push(svg);
    y += height + 26;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${y}" viewBox="0 0 ${WIDTH} ${y}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${y}" fill="#fff"/>`,
    text(LEFT, 24, title, 'font-size="16" font-weight="bold"'),
    text(LEFT, 42, subtitle, 'fill="#555"'),
    ...parts,
    '</svg>\n',
  ].join('\n');
};

const escaped = (words: string): string =>
  words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const text = (x: number, y: number, words: string, attributes = ''): string =>
  `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped(words)}</text>`;

const round = (value: number): number => Math.round(value * 10) / 10;

interface Axis {
  readonly ticks: readonly number[];
  /** Where in [0, 1] a value is. */
  at(value: number): number;
}

const axisFor = (values: readonly number[], scale: Scale): Axis => {
  const finite = values.filter((value) => Number.isFinite(value) && (scale === 'linear' || value > 0));
  return scale === 'log' ? logAxis(finite) : linearAxis(finite);
};

const linearAxis = (values: readonly number[]): Axis => {
  const low = values.reduce((least, value) => Math.min(least, value), 0);
  const high = values.reduce((most, value) => Math.max(most, value), low + Number.MIN_VALUE);
  const rough = (high - low) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough)!;
  const first = Math.floor(low / step);
  const last = Math.ceil(high / step);
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  const span = (last - first) * step;
  return { ticks, at: (value) => (value - first * step) / span };
};

const logAxis = (values: readonly number[]): Axis => {
  const low = Math.floor(Math.log10(values.reduce((least, value) => Math.min(least, value), Number.MAX_VALUE)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(values.reduce((most, value) => Math.max(most, value), 0))));
  if (!Number.isFinite(low) || !Number.isFinite(high)) return linearAxis([]);
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));
  return { ticks, at: (value) => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low) };
};

const tickText = (value: number): string => {
  const size = Math.abs(value);
  if (size >= 1e9) return `${Number((value / 1e9).toPrecision(3))}G`;
  if (size >= 1e6) return `${Number((value / 1e6).toPrecision(3))}M`;
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  return String(Number(value.toPrecision(3)));
};

const legend = (labels: readonly string[], y: number): string => {
  let x = LEFT;
  const parts: string[] = [];
  for (const [i, label] of labels.entries()) {
    parts.push(
      `<rect x="${round(x)}" y="${y - 9}" width="12" height="9" fill="${colour(i)}"/>`,
      text(x + 17, y, label),
    );
    x += 34 + label.length * 6.6;
  }
  return parts.join('\n');
};

const linePanel = (panel: LinePanel, top: number): { readonly svg: string; readonly height: number } => {
  const plotTop = top + 2 * LINE_HEIGHT;
  const right = WIDTH - RIGHT;
  const points = panel.lines.flatMap((line) => line.points);
  const phases = panel.phases ?? [];
  const xAxis = axisFor([...points.map(([x]) => x), ...phases.map(({ to }) => to)], panel.xScale ?? 'linear');
  const yAxis = axisFor(
    points.map(([, y]) => y),
    panel.yScale ?? 'linear',
  );
  const toX = (value: number): number => LEFT + xAxis.at(value) * (right - LEFT);
  const toY = (value: number): number => plotTop + (1 - yAxis.at(value)) * PLOT_HEIGHT;
  const bottom = plotTop + PLOT_HEIGHT;
  const parts = [text(LEFT, top, panel.title, 'font-weight="bold"')];
  parts.push(
    legend(
      panel.lines.map(({ label }) => label),
      top + LINE_HEIGHT,
    ),
  );
  for (const [i, { from, to, label }] of phases.entries()) {
    const fill = i % 2 === 0 ? '#f4f4f4' : '#fbeeee';
    parts.push(
      `<rect x="${round(toX(from))}" y="${plotTop}" width="${round(toX(to) - toX(from))}" height="${PLOT_HEIGHT}" fill="${fill}"/>`,
    );
    parts.push(text((toX(from) + toX(to)) / 2, plotTop + 14, label, 'fill="#777" text-anchor="middle"'));
  }
  for (const tick of yAxis.ticks) {
    parts.push(`<path d="M${LEFT} ${round(toY(tick))}H${right}" stroke="#ddd"/>`);
    parts.push(text(LEFT - 6, toY(tick) + 4, tickText(tick), 'fill="#555" text-anchor="end"'));
  }
  for (const tick of xAxis.ticks) {
    parts.push(`<path d="M${round(toX(tick))} ${bottom}v4" stroke="#888"/>`);
    parts.push(text(toX(tick), bottom + 17, tickText(tick), 'fill="#555" text-anchor="middle"'));
  }
  parts.push(`<path d="M${LEFT} ${bottom}H${right}" stroke="#888"/>`);
  for (const [i, { points: line }] of panel.lines.entries()) {
    const usable = line.filter(([x, y]) => (panel.xScale !== 'log' || x > 0) && (panel.yScale !== 'log' || y > 0));
    const path = usable.map(([x, y], at) => `${at === 0 ? 'M' : 'L'}${round(toX(x))} ${round(toY(y))}`).join('');
    if (path !== '') parts.push(`<path d="${path}" fill="none" stroke="${colour(i)}" stroke-width="1.8"/>`);
  }
  parts.push(text((LEFT + right) / 2, bottom + 34, panel.xTitle, 'text-anchor="middle"'));
  const middle = plotTop + PLOT_HEIGHT / 2;
  parts.push(text(16, middle, panel.yTitle, `text-anchor="middle" transform="rotate(-90 16 ${round(middle)})"`));
  return { svg: parts.join('\n'), height: 2 * LINE_HEIGHT + PLOT_HEIGHT + 40 };
};

const barPanel = (panel: BarPanel, top: number): { readonly svg: string; readonly height: number } => {
  const labelWidth = Math.max(...panel.rows.map(({ label }) => label.length), 4) * 6.8;
  const left = Math.max(LEFT, 12 + labelWidth);
  const right = WIDTH - RIGHT - 60;
  const values = panel.rows.flatMap(({ values: row }) => row).filter((value) => value !== null);
  const axis = axisFor(values, panel.xScale ?? 'linear');
  const toX = (value: number): number => left + axis.at(value) * (right - left);
  const rowHeight = panel.series.length * BAR_HEIGHT + 7;
  const plotTop = top + 2 * LINE_HEIGHT;
  const bottom = plotTop + panel.rows.length * rowHeight;
  const parts = [text(LEFT, top, panel.title, 'font-weight="bold"')];
  parts.push(legend(panel.series, top + LINE_HEIGHT));
  for (const tick of axis.ticks) {
    parts.push(`<path d="M${round(toX(tick))} ${plotTop}V${bottom}" stroke="#ddd"/>`);
    parts.push(text(toX(tick), bottom + 16, tickText(tick), 'fill="#555" text-anchor="middle"'));
  }
  for (const [i, { label, values: row }] of panel.rows.entries()) {
    const rowTop = plotTop + i * rowHeight + 3;
    parts.push(text(left - 6, rowTop + (panel.series.length * BAR_HEIGHT) / 2 + 4, label, 'text-anchor="end"'));
    for (const [j, value] of row.entries()) {
      if (value === null) continue;
      const y = rowTop + j * BAR_HEIGHT;
      const width = Math.max(1, toX(value) - left);
      parts.push(
        `<rect x="${round(left)}" y="${round(y)}" width="${round(width)}" height="${BAR_HEIGHT - 2}" fill="${colour(j)}"/>`,
      );
      parts.push(text(left + width + 5, y + BAR_HEIGHT - 3, tickText(value), 'fill="#555" font-size="10"'));
    }
  }
  parts.push(text((left + right) / 2, bottom + 32, panel.xTitle, 'text-anchor="middle"'));
  return { svg: parts.join('\n'), height: bottom - top + 36 };
};
