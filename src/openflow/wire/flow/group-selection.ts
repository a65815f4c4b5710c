/**
 * How a select group chooses, as a property of OpenFlow 1.5's messages (Netronome's extension, openflow/netronome-ext.h):
 * zeros (4), the method's name (16), its parameter (8), and the fields that it hashes.
 */
import { type GroupModCommand, type GroupSelection, type GroupType, NO_SELECTION } from '../../group-mod.js';
import type { OpenFlowVersion } from '../../protocol.js';
import { OpenFlowError } from '../../switch-connection.js';
import type { ByteReader } from '../byte-reader.js';
import type { ByteWriter } from '../byte-writer.js';
import { decodeFieldList, encodeFieldList } from '../match/index.js';
import { type Property, putProperty, readProperty, refuseProperty } from '../property.js';

const NETRONOME = 0x154d;
/** As OVS 2.4 had it, by mistake. */
const NETRONOME_MISTAKEN = 0x1540;
const SELECTION_METHOD = 1;
const METHOD_SIZE = 16;
const FIXED_SIZE = 4 + METHOD_SIZE + 8;

const METHODS: readonly string[] = ['hash', 'dp_hash'];
const COMMANDS_WITH_SELECTION: readonly GroupModCommand[] = ['add', 'modify', 'add-or-modify'];

const fail = (code: string): never => {
  throw new OpenFlowError(code);
};

/** What the group is, and what is done to it; null: nobody knows it. */
export interface SelectionOwner {
  readonly type: GroupType | null;
  readonly command: GroupModCommand | null;
}

/** Reads a group's properties to the reader's end. */
export function readGroupProperties(reader: ByteReader, owner: SelectionOwner): GroupSelection {
  let selection = NO_SELECTION;
  while (reader.remaining > 0) {
    const property = readProperty(reader);
    const { experimenter } = property;
    const isSelection =
      (experimenter?.vendor === NETRONOME || experimenter?.vendor === NETRONOME_MISTAKEN) &&
      experimenter.type === SELECTION_METHOD;
    selection = isSelection ? readSelection(property, owner) : refuseProperty(property);
  }
  return selection;
}

function readSelection(property: Property, { type, command }: SelectionOwner): GroupSelection {
  if (type === null) fail('OFPGMFC_BAD_TYPE');
  if (type !== 'select') fail('OFPBPC_BAD_VALUE');
  if (command === null) return fail('OFPGMFC_BAD_COMMAND');
  if (!COMMANDS_WITH_SELECTION.includes(command)) fail('OFPBPC_BAD_VALUE');
  const value = property.value();
  if (value.remaining < FIXED_SIZE) fail('OFPBPC_BAD_LEN');
  value.skip(4);
  const name = value.view(METHOD_SIZE);
  const end = name.indexOf(0);
  const method = Buffer.from(name.subarray(0, Math.max(end, 0))).toString('latin1');
  if (!METHODS.includes(method)) fail('OFPBPC_BAD_VALUE');
  const parameter = value.u64();
  if (value.remaining > 0 && method !== 'hash') fail('OFPBPC_BAD_VALUE');
  return { method, parameter, fields: decodeFieldList(value) };
}

export function writeGroupProperties(selection: GroupSelection, version: OpenFlowVersion, body: ByteWriter): void {
  const { method, parameter, fields } = selection;
  if (method === '') return;
  putProperty(body, { vendor: NETRONOME, type: SELECTION_METHOD }, () => {
    body.zeros(4);
    body.text(method, METHOD_SIZE);
    body.u64(parameter);
    encodeFieldList(fields, version, body);
  });
}
