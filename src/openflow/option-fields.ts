/**
 * tun_metadata0..63 between ovs-ofctl, which gives each as many bytes as are written, and a switch, whose map of options
 * says how long they are.
 *
 * Mirrors what nx_pull_match(), nx_pull_entry() and mf_vl_mff_nx_pull_header() make of such fields with a vl_mff_map
 * (lib/nx-match.c, lib/meta-flow.c), and tun_metadata_to_nx_match(). At a switch, actions refer to the fields of its map:
 * rows of the field table with their own length.
 */
import { FIELDS, type Field } from '#flowtable/fields.js';
import type { Match } from '#flowtable/match.js';
import {
  clearOptions,
  isOptionPresent,
  MatchOptionPlaces,
  type OptionMap,
  presentOptions,
  readOption,
  writeOption,
} from '#flowtable/tunnel-options.js';
import { UserError } from '../report/user-error.js';
import type { Action } from './action/action.js';
import type { FlowMod } from './flow-mod.js';
import { formatHex } from './number-text.js';
import { OpenFlowError } from './switch-connection.js';

const ones = (size: number): bigint => (1n << BigInt(8 * size)) - 1n;

/** Bytes without the leading zeros. */
function byteCount(value: bigint): number {
  return value === 0n ? 0 : Math.ceil(value.toString(16).length / 2);
}

/** Makes the match require the option, with the value on the bits of the mask; a match that is no switch's gives it a place. */
export function matchOption(match: Match, field: Field, value: bigint, mask: bigint): void {
  const { key, mask: wild } = match;
  const index = field.option!;
  key.optionPlaces ??= new MatchOptionPlaces();
  wild.optionPlaces = key.optionPlaces;
  if (key.optionPlaces instanceof MatchOptionPlaces) {
    const isMasked = mask !== ones(field.wireSize);
    const size = isMasked ? Math.max(byteCount(value), byteCount(mask)) : byteCount(value);
    if (isOptionPresent(wild, index)) throw new UserError(`field ${field.name} set multiple times`);
    const place = key.optionPlaces.allocate(index, size, isMasked);
    if (typeof place === 'number') {
      throw new UserError(
        `field ${field.name} exceeds maximum size for tunnel metadata (used ${place}, max ${MAX_SPACE})`,
      );
    }
  }
  writeOption(key, index, value & mask);
  writeOption(wild, index, mask);
}

const MAX_SPACE = 256;

/** The options that a match is about as text: `tun_metadata0=0x5/0xf`, `tun_metadata1`, `tun_metadata2=NP`. */
export function formatOptions({ key, mask }: Match): readonly string[] {
  const places = key.optionPlaces;
  if (places === null) return [];
  return presentOptions(mask).map((index) => {
    const name = `tun_metadata${index}`;
    if (!isOptionPresent(key, index)) return `${name}=NP`;
    const place = places.placeOf(index);
    const size = place?.size ?? 0;
    const bits = readOption(mask, index, places);
    const isMasked = place?.isMasked ?? (size === 0 || bits !== ones(size));
    if (isMasked && bits === 0n) return name;
    const value = formatHex(readOption(key, index, places));
    return bits === ones(size) ? `${name}=${value}` : `${name}=${value}/${formatHex(bits)}`;
  });
}

/** The match as it is at the switch; throws what the switch answers. */
function receiveMatch(match: Match, map: OptionMap): Match {
  const places = match.key.optionPlaces;
  const received = match.clone();
  received.key.optionPlaces = map;
  received.mask.optionPlaces = map;
  if (!(places instanceof MatchOptionPlaces)) return received;
  clearOptions(received.key);
  clearOptions(received.mask);
  for (const index of presentOptions(match.mask)) {
    const place = map.placeOf(index);
    const own = places.placeOf(index)!;
    if (place === null) throw new OpenFlowError('NXFMFC_INVALID_TLV_FIELD');
    // What is too long loses its end.
    const surplus = BigInt(8 * Math.max(0, own.size - place.size));
    const bits = own.isMasked === true ? readOption(match.mask, index) >> surplus : ones(place.size);
    writeOption(received.key, index, (readOption(match.key, index) >> surplus) & bits);
    writeOption(received.mask, index, bits);
  }
  return received;
}

