/**
 * OFPST_TABLE_DESC (OpenFlow 1.5.1 §7.3.5.17) and OFPT_TABLE_STATUS (§7.4.5): settings of tables, told when asked and
 * when their vacancy crosses a threshold. Mirrors ofputil_decode_table_desc() and ofputil_decode_table_status().
 *
 *     length (2), table (1), zeros (1), settings (4), then properties: eviction (2): flags (4);
 *     vacancy (3): down, up, vacancy (1 each), zeros (1)
 *     table status: reason (1), zeros (7), one table
 */
import { shownPorts } from '../../action/shown-ports.js';
import type { TableStatusMessage } from '../../async-message.js';
import { OpenFlowError } from '../../switch-connection.js';
import { formatTableDescription, formatTableStatus } from '../../table-format.js';
import { DEFAULT_EVICTION_FLAGS, type TableDescription } from '../../table-mod.js';
import { bareMessage } from '../bare-message.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { ofpst, ofpt, VOID } from '../message-code.js';
import { type MessageKind, readEntries } from '../message-kind.js';
import { type Property, putProperty, putU32, readProperty } from '../property.js';

/** OFPTC14_*. */
export const EVICTION = 1 << 2;
export const VACANCY_EVENTS = 1 << 3;
export const EVICTION_PROPERTY = 2;
export const VACANCY_PROPERTY = 3;

const HEAD_SIZE = 8;
const VACANCY_SIZE = 8;

/** Thresholds, and what is vacant, in percent. */
export interface Vacancy {
  readonly down: number;
  readonly up: number;
  readonly vacancy: number;
}

export function readVacancy(property: Property): Vacancy {
  if (property.size !== VACANCY_SIZE) throw new OpenFlowError('OFPBPC_BAD_LEN');
  const value = property.value();
  return { down: value.u8(), up: value.u8(), vacancy: value.u8() };
}

export function writeVacancy(body: ByteWriter, { down, up, vacancy }: Vacancy): void {
  putProperty(body, VACANCY_PROPERTY, () => {
    body.u8(down);
    body.u8(up);
    body.u8(vacancy);
    body.u8(0);
  });
}

function readTable(body: ByteReader): TableDescription {
  const head = body.part(HEAD_SIZE);
  const size = head.u16() - HEAD_SIZE;
  const tableId = head.u8();
  head.skip(1);
  const config = head.u32();
  if (size < 0 || size > body.remaining) throw new OpenFlowError('OFPBRC_BAD_LEN');
  const properties = body.part(size);
  let evictionFlags = DEFAULT_EVICTION_FLAGS;
  let vacancy: Vacancy = { down: 0, up: 0, vacancy: 0 };
  while (properties.remaining > 0) {
    const property = readProperty(properties);
    if (property.type === EVICTION_PROPERTY) evictionFlags = property.u32();
    else if (property.type === VACANCY_PROPERTY) vacancy = readVacancy(property);
  }
  return {
    tableId,
    eviction: (config & EVICTION) !== 0,
    evictionFlags,
    vacancy: (config & VACANCY_EVENTS) === 0 ? null : vacancy,
  };
}

function writeTable(body: ByteWriter, table: TableDescription): void {
  const start = body.size;
  body.u16(0);
  body.u8(table.tableId);
  body.u8(0);
  body.u32((table.eviction ? EVICTION : 0) | (table.vacancy === null ? 0 : VACANCY_EVENTS));
  if (table.evictionFlags !== DEFAULT_EVICTION_FLAGS) putU32(body, EVICTION_PROPERTY, table.evictionFlags);
  if (table.vacancy !== null) writeVacancy(body, table.vacancy);
  body.patchU16(start, body.size - start);
}

export const tableDescRequest = bareMessage('table-desc-request', ofpst('TABLE_DESC', 'request', [14, 15], 14, VOID));

export interface TableDescReplyMessage {
  readonly kind: 'table-desc-reply';
  readonly tables: readonly TableDescription[];
}

export const tableDescReply: MessageKind<TableDescReplyMessage> = {
  kind: 'table-desc-reply',
  codes: ofpst('TABLE_DESC', 'reply', [14, 15], 14, { size: HEAD_SIZE, unit: 8 }),
  decode: (body) =>
    readEntries(
      body,
      () => readTable(body),
      (tables) => ({ kind: 'table-desc-reply', tables }),
    ),
  encode({ tables }, body) {
    for (const table of tables) writeTable(body, table);
  },
  format: ({ tables }, _code, context) =>
    tables.map((table) => formatTableDescription(table, shownPorts(context))).join(''),
  split: ({ tables }) => tables.map((table) => ({ kind: 'table-desc-reply', tables: [table] })),
};

/** OFPTR_VACANCY_*. */
const STATUS_REASONS: ReadonlyMap<number, TableStatusMessage['reason']> = new Map([
  [3, 'vacancy-down'],
  [4, 'vacancy-up'],
]);

export const tableStatus: MessageKind<TableStatusMessage> = {
  kind: 'table-status',
  codes: [ofpt('TABLE_STATUS', [14, 15], 31, { size: 8, unit: 8 })],
  decode(body) {
    const reason = STATUS_REASONS.get(body.u8());
    body.skip(7);
    if (reason === undefined) throw new OpenFlowError('OFPBPC_BAD_VALUE');
    // OVS takes the end of the list for an error that has no name.
    if (body.remaining === 0) throw new OpenFlowError('<invalid>');
    return { kind: 'table-status', reason, table: readTable(body) };
  },
  encode({ reason, table }, body) {
    body.u8(reason === 'vacancy-down' ? 3 : 4);
    body.zeros(7);
    writeTable(body, table);
  },
  format: (message, _code, context) => formatTableStatus(message, shownPorts(context)),
};
