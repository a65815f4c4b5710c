/**
 * Tunnel options in a flow key as OpenFlow tables see them: which bytes of the key are tun_metadataN.
 *
 * Mirrors struct tun_table, struct tun_metadata_allocation and the reading and writing of lib/tun-metadata.c. A switch
 * has one map, from options (RFC 8926 §3.5: class and type) to places; a match that is not yet at a switch makes its
 * own as it is written. The invariant: places of different fields do not overlap, and are whole 4-byte words where the
 * map is a switch's.
 *
 * Deliberately different: where an option of the map is not in a packet, its place holds zeros; OVS leaves there what
 * stood in the packet's options.
 */
import {
  type FlowKey,
  OFF_TUN_FLAGS,
  OFF_TUN_OPTIONS,
  OFF_TUN_OPTIONS_PRESENT,
  type OptionPlace,
  type OptionPlaces,
  TUN_F_UDPIF,
  TUN_OPTIONS_SIZE,
} from './flow-key.js';

/** tun_metadata0..63. */
export const TUN_METADATA_FIELDS = 64;
/** Bytes of the longest option. */
export const TUN_METADATA_MAX_SIZE = 124;
const WORD_SIZE = 4;
const OPTION_HEADER_SIZE = 4;
/** An option that no switch may ignore (RFC 8926 §3.5). */
const OPTION_CRITICAL = 0x80;

export function isOptionPresent(key: FlowKey, index: number): boolean {
  return (key.u8(OFF_TUN_OPTIONS_PRESENT + 7 - (index >> 3)) & (1 << (index & 7))) !== 0;
}

/** The fields that are present, in order. */
export function presentOptions(key: FlowKey): readonly number[] {
  return Array.from({ length: TUN_METADATA_FIELDS }, (_, index) => index).filter((index) =>
    isOptionPresent(key, index),
  );
}

/** The field's value, zero where the key has no place for it. */
export function readOption(key: FlowKey, index: number, places = key.optionPlaces): bigint {
  let value = 0n;
  for (const { offset, size } of places?.placeOf(index)?.runs ?? []) {
    for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(key.bytes[OFF_TUN_OPTIONS + offset + i]!);
  }
  return value;
}

/** Writes the low bytes of the value and marks the field as present; nothing where the key has no place for it. */
export function writeOption(key: FlowKey, index: number, value: bigint, places = key.optionPlaces): void {
  const place = places?.placeOf(index) ?? null;
  if (place === null) return;
  let left = place.size;
  for (const { offset, size } of place.runs) {
    for (let i = 0; i < size; i++) {
      left--;
      key.bytes[OFF_TUN_OPTIONS + offset + i] = Number((value >> BigInt(8 * left)) & 0xffn);
    }
  }
  const at = OFF_TUN_OPTIONS_PRESENT + 7 - (index >> 3);
  key.setU8(at, key.u8(at) | (1 << (index & 7)));
}

/** The field is there no more; what stood in its place stays. */
export function deleteOption(key: FlowKey, index: number): void {
  const at = OFF_TUN_OPTIONS_PRESENT + 7 - (index >> 3);
  key.setU8(at, key.u8(at) & ~(1 << (index & 7)));
}

/** Leaves the key without options. */
export function clearOptions(key: FlowKey): void {
  key.bytes.fill(0, OFF_TUN_OPTIONS_PRESENT, OFF_TUN_OPTIONS + TUN_OPTIONS_SIZE);
}

/** The places that a match by itself gives to its fields: one behind the other, as long as each is written. */
export class MatchOptionPlaces implements OptionPlaces {
  private readonly places: (OptionPlace | undefined)[] = [];
  private used = 0;

  placeOf(index: number): OptionPlace | null {
    return this.places[index] ?? null;
  }

  /** A place for the field; or how many bytes there would have to be. */
  allocate(index: number, size: number, isMasked: boolean): OptionPlace | number {
    if (this.used + size > TUN_OPTIONS_SIZE) return this.used + size;
    const place = { size, runs: [{ offset: this.used, size }], isMasked };
    this.places[index] = place;
    this.used += size;
    return place;
  }
}

