/**
 * `send`: frames as they are written, out of a network card: for what no well-behaved host would send, and for many
 * flows at once.
 */
import { z } from 'zod';
import { flag, hostName, map, oneOrMany, place, time, whole } from '../file/values.js';
import { frameFields } from '../file/frame-schema.js';
import { composeFromFields } from '../frame/compose.js';
import { describeFrame } from '../frame/describe-frame.js';
import { dissect } from '../frame/dissect.js';
import { FRAME_FIELD_NAMES, frameField, type WantedValue } from '../frame/frame-fields.js';
import { formatMac } from '../../linux/ip/address.js';
import { UserError } from '../../report/user-error.js';
import { defineStep, failed, refer, type StepResult } from './step-kind.js';

/** Fields that can count up: numbers of at most 32 bits, and addresses. */
const fieldName = z.enum(FRAME_FIELD_NAMES as [string, ...string[]]).meta({ id: 'fieldName' });

export const send = defineStep({
  name: 'send',
  schema: map(
    {
      from: z
        .union([place, hostName])
        .describe('The card that sends it, as host:device; of a host alone its card eth0'),
      frame: frameFields.describe('The fields of the frame; eth_src is the card, and eth_dst all, when not given'),
      count: whole(1, 1_000_000).optional().describe('How many; 1 when not given'),
      vary: oneOrMany(fieldName).optional().describe('Fields that count up from frame to frame'),
      interval: time.optional().describe('Time between them; all at once when not given'),
      hold: flag
        .optional()
        .describe('Leave them on the wire until the next step acts, so that both happen at the same instant'),
    },
    'a map of from and frame',
  ).describe('Sends frames out of a network card'),
  references: ({ from }) => refer(from.includes(':') ? 'place' : 'host', from, 'from'),
  run({ from, frame, count = 1, vary = [], interval = 0, hold = false }, { world }): StepResult {
    const where = from.includes(':') ? from : `${from}:eth0`;
    const title = `send from ${where}${count === 1 ? '' : `, ${count} frames`}`;
    const device = world.device(where);
    if (device === undefined) return { title, checks: [failed(`there is no device ${where}`)] };
    const fields: Record<string, WantedValue | undefined> = {
      eth_src: formatMac(device.mac),
      eth_dst: 'ff:ff:ff:ff:ff:ff',
      ...aliasesResolved(frame as Readonly<Record<string, WantedValue | undefined>>),
    };
    const varied = vary.map((name) => frameField(name).name);
    try {
      for (let i = 0; i < count; i++) {
        device.send(composeFromFields(i === 0 ? fields : countUp(fields, varied, i)));
        if (interval > 0) world.scheduler.runUntil(world.scheduler.nowNs() + interval);
      }
      if (!hold) world.scheduler.runDue();
      const what = describeFrame(dissect(composeFromFields(fields)));
      return { title: `${title}: ${what}`, checks: [] };
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return { title, checks: [failed(`the frame cannot be made: ${error.message}`)] };
    }
  },
});

function aliasesResolved(
  frame: Readonly<Record<string, WantedValue | undefined>>,
): Record<string, WantedValue | undefined> {
  return Object.fromEntries(Object.entries(frame).map(([name, value]) => [frameField(name).name, value]));
}

function countUp(
  fields: Readonly<Record<string, WantedValue | undefined>>,
  names: readonly string[],
  by: number,
): Record<string, WantedValue | undefined> {
  const changed = { ...fields };
  for (const name of names) changed[name] = added(name, changed[name], by);
  return changed;
}

/** A value plus a number, as text of the field's kind; it wraps around at the field's end. */
function added(name: string, value: WantedValue | undefined, by: number): string {
  const field = frameField(name).keyField;
  const bytes = field === null ? null : bytesOf(String(value ?? 0), field.format);
  if (field === null || bytes === null) throw new UserError(`${name} cannot count up from ${String(value)}`);
  const width = BigInt(field.bits);
  const sum = (bytes + BigInt(by)) & ((1n << width) - 1n);
  switch (field.format) {
    case 'mac':
      return sum.toString(16).padStart(12, '0').match(/../g)!.join(':');
    case 'ipv4':
      return [24n, 16n, 8n, 0n].map((shift) => (sum >> shift) & 255n).join('.');
    default:
      return sum.toString();
  }
}

function bytesOf(text: string, format: string): bigint | null {
  switch (format) {
    case 'mac':
      return /^[0-9a-f:]+$/i.test(text) ? BigInt(`0x${text.replaceAll(':', '')}`) : null;
    case 'ipv4':
      return text.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n);
    case 'decimal':
    case 'hexadecimal':
      return /^(0x[0-9a-f]+|\d+)$/i.test(text) ? BigInt(text) : null;
    default:
      return null;
  }
}
