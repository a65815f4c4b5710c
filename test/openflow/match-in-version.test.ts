import { describe, expect, it } from 'vitest';
import { OFF_TUN_ERSPAN_HWID, OFF_TUN_GTPU_FLAGS } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { matchInVersion } from '#src/openflow/flow-version.js';

describe('a field whose value OVS 3.1 takes for the mask', () => {
  // What ovs-ofctl sends of tun_erspan_hwid=0xf/0x1 is 0x1/0xf; the switch then has 0x1/0x1.
  const rows: readonly [string, number, number, number, number, number][] = [
    ['ERSPAN, masked', OFF_TUN_ERSPAN_HWID, 0x1, 0x0f, 0x1, 0x1],
    ['ERSPAN, whole', OFF_TUN_ERSPAN_HWID, 0x7, 0xff, 0x7, 0xff],
    ['GTP-U, a masked zero, of which nothing is left', OFF_TUN_GTPU_FLAGS, 0, 0x30, 0, 0],
  ];
  for (const version of [10, 12, 15] as const) {
    it.each(rows)(
      `arrives by OpenFlow 1.${version - 10} as its own mask: %s`,
      (_, offset, value, mask, sent, sentMask) => {
        const match = new Match();
        match.key.setU8(offset, value);
        match.mask.setU8(offset, mask);
        const carried = matchInVersion(match, version);
        expect([carried.key.u8(offset), carried.mask.u8(offset)]).toEqual([sent, sentMask]);
        expect(match.mask.u8(offset)).toBe(mask);
      },
    );
  }
});
