/** Matches as bytes: what is written of a match, and what is read back of it. */
import { describe, expect, test } from 'vitest';
import { formatMatch } from '#src/openflow/match-format.js';
import { parseMatch } from '#src/openflow/match-parse.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import { OpenFlowError } from '#src/openflow/switch-connection.js';
import { ByteReader } from '#src/openflow/wire/byte-reader.js';
import { ByteWriter } from '#src/openflow/wire/byte-writer.js';
import { decodeMatch, encodeMatch } from '#src/openflow/wire/match/index.js';
import { Dice } from '../../../differential/dice.js';

const ports = NO_PORT_NAMES;

function bytesOf(text: string, version: OpenFlowVersion): Uint8Array {
  const writer = new ByteWriter();
  encodeMatch(parseMatch(text, { ports }), { version }, writer);
  return writer.take();
}

function textOf(bytes: Uint8Array, version: OpenFlowVersion): string {
  return formatMatch(decodeMatch(new ByteReader(bytes), { version, tlvTable: null }), { ports });
}

// As real OVS 3.1.0 writes them (ovs-ofctl -m parse-oxm).
test.each<readonly [string, OpenFlowVersion, string]>([
  ['eth_type=0x894f,nsh_spi=0xffffff', 13, '000100168000 0a02894f ffff0808005ad65000ffffff 0000'],
  ['eth_type=0x894f,nsh_spi=5', 13, '000100168000 0a02894f ffff0808005ad65000000005 0000'],
  ['', 13, '0001000400000000'],
])('%s in OpenFlow %d', (text, version, hex) => {
  expect(Buffer.from(bytesOf(text, version)).toString('hex')).toBe(hex.replaceAll(' ', ''));
});

describe('what a version carries whole is read back alike', () => {
  const texts = [
    'in_port=1,dl_vlan=5,dl_vlan_pcp=3,dl_src=00:11:22:33:44:55',
    'tcp,nw_src=10.0.0.0/8,tp_dst=80',
    'icmp,icmp_type=8,icmp_code=0',
    'arp,arp_spa=10.0.0.1,arp_op=1',
  ];
  const versions: readonly OpenFlowVersion[] = [10, 11, 12, 13, 14, 15];
  test.each(texts.flatMap((text) => versions.map((version) => [text, version] as const)))(
    '%s in %d',
    (text, version) => {
      const printed = formatMatch(parseMatch(text, { ports }), { ports });
      expect(textOf(bytesOf(text, version), version)).toBe(printed);
    },
  );
});

test('any bytes are a match or an OpenFlow error', () => {
  const dice = new Dice(1);
  const outcomes = new Set<string>();
  for (let i = 0; i < 20_000; i++) {
    const version = dice.pick<OpenFlowVersion>([10, 11, 12, 13, 14, 15]);
    const bytes = Uint8Array.from({ length: dice.below(96) }, () => dice.pick([0, 1, 0x80, 0xff, dice.below(256)]));
    if (bytes.length > 4 && dice.chance(0.8)) bytes.set([0, dice.below(2), 0, dice.pick([88, bytes.length & ~7])]);
    try {
      textOf(bytes, version);
      outcomes.add('match');
    } catch (error) {
      if (!(error instanceof OpenFlowError)) throw error;
      outcomes.add(error.code);
    }
  }
  expect(outcomes.size).toBeGreaterThan(5);
});
