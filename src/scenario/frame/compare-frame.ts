/**
 * A frame held against what a scenario expects of it, field by field: the difference is shown in words of fields, never
 * as bytes.
 */
import { PLAIN, type Palette } from '../../report/colour.js';
import { renderTable } from '../../report/table.js';
import type { FrameParts } from './dissect.js';
import { FRAME_FIELDS, formatWanted, frameField, type WantedValue } from './frame-fields.js';

/** Field names (inner ones under `inner`) and the values that they should have. */
export interface ExpectedFrame {
  readonly [field: string]: WantedValue | undefined | { readonly [field: string]: WantedValue | undefined };
  readonly inner?: { readonly [field: string]: WantedValue | undefined };
}

export interface FieldDifference {
  /** `inner.ip_src` for a field of the frame that VXLAN carries. */
  readonly field: string;
  readonly wanted: string;
  /** Null where the frame does not have the field. */
  readonly found: string | null;
  readonly isRight: boolean;
}

export function compareFrame(frame: FrameParts, expected: ExpectedFrame): readonly FieldDifference[] {
  const { inner, ...fields } = expected;
  const rows = compareFields(frame, fields as Readonly<Record<string, WantedValue | undefined>>, '');
  return inner === undefined ? rows : [...rows, ...compareFields(frame.inner, inner, 'inner.')];
}

function compareFields(
  frame: FrameParts | null,
  fields: Readonly<Record<string, WantedValue | undefined>>,
  prefix: string,
): readonly FieldDifference[] {
  const rows: FieldDifference[] = [];
  for (const [name, wanted] of Object.entries(fields)) {
    if (wanted === undefined) continue;
    const field = frameField(name);
    rows.push({
      field: prefix + name,
      wanted: formatWanted(wanted),
      found: frame === null ? null : field.read(frame),
      isRight: frame !== null && field.matches(frame, wanted),
    });
  }
  return rows;
}

/** The expected fields by their full names, with the values in words. */
export function expectedFields(expected: ExpectedFrame): readonly (readonly [name: string, wanted: string])[] {
  const { inner, ...fields } = expected;
  const own = Object.entries(fields as Readonly<Record<string, WantedValue | undefined>>).flatMap(([name, wanted]) =>
    wanted === undefined ? [] : [[name, formatWanted(wanted)] as const],
  );
  const carried =
    inner === undefined ? [] : expectedFields(inner).map(([name, wanted]) => [`inner.${name}`, wanted] as const);
  return [...own, ...carried];
}

export const frameMatches = (frame: FrameParts, expected: ExpectedFrame): boolean =>
  compareFrame(frame, expected).every((row) => row.isRight);

/** How many fields are not as expected. */
export const mismatchCount = (frame: FrameParts, expected: ExpectedFrame): number =>
  compareFrame(frame, expected).filter((row) => !row.isRight).length;

/** The comparison as a table, what differs marked. */
export function renderComparison(rows: readonly FieldDifference[], palette: Palette = PLAIN): readonly string[] {
  const mark = (row: FieldDifference, text: string): string => (row.isRight ? text : palette.bad(text));
  return renderTable(
    [{ title: '' }, { title: 'field' }, { title: 'expected' }, { title: 'found' }],
    rows.map((row) => [
      row.isRight ? ' ' : palette.bad('!'),
      mark(row, row.field),
      row.wanted,
      mark(row, row.found ?? '-'),
    ]),
  );
}

/** All that a frame has, for one that nothing was expected of. */
export function listFields(frame: FrameParts, prefix = ''): readonly (readonly [name: string, value: string])[] {
  const own = FRAME_FIELDS.flatMap((field) => {
    const value = field.read(frame);
    // What VXLAN carries is shown as fields of its own.
    return value === null || (field.name === 'payload' && frame.inner !== null)
      ? []
      : [[prefix + field.name, value] as const];
  });
  return frame.inner === null ? own : [...own, ...listFields(frame.inner, 'inner.')];
}
