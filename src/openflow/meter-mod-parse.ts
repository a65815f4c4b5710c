/**
 * Changes of meters as text: `meter=1 pktps burst stats bands=type=drop rate=1 burst_size=2`.
 * Mirrors parse_ofp_meter_mod_str__() (lib/ofp-meter.c).
 */
import { UserError } from '../report/user-error.js';
import {
  type MeterBand,
  type MeterConfig,
  type MeterMod,
  type MeterModCommand,
  OFPM_ALL,
  OFPM_CONTROLLER,
  OFPM_MAX,
  OFPM_SLOWPATH,
  OFPMF_BURST,
  OFPMF_KBPS,
  OFPMF_PKTPS,
  OFPMF_STATS,
} from './meter-mod.js';
import { parseU32, parseU8 } from './number-text.js';
import { Tokens } from './tokens.js';

const FLAGS: ReadonlyMap<string, number> = new Map([
  ['kbps', OFPMF_KBPS],
  ['pktps', OFPMF_PKTPS],
  ['burst', OFPMF_BURST],
  ['stats', OFPMF_STATS],
]);

const NAMED_METERS: ReadonlyMap<string, number> = new Map([
  ['all', OFPM_ALL],
  ['controller', OFPM_CONTROLLER],
  ['slowpath', OFPM_SLOWPATH],
]);

const NAME_ENDS = '=, \t\r\n';
const VALUE_ENDS = ', \t\r\n';

function parseMeterId(text: string): number {
  const named = NAMED_METERS.get(text);
  if (named !== undefined) return named;
  const id = parseU32(text);
  if (id > OFPM_MAX || id === 0) throw new UserError('invalid value for meter');
  return id;
}

function valueAfter(name: string, tokens: Tokens): string {
  const value = tokens.next(VALUE_ENDS);
  if (value === undefined) throw new UserError(`field ${name} missing value`);
  return value;
}

/** Cuts the bands off: they follow the first `band…=`. */
function splitBands(text: string): { readonly head: string; readonly bands: string } {
  const start = text.indexOf('band');
  const equals = start < 0 ? -1 : text.indexOf('=', start + 1);
  if (equals < 0) throw new UserError('must specify bands');
  return { head: text.slice(0, start), bands: text.slice(equals + 1) };
}

function readHead(text: string, takesFlags: boolean): { readonly meterId: number; readonly flags: number } {
  const tokens = new Tokens(text);
  let meterId = 0;
  let flags = 0;
  for (let name = tokens.next(NAME_ENDS); name !== undefined; name = tokens.next(NAME_ENDS)) {
    const flag = takesFlags ? FLAGS.get(name) : undefined;
    if (flag !== undefined) {
      flags |= flag;
      continue;
    }
    const value = valueAfter(name, tokens);
    if (name !== 'meter') throw new UserError(`unknown keyword ${name}`);
    meterId = parseMeterId(value);
  }
  if (meterId === 0) throw new UserError("must specify 'meter'");
  if (takesFlags && flags === 0) throw new UserError("meter must specify either 'kbps' or 'pktps'");
  return { meterId, flags };
}

type BandDraft = { -readonly [K in keyof MeterBand]: MeterBand[K] };

function readBands(text: string): readonly MeterBand[] {
  const tokens = new Tokens(text);
  const bands: BandDraft[] = [];
  for (let name = tokens.next(NAME_ENDS); name !== undefined; name = tokens.next(NAME_ENDS)) {
    const value = valueAfter(name, tokens);
    if (name === 'type') {
      if (value !== 'drop' && value !== 'dscp_remark') throw new UserError(`field ${name} unknown value ${value}`);
      bands.push({ type: value, rate: 0, burstSize: 0, precedenceLevel: 0 });
      continue;
    }
    const band = bands.at(-1);
    if (band === undefined) throw new UserError("band must start with the 'type' keyword");
    if (name === 'rate') band.rate = parseU32(value);
    else if (name === 'burst_size') band.burstSize = parseU32(value);
    else if (name === 'prec_level') band.precedenceLevel = parseU8(value, name);
    else throw new UserError(`unknown keyword ${name}`);
  }
  if (bands.length === 0) throw new UserError('meter must have bands');
  return bands;
}

function checkBand(band: MeterBand, flags: number): void {
  if (band.type === 'dscp_remark' && band.precedenceLevel === 0) {
    throw new UserError("'dscp_remark' band must have 'prec_level'");
  }
  if (band.type !== 'dscp_remark' && band.precedenceLevel !== 0) {
    throw new UserError("Only 'dscp_remark' band may have 'prec_level'");
  }
  if (band.rate === 0) throw new UserError("band must have 'rate'");
  const bursts = (flags & OFPMF_BURST) !== 0;
  if (bursts && band.burstSize === 0) throw new UserError("band must have 'burst_size' when 'burst' flag is set");
  if (!bursts && band.burstSize !== 0) throw new UserError("band may have 'burst_size' only when 'burst' flag is set");
}

/** Parses a change; throws UserError in ovs-ofctl's words. */
export function parseMeterMod(text: string, command: MeterModCommand): MeterMod {
  return { command, meter: command === 'delete' ? parseMeterName(text) : parseMeterConfig(text) };
}

function parseMeterConfig(text: string): MeterConfig {
  const split = splitBands(text);
  const { meterId, flags } = readHead(split.head, true);
  const bands = readBands(split.bands);
  for (const band of bands) checkBand(band, flags);
  return { meterId, flags, bands };
}

/** `meter=N`, and nothing else. */
function parseMeterName(text: string): MeterConfig {
  const { meterId } = readHead(text, false);
  return { meterId, flags: 0, bands: [] };
}

/** The meter that a request for statistics names. */
export function parseMeterRequest(text: string): number {
  return parseMeterName(text).meterId;
}