/** An option of a switch's map. */
export interface OptionEntry {
  readonly optionClass: number;
  readonly optionType: number;
  readonly place: OptionPlace;
}

export type OptionMapProblem = 'already-mapped' | 'duplicate' | 'full';

/** The map of a switch. */
export class OptionMap implements OptionPlaces {
  private entries: readonly (OptionEntry | null)[] = new Array<null>(TUN_METADATA_FIELDS).fill(null);

  placeOf(index: number): OptionPlace | null {
    return this.entries[index]?.place ?? null;
  }

  entry(index: number): OptionEntry | null {
    return this.entries[index] ?? null;
  }

  find(optionClass: number, optionType: number): number | null {
    const index = this.entries.findIndex(
      (entry) => entry !== null && entry.optionClass === optionClass && entry.optionType === optionType,
    );
    return index < 0 ? null : index;
  }

  copy(): OptionMap {
    const copy = new OptionMap();
    copy.entries = this.entries;
    return copy;
  }

  /** Becomes equal to the other. */
  replaceBy(other: OptionMap): void {
    this.entries = other.entries;
  }

  /** Gives the field a place; in several runs where no free one is long enough. */
  add(index: number, optionClass: number, optionType: number, size: number): OptionMapProblem | null {
    if (this.entry(index) !== null) return 'already-mapped';
    if (this.find(optionClass, optionType) !== null) return 'duplicate';
    const taken = new Array<boolean>(TUN_OPTIONS_SIZE / WORD_SIZE).fill(false);
    for (const entry of this.entries) {
      for (const run of entry?.place.runs ?? []) {
        taken.fill(true, run.offset / WORD_SIZE, (run.offset + run.size) / WORD_SIZE);
      }
    }
    const runs: { offset: number; size: number }[] = [];
    for (let left = size; left > 0; ) {
      const run = bestRun(taken, left / WORD_SIZE);
      if (run === null) return 'full';
      taken.fill(true, run.start, run.start + run.length);
      runs.push({ offset: run.start * WORD_SIZE, size: run.length * WORD_SIZE });
      left -= run.length * WORD_SIZE;
    }
    this.entries = this.entries.with(index, { optionClass, optionType, place: { size, runs } });
    return null;
  }

  delete(index: number): void {
    this.entries = this.entries.with(index, null);
  }
}

/** The first free run of the wanted length, else the longest, in words. */
function bestRun(
  taken: readonly boolean[],
  wanted: number,
): { readonly start: number; readonly length: number } | null {
  let best: { start: number; length: number } | null = null;
  for (let start = taken.indexOf(false); start >= 0; start = taken.indexOf(false, start)) {
    let length = 0;
    while (length < wanted && start + length < taken.length && !taken[start + length]) length++;
    if (length === wanted) return { start, length };
    if (best === null || length > best.length) best = { start, length };
    start += length + 1;
  }
  return best;
}

/** One option of a raw key or mask. */
export interface RawOption {
  readonly optionClass: number;
  readonly optionType: number;
  /** Of its data, in the key's bytes. */
  readonly offset: number;
  readonly size: number;
}

/** Bytes of options in a raw key. */
export const rawOptionsSize = (key: FlowKey): number => key.u16(OFF_TUN_OPTIONS_PRESENT);

/** The options of a raw key, or null where one is longer than what is left. */
export function rawOptions(key: FlowKey): readonly RawOption[] | null {
  const options: RawOption[] = [];
  const end = OFF_TUN_OPTIONS + rawOptionsSize(key);
  for (let at = OFF_TUN_OPTIONS; at < end; ) {
    if (end - at < OPTION_HEADER_SIZE) return null;
    const size = (key.u8(at + 3) & 0x1f) * WORD_SIZE;
    if (end - at < OPTION_HEADER_SIZE + size) return null;
    options.push({
      optionClass: key.u16(at),
      optionType: key.u8(at + 2),
      offset: at + OPTION_HEADER_SIZE,
      size,
    });
    at += OPTION_HEADER_SIZE + size;
  }
  return options;
}

