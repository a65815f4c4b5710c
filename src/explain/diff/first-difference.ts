/** Where two switches part over one packet: the first table in which they choose differently, or what else it is. */
import type { FlowKey } from '#flowtable/flow-key.js';
import { type Consulted, explainPacket, type PacketExplanation, ruleText } from '../explain-packet.js';
import { fateText } from '../packet-text.js';
import type { Side } from './side.js';

export interface FirstDifference {
  readonly bridge: string | null;
  readonly table: number | null;
  /** What each side does there. */
  readonly a: string;
  readonly b: string;
  readonly details: readonly string[];
}

export function firstDifference(a: Side, b: Side, port: string, keys: readonly [FlowKey, FlowKey]): FirstDifference {
  const left = explainPacket(a.port(port).bridge, keys[0]);
  const right = explainPacket(b.port(port).bridge, keys[1]);
  const [asked, askedThere] = [left, right].map(({ rounds }) => rounds.flatMap((round) => round.consulted));
  const count = Math.max(asked!.length, askedThere!.length);
  for (let i = 0; i < count; i++) {
    const one = asked![i];
    const other = askedThere![i];
    if (choiceText(one) === choiceText(other)) continue;
    return {
      bridge: (one ?? other)!.bridge.name,
      table: (one ?? other)!.table,
      a: choiceText(one),
      b: choiceText(other),
      details: [...nearLines('A', one), ...nearLines('B', other)],
    };
  }
  return {
    bridge: null,
    table: null,
    a: outcomeText(left),
    b: outcomeText(right),
    details: ['the same rules were chosen: ports, VLANs, learned addresses or connections differ'],
  };
}

function choiceText(consulted: Consulted | undefined): string {
  if (consulted === undefined) return 'no lookup any more';
  const { bridge, table, found } = consulted;
  return `table ${table} of ${bridge.name}: ${found === null ? 'no rule matches' : ruleText(bridge, found)}`;
}

const outcomeText = ({ fate, decisions }: PacketExplanation): string => {
  const last = decisions.at(-1);
  return `${fateText(fate)}${last === undefined ? '' : `: ${last.text}`}`;
};

/** For the side where no rule matched: the one that nearly did. */
function nearLines(side: string, consulted: Consulted | undefined): readonly string[] {
  const near = consulted?.found === null ? consulted.nearest[0] : undefined;
  if (near === undefined || consulted === undefined) return [];
  const wants = near.differences.map(({ wanted, found }) => `${wanted} (the packet has ${found})`).join(' and ');
  return [`${side}'s nearest rule ${ruleText(consulted.bridge, near.rule)} wants ${wants}`];
}
