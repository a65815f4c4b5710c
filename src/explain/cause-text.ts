/** Causes of mask bits as sentences. */
import type { Bridge } from '#src/vswitchd/bridge.js';
import { fieldNames } from './blame.js';
import { STAGE_NAMES } from './key-parts.js';
import type { BlamedBits } from './blame.js';
import type { Cause } from './watched-translation.js';

/** Finds the bridge of a cause by name, for the names of its ports. */
export type BridgeNamed = (name: string) => Bridge | undefined;

export function causeText({ cause, part, byTrie }: BlamedBits, bridgeNamed: BridgeNamed): string {
  switch (cause.kind) {
    case 'always':
      return 'every megaflow matches it';
    case 'end':
      return 'the datapath wants it with the other bits of the field';
    case 'action':
      return actionText(cause, bridgeNamed);
    case 'lookup': {
      const where = `lookup in table ${cause.table} of ${cause.bridge}, stage ${STAGE_NAMES[part.stage]}`;
      if (cause.found !== null) return `${where}: ${describe(cause.found, cause.bridge, bridgeNamed)} matches`;
      const how = byTrie ? ', by as many leading bits as that takes' : '';
      return `${where}: to rule out ${rulesText(cause, bridgeNamed)}${how}`;
    }
  }
}

function actionText(cause: Cause & { readonly kind: 'action' }, bridgeNamed: BridgeNamed): string {
  const by = cause.rule === null ? '' : ` of ${describe(cause.rule, cause.bridge, bridgeNamed)}`;
  return `action ${cause.action}${by} in table ${cause.table} of ${cause.bridge}`;
}

function rulesText({ rules, mask, bridge }: Cause & { readonly kind: 'lookup' }, bridgeNamed: BridgeNamed): string {
  const first = rules[0];
  if (first === undefined) return `rules on ${fieldNames(mask)}`;
  const text = describe(first, bridge, bridgeNamed);
  return rules.length === 1 ? text : `${text} and ${rules.length - 1} more on ${fieldNames(mask)}`;
}

function describe(rule: Parameters<Bridge['describeRule']>[0], bridge: string, bridgeNamed: BridgeNamed): string {
  return `"${bridgeNamed(bridge)?.describeRule(rule, true) ?? `priority ${rule.priority}`}"`;
}
