/** How reports look: tables, numbers, charts, colour, progress. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PLAIN, paletteFor, visibleWidth } from '../../src/report/colour.js';
import { Progress } from '../../src/report/progress.js';
import { bar, sparkline } from '../../src/report/sparkline.js';
import { renderPairs, renderTable } from '../../src/report/table.js';
import { formatCount, formatDuration, formatRate, formatShare, formatSize } from '../../src/report/units.js';

describe('a table', () => {
  it('aligns its columns, numbers to the right, and leaves no spaces at the ends', () => {
    expect(
      renderTable(
        [{ title: 'port' }, { title: 'packets', align: 'right' }, { title: 'name' }],
        [
          ['1', '12,345', 'vm1'],
          ['10', '7', ''],
        ],
      ),
    ).toEqual(['port  packets  name', '1      12,345  vm1', '10          7']);
  });

  it('does not count colour codes', () => {
    const bold = paletteFor({ isTTY: true }, {}).bold;
    const lines = renderTable([{ title: 'a' }, { title: 'b' }], [[bold('xx'), 'y']]);
    expect(lines.map(visibleWidth)).toEqual([5, 5]);
  });

  it('takes very many rows', () => {
    expect(
      renderTable(
        [{ title: 'n' }],
        Array.from({ length: 300_000 }, (_, i) => [String(i)]),
      ),
    ).toHaveLength(300_001);
  });

  it('writes pairs', () => {
    expect(
      renderPairs([
        ['packets', '5'],
        ['lost', '0'],
      ]),
    ).toEqual(['packets  5', 'lost     0']);
    expect(renderPairs([])).toEqual([]);
  });
});

describe('numbers', () => {
  it.each([
    [0, '0'],
    [999, '999'],
    [1000, '1,000'],
    [1234567, '1,234,567'],
  ])('count %d is %s', (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.00 kB'],
    [999_600, '1.00 MB'],
    [12_345_678, '12.3 MB'],
    [1e18, '1000 PB'],
  ])('size %d is %s', (size, text) => {
    expect(formatSize(size)).toBe(text);
  });

  it.each([
    [3_412_000, 'pps', '3.41 Mpps'],
    [0.5, 'pps', '0.50 pps'],
    [12e9, 'bit/s', '12.0 Gbit/s'],
  ])('rate %d %s is %s', (rate, unit, text) => {
    expect(formatRate(rate, unit)).toBe(text);
  });

  it.each([
    [0, '0 ns'],
    [380, '380 ns'],
    [1250, '1.25 us'],
    [1_250_000, '1.25 ms'],
    [14.2e9, '14.2 s'],
    [59.99e9, '1 min'],
    [200e9, '3 min 20 s'],
    [3599.9e9, '1 h'],
    [7500e9, '2 h 5 min'],
    [273_600e9, '3 d 4 h'],
  ])('duration %d ns is %s', (ns, text) => {
    expect(formatDuration(ns)).toBe(text);
  });

  it('a share of nothing is a dash', () => {
    expect([formatShare(0, 0), formatShare(1, 8), formatShare(8, 8)]).toEqual(['-', '12.5%', '100.0%']);
  });
});

describe('charts', () => {
  it('a sparkline has one character a value, the greatest highest', () => {
    expect(sparkline([0, 1, 4, 8, 8])).toBe(' ▂▅██');
    expect(sparkline([])).toBe('');
    fc.assert(
      fc.property(fc.array(fc.nat()), (values) => {
        expect([...sparkline(values)]).toHaveLength(values.length);
      }),
    );
  });

  it('a bar shows whatever is more than nothing', () => {
    expect([bar(0, 10, 10), bar(1, 1000, 10), bar(5, 10, 10), bar(10, 10, 10), bar(1, 0, 10)]).toEqual([
      '',
      '█',
      '█████',
      '██████████',
      '',
    ]);
  });
});

describe('colour', () => {
  it.each<readonly [string, { isTTY?: boolean }, Record<string, string>, boolean]>([
    ['a terminal', { isTTY: true }, {}, true],
    ['a pipe', {}, {}, false],
    ['NO_COLOR', { isTTY: true }, { NO_COLOR: '1' }, false],
    ['an empty NO_COLOR', { isTTY: true }, { NO_COLOR: '' }, true],
    ['a dumb terminal', { isTTY: true }, { TERM: 'dumb' }, false],
  ])('%s', (_what, stream, environment, coloured) => {
    const palette = paletteFor(stream, environment);
    expect(palette.bad('x') !== 'x').toBe(coloured);
    if (!coloured) expect(palette).toBe(PLAIN);
  });
});

describe('progress', () => {
  const run = (isTTY: boolean, steps: readonly (readonly [nowNs: number, done: number, total?: number])[]) => {
    let now = 0;
    let written = '';
    const stream = { isTTY, columns: 80, write: (text: string) => (written += text) };
    const progress = new Progress(stream, () => now, 'replay', 'packets');
    for (const [nowNs, done, total] of steps) {
      now = nowNs;
      progress.update(done, total);
    }
    progress.finish();
    return written;
  };

  it('writes nothing when there is no terminal, or within a second', () => {
    expect(run(false, [[5e9, 1, 2]])).toBe('');
    expect(run(true, [[0.9e9, 1, 2]])).toBe('');
  });

  it('draws a bar ten times a second at most, and takes it away', () => {
    expect(
      run(true, [
        [2e9, 1000, 4000],
        [2.05e9, 1100, 4000],
      ]),
    ).toBe('\r\u001b[Kreplay  ██████░░░░░░░░░░░░░░░░░░  25%  6.00 s left  1,000 packets\r\u001b[K');
  });

  it('counts where the total is unknown', () => {
    expect(run(true, [[2e9, 1000]])).toContain('replay  1,000 packets');
  });
});
