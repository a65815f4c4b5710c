/**
 * What one action's file holds: text in and out, bytes in and out, validation, translation, and what becomes of it in
 * which version of OpenFlow.
 * A new action is one file that exports an ActionKind, and one line in action.ts.
 */
import type { Match } from '#flowtable/match.js';
import type { PortNames } from '../ports.js';
import type { OpenFlowVersion, Protocols } from '../protocol.js';
import type { TranslateContext } from '../translate-context.js';
import type { ActionForm, InstructionForm } from '../wire/action/action-form.js';
import type { Action } from './action.js';

/** What a parser of text may ask. */
export interface ActionParseContext {
  readonly ports: PortNames;
  /** Parses an action list nested in another (clone, write_actions). */
  parseActions(text: string): readonly Action[];
  /** The action can only travel by these protocols. */
  limit(protocols: Protocols): void;
  /** Forgets what actions before this one said, as ovs-ofctl does where a clone begins. */
  forgetLimits(): void;
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
  /** 255 where it is not known yet. */
  readonly tableId: number;
  /** Highest table plus one; 255 where it is not known. */
  readonly tableCount: number;
  /** With this match the action can only travel by these protocols. */
  limit(protocols: Protocols): void;
  /** Checks actions nested in this one. An action set's do not count for the protocols: it is executed later. */
  checkNested(actions: readonly Action[], asActionSet: boolean): string | null;
}

/** Who reads actions off the wire: a switch, or a tool that prints a message. */
export type ActionReader = 'switch' | 'tool';

export interface ActionVersionContext {
  /** The flow's match as earlier actions have changed it. */
  readonly match: Match;
  inVersion(actions: readonly Action[]): readonly Action[];
}

export interface ActionKind<A extends { readonly kind: string }> {
  readonly kind: A['kind'];
  /** Names that introduce it in text: `output`, `mod_vlan_vid`, … */
  readonly names: readonly string[];
  /**
   * Parses the argument text after `name:` or between `name(` and `)`; throws UserError with ovs-ofctl's words. Some
   * names stand for several kinds: `output:NXM_NX_REG0[]` is an output_reg.
   */
  parse(argument: string, name: string, context: ActionParseContext): Action;
  /** ovs-ofctl's text. */
  format(action: A, context: ActionFormatContext): string;
  /** Null, or what is wrong, as OVS words it; may change `context.match` as the action changes packets. */
  validate(action: A, context: ActionValidateContext): string | null;
  translate(action: A, context: TranslateContext): void;
  /**
   * What a switch answers to the action when it arrives by this version of OpenFlow, before it looks at the match;
   * absent, or null: it takes it.
   */
  refusal?(action: A, version: OpenFlowVersion, reader: ActionReader): string | null;
  /** What a switch sees of the action when this version of OpenFlow carries it; absent: the action itself. */
  inVersion?(action: A, version: OpenFlowVersion, context: ActionVersionContext): readonly Action[];
  /** Its shapes on OpenFlow's wire: of several that carry an action, it is written in the first. */
  readonly wire: readonly ActionForm<A>[];
  /** From OpenFlow 1.1 on it is an instruction of its own. */
  readonly instruction?: InstructionForm<A>;
}