/** A match of a switch as ovs-ofctl has it. */
export function matchToShow(match: Match): Match {
  const { key, mask } = match;
  const present = presentOptions(mask);
  const shown = match.clone();
  shown.key.optionPlaces = null;
  shown.mask.optionPlaces = null;
  clearOptions(shown.key);
  clearOptions(shown.mask);
  for (const index of present) {
    const size = key.optionPlaces?.placeOf(index)?.size ?? 0;
    const bits = readOption(mask, index);
    const field = OPTION_FIELDS[index]!;
    const isExact = size > 0 && bits === ones(size);
    matchOption(shown, field, readOption(key, index), isExact ? ones(field.wireSize) : bits);
  }
  return shown;
}

const OPTION_FIELDS: readonly Field[] = FIELDS.filter(({ option }) => option !== null);

/** The field with the length that it has at a switch. */
function mappedField(field: Field, map: OptionMap): Field {
  const place = map.placeOf(field.option!);
  if (place === null) throw new OpenFlowError('NXFMFC_INVALID_TLV_FIELD');
  return { ...field, bits: 8 * place.size, wireSize: place.size };
}

/** Is this object a field, as rows of the field table are? */
function isField(value: object): value is Field {
  return 'option' in value && 'oxm' in value;
}

/** Rebuilds what refers to tun_metadata fields; what does not is returned as it is. */
function replaceFields<T>(value: T, replace: (field: Field) => Field): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  if (isField(value)) return value.option === null ? value : (replace(value) as T & Field);
  if (Array.isArray(value)) {
    let changed = false;
    const items = value.map((item: unknown) => {
      const next = replaceFields(item, replace);
      changed ||= next !== item;
      return next;
    });
    return changed ? (items as T) : value;
  }
  let copy: Record<string, unknown> | null = null;
  for (const [name, item] of Object.entries(value)) {
    const next: unknown = replaceFields(item, replace);
    if (next === item) continue;
    copy ??= { ...(value as object) };
    copy[name] = next;
  }
  if (copy === null) return value;
  return (copy.kind === 'set_field' ? withFieldLength(copy, value) : copy) as T;
}

/** A set_field's value and mask, where the field has become shorter or longer. */
function withFieldLength(copy: Record<string, unknown>, before: object): Record<string, unknown> {
  const from = (before as { field: Field }).field.wireSize;
  const to = (copy as { field: Field }).field.wireSize;
  const value = copy.value as bigint;
  const mask = copy.mask as bigint;
  const isExact = mask === ones(from);
  const size = isExact ? byteCount(value) : Math.max(byteCount(value), byteCount(mask));
  const surplus = BigInt(8 * Math.max(0, size - to));
  return { ...copy, value: value >> surplus, mask: isExact ? ones(to) : mask >> surplus };
}

/** Numbers of the options that actions use. */
export function optionsOfActions(actions: readonly Action[]): ReadonlySet<number> {
  const used = new Set<number>();
  replaceFields(actions, (field) => {
    used.add(field.option!);
    return field;
  });
  return used;
}

/** Does some action name bits that its option does not have? */
function exceedsLength(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value) || isField(value)) return false;
  const { field, offset, bits } = value as { field?: unknown; offset?: unknown; bits?: unknown };
  if (typeof field === 'object' && field !== null && isField(field) && field.option !== null) {
    if (typeof offset === 'number' && typeof bits === 'number' && offset + bits > field.bits) return true;
  }
  return Object.values(value).some(exceedsLength);
}

/** A flow change as the switch has it; throws what the switch answers. */
export function receiveFlowMod(mod: FlowMod, map: OptionMap): FlowMod {
  const match = receiveMatch(mod.match, map);
  const actions = replaceFields(mod.actions, (field) => mappedField(field, map));
  if (exceedsLength(actions)) throw new OpenFlowError('OFPBAC_BAD_SET_LEN');
  return { ...mod, match, actions };
}

/** Criteria of a request as the switch has them. */
export const receiveCriteria = (match: Match, map: OptionMap): Match => receiveMatch(match, map);

/** Actions of a switch as ovs-ofctl has them. */
export const actionsToShow = (actions: readonly Action[]): readonly Action[] =>
  replaceFields(actions, (field) => OPTION_FIELDS[field.option!]!);
