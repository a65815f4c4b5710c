/** OFPT_METER_MOD: command (2), flags (2), meter (4), bands (OpenFlow 1.5.1 §7.3.4.5). */
import { formatMeterMod } from '../../meter-format.js';
import { type MeterMod, type MeterModCommand, OFPMF_KBPS, OFPMF_PKTPS } from '../../meter-mod.js';
import { OpenFlowError } from '../../switch-connection.js';
import { ofpt } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { readBands, writeBands } from './meter-bands.js';

export interface MeterModMessage {
  readonly kind: 'meter-mod';
  readonly mod: MeterMod;
}

/** OFPMC_* by number. */
const COMMANDS: readonly MeterModCommand[] = ['add', 'modify', 'delete'];

export const meterModMessage: MessageKind<MeterModMessage> = {
  kind: 'meter-mod',
  codes: [ofpt('METER_MOD', [13, 15], 29, { size: 8, unit: 8 })],
  decode(body) {
    const command = COMMANDS[body.u16()];
    if (command === undefined) throw new OpenFlowError('OFPMMFC_BAD_COMMAND');
    const flags = body.u16();
    const meterId = body.u32();
    // What else a deletion says counts for nothing.
    if (command === 'delete') return { kind: 'meter-mod', mod: { command, meter: { meterId, flags: 0, bands: [] } } };
    if ((flags & OFPMF_KBPS) !== 0 && (flags & OFPMF_PKTPS) !== 0) throw new OpenFlowError('OFPMMFC_BAD_FLAGS');
    return { kind: 'meter-mod', mod: { command, meter: { meterId, flags, bands: readBands(body) } } };
  },
  encode({ mod: { command, meter } }, body) {
    body.u16(COMMANDS.indexOf(command));
    body.u16(command === 'delete' ? 0 : meter.flags);
    body.u32(meter.meterId);
    writeBands(meter.bands, body);
  },
  format: ({ mod }) => formatMeterMod(mod),
};
