/**
 * add-meter, mod-meter, del-meter(s), dump-meter(s), meter-stats and meter-features.
 * Mirrors ofctl_meter_mod__() and ofctl_meter_request__() of utilities/ovs-ofctl.c. Meters need OpenFlow 1.3.
 */
import { formatMeterConfig, formatMeterFeatures, formatMeterMod, formatMeterStats } from '../meter-format.js';
import { type MeterMod, type MeterModCommand, OFPM_ALL } from '../meter-mod.js';
import { parseMeterMod, parseMeterRequest } from '../meter-mod-parse.js';
import { P_OF13_UP } from '../protocol.js';
import { offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

function change(invocation: Invocation, name: string, text: string | undefined, command: MeterModCommand): void {
  const all: MeterMod = { command, meter: { meterId: OFPM_ALL, flags: 0, bands: [] } };
  const mod = text === undefined ? all : parseMeterMod(text, command);
  const { connection, version } = invocation.openForFlowMod(name, P_OF13_UP);
  const xid = invocation.sendQuietly();
  const message = `${invocation.header('OFPT_METER_MOD', version, xid)}${formatMeterMod(mod)}`;
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
  answer(invocation, 'METER_CONFIG', version, xid, () =>
    offering(connection, 'meterConfigs')
      .meterConfigs(meterId)
      .map((meter) => `\n${formatMeterConfig(meter)}`)
      .join(''),
  );
}

/** Prints a reply; messages end with one new line, whatever their text ends with. */
function answer(
  invocation: Invocation,
  what: string,
  version: Parameters<Invocation['header']>[1],
  xid: number,
  body: () => string,
): void {
  const text = body();
  const head = invocation.header(`OFPST_${what} reply`, version, xid);
  invocation.print(`${head}${text.endsWith('\n') ? text : `${text}\n`}`);
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
    answer(invocation, 'METER', version, xid, () =>
      offering(connection, 'meterStats')
        .meterStats(meterId)
        .map((stats) => `\n${formatMeterStats(stats)}`)
        .join(''),
    );
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
    answer(invocation, 'METER_FEATURES', version, xid, () =>
      formatMeterFeatures(offering(connection, 'meterFeatures').meterFeatures()),
    );
  },
};
