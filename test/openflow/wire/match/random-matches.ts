/** Random matches as text, and as bytes: right ones, and ones with some bytes wrong. */
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { parseMatch } from '#src/openflow/match-parse.js';
import type { HeaderStyle } from '#src/openflow/wire/match/field-header.js';
import { ByteWriter } from '#src/openflow/wire/byte-writer.js';
import { encodeMatch, encodeNxMatch } from '#src/openflow/wire/match/index.js';
import { parseNxMatchText } from '#src/openflow/wire/match/nx-match-text.js';
import { UserError } from '#src/report/user-error.js';
import { Dice } from '../../../differential/dice.js';
import { COMMAND_RULES } from '../../../differential/text/commands.js';
import { FIELD_RULES } from '../../../differential/text/fields.js';
import { Grammar } from '../../../differential/text/grammar.js';
import { WORD_RULES } from '../../../differential/text/words.js';
import { ACTION_RULES } from '../../../differential/text/actions.js';
import { FlowTextGenerator } from '../../random-flow-text.js';
import { RandomEntries } from './random-entries.js';
import { RandomStructures } from './random-structures.js';

/** Terms that the grammar of flows does not have. */
const MORE_TERMS = [
  'tun_metadata{#5}={#32}',
  'tun_metadata{#5}={u64m}',
  'tun_metadata{#5}',
  'tun_erspan_ver={#4}',
  'tun_erspan_idx={#20}',
  'tun_erspan_hwid={#6}',
  'tun_gtpu_flags={u8m}',
  'tun_gtpu_msgtype={#8}',
  'nd_reserved={#32}',
  'nd_options_type={#8}',
  'vlan_tci={u16m}',
  'ct_nw_proto={#2}',
];

/** The bytes of a match with what says how many are meant: of NXM a length outside of them. */
export interface GivenBytes {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export class RandomMatches {
  private readonly dice: Dice;
  private readonly grammar: Grammar;
  private readonly flows: FlowTextGenerator;
  private readonly entries: RandomEntries;
  private readonly structures: RandomStructures;

  constructor(seed: number) {
    this.dice = new Dice(seed);
    const rules = { ...WORD_RULES, ...FIELD_RULES, ...ACTION_RULES, ...COMMAND_RULES, more_term: MORE_TERMS };
    this.grammar = new Grammar(rules, this.dice);
    this.flows = new FlowTextGenerator(seed);
    this.entries = new RandomEntries(seed);
    this.structures = new RandomStructures(seed);
  }

  /** A match, or what is none. */
  text(): string {
    const { dice } = this;
    const text = dice.pick([
      () => this.flows.match(),
      () => this.grammar.text('match'),
      () => `${this.grammar.text('match')},${this.grammar.text('more_term')}`,
      () => `icmp6,icmp_type=135,icmp_code=0,${this.grammar.text('nd_term')},${this.grammar.text('more_term')}`,
    ])();
    return text.replace(/"?\bp([12])\b"?/g, '$1').replace(/\n/g, ' ');
  }

  /** The bytes of a match in a version's own form, or NXM. */
  bytes(form: HeaderStyle): GivenBytes {
    const { dice } = this;
    const right = dice.chance(0.5) ? this.fromText(form) : this.fromStructure(form);
    return dice.chance(0.4) ? this.damaged(right, form) : right;
  }

  private fromText(form: HeaderStyle): GivenBytes {
    for (;;) {
      try {
        const match = parseMatch(this.text(), { ports: NO_PORT_NAMES });
        const writer = new ByteWriter();
        const length = form === 'nxm' ? encodeNxMatch(match, writer) : 0;
        if (form !== 'nxm') encodeMatch(match, { version: form }, writer);
        return { bytes: writer.take(), length };
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
    }
  }

  private fromStructure(form: HeaderStyle): GivenBytes {
    if (form === 10) return { bytes: Buffer.from(this.structures.ofp10().replaceAll(' ', ''), 'hex'), length: 0 };
    if (form === 11) return { bytes: Buffer.from(this.structures.ofp11().replaceAll(' ', ''), 'hex'), length: 0 };
    const entries = parseNxMatchText(this.entries.line());
    const header = form === 'nxm' ? [] : [0, 1, (entries.length + 4) >> 8, (entries.length + 4) & 0xff];
    const length = header.length + entries.length;
    const bytes = new Uint8Array(Math.ceil(length / 8) * 8);
    bytes.set(header);
    bytes.set(entries, header.length);
    return { bytes, length };
  }

  private damaged({ bytes, length }: GivenBytes, form: HeaderStyle): GivenBytes {
    const { dice } = this;
    const copy = Uint8Array.from(bytes);
    const at = dice.below(copy.length || 1);
    switch (dice.below(4)) {
      case 0:
        if (copy.length > 0) copy[at] = dice.pick([0, 1, 0xff, copy[at]! ^ 1, dice.below(256)]);
        return { bytes: copy, length };
      case 1:
        if (copy.length > 0) copy[at] = dice.below(256);
        if (copy.length > 0) copy[dice.below(copy.length)] = dice.below(256);
        return { bytes: copy, length };
      case 2:
        // Messages are in words of 8 bytes; a match of 1.0 has one size.
        return form === 10
          ? { bytes, length }
          : { bytes: copy.subarray(0, Math.max(form === 'nxm' ? 0 : 8, at & ~7)), length };
      default: {
        const other = Math.max(0, length + dice.between(-9, 9));
        if (form !== 'nxm' && form !== 10 && copy.length >= 4) copy.set([other >> 8, other & 0xff], 2);
        return { bytes: copy, length: other };
      }
    }
  }
}
