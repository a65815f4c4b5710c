/** Mappings of tunnel options as text; what is printed is what real OVS 3.1.0 prints. */
import { describe, expect, test } from 'vitest';
import { formatTlvTable, formatTlvTableMod, parseTlvTableMod } from '#src/openflow/tlv-map-text.js';
import { UserError } from '#src/report/user-error.js';

const TEXT = '{class=0xffff,type=0,len=4}->tun_metadata0,{class=0x10,type=0x80,len=124}->tun_metadata63';
const LINES = `
  class  type  length  match field
 ------  ----  ------  --------------
 0xffff     0       4  tun_metadata0
   0x10  0x80     124  tun_metadata63`;

describe('mappings of tunnel options', () => {
  test('are read and shown as a table', () => {
    const mod = parseTlvTableMod(TEXT, 'add');
    expect(formatTlvTableMod(mod)).toBe(`\n ADD mapping table:${LINES}`);
    expect(formatTlvTable({ maxOptionSpace: 256, maxFields: 64, mappings: mod.mappings })).toBe(
      `\n max option space=256 max fields=64\n allocated option space=128\n\n mapping table:${LINES}`,
    );
  });

  test('clearing names none', () => {
    expect(formatTlvTableMod(parseTlvTableMod('', 'clear'))).toBe('\n CLEAR');
  });

  test.each(['x', '{class=1}', '{class=1,type=2,len=3}->reg0', '{class=1,type=2,len=4}->tun_metadata0x'])(
    '%s is refused',
    (text) => {
      expect(() => parseTlvTableMod(text, 'add')).toThrow(UserError);
    },
  );
});
