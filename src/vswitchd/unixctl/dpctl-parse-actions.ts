/** dpctl/parse-actions: reads datapath actions and writes them again. */
import { UserError } from '#src/report/user-error.js';
import { formatOdpActions } from '../odp/odp-actions-format.js';
import { parseOdpActions } from '../odp/odp-actions-parse.js';
import type { DpctlCommand } from './dpctl.js';

export const dpctlParseActions: DpctlCommand = {
  name: 'parse-actions',
  usage: 'actions',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: true,
  run(args, session) {
    for (const text of args) {
      try {
        session.print(`${formatOdpActions(parseOdpActions(text))}\n`);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        return session.error('odp_actions_from_string', error.message);
      }
    }
    return true;
  },
};