/**
 * Brings a raw key into the translated form of a map. False, with the key as it was, for options that are malformed, of
 * another length than the map says, or critical and not in the map.
 */
export function translateOptions(key: FlowKey, map: OptionMap): boolean {
  const options = rawOptions(key);
  if (options === null) return false;
  const found = new Map<number, bigint>();
  for (const { optionClass, optionType, offset, size } of options) {
    const index = map.find(optionClass, optionType);
    if (index === null) {
      if ((optionType & OPTION_CRITICAL) !== 0) return false;
      continue;
    }
    if (map.placeOf(index)!.size !== size) return false;
    found.set(index, readBytes(key, offset, size));
  }
  clearOptions(key);
  key.optionPlaces = map;
  key.setU16(OFF_TUN_FLAGS, key.u16(OFF_TUN_FLAGS) & ~TUN_F_UDPIF);
  for (const [index, value] of found) writeOption(key, index, value);
  return true;
}

/** The options of a translated key as they stand in a header. */
export function encodeOptions(key: FlowKey): { readonly options: Uint8Array; readonly isCritical: boolean } {
  const map = key.optionPlaces;
  const bytes: number[] = [];
  let isCritical = false;
  if (!(map instanceof OptionMap)) return { options: Uint8Array.from(bytes), isCritical };
  for (const index of presentOptions(key)) {
    const entry = map.entry(index);
    if (entry === null) continue;
    const { optionClass, optionType, place } = entry;
    bytes.push(optionClass >> 8, optionClass & 0xff, optionType, place.size / WORD_SIZE);
    for (const { offset, size } of place.runs) {
      for (let i = 0; i < size; i++) bytes.push(key.bytes[OFF_TUN_OPTIONS + offset + i]!);
    }
    isCritical ||= (optionType & OPTION_CRITICAL) !== 0;
  }
  return { options: Uint8Array.from(bytes), isCritical };
}

/** Puts options into a key as the datapath has them. */
export function setRawOptions(key: FlowKey, options: Uint8Array): void {
  clearOptions(key);
  key.optionPlaces = null;
  key.setU16(OFF_TUN_OPTIONS_PRESENT, options.length);
  key.bytes.set(options, OFF_TUN_OPTIONS);
  key.setU16(OFF_TUN_FLAGS, key.u16(OFF_TUN_FLAGS) | TUN_F_UDPIF);
}

/**
 * Brings a mask of the translated form into the raw one, for a packet with these raw options: its options' headers are
 * matched where any option is looked at, their length always.
 */
export function encodeOptionsMask(mask: FlowKey, packet: FlowKey): void {
  const map = mask.optionPlaces;
  const isLookedAt = presentOptions(mask).length > 0;
  const values = new Map<number, bigint>();
  const options = rawOptions(packet) ?? [];
  if (isLookedAt && map instanceof OptionMap) {
    for (const { optionClass, optionType, offset } of options) {
      const index = map.find(optionClass, optionType);
      values.set(offset, index === null ? 0n : readOption(mask, index));
    }
  }
  clearOptions(mask);
  mask.optionPlaces = null;
  for (const { offset, size } of isLookedAt ? options : []) {
    mask.bytes.set([0xff, 0xff, 0xff, 0x1f], offset - OPTION_HEADER_SIZE);
    writeBytes(mask, offset, size, values.get(offset) ?? 0n);
  }
  mask.setU16(OFF_TUN_OPTIONS_PRESENT, 0xffff);
  mask.setU16(OFF_TUN_FLAGS, mask.u16(OFF_TUN_FLAGS) | TUN_F_UDPIF);
}

function readBytes(key: FlowKey, offset: number, size: number): bigint {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(key.bytes[offset + i]!);
  return value;
}

function writeBytes(key: FlowKey, offset: number, size: number, value: bigint): void {
  for (let i = 0; i < size; i++) key.bytes[offset + i] = Number((value >> BigInt(8 * (size - 1 - i))) & 0xffn);
}
