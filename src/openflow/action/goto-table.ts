/** goto_table:TABLE: the pipeline goes on in a later table. Mirrors GOTO_TABLE of ofp-actions.c; OpenFlow 1.5.1 §5.5. */
import { UserError } from '../../report/user-error.js';
import { parseTable } from '../table-text.js';
import type { ActionKind } from './action-kind.js';

export interface GotoTableAction {
  readonly kind: 'goto_table';
  readonly table: number;
}

const UNKNOWN = 255;

export const gotoTableAction: ActionKind<GotoTableAction> = {
  kind: 'goto_table',
  names: ['goto_table'],

  parse(argument) {
    const table = parseTable(argument);
    if (table === null) throw new UserError(`unknown table "${argument}"`);
    return { kind: 'goto_table', table };
  },

  format(action) {
    return `goto_table:${action.table}`;
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
};
