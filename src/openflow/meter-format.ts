/** Meters as ovs-ofctl prints them. Mirrors lib/ofp-meter.c's ofputil_format_meter_*(). */
import { formatBitNames } from './bit-names.js';
import { formatDuration } from './duration.js';
import {
  type MeterBand,
  type MeterConfig,
  type MeterFeatures,
  type MeterMod,
  type MeterModCommand,
  type MeterStatsEntry,
  OFPM_ALL,
  OFPM_CONTROLLER,
  OFPM_MAX,
  OFPM_SLOWPATH,
  OFPMF_BURST,
} from './meter-mod.js';

const FLAG_NAMES: readonly string[] = ['kbps', 'pktps', 'burst', 'stats'];
/** By number of the band's type. */
const BAND_NAMES: readonly string[] = ['', 'drop', 'dscp_remark'];

const NAMED_METERS: ReadonlyMap<number, string> = new Map([
  [OFPM_SLOWPATH, 'slowpath'],
  [OFPM_CONTROLLER, 'controller'],
  [OFPM_ALL, 'all'],
]);

/** A meter's number, or the name of a reserved one. */
export const meterIdText = (id: number): string => (id <= OFPM_MAX ? String(id) : (NAMED_METERS.get(id) ?? 'unknown'));

function formatBand(band: MeterBand, flags: number): string {
  let text = `\ntype=${band.type} rate=${band.rate}`;
  if ((flags & OFPMF_BURST) !== 0) text += ` burst_size=${band.burstSize}`;
  if (band.type === 'dscp_remark') text += ` prec_level=${band.precedenceLevel}`;
  return text;
}

/** One meter of dump-meters, with a new line at its end. */
export function formatMeterConfig({ meterId, flags, bands }: MeterConfig): string {
  const words = FLAG_NAMES.filter((_, bit) => (flags & (1 << bit)) !== 0).map((name) => `${name} `);
  const unknown = flags >> FLAG_NAMES.length;
  if (unknown !== 0) words.push(`flags:0x${(unknown << FLAG_NAMES.length).toString(16)} `);
  return `meter=${meterIdText(meterId)} ${words.join('')}bands=${bands.map((band) => formatBand(band, flags)).join('')}\n`;
}

const COMMAND_TEXT: Readonly<Record<MeterModCommand, string>> = { add: 'ADD', modify: 'MOD', delete: 'DEL' };

/** What follows the message's name in a change of a meter. */
export function formatMeterMod({ command, meter }: MeterMod): string {
  return ` ${COMMAND_TEXT[command]} ${formatMeterConfig(meter)}`;
}

/** One meter of meter-stats, with a new line at its end. */
export function formatMeterStats(stats: MeterStatsEntry): string {
  const head =
    `meter:${meterIdText(stats.meterId)} flow_count:${stats.flowCount} packet_in_count:${stats.packetsIn} ` +
    `byte_in_count:${stats.bytesIn} duration:${formatDuration(stats.duration)} bands:\n`;
  const bands = stats.bands.map(({ packets, bytes }, i) => `${i}: packet_count:${packets} byte_count:${bytes}\n`);
  return head + bands.join('');
}

/** meter-features, after the message's name. */
export function formatMeterFeatures(features: MeterFeatures): string {
  return (
    `\nmax_meter:${features.maxMeters} max_bands:${features.maxBands} max_color:${features.maxColors}\n` +
    `band_types: ${formatBitNames(features.bandTypes, BAND_NAMES, ' ')}\n` +
    `capabilities: ${formatBitNames(features.capabilities, FLAG_NAMES, ' ')}\n`
  );
}
