/**
 * ovs-ofctl check-vlan VLAN_TCI MASK: what becomes of a match on a tag as text, as NXM, as OXM, and in the matches of
 * OpenFlow 1.0 and 1.1. Mirrors ofctl_check_vlan().
 */
import { OFF_VLAN_TCI, VLAN_CFI, VLAN_PCP_SHIFT, VLAN_VID_MASK } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { formatMatch } from '../match-format.js';
import { parseMatch } from '../match-parse.js';
import { NO_PORT_NAMES } from '../ports.js';
import { OpenFlowError } from '../switch-connection.js';
import { ByteReader } from '../wire/byte-reader.js';
import { ByteWriter } from '../wire/byte-writer.js';
import type { HeaderStyle } from '../wire/match/field-header.js';
import { decodeFieldMatch, encodeFieldMatch } from '../wire/match/nx-match.js';
import { formatNxMatch } from '../wire/match/nx-match-text.js';
import { decodeOfp10Match, encodeOfp10Match, ofp10Vlan, type VlanNumbers } from '../wire/match/ofp10-match.js';
import { decodeOfp11Match, encodeOfp11Match, ofp11Vlan } from '../wire/match/ofp11-match.js';
import type { OfctlCommand } from './command.js';
import type { Invocation } from './invocation.js';
import { LimitedLog } from './limited-log.js';

const VID_AND_CFI = VLAN_CFI | VLAN_VID_MASK;

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** The low 16 bits of what C's strtoul() finds at the start of a text. */
function leadingHex(text: string): number {
  const digits = /^\s*([+-]?)(?:0[xX])?([0-9a-fA-F]*)/.exec(text)!;
  const value = BigInt(`0x${digits[2] || '0'}`);
  return Number(BigInt.asUintN(16, digits[1] === '-' ? -value : value));
}

const tciText = ({ key, mask }: Match): string => `${hex(key.u16(OFF_VLAN_TCI), 4)}/${hex(mask.u16(OFF_VLAN_TCI), 4)}`;

/** OXM's account of a tag: the VLAN, and the priority where there is one. */
function oxmText({ key, mask }: Match): string {
  const vid = key.u16(OFF_VLAN_TCI) & VID_AND_CFI;
  const tciMask = mask.u16(OFF_VLAN_TCI);
  const hasPcp = vid !== 0 && tciMask >> VLAN_PCP_SHIFT !== 0;
  const pcp = hasPcp ? String(key.u16(OFF_VLAN_TCI) >> VLAN_PCP_SHIFT).padStart(2, '0') : '--';
  return `${hex(vid, 4)}/${hex(tciMask & VID_AND_CFI, 4)},${pcp}`;
}

function checkEntries(
  invocation: Invocation,
  name: string,
  match: Match,
  style: HeaderStyle,
  describe: (match: Match) => string,
  log: LimitedLog,
): void {
  const writer = new ByteWriter();
  encodeFieldMatch(match, style, writer);
  const bytes = writer.take();
  const text = formatNxMatch(bytes, (error) => log.logError(error));
  let outcome: string;
  try {
    outcome = describe(decodeFieldMatch(new ByteReader(bytes), { tlvTable: null }));
  } catch (error) {
    if (!(error instanceof OpenFlowError)) throw error;
    log.logError(error);
    outcome = error.code;
  }
  invocation.print(`${name}: ${text} -> ${outcome}\n`);
}

function checkStructure(
  invocation: Invocation,
  name: string,
  match: Match,
  { vid, pcp, hasVid, hasPcp }: VlanNumbers,
  encode: (match: Match, writer: ByteWriter) => void,
  decode: (reader: ByteReader) => Match,
): void {
  const writer = new ByteWriter();
  encode(match, writer);
  const wild = (isThere: boolean): number => (isThere ? 0 : 1);
  const written = `${hex(vid, 4)}/${wild(hasVid)},${hex(pcp, 2)}/${wild(hasPcp)}`;
  invocation.print(`${name}: ${written} -> ${tciText(decode(new ByteReader(writer.take())))}\n`);
}

export const checkVlan: OfctlCommand = {
  name: 'check-vlan',
  usage: '',
  minArgs: 2,
  maxArgs: 2,
  writes: true,
  run(invocation, [tci = '', mask = '']) {
    const log = new LimitedLog(invocation);
    const match = new Match();
    match.key.setU16(OFF_VLAN_TCI, leadingHex(tci));
    match.mask.setU16(OFF_VLAN_TCI, leadingHex(mask));
    const text = formatMatch(match, { ports: NO_PORT_NAMES });
    invocation.print(`${text} -> `);
    invocation.print(`${tciText(parseMatch(text, { ports: NO_PORT_NAMES }))}\n`);
    checkEntries(invocation, 'NXM', match, 'nxm', tciText, log);
    checkEntries(invocation, 'OXM', match, 12, oxmText, log);
    checkStructure(invocation, 'OF1.0', match, ofp10Vlan(match), encodeOfp10Match, decodeOfp10Match);
    checkStructure(invocation, 'OF1.1', match, ofp11Vlan(match), encodeOfp11Match, decodeOfp11Match);
  },
};
