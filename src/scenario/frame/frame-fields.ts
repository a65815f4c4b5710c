/**
 * The fields of a frame as scenario files write them and reports show them: OVS's match fields by their names, derived
 * from the one table in `flowtable/fields.ts`, and the few things that no flow key holds (`ip_df`, `vxlan_vni`, `payload`,
 * `frame_size`).
 *
 * Invariant: what a frame does not have reads as null, and never as a zero.
 */
import { Address4 } from 'ip-address';
import { FIELDS, type Field } from '#flowtable/fields.js';
import { OFF_VLAN_TCI, VLAN_CFI, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import { formatFieldText, parseFieldText } from '../../openflow/field-text.js';
import { hasField, readValue, valueOnes } from '../../openflow/field-value.js';
import { NO_PORT_NAMES } from '../../openflow/ports.js';
import { UserError } from '../../report/user-error.js';
import type { FrameParts } from './dissect.js';

/** What a scenario expects of a field. */
export type WantedValue =
  | string
  | number
  | boolean
  | { readonly min?: number | undefined; readonly max?: number | undefined };

export interface FrameField {
  readonly name: string;
  readonly aliases: readonly string[];
  /** The value as text, null when the frame has no such field. */
  read(frame: FrameParts): string | null;
  /** What is wrong with a wanted value, or null. */
  problem(wanted: WantedValue): string | null;
  matches(frame: FrameParts, wanted: WantedValue): boolean;
  /** The field in a flow key, for frames that are composed; null for what lies outside of it. */
  readonly keyField: Field | null;
}

/** The word for a field that the frame must not have. */
export const ABSENT = 'none';

/** Other spellings of a VLAN tag, registers and the like are not fields of a frame. */
const HIDDEN = new Set(['vlan_tci', 'vlan_vid', 'vlan_pcp', 'nw_tos']);

const isRange = (wanted: WantedValue): wanted is { readonly min?: number; readonly max?: number } =>
  typeof wanted === 'object';

const inRange = (
  value: number,
  { min, max }: { readonly min?: number | undefined; readonly max?: number | undefined },
): boolean => value >= (min ?? Number.NEGATIVE_INFINITY) && value <= (max ?? Number.POSITIVE_INFINITY);

/** Dotted, and yet no address. */
const isNoAddress = (text: string): boolean => text.includes('.') && !Address4.isValid(text);

function keyFrameField(field: Field): FrameField {
  const isTag = field.offset === OFF_VLAN_TCI;
  const has = ({ key }: FrameParts): boolean =>
    isTag ? (key.u16(OFF_VLAN_TCI) & VLAN_CFI) !== 0 : hasField(field, key);
  const keyValue = ({ key }: FrameParts): bigint =>
    field.name === 'dl_vlan' ? BigInt(key.u16(OFF_VLAN_TCI) & VLAN_VID_MASK) : readValue(key, field);
  return {
    name: field.name,
    aliases: field.aliases,
    keyField: field,
    read: (frame) => (has(frame) ? formatFieldText(field, keyValue(frame), valueOnes(field), NO_PORT_NAMES) : null),
    problem(wanted) {
      if (wanted === ABSENT) return null;
      if (isRange(wanted)) return field.wireSize <= 4 && field.format !== 'ipv4' ? null : 'a value, not a range';
      // The tools take numbers of any size in an address, and their lowest byte; nobody means that in a file.
      const wrong = field.format === 'ipv4' ? String(wanted).split('/').find(isNoAddress) : undefined;
      if (wrong !== undefined) return `${wrong}: invalid IP address`;
      try {
        parseFieldText(field, String(wanted), NO_PORT_NAMES);
        return null;
      } catch (error) {
        if (error instanceof UserError) return error.message;
        throw error;
      }
    },
    matches(frame, wanted) {
      if (wanted === ABSENT) return !has(frame);
      if (!has(frame)) return false;
      if (isRange(wanted)) return inRange(Number(keyValue(frame)), wanted);
      const { value, mask } = parseFieldText(field, String(wanted), NO_PORT_NAMES);
      return (keyValue(frame) & mask) === (value & mask);
    },
  };
}

function plainField(
  name: string,
  kind: 'number' | 'boolean' | 'text',
  read: (frame: FrameParts) => number | boolean | string | null,
): FrameField {
  return {
    name,
    aliases: [],
    keyField: null,
    read: (frame) => {
      const value = read(frame);
      return value === null ? null : kind === 'text' ? JSON.stringify(value) : String(value);
    },
    problem(wanted) {
      if (wanted === ABSENT) return null;
      if (kind === 'text') return isRange(wanted) ? 'a text, not a range' : null;
      if (kind === 'boolean') return typeof wanted === 'boolean' ? null : 'true or false';
      return typeof wanted === 'number' || isRange(wanted) ? null : 'a number';
    },
    matches(frame, wanted) {
      const value = read(frame);
      if (wanted === ABSENT) return value === null;
      if (value === null) return false;
      if (isRange(wanted)) return typeof value === 'number' && inRange(value, wanted);
      return kind === 'text' ? value === String(wanted) : value === wanted;
    },
  };
}

/** In the order in which a frame has them, outermost header first. */
export const FRAME_FIELDS: readonly FrameField[] = [
  plainField('frame_size', 'number', ({ bytes }) => bytes.length),
  ...FIELDS.filter(
    (field) =>
      field.openflow && !HIDDEN.has(field.name) && field.prerequisite !== 'none' && field.prerequisite !== 'ct',
  ).map(keyFrameField),
  plainField('ip_df', 'boolean', ({ ipv4 }) => ipv4?.dontFragment ?? null),
  plainField('vxlan_vni', 'number', ({ vxlan }) => vxlan?.vni ?? null),
  plainField('payload', 'text', ({ payload }) => (payload === null ? null : new TextDecoder('latin1').decode(payload))),
];

const BY_NAME: ReadonlyMap<string, FrameField> = new Map(
  FRAME_FIELDS.flatMap((field) => [field.name, ...field.aliases].map((name) => [name, field] as const)),
);

export const FRAME_FIELD_NAMES: readonly string[] = [...BY_NAME.keys()];

/** By name or alias; throws on a name that a schema should have refused. */
export function frameField(name: string): FrameField {
  const field = BY_NAME.get(name);
  if (field === undefined) throw new Error(`no frame field ${name}`);
  return field;
}

export function formatWanted(wanted: WantedValue): string {
  if (!isRange(wanted)) return String(wanted);
  if (wanted.min !== undefined && wanted.max !== undefined) return `${wanted.min} to ${wanted.max}`;
  return wanted.min !== undefined ? `at least ${wanted.min}` : `at most ${wanted.max}`;
}
