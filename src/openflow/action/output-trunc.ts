/** output(port=PORT,max_len=N): sends at most N bytes. Mirrors OUTPUT_TRUNC of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { formatPort } from '../port-text.js';
import type { ActionKind } from './action-kind.js';
import { checkOutputPort } from './output.js';
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

  validate(action) {
    return checkOutputPort(action.port);
  },

  translate(action, context) {
    context.outputTruncated(action.port, action.maxLen);
  },
};
