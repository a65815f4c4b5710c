/**
 * OFPT_TABLE_MOD (OpenFlow 1.5.1 §7.3.4.1): settings of a table. Mirrors ofputil_decode_table_mod() and
 * ofputil_encode_table_mod() of lib/ofp-table.c.
 *
 *     table (1), zeros (3), settings (4: what becomes of a miss in 1.1 and 1.2, eviction and vacancy from 1.4 on), then
 *     from 1.4 on the properties of table descriptions
 */
import { shownPorts } from '../../action/shown-ports.js';
import { OpenFlowError } from '../../switch-connection.js';
import { formatTableMod } from '../../table-format.js';
import type { TableMod } from '../../table-mod.js';
import { ofpt } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';
import { type Property, readProperty } from '../property.js';
import {
  EVICTION,
  EVICTION_PROPERTY,
  readVacancy,
  VACANCY_EVENTS,
  VACANCY_PROPERTY,
  writeVacancy,
} from './table-desc.js';
import { missNumber, missOf } from './table-stats.js';

export interface TableModMessage extends TableMod {
  readonly kind: 'table-mod';
  /** OVS reads the flags of eviction as if they were whether there is any; null: there were none. */
  readonly evictionNumber: number | null;
}

const MAX_PERCENT = 100;

function readThresholds(property: Property): { readonly down: number; readonly up: number } {
  const { down, up, vacancy } = readVacancy(property);
  if (down > up || up > MAX_PERCENT || vacancy !== 0) throw new OpenFlowError('OFPBPC_BAD_VALUE');
  return { down, up };
}

export const tableMod: MessageKind<TableModMessage> = {
  kind: 'table-mod',
  codes: [ofpt('TABLE_MOD', [11, 13], 17, { size: 8, unit: 0 }), ofpt('TABLE_MOD', [14, 15], 17, { size: 8, unit: 8 })],
  decode(body, _code, { version }) {
    const tableId = body.u8();
    body.skip(3);
    const config = body.u32();
    const miss = version < 13 ? missOf(config) : null;
    if (version < 14) return { kind: 'table-mod', tableId, miss, eviction: null, evictionNumber: null, vacancy: null };
    let thresholds = { down: 0, up: 0 };
    let evictionNumber: number | null = null;
    while (body.remaining > 0) {
      const property = readProperty(body);
      if (property.type === EVICTION_PROPERTY) evictionNumber = property.u32();
      else if (property.type === VACANCY_PROPERTY) thresholds = readThresholds(property);
      else throw new OpenFlowError('OFPBRC_BAD_TYPE');
    }
    const isEvicting = (config & EVICTION) !== 0;
    return {
      kind: 'table-mod',
      tableId,
      miss,
      eviction: evictionNumber === null ? isEvicting : evictionNumber === 0 ? null : evictionNumber === 1,
      evictionNumber,
      vacancy: { isOn: (config & VACANCY_EVENTS) !== 0, ...thresholds },
    };
  },
  encode({ tableId, miss, eviction, vacancy }, body, _code, { version }) {
    body.u8(tableId);
    body.zeros(3);
    if (version < 14) {
      body.u32(version < 13 && miss !== null ? missNumber(miss) : 0);
      return;
    }
    body.u32((eviction === true ? EVICTION : 0) | (vacancy?.isOn ? VACANCY_EVENTS : 0));
    if (vacancy?.isOn) writeVacancy(body, { ...vacancy, vacancy: 0 });
  },
  format(message, _code, context) {
    const { evictionNumber } = message;
    // OVS knows two numbers, and none.
    const isStrange = evictionNumber !== null && evictionNumber > 2;
    return formatTableMod(message, shownPorts(context), isStrange ? '***error***' : null);
  },
};
