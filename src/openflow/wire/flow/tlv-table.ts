/**
 * Which Geneve option stands in which tun_metadata field: NXT_TLV_TABLE_MOD, _REQUEST and _REPLY of OVS's extensions.
 * Of each mapping: class (2), type (1), length (1), field (2), zeros (2); in front of them the command (2) and zeros (6),
 * or the room for options (4), the number of fields (2) and zeros (10).
 */
import { TUN_METADATA_FIELDS } from '#flowtable/tunnel-options.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { TlvMapping, TlvTable, TlvTableMod } from '../../tlv-map.js';
import { checkTlvMappings, formatTlvTable, formatTlvTableMod } from '../../tlv-map-text.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { nxt, VOID } from '../message-code.js';
import type { MessageKind } from '../message-kind.js';

export interface TlvTableModMessage {
  readonly kind: 'tlv-table-mod';
  readonly mod: TlvTableMod;
}

export interface TlvTableRequest {
  readonly kind: 'tlv-table-request';
}

export interface TlvTableReply {
  readonly kind: 'tlv-table-reply';
  readonly table: TlvTable;
}

/** NXTTMC_* by number. */
const COMMANDS: readonly TlvTableMod['command'][] = ['add', 'delete', 'clear'];

function readMappings(body: ByteReader, maxFields: number): readonly TlvMapping[] {
  const mappings: TlvMapping[] = [];
  while (body.remaining > 0) {
    const mapping = {
      optionClass: body.u16(),
      optionType: body.u8(),
      optionLength: body.u8(),
      index: body.u16(),
    };
    body.skip(2);
    mappings.push(mapping);
  }
  const problem = checkTlvMappings(mappings, maxFields);
  if (problem !== null) throw new OpenFlowError(problem.code);
  return mappings;
}

function writeMappings(mappings: readonly TlvMapping[], body: ByteWriter): void {
  for (const { optionClass, optionType, optionLength, index } of mappings) {
    body.u16(optionClass);
    body.u8(optionType);
    body.u8(optionLength);
    body.u16(index);
    body.zeros(2);
  }
}

export const tlvTableModMessage: MessageKind<TlvTableModMessage> = {
  kind: 'tlv-table-mod',
  codes: [nxt('TLV_TABLE_MOD', [10, 15], 24, { size: 8, unit: 8 })],
  decode(body) {
    const command = COMMANDS[body.u16()];
    if (command === undefined) throw new OpenFlowError('NXTTMFC_BAD_COMMAND');
    body.skip(6);
    return { kind: 'tlv-table-mod', mod: { command, mappings: readMappings(body, TUN_METADATA_FIELDS) } };
  },
  encode({ mod: { command, mappings } }, body) {
    body.u16(COMMANDS.indexOf(command));
    body.zeros(6);
    writeMappings(mappings, body);
  },
  format: ({ mod }) => formatTlvTableMod(mod),
};

export const tlvTableRequest: MessageKind<TlvTableRequest> = {
  kind: 'tlv-table-request',
  codes: [nxt('TLV_TABLE_REQUEST', [10, 15], 25, VOID)],
  decode: () => ({ kind: 'tlv-table-request' }),
  encode() {},
  format: () => '',
};

export const tlvTableReply: MessageKind<TlvTableReply> = {
  kind: 'tlv-table-reply',
  codes: [nxt('TLV_TABLE_REPLY', [10, 15], 26, { size: 16, unit: 8 })],
  decode(body) {
    const [maxOptionSpace, maxFields] = [body.u32(), body.u16()];
    body.skip(10);
    return {
      kind: 'tlv-table-reply',
      table: { maxOptionSpace, maxFields, mappings: readMappings(body, maxFields) },
    };
  },
  encode({ table: { maxOptionSpace, maxFields, mappings } }, body) {
    body.u32(maxOptionSpace);
    body.u16(maxFields);
    body.zeros(10);
    writeMappings(mappings, body);
  },
  format: ({ table }) => formatTlvTable(table),
};
