/**
 * Fields that a flow names and its match does not have, because the match lacks what gives packets the field: `tp_dst=80`
 * without tcp or udp. The switch leaves them out, so the rule matches more than it says (OpenFlow 1.5.1 §7.2.3.6).
 */
import { FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import { splitActions, splitKeyValues } from '#src/openflow/key-value.js';
import { normalizeMatch } from '#src/openflow/match-normalize.js';
import { addMatchTerm, newMatchBuilder } from '#src/openflow/match-parse.js';
import { partsOf } from '../key-parts.js';
import type { Finding, LintSubject } from './finding.js';

export function findMissingPrerequisites({ bridge, places }: LintSubject): readonly Finding[] {
  const findings: Finding[] = [];
  for (const [rule, { text }] of places) {
    if (text === '' || bridge.table(rule.tableId).classifier.findExactly(rule.match, rule.priority) !== rule) continue;
    const builder = newMatchBuilder();
    for (const pair of splitKeyValues(splitActions(text).match)) addMatchTerm(builder, pair, bridge.portNames);
    const given = builder.match.mask.clone();
    normalizeMatch(builder.match);
    const lost = new FlowKey();
    for (let i = 0; i < KEY_WORDS; i++) lost.words[i] = given.words[i]! & ~builder.match.mask.words[i]!;
    const names = partsOf(lost).map(({ name }) => name);
    if (names.length === 0) continue;
    const fields = names.join(', ');
    findings.push({
      check: 'missing-prerequisite',
      table: rule.tableId,
      rule,
      why: `${fields} ${names.length === 1 ? 'is' : 'are'} left out of the match, for the flow does not name the protocol that has ${names.length === 1 ? 'it' : 'them'}: it matches more than it says`,
      advice: `name the protocol (${protocolFor(names)})`,
    });
  }
  return findings;
}

function protocolFor(fields: readonly string[]): string {
  if (fields.some((field) => field.startsWith('tp_') || field === 'tcp_flags')) return 'tcp, udp, sctp or icmp';
  if (fields.some((field) => field.startsWith('arp_'))) return 'arp';
  if (fields.some((field) => field.startsWith('ipv6_') || field.startsWith('nd_'))) return 'ipv6';
  if (fields.some((field) => field.startsWith('mpls'))) return 'mpls';
  if (fields.some((field) => field.startsWith('ct_'))) return 'ct_nw_proto, and ip or ipv6';
  return 'ip, ipv6 or arp';
}
