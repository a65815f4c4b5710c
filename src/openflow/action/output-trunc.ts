/**
 * output(port=PORT,max_len=BYTES): only the first bytes of the packet. Mirrors OUTPUT_TRUNC of lib/ofp-actions.c.
 * Deliberately different: Upcall's datapath has no truncation yet, so a switch refuses such a flow.
 */
import { UserError } from '../../report/user-error.js';
import { formatPort } from '../port-text.js';
import type { ActionKind } from './action-kind.js';
import { shownPorts } from './shown-ports.js';

export interface OutputTruncAction {
  readonly kind: 'output_trunc';
  readonly port: number;
  readonly maxLen: number;
}

export const outputTruncAction: ActionKind<OutputTruncAction> = {
  kind: 'output_trunc',
  // The output action's text gives rise to it.
  names: [],

  parse(argument) {
    throw new UserError(`unknown action ${argument}`);
  },

  format(action, context) {
    return `output(port=${formatPort(action.port, shownPorts(context))},max_len=${action.maxLen})`;
  },

  validate() {
    return 'output_trunc: Upcall does not have this action yet';
  },

  translate(_action, context) {
    context.note('output_trunc: Upcall does not have this action yet');
  },
};
