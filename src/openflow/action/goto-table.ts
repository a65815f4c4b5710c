/** goto_table:TABLE: the pipeline goes on in a later table. Mirrors GOTO_TABLE of ofp-actions.c; OpenFlow 1.5.1 §5.5. */
import { UserError } from '../../report/user-error.js';
import { formatTable, parseTable } from '../table-text.js';
import type { ActionKind } from './action-kind.js';
import { shownPorts } from './shown-ports.js';

export interface GotoTableAction {
  readonly kind: 'goto_table';
  readonly table: number;
}

const UNKNOWN = 255;

export const gotoTableAction: ActionKind<GotoTableAction> = {
  kind: 'goto_table',
  names: ['goto_table'],

  parse(argument, _name, { ports }) {
    const table = parseTable(argument, ports);
    if (table === null) throw new UserError(`unknown table "${argument}"`);
    return { kind: 'goto_table', table };
  },

  format({ table }, context) {
    return `goto_table:${formatTable(table, shownPorts(context))}`;
  },

  validate({ table }, { tableId, tableCount }) {
    const goesBack = tableId !== UNKNOWN && table <= tableId;
    const isAbsent = tableCount !== UNKNOWN && table >= tableCount;
    return goesBack || isAbsent ? 'OFPBIC_BAD_TABLE_ID' : null;
  },

  translate(action, context) {
    context.gotoTable(action.table);
  },

  inVersion(action, version) {
    if (version > 10) return [action];
    return [{ kind: 'resubmit', inPort: null, table: action.table, withCtOrig: false }];
  },

  wire: [],

  instruction: {
    type: 1,
    size: 4,
    decode: (body) => ({ kind: 'goto_table', table: body.u8() }),
    encode({ table }, body) {
      body.u8(table);
      body.zeros(3);
    },
  },
};
