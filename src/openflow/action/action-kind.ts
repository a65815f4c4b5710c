/**
 * What one action's file holds: text in and out, validation, translation (and, with the daemon issue, the wire).
 * A new action is one file that exports an ActionKind, and one line in action.ts.
 */
import type { Match } from '#flowtable/match.js';
import type { PortNames } from '../ports.js';
import type { TranslateContext } from '../translate-context.js';
import type { Action } from './action.js';

/** What a parser of text may ask. */
export interface ActionParseContext {
  readonly ports: PortNames;
  /** Parses an action list nested in another (clone, write_actions). */
  parseActions(text: string): readonly Action[];
}

export interface ActionFormatContext {
  readonly ports: PortNames;
  /** Port names instead of numbers (`--names`). */
  readonly names: boolean;
  formatActions(actions: readonly Action[]): string;
}

export interface ActionValidateContext {
  /** What the flow matches: prerequisites are checked against it, as earlier actions have changed it. */
  readonly match: Match;
  readonly tableId: number;
  /** Highest table plus one. */
  readonly tableCount: number;
}

export interface ActionKind<A extends { readonly kind: string }> {
  readonly kind: A['kind'];
  /** Names that introduce it in text: `output`, `mod_vlan_vid`, … */
  readonly names: readonly string[];
  /** Parses the argument text after `name:` or between `name(` and `)`; throws UserError with ovs-ofctl's words. */
  parse(argument: string, name: string, context: ActionParseContext): A;
  /** ovs-ofctl's text. */
  format(action: A, context: ActionFormatContext): string;
  /** Null, or what is wrong, as OVS words it; may change `context.match` as the action changes packets. */
  validate(action: A, context: ActionValidateContext): string | null;
  translate(action: A, context: TranslateContext): void;
}
