/**
 * Lists of actions: text in and out, checks against the flow's match, and what a version of OpenFlow makes of them.
 * Mirrors ofpacts_parse(), ofpacts_check() and ofpacts_format() of lib/ofp-actions.c.
 */
import type { Match } from '#flowtable/match.js';
import { UserError } from '../../report/user-error.js';
import { splitKeyValues } from '../key-value.js';
import { parsePort } from '../port-text.js';
import { OFPP_CONTROLLER, type PortNames } from '../ports.js';
import { type OpenFlowVersion, P_ANY, P_OF15, type Protocols } from '../protocol.js';
import { ACTION_KINDS, type Action, kindOf } from './action.js';
import type { ActionKind, ActionParseContext, ActionReader, ActionValidateContext } from './action-kind.js';
import { findListProblem } from './action-order.js';

const BY_NAME: ReadonlyMap<string, ActionKind<Action>> = new Map(
  ACTION_KINDS.flatMap((kind) => kind.names.map((name) => [name, kind] as const)),
);

/** Actions in actions, at most so deep. */
const MAX_NESTING = 100;

/** Text is checked as OpenFlow 1.1 would have it. */
const TEXT_VERSION = 11;

export interface ParsedActions {
  readonly actions: readonly Action[];
  /** Which protocols can carry them, as far as their text tells. */
  readonly protocols: Protocols;
}

export interface ActionListOptions {
  readonly ports: PortNames;
  /** False where a list may hold actions only, as in a group's buckets. */
  readonly allowsInstructions?: boolean;
}

/** Parses a list of actions; throws UserError in ovs-ofctl's words. */
export function parseActionList(text: string, options: ActionListOptions): ParsedActions {
  let protocols = P_ANY;
  const limit = (allowed: Protocols): void => {
    protocols &= allowed;
  };
  const forgetLimits = (): void => {
    protocols = P_ANY;
  };
  const actions = parseLevel(
    text,
    { ports: options.ports, limit, forgetLimits },
    options.allowsInstructions === false ? '' : null,
    0,
  );
  // Where instructions may not stand, a meter is an action of OpenFlow 1.5.
  if (options.allowsInstructions === false && actions.some(({ kind }) => kind === 'meter')) limit(P_OF15);
  return { actions, protocols };
}

export function parseActions(text: string, options: { readonly ports: PortNames }): readonly Action[] {
  return parseActionList(text, options).actions;
}

function parseLevel(
  text: string,
  around: Omit<ActionParseContext, 'parseActions'>,
  outer: string | null,
  depth: number,
): readonly Action[] {
  if (depth >= MAX_NESTING) throw new UserError('Action nested too deeply');
  const actions: Action[] = [];
  let drops = false;
  for (const { key, value } of splitKeyValues(text)) {
    const name = key.toLowerCase();
    const kind = BY_NAME.get(name);
    if (kind !== undefined) {
      const context: ActionParseContext = {
        ...around,
        parseActions: (nested) => parseLevel(nested, around, name, depth + 1),
      };
      actions.push(kind.parse(value, name, context));
    } else if (name === 'drop') {
      drops = true;
    } else {
      actions.push(parseOther(key, name, value, around.ports));
    }
  }
  if (drops && actions.length > 0) {
    throw new UserError('"drop" must not be accompanied by any other action or instruction');
  }
  const problem = findListProblem(actions, {
    version: TEXT_VERSION,
    allowsInstructions: outer === null,
    outer: outer === '' ? null : outer,
  });
  if (problem !== null) throw new UserError(problem.sentence);
  return actions;
}

/** A port by itself, or a mistake. */
function parseOther(key: string, name: string, value: string, ports: PortNames): Action {
  if (name === 'output_trunc') throw new UserError(`unknown action ${value}`);
  if (name === 'unroll_xlate') {
    throw new UserError("UNROLL is an internal action that shouldn't be used via OpenFlow");
  }
  if (name === 'apply_actions') throw new UserError('apply_actions is the default instruction');
  const port = parsePort(key, ports);
  if (port === null) throw new UserError(`unknown action ${key}`);
  return { kind: 'output', port, maxLen: 0 };
}

