/**
 * Actions and instructions as bytes: what the real ovs-ofctl makes of random flows' text, byte for byte, and what it says
 * of those bytes, of the same with mistakes in them, and of random ones.
 */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { UserError } from '#src/report/user-error.js';
import { parseFlowMod } from '#src/openflow/flow-mod-parse.js';
import type { FlowMod } from '#src/openflow/flow-mod.js';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { type OpenFlowVersion, P_OF10_STD, P_OF10_STD_TID, protocolsOfVersion } from '#src/openflow/protocol.js';
import { encodeInstructions } from '#src/openflow/wire/action/index.js';
import { ByteWriter } from '#src/openflow/wire/byte-writer.js';
import { requireOracle } from '../support/ovs-oracle.js';
import { ACTION_RULES } from './text/actions.js';
import { FIELD_RULES } from './text/fields.js';
import { Grammar } from './text/grammar.js';
import { WORD_RULES } from './text/words.js';
import { Dice, suiteSettings } from './dice.js';

const VERSIONS: readonly OpenFlowVersion[] = [10, 11, 12, 13, 14, 15];
const RULES = { ...WORD_RULES, ...FIELD_RULES, ...ACTION_RULES };
const MATCHES = [
  ...['', 'ip', 'tcp', 'udp', 'sctp', 'tcp6', 'udp6', 'icmp6,icmpv6_type=135,icmpv6_code=0', 'arp', 'mpls'],
  ...['dl_vlan=5,tcp', 'vlan_tci=0x1000/0x1000', 'dl_type=0x894f', 'ip,ct_state=+trk+est', 'mplsm', 'icmp'],
];

interface Case {
  readonly text: string;
  readonly mod: FlowMod;
}

