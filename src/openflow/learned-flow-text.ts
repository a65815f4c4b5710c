/** A learned flow as the trace shows it. Mirrors xlate_learn_action() (ofproto-dpif-xlate.c). */
import { formatActions } from './action/action-list.js';
import type { FlowMod } from './flow-mod.js';
import { formatMatch } from './match-format.js';
import { formatHex } from './number-text.js';
import { matchToShow } from './option-fields.js';
import { NO_PORT_NAMES } from './ports.js';

export function formatLearnedFlow(mod: FlowMod): string {
  const options = { ports: NO_PORT_NAMES, names: false };
  let text = `table=${mod.tableId} ${formatMatch(matchToShow(mod.match), options)}`.trimEnd();
  text += ` priority=${mod.priority}`;
  if (mod.newCookie !== 0n) text += ` cookie=${formatHex(mod.newCookie ?? 0xffff_ffff_ffff_ffffn)}`;
  if (mod.idleTimeout !== 0) text += ` idle=${mod.idleTimeout}`;
  if (mod.hardTimeout !== 0) text += ` hard=${mod.hardTimeout}`;
  if (mod.flags.sendFlowRemoved) text += ' send_flow_rem';
  return `${text} actions=${formatActions(mod.actions, options)}`;
}
