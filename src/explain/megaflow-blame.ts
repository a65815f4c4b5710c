/** The blame for a megaflow as text and as JSON: one entry for each field's bits and who asked for them. */
import { renderTable } from '#src/report/table.js';
import type { Bridge } from '#src/vswitchd/bridge.js';
import { blame, blamedText } from './blame.js';
import { type BridgeNamed, causeText } from './cause-text.js';
import type { PacketExplanation } from './explain-packet.js';
import { roundTitle } from './packet-text.js';
import { hexOf, STAGE_NAMES } from './key-parts.js';

export function renderBlame({ bridge, rounds }: PacketExplanation, bridgeNamed: BridgeNamed): string {
  const texts = rounds.map((round) => {
    const { key, watched, megaflow, datapathActions } = round;
    const rows = blame(watched).map((bits) => [blamedText(bits, key, bridge.portNames), causeText(bits, bridgeNamed)]);
    const table = renderTable([{ title: 'bits' }, { title: 'because' }], rows);
    const title = round.recircId === null ? '' : `${roundTitle(round)}\n`;
    return `${title}Megaflow: ${megaflow}\nDatapath actions: ${datapathActions}\n\n${table.join('\n')}\n`;
  });
  return texts.join('\n');
}

export function blameToJson({ bridge, rounds }: PacketExplanation, bridgeNamed: BridgeNamed): object {
  const [first, ...returns] = rounds.map(({ recircId, key, watched, megaflow, datapathActions }) => ({
    ...(recircId === null ? {} : { recircId }),
    megaflow,
    datapathActions,
    bits: blame(watched).map((bits) => ({
      field: bits.part.name,
      mask: hexOf(bits.mask, bits.part),
      match: blamedText(bits, key, bridge.portNames),
      stage: STAGE_NAMES[bits.part.stage],
      by: bits.cause.kind,
      ...(bits.byTrie ? { byPrefixTrie: true } : {}),
      ...placeOf(bits.cause, bridgeNamed),
      because: causeText(bits, bridgeNamed),
    })),
  }));
  return { ...first, ...(returns.length === 0 ? {} : { recirculated: returns }) };
}

function placeOf(cause: ReturnType<typeof blame>[number]['cause'], bridgeNamed: BridgeNamed): object {
  const describe = (bridge: Bridge | undefined, rule: Parameters<Bridge['describeRule']>[0] | null): string | null =>
    rule === null || bridge === undefined ? null : bridge.describeRule(rule, true);
  switch (cause.kind) {
    case 'always':
    case 'end':
      return {};
    case 'action':
      return {
        bridge: cause.bridge,
        table: cause.table,
        rule: describe(bridgeNamed(cause.bridge), cause.rule),
        action: cause.action,
      };
    case 'lookup':
      return {
        bridge: cause.bridge,
        table: cause.table,
        matched: describe(bridgeNamed(cause.bridge), cause.found),
        rules: cause.rules.slice(0, MAX_RULES).map((rule) => describe(bridgeNamed(cause.bridge), rule)),
        ruleCount: cause.rules.length,
      };
  }
}

const MAX_RULES = 10;