/** Flows that the version can carry, as far as their text tells. */
function randomFlows(version: OpenFlowVersion, count: number, dice: Dice): readonly Case[] {
  const grammar = new Grammar(RULES, dice);
  const cases: Case[] = [];
  const own = protocolsOfVersion(version);
  const allowed = version === 10 ? own & ~(P_OF10_STD | P_OF10_STD_TID) : own;
  while (cases.length < count) {
    const match = dice.pick(MATCHES);
    const actions = grammar.text('actions').replace(/\bp([12])\b/g, '$1');
    const text = `${match}${match === '' ? '' : ','}actions=${actions}`;
    if (/\n/.test(text)) continue;
    try {
      const { mod, protocols } = parseFlowMod(text, 'add', { ports: NO_PORT_NAMES });
      if ((protocols & allowed) !== 0) cases.push({ text, mod });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return cases;
}

/** The bytes of the messages that a text has in hexadecimal. */
function messagesIn(text: string): readonly Uint8Array[] {
  const messages: Uint8Array[] = [];
  let bytes: number[] = [];
  for (const line of text.split('\n')) {
    const found = /^[0-9a-f]{8} {2}([0-9a-f -]{48})/.exec(line);
    if (found === null) continue;
    bytes.push(
      ...found[1]!
        .split(/[ -]+/)
        .filter((pair) => pair !== '')
        .map((pair) => Number.parseInt(pair, 16)),
    );
    if (bytes.length < 4 || bytes.length < bytes[2]! * 256 + bytes[3]!) continue;
    messages.push(Uint8Array.from(bytes));
    bytes = [];
  }
  return messages;
}

const run = (args: readonly string[], input: string): string =>
  spawnSync('ovs-ofctl', args, { input, encoding: 'utf8', maxBuffer: 1 << 28 }).stdout;

const padded = (size: number): number => (size + 7) & ~7;

/** What is behind the match of a flow mod. */
function instructionsOf(message: Uint8Array, version: OpenFlowVersion): Uint8Array {
  const u16 = (at: number): number => message[at]! * 256 + message[at + 1]!;
  if (version === 11) return message.subarray(136);
  // Nicira's flow mod has the match's length in front of its padding.
  if (version === 10) return message.subarray(48 + padded(u16(40)));
  return message.subarray(48 + padded(u16(50)));
}

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function ours(args: readonly string[], stdin: string): Promise<string> {
  const readFile = (): Promise<never> => Promise.reject(new Error('no files'));
  return (await runOfctl(args, { connection: () => undefined, readFile, stdin })).stdout;
}

/** The lines about which the two disagree, with what each said. */
async function compareLines(command: string, version: OpenFlowVersion, lines: readonly string[]): Promise<string[]> {
  const args = [command, `OpenFlow${version}`];
  const input = `${lines.join('\n')}\n`;
  const [real, own] = [run(args, input).split('\n\n'), (await ours(args, input)).split('\n\n')];
  expect(real.length).toBe(lines.length + 1);
  return lines.flatMap((line, index) =>
    real[index] === own[index] ? [] : [`${args.join(' ')}\n${line}\n  real: ${real[index]}\n  ours: ${own[index]}`],
  );
}

/** Some bytes become others: single ones, or the same number of bits as before, so that lengths still fit. */
function spoil(hex: string, dice: Dice): string {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length === 0) return hex;
  for (let i = dice.between(1, 3); i > 0; i--) {
    const at = dice.below(bytes.length);
    bytes[at] = dice.pick([
      () => 0,
      () => 0xff,
      () => bytes[at]! ^ (1 << dice.below(8)),
      () => bytes[at]! + 1,
      () => bytes[at]! - 1,
      () => dice.below(256),
      () => bytes[dice.below(bytes.length)]!,
    ])();
  }
  const text = bytes.toString('hex');
  if (dice.chance(0.9)) return text;
  return dice.pick([() => text.slice(0, 2 * dice.below(bytes.length + 1)), () => text + '00'.repeat(dice.below(17))])();
}

/** A header that names some action, and bytes that may or may not be its. */
function randomBytes(dice: Dice): string {
  const size = 8 * dice.between(1, 8);
  const bytes = Buffer.from(Array.from({ length: size }, () => (dice.chance(0.6) ? 0 : dice.below(256))));
  const isVendors = dice.chance(0.7) && size >= 16;
  bytes.writeUInt16BE(isVendors ? 0xffff : dice.below(32), 0);
  bytes.writeUInt16BE(size, 2);
  if (isVendors) bytes.writeUInt32BE(dice.pick([0x2320, 0x2320, 0x2320, 0x4f4e4600]), 4);
  if (isVendors) bytes.writeUInt16BE(dice.chance(0.02) ? 3200 : dice.below(54), 8);
  const at = 4 * dice.between(1, Math.max(1, size / 4 - 1));
  const header = dice.pick([0x80000a02, 0x00010004, 0x00010204, 0x0001d604, 0x00000802, 0xffff0008, 0x80000806]);
  if (dice.chance(0.5) && at + 4 <= size) bytes.writeUInt32BE(header, at);
  return bytes.toString('hex');
}

const { seed, cases } = suiteSettings('action bytes', 60);
const SHOWN = Number(process.env.OVS_SHOWN ?? 5);

const expectNone = (differences: readonly string[]): void =>
  expect(differences.slice(0, SHOWN).join('\n') + (differences.length > SHOWN ? `\n… ${differences.length}` : '')).toBe(
    '',
  );

describe.skipIf(!requireOracle())('actions as bytes', () => {
  describe.each(VERSIONS)('of OpenFlow %i', (version) => {
    const dice = new Dice(seed * 100 + version);
    const flows = randomFlows(version, cases, dice);
    const format = version === 10 ? 'NXM' : 'any';
    const args = ['-O', `OpenFlow${version}`, '-F', format, '-mmmmm', 'parse-flows', '-'];
    const messages = messagesIn(run(args, `${flows.map(({ text }) => text).join('\n')}\n`));
    const bytes = messages.map((message) => hexOf(instructionsOf(message, version)));

    test('text becomes the same bytes', () => {
      expect(messages.length).toBe(flows.length);
      const differences = flows.flatMap(({ text, mod }, index) => {
        const writer = new ByteWriter();
        encodeInstructions(mod.actions, writer, { version, tlvTable: null }, mod.match);
        const own = hexOf(writer.take());
        return own === bytes[index] ? [] : [`${text}\n  real: ${bytes[index]}\n  ours: ${own}`];
      });
      expectNone(differences);
    });

    test('the bytes say the same', async () => {
      const lines = bytes.filter((hex) => hex !== '');
      expectNone(await compareLines('parse-instructions', version, lines));
      if (version === 10) expectNone(await compareLines('parse-actions', version, lines));
    });

    test('with mistakes they say the same', async () => {
      const lines = Array.from({ length: 4 * cases }, () => spoil(dice.pick(bytes), dice)).filter((hex) => hex !== '');
      expectNone(await compareLines('parse-instructions', version, lines));
      // Of an instruction the bytes behind its header are actions.
      const inner = lines.map((hex) => (version === 10 ? hex : hex.slice(16))).filter((hex) => hex !== '');
      expectNone(await compareLines('parse-actions', version, inner));
    });

    test('random bytes say the same', async () => {
      const lines = Array.from({ length: 4 * cases }, () => randomBytes(dice));
      expectNone(await compareLines('parse-actions', version, lines));
      const applied = lines.map((hex) => {
        const size = (hex.length / 2 + 8).toString(16).padStart(4, '0');
        return version === 10 ? hex : `000${dice.pick([3, 4, 4, 4])}${size}00000000${hex}`;
      });
      expectNone(await compareLines('parse-instructions', version, applied));
    });
  });
});
