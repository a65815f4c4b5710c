/**
 * A translation that is watched: it keeps, beside the tree of its account, what each node stands for (bridge, table,
 * rule, key), and for every bit of the megaflow's mask who asked for it first.
 *
 * How: translation reports before each thing that it does, so bits that appeared since the last report belong to what
 * that report announced; bits that appeared in a lookup are told apart by searching again, subtable by subtable. The
 * translation itself runs as it always does and knows nothing of this. Invariant: every bit of the final mask has a
 * cause.
 */
import type { SubtableVisit } from '#flowtable/classifier.js';
import { type FlowKey, FRAG_ANY, KEY_WORDS, OFF_IN_PORT, OFF_NW_FRAG, OFF_TP_SRC } from '#flowtable/flow-key.js';
import { OFPP_IN_PORT } from '#src/openflow/ports.js';
import type { ResubmitRequest } from '#src/openflow/translate-context.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import type { Rule } from '#src/vswitchd/openflow-table.js';
import type { TranslateOutcome } from '#src/vswitchd/translate/outcome.js';
import type { TraceNode, TraceNodeKind } from '#src/vswitchd/translate/trace.js';
import type { TranslateInput } from '#src/vswitchd/translate/input.js';
import { Translation } from '#src/vswitchd/translate/translation.js';

/** Who asked for a bit. */
export type Cause =
  /** Every megaflow matches it. */
  | { readonly kind: 'always' }
  /** A lookup searched the rules of one mask. */
  | {
      readonly kind: 'lookup';
      readonly bridge: string;
      readonly table: number;
      /** The mask that the rules share. */
      readonly mask: FlowKey;
      readonly found: Rule | null;
      /** The rules of that mask, those of the highest priority first. */
      readonly rules: readonly Rule[];
    }
  | {
      readonly kind: 'action';
      readonly bridge: string;
      readonly table: number;
      readonly rule: Rule | null;
      readonly action: string;
    }
  /** What the datapath asks of every mask: a VLAN's presence bit. */
  | { readonly kind: 'end' };

/** What a node of the account stands for. */
export interface NodeFacts {
  readonly bridge: Bridge;
  readonly table: number;
  /** table: the rule that was found; otherwise the rule whose actions run. */
  readonly rule: Rule | null;
  /** table: the key that was looked up, null where nothing was (the action set). */
  readonly key: FlowKey | null;
}

export interface WatchedOutcome {
  readonly outcome: TranslateOutcome;
  readonly facts: ReadonlyMap<TraceNode, NodeFacts>;
  readonly causes: readonly Cause[];
  /** The cause of bit `bit` of word `word` of the mask (as the key's words hold them). */
  causeOf(word: number, bit: number): Cause;
}

interface Lookup {
  readonly key: FlowKey;
  readonly rule: Rule | null;
}

const ALWAYS: Cause = { kind: 'always' };
const END: Cause = { kind: 'end' };

export function watchTranslation(input: Omit<TranslateInput, 'trace'>): WatchedOutcome {
  const translation = new WatchedTranslation({ ...input, trace: true });
  const outcome = translation.run();
  translation.settleEnd();
  return {
    outcome,
    facts: translation.facts,
    causes: translation.causes,
    causeOf: (word, bit) => translation.causes[translation.owners[word * 32 + bit]!] ?? END,
  };
}

class WatchedTranslation extends Translation {
  readonly facts = new Map<TraceNode, NodeFacts>();
  readonly causes: Cause[] = [ALWAYS, END];
  /** For each bit of the mask the index of its cause. */
  readonly owners = new Uint32Array(KEY_WORDS * 32).fill(1);
  private current = 0;
  private readonly seen = new Int32Array(KEY_WORDS);
  /** The mask as it was at the last report. */
  private before = this.wc.clone();
  private creditsSeen = 0;
  /** The in_port that the next lookup uses, where a resubmit gave one. */
  private lookupPort: number | null = null;

  override resubmit(request: ResubmitRequest): void {
    this.lookupPort = request.inPort === OFPP_IN_PORT ? null : request.inPort;
    super.resubmit(request);
  }

  override report(kind: TraceNodeKind, text: string): TraceNode | null {
    const lookup = kind === 'table' ? this.takeLookup() : null;
    if (lookup !== null) this.settleLookup(lookup);
    this.settle(this.current);
    if (kind === 'action') this.current = this.addCause(text);
    const node = super.report(kind, text);
    const rule = lookup === null ? this.rule : lookup.rule;
    if (node !== null) {
      this.facts.set(node, { bridge: this.bridge, table: this.tableId, rule, key: lookup?.key ?? null });
    }
    return node;
  }

  settleEnd(): void {
    // Translation ends with a clean-up of the mask: what it adds (presence bits of VLANs) is nobody's wish.
    this.settle(1);
  }

  /** What the lookup that was just made found, from the credits that it left. */
  private takeLookup(): Lookup | null {
    const fresh = this.credits.slice(this.creditsSeen);
    this.creditsSeen = this.credits.length;
    const at = fresh.findLastIndex((credit) => credit.kind === 'table');
    if (at < 0) return null;
    const next = fresh[at + 1];
    const key = this.flow.clone();
    if (this.lookupPort !== null) key.setU32(OFF_IN_PORT, this.lookupPort);
    this.lookupPort = null;
    if ((key.u8(OFF_NW_FRAG) & FRAG_ANY) !== 0) key.setU32(OFF_TP_SRC, 0);
    return { key, rule: next?.kind === 'rule' ? next.rule : null };
  }

  private settleLookup({ key, rule }: Lookup): void {
    const { bridge, tableId: table } = this;
    const again = this.before.clone();
    const visits: (SubtableVisit<Rule> & { readonly after: FlowKey })[] = [];
    const found = bridge.table(table).classifier.lookup(key, this.version, again, (visit) => {
      visits.push({ ...visit, after: again.clone() });
    });
    const base = { kind: 'lookup', bridge: bridge.name, table } as const;
    if (found === rule) {
      for (const { mask, rules, found, after } of visits) {
        const sorted = (): readonly Rule[] => [...rules].sort((a, b) => b.priority - a.priority);
        this.claim(after, () => ({ ...base, mask, found, rules: sorted() }));
      }
    }
    // A lookup by another key than the packet's (a connection's original tuple) cannot be told apart further.
    const rules = rule === null ? [] : [rule];
    const index = this.claim(this.wc, () => ({ ...base, mask: rule?.match.mask ?? this.wc, found: rule, rules }));
    if (index !== null) this.current = index;
  }

  private addCause(action: string): number {
    return (
      this.causes.push({
        kind: 'action',
        bridge: this.bridge.name,
        table: this.tableId,
        rule: this.rule,
        action,
      }) - 1
    );
  }

  private settle(index: number): void {
    this.claim(this.wc, index);
    this.before = this.wc.clone();
  }

  /** Gives the bits of mask that nobody has to a cause; null when there are none. */
  private claim(mask: FlowKey, cause: number | (() => Cause)): number | null {
    let index = typeof cause === 'number' ? cause : null;
    let claimed = false;
    for (let word = 0; word < KEY_WORDS; word++) {
      const added = mask.words[word]! & ~this.seen[word]!;
      if (added === 0) continue;
      claimed = true;
      if (index === null) index = this.causes.push((cause as () => Cause)()) - 1;
      for (let bit = 0; bit < 32; bit++) if ((added >>> bit) & 1) this.owners[word * 32 + bit] = index;
      this.seen[word]! |= added;
    }
    return claimed ? index : null;
  }
}
