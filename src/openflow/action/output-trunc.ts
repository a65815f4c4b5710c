/** output(port=PORT,max_len=N): sends at most N bytes. Mirrors OUTPUT_TRUNC of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';
import { formatPort } from '../port-text.js';
import type { ActionKind } from './action-kind.js';
import { checkOutputPort, MIN_TRUNCATED_LENGTH } from './output.js';
import { shownPorts } from './shown-ports.js';
import { OpenFlowError } from '../switch-connection.js';
import { nicira } from '../wire/action/action-form.js';

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

  wire: [
    {
      codes: [nicira(39)],
      size: 6,
      decode(body) {
        const [port, maxLen] = [body.u16(), body.u32()];
        if (maxLen < MIN_TRUNCATED_LENGTH) throw new OpenFlowError('OFPBAC_BAD_ARGUMENT');
        return { kind: 'output_trunc', port, maxLen };
      },
      encode(action, body) {
        body.u16(action.port);
        body.u32(action.maxLen);
      },
    },
  ],
};
