/**
 * Mappings of Geneve options to tun_metadata fields as text: `{class=0xffff,type=0,len=4}->tun_metadata0`.
 * Mirrors parse_ofp_tlv_table_mod_str() and ofputil_format_tlv_table_reply() (lib/ofp-match.c).
 */
import { UserError } from '../report/user-error.js';
import { scanInteger } from './number-text.js';
import type { TlvMapping, TlvTable, TlvTableMod } from './tlv-map.js';

const NUMBER = '([+-]?(?:0[xX][0-9a-fA-F]+|\\d+))';
const MAPPING = new RegExp(`,?\\{class=${NUMBER},type=${NUMBER},len=${NUMBER}\\}->tun_metadata${NUMBER}`, 'y');

/** Throws UserError in ovs-ofctl's words. */
export function parseTlvTableMod(text: string, command: TlvTableMod['command']): TlvTableMod {
  const mappings: TlvMapping[] = [];
  MAPPING.lastIndex = 0;
  let at = 0;
  while (at < text.length) {
    const found = MAPPING.exec(text);
    if (found === null) throw new UserError('invalid tlv mapping');
    const number = (part: string, bits: number): number => Number(BigInt.asUintN(bits, scanInteger(part).value));
    mappings.push({
      optionClass: number(found[1]!, 16),
      optionType: number(found[2]!, 8),
      optionLength: number(found[3]!, 8),
      index: number(found[4]!, 16),
    });
    at = MAPPING.lastIndex;
  }
  return { command, mappings };
}

const MAX_OPTION_LENGTH = 124;

/** What no switch takes, with the words of whoever decodes the message; null where they are well-formed. */
export function checkTlvMappings(
  mappings: readonly TlvMapping[],
  maxFields: number,
): { readonly code: string; readonly warning: string } | null {
  for (const { optionLength, index } of mappings) {
    if (optionLength % 4 !== 0 || optionLength > MAX_OPTION_LENGTH) {
      const warning = `tlv table option length (${optionLength}) is not a valid option size`;
      return { code: 'NXTTMFC_BAD_OPT_LEN', warning };
    }
    if (index >= maxFields) {
      const warning = `tlv table field index (${index}) is too large (max ${maxFields - 1})`;
      return { code: 'NXTTMFC_BAD_FIELD_IDX', warning };
    }
  }
  return null;
}

/** C's %#x, right-aligned. */
const hex = (value: number, width: number): string => (value === 0 ? '0' : `0x${value.toString(16)}`).padStart(width);

function formatMappings(mappings: readonly TlvMapping[]): string {
  const lines = mappings.map(
    ({ optionClass, optionType, optionLength, index }) =>
      `\n ${hex(optionClass, 6)}  ${hex(optionType, 4)}  ${String(optionLength).padStart(6)}  tun_metadata${index}`,
  );
  return ` mapping table:\n  class  type  length  match field\n ------  ----  ------  --------------${lines.join('')}`;
}

const COMMAND_TEXT: Readonly<Record<TlvTableMod['command'], string>> = { add: 'ADD', delete: 'DEL', clear: 'CLEAR' };

/** What follows the message's name. */
export function formatTlvTableMod({ command, mappings }: TlvTableMod): string {
  return `\n ${COMMAND_TEXT[command]}${command === 'clear' ? '' : formatMappings(mappings)}`;
}

/** dump-tlv-map, after the message's name. */
export function formatTlvTable({ maxOptionSpace, maxFields, mappings }: TlvTable): string {
  const allocated = mappings.reduce((sum, { optionLength }) => sum + optionLength, 0);
  return (
    `\n max option space=${maxOptionSpace} max fields=${maxFields}\n` +
    ` allocated option space=${allocated}\n\n${formatMappings(mappings)}`
  );
}