export interface ActionTextOptions {
  readonly ports: PortNames;
  /** Port names instead of numbers. */
  readonly names?: boolean;
}

/** One action as OVS prints it. */
export function formatAction(action: Action, options: ActionTextOptions): string {
  return kindOf(action).format(action, {
    ports: options.ports,
    names: options.names ?? false,
    formatActions: (nested) => formatActions(nested, options),
  });
}

/** A list of actions as OVS prints it; an empty one is `drop`. */
export function formatActions(actions: readonly Action[], options: ActionTextOptions): string {
  return actions.length === 0 ? 'drop' : actions.map((action) => formatAction(action, options)).join(',');
}

export interface ActionCheck {
  readonly match: Match;
  /** 255 where it is not known yet. */
  readonly tableId: number;
  readonly tableCount: number;
}

export interface ActionCheckResult {
  /** OpenFlow's name of what is wrong (`OFPBAC_BAD_OUT_PORT`), or a sentence of Upcall's own; null when all is well. */
  readonly error: string | null;
  /** Which protocols can carry the actions with this match. */
  readonly protocols: Protocols;
}

/** Checks the actions of a flow against its match, which stays as it is. */
export function checkActions(actions: readonly Action[], check: ActionCheck): ActionCheckResult {
  let protocols = P_ANY;
  const context: ActionValidateContext = {
    match: check.match.clone(),
    tableId: check.tableId,
    tableCount: check.tableCount,
    limit(allowed) {
      protocols &= allowed;
    },
    checkNested(nested, asActionSet) {
      const result = checkActions(nested, { ...check, match: context.match });
      if (!asActionSet) protocols &= result.protocols;
      return result.error;
    },
  };
  for (const action of actions) {
    const error = kindOf(action).validate(action, context);
    if (error !== null) return { error, protocols };
  }
  return { error: null, protocols };
}

/**
 * What a switch sees of the actions of a flow with this match when a version of OpenFlow carries them: what 1.0 has no
 * word for becomes load or is left out, what 1.2 and later have no word for becomes set_field.
 */
export function actionsInVersion(
  actions: readonly Action[],
  version: OpenFlowVersion,
  match: Match,
): readonly Action[] {
  const now = match.clone();
  const validation: ActionValidateContext = {
    match: now,
    tableId: 255,
    tableCount: 255,
    limit() {},
    checkNested: () => null,
  };
  return actions.flatMap((action) => {
    const kind = kindOf(action);
    const carried = kind.inVersion?.(action, version, {
      match: now,
      inVersion: (nested) => actionsInVersion(nested, version, now),
    });
    // Validation moves the match on to what the action leaves.
    kind.validate(action, validation);
    return carried ?? [action];
  });
}

/** What a switch answers to the actions as a version of OpenFlow carries them, before it looks at the match. */
export function refusalInVersion(
  actions: readonly Action[],
  version: OpenFlowVersion,
  reader: ActionReader = 'switch',
): string | null {
  for (const action of actions) {
    const nested = action.kind === 'clone' || action.kind === 'write_actions' || action.kind === 'ct';
    const refusal = nested ? refusalInVersion(action.actions, version, reader) : null;
    const own = refusal ?? kindOf(action).refusal?.(action, version, reader) ?? null;
    if (own !== null) return own;
  }
  return null;
}

/** Does any of the actions, nested ones included, send packets to the port? (out_port of a flow mod.) */
export function outputsToPort(actions: readonly Action[], port: number): boolean {
  return actions.some((action) => {
    switch (action.kind) {
      case 'output':
      case 'enqueue':
        return action.port === port;
      case 'controller':
        return port === OFPP_CONTROLLER;
      case 'clone':
      case 'write_actions':
        return outputsToPort(action.actions, port);
      default:
        return false;
    }
  });
}

/** Does any of the actions, nested ones included, send packets to the group? (out_group of a flow mod.) */
export function outputsToGroup(actions: readonly Action[], groupId: number): boolean {
  return actions.some((action) => {
    switch (action.kind) {
      case 'group':
        return action.groupId === groupId;
      case 'clone':
      case 'write_actions':
        return outputsToGroup(action.actions, groupId);
      default:
        return false;
    }
  });
}
