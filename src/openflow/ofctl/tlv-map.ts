/** add-tlv-map, del-tlv-map and dump-tlv-map. Mirrors ofctl_tlv_mod() and ofctl_dump_tlv_map(). */
import { TUN_METADATA_FIELDS } from '#flowtable/tunnel-options.js';
import { formatHexDump } from '../hex-bytes.js';
import { P_NXM_OXM_ANY } from '../protocol.js';
import { offering } from '../switch-connection.js';
import type { TlvTableMod } from '../tlv-map.js';
import { checkTlvMappings, formatTlvTable, formatTlvTableMod, parseTlvTableMod } from '../tlv-map-text.js';
import { tlvTableModMessage } from '../wire/flow/tlv-table.js';
import { encodeMessage } from '../wire/message.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';

function change(invocation: Invocation, name: string, text: string, command: TlvTableMod['command']): void {
  const mod = parseTlvTableMod(text, command);
  const { connection, version } = invocation.openForFlowMod(name, P_NXM_OXM_ANY);
  const xid = invocation.sendQuietly();
  const head = invocation.header('NXT_TLV_TABLE_MOD', version, xid);
  const problem = checkTlvMappings(mod.mappings, TUN_METADATA_FIELDS);
  if (problem !== null) invocation.log('ofp_match', problem.warning);
  const message =
    problem === null
      ? `${head}${formatTlvTableMod(mod)}`
      : `${head} ***decode error***\n${formatHexDump(encodeMessage(tlvTableModMessage, version, xid, { kind: 'tlv-table-mod', mod })).trimEnd()}`;
  invocation.refusable(version, xid, message, () => offering(connection, 'tlvTableMod').tlvTableMod(mod));
}

export const addTlvMap: OfctlCommand = {
  name: 'add-tlv-map',
  usage: 'switch map',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', text = '']) => change(invocation, name, text, 'add'),
};

export const delTlvMap: OfctlCommand = {
  name: 'del-tlv-map',
  usage: 'switch [map]',
  minArgs: 1,
  maxArgs: 2,
  writes: true,
  run: (invocation, [name = '', text]) => change(invocation, name, text ?? '', text === undefined ? 'clear' : 'delete'),
};

export const dumpTlvMap: OfctlCommand = {
  name: 'dump-tlv-map',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    const head = invocation.header('NXT_TLV_TABLE_REPLY', version, invocation.nextXid());
    invocation.print(`${head}${formatTlvTable(offering(connection, 'tlvTable').tlvTable())}\n`);
  },
};
