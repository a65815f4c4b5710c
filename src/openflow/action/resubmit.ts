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
import { type ActionForm, nicira, numberForm, requireZeros } from '../wire/action/action-form.js';

export interface ResubmitAction {
  readonly kind: 'resubmit';
  /** null: the packet's own. */
  readonly inPort: number | null;
  /** null: the table that the action stands in. */
  readonly table: number | null;
  /** Search with the connection's original tuple. */
  readonly withCtOrig: boolean;
  /** It came in the form that has no room for a table. */
  readonly wireForm?: 'resubmit';
}

/** "This table" on the wire. */
const TABLE_SAME = 255;

const inPortOf = (port: number): number | null => (port === OFPP_IN_PORT ? null : port);

/** Both forms with a table have the same bytes. */
function tableForm(type: number, withCtOrig: boolean): ActionForm<ResubmitAction> {
  return {
    codes: [nicira(type)],
    size: 6,
    carries: (action) => action.withCtOrig === withCtOrig,
    decode(body) {
      const [port, table] = [body.u16(), body.u8()];
      requireZeros(body, 3, 'OFPBAC_BAD_ARGUMENT');
      return {
        kind: 'resubmit',
        inPort: inPortOf(port),
        table: table === TABLE_SAME ? null : table,
        withCtOrig,
      };
    },
    encode({ inPort, table }, body) {
      body.u16(inPort ?? OFPP_IN_PORT);
      body.u8(table ?? TABLE_SAME);
      body.zeros(3);
    },
  };
}

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

  wire: [
    numberForm({
      codes: [nicira(1)],
      size: 2,
      carries: ({ wireForm }) => wireForm === 'resubmit',
      decode: (port) => ({
        kind: 'resubmit',
        inPort: inPortOf(port),
        table: null,
        withCtOrig: false,
        wireForm: 'resubmit',
      }),
      encode: ({ inPort }) => inPort ?? OFPP_IN_PORT,
    }),
    tableForm(14, false),
    tableForm(44, true),
  ],
};
