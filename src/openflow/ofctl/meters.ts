/**
 * add-meter, mod-meter, del-meter(s), dump-meter(s), meter-stats and meter-features.
 * Mirrors ofctl_meter_mod__() and ofctl_meter_request__() of utilities/ovs-ofctl.c. Meters need OpenFlow 1.3.
 */
import {
  formatMeterConfig,
  formatMeterFeatures,
  formatMeterMod,
  formatMeterStats,
  meterIdText,
} from '../meter-format.js';
import { type MeterMod, type MeterModCommand, OFPM_ALL, OFPMF_KBPS, OFPMF_PKTPS } from '../meter-mod.js';
import { parseMeterMod, parseMeterRequest } from '../meter-mod-parse.js';
import { type OpenFlowVersion, P_OF13_UP } from '../protocol.js';
import { offering, OpenFlowError } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

/** Throws what a switch answers to a change that it cannot read: a meter has one unit. */
function checkReceivedMeterMod({ meter }: MeterMod): void {
  if ((meter.flags & OFPMF_KBPS) !== 0 && (meter.flags & OFPMF_PKTPS) !== 0) {
    throw new OpenFlowError('OFPMMFC_BAD_FLAGS');
  }
}

function change(invocation: Invocation, name: string, text: string | undefined, command: MeterModCommand): void {
  const all: MeterMod = { command, meter: { meterId: OFPM_ALL, flags: 0, bands: [] } };
  const mod = text === undefined ? all : parseMeterMod(text, command);
  const { connection, version } = invocation.openForFlowMod(name, P_OF13_UP);
  const xid = invocation.sendQuietly();
  const head = invocation.header('OFPT_METER_MOD', version, xid);
  invocation.refusable(version, xid, `${head} ***decode error***`, () => checkReceivedMeterMod(mod));
  // Messages end with one new line, which the one who prints them adds.
  const message = `${head}${formatMeterMod(mod).trimEnd()}`;
  invocation.refusable(version, xid, message, () => offering(connection, 'meterMod').meterMod(mod));
}

const changeCommand = (name: string, usage: string, minArgs: number, command: MeterModCommand): OfctlCommand => ({
  name,
  usage,
  minArgs,
  maxArgs: 2,
  writes: true,
  run: (invocation, [switchName = '', meter]) => change(invocation, switchName, meter, command),
});

export const addMeter = changeCommand('add-meter', 'switch meter', 2, 'add');
export const modMeter = changeCommand('mod-meter', 'switch meter', 2, 'modify');
export const delMeter = changeCommand('del-meter', 'switch meter', 1, 'delete');
export const delMeters = changeCommand('del-meters', 'switch', 1, 'delete');

function dumpMeterConfigs(invocation: Invocation, name: string, text: string | undefined): void {
  const meterId = text === undefined ? OFPM_ALL : parseMeterRequest(text);
  const { connection, version } = invocation.openForFlowMod(name, P_OF13_UP);
  const xid = invocation.nextXid();
  const { request, head } = textsOf(invocation, 'METER_CONFIG', version, xid, meterId);
  invocation.answer(version, xid, request, () => {
    const meters = offering(connection, 'meterConfigs').meterConfigs(meterId);
    return `${head}${meters.map((meter) => `\n${formatMeterConfig(meter)}`).join('')}`;
  });
}

/** A request for statistics as it is printed, and the reply's beginning. */
function textsOf(invocation: Invocation, what: string, version: OpenFlowVersion, xid: number, meterId: number | null) {
  const place = meterId === null ? '' : ` meter=${meterIdText(meterId)}`;
  return {
    request: `${invocation.header(`OFPST_${what} request`, version, xid)}${place}`,
    head: invocation.header(`OFPST_${what} reply`, version, xid),
  };
}

const dumpCommand = (name: string, usage: string): OfctlCommand => ({
  name,
  usage,
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run: (invocation, [switchName = '', meter]) => dumpMeterConfigs(invocation, switchName, meter),
});

export const dumpMeter = dumpCommand('dump-meter', 'switch meter');
export const dumpMeters = dumpCommand('dump-meters', 'switch');

export const meterStats: OfctlCommand = {
  name: 'meter-stats',
  usage: 'switch [meter]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', text]) {
    const meterId = text === undefined ? OFPM_ALL : parseMeterRequest(text);
    const { connection, version } = invocation.openForFlowMod(name, P_OF13_UP);
    const xid = invocation.nextXid();
    const { request, head } = textsOf(invocation, 'METER', version, xid, meterId);
    invocation.answer(version, xid, request, () => {
      const meters = offering(connection, 'meterStats').meterStats(meterId);
      return `${head}${meters.map((stats) => `\n${formatMeterStats(stats)}`).join('')}`;
    });
  },
};

export const meterFeatures: OfctlCommand = {
  name: 'meter-features',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.openForFlowMod(name, P_OF13_UP);
    const xid = invocation.nextXid();
    const { request, head } = textsOf(invocation, 'METER_FEATURES', version, xid, null);
    invocation.answer(
      version,
      xid,
      request,
      () => `${head}${formatMeterFeatures(offering(connection, 'meterFeatures').meterFeatures())}`,
    );
  },
};
