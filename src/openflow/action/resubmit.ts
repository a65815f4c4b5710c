/**
 * resubmit:PORT, resubmit(PORT,TABLE), resubmit(,TABLE), resubmit(,TABLE,ct): searches a table as if the packet had come
 * in on the port. Mirrors RESUBMIT of lib/ofp-actions.c.
 */
import { UserError } from '../../report/user-error.js';
import { matchHasCtTuple } from '../field-value.js';
import { formatPort, parsePort } from '../port-text.js';
import { OFPP_IN_PORT } from '../ports.js';
import { formatTable, parseTable } from '../table-text.js';
import type { ActionKind } from './action-kind.js';
import { shownPorts } from './shown-ports.js';

export interface ResubmitAction {
  readonly kind: 'resubmit';
  /** null: the packet's own. */
  readonly inPort: number | null;
  /** null: the table that the action stands in. */
  readonly table: number | null;
  /** Search with the connection's original tuple. */
  readonly withCtOrig: boolean;
}

/** "This table" on the wire. */
const TABLE_SAME = 255;

export const resubmitAction: ActionKind<ResubmitAction> = {
  kind: 'resubmit',
  names: ['resubmit'],

  parse(argument, _name, context) {
    const [portText = '', tableText = '', ctText = ''] = argument.split(',');
    let inPort: number | null = null;
    if (portText !== '') {
      const port = parsePort(portText, context.ports);
      if (port === null) throw new UserError(`${portText}: resubmit to unknown port`);
      if (port !== OFPP_IN_PORT) inPort = port;
    }
    let table: number | null = null;
    if (tableText !== '') {
      const number = parseTable(tableText, context.ports);
      if (number === null) throw new UserError(`${tableText}: resubmit to unknown table`);
      if (number !== TABLE_SAME) table = number;
    }
    if (ctText !== '' && ctText !== 'ct') throw new UserError(`${ctText}: unknown parameter`);
    if (inPort === null && table === null) {
      throw new UserError('at least one "in_port" or "table" must be specified on resubmit');
    }
    return { kind: 'resubmit', inPort, table, withCtOrig: ctText === 'ct' };
  },

  format({ inPort, table, withCtOrig }, context) {
    const port = inPort === null ? '' : formatPort(inPort, shownPorts(context));
    const isSame = table === null || table === TABLE_SAME;
    if (isSame && inPort !== null) return `resubmit:${port}`;
    return `resubmit(${port},${isSame ? '' : formatTable(table, shownPorts(context))}${withCtOrig ? ',ct' : ''})`;
  },

  validate(action, { match }) {
    return action.withCtOrig && !matchHasCtTuple(match) ? 'OFPBAC_MATCH_INCONSISTENT' : null;
  },

  translate({ inPort, table, withCtOrig }, context) {
    context.resubmit({ inPort, table, withCtOrig });
  },
};
