/** Each thing that `upcall lint` finds, and what it must not find; and that no packet hits what it calls shadowed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import type { Match } from '#flowtable/match.js';
import { LATEST_VERSION } from '#flowtable/versions.js';
import { findingsToJson, lint, placeOf, renderFindings } from '#src/explain/lint/lint.js';
import { readSubject } from '#src/explain/lint/rule-source.js';
import { PLAIN } from '#src/report/colour.js';
import { BRIDGES } from './bridges.js';

const subjectOf = (text: string, bridge?: string) =>
  readSubject({ file: 'flows', text, directory: '.', seed: 1 }, bridge);

/** `line check` of each finding. */
async function found(...lines: readonly string[]): Promise<readonly string[]> {
  const subject = await subjectOf(lines.join('\n'));
  return lint(subject).map((finding) => `${placeOf(subject, finding).line} ${finding.check}`);
}

const REST = 'priority=0,actions=drop';

describe('a file of flows', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['nothing', ['tcp,tp_dst=80,actions=2', REST], []],
    ['shadowed by a wider match', ['priority=9,ip,actions=2', 'priority=8,tcp,actions=3', REST], ['2 shadowed']],
    ['not by one of lower priority', ['priority=7,ip,actions=2', 'priority=8,tcp,actions=3', REST], []],
    ['not by one that meets it only', ['priority=9,tcp,actions=2', 'priority=8,in_port=1,actions=3', REST], []],
    [
      'a narrower prefix',
      ['priority=9,ip,nw_dst=10.0.0.0/8,actions=2', 'priority=8,ip,nw_dst=10.1.0.0/16,actions=3', REST],
      ['2 shadowed'],
    ],
    ['replaced', ['in_port=1,actions=2', 'in_port=1,actions=3', REST], ['1 replaced']],
    [
      'written again after a delete',
      ['add in_port=1,actions=2', 'delete in_port=1', 'add in_port=1,actions=3', `add ${REST}`],
      [],
    ],
    ['overlap', ['priority=5,tcp,actions=2', 'priority=5,in_port=1,actions=3', REST], ['2 overlap']],
    ['overlap with the same actions', ['priority=5,tcp,actions=2', 'priority=5,in_port=1,actions=2', REST], []],
    [
      'overlap that a higher rule decides',
      ['priority=6,tcp,in_port=1,actions=4', 'priority=5,tcp,actions=2', 'priority=5,in_port=1,actions=3', REST],
      [],
    ],
    ['an unreachable table', [REST, 'table=3,actions=drop'], ['2 unreachable-table']],
    ['reached by resubmit', ['actions=resubmit(,3)', 'table=3,actions=drop'], []],
    ['reached by goto_table', ['actions=goto_table:3', 'table=3,actions=drop'], []],
    ['reached from within clone', ['actions=clone(resubmit(,3)),output:2', 'table=3,actions=drop'], []],
    [
      'reached by a shadowed rule only',
      ['priority=9,actions=2', 'priority=8,ip,actions=resubmit(,3)', 'table=3,actions=drop'],
      ['2 shadowed', '3 unreachable-table'],
    ],
    ['an empty table', ['actions=resubmit(,9)'], ['1 empty-table']],
    ['no rule for the rest', ['in_port=1,actions=2', 'priority=5,in_port=2,actions=1'], ['2 table-miss']],
    ['a loop', ['actions=resubmit(,0)'], ['1 loop']],
    ['a loop of two tables', ['actions=resubmit(,1)', 'table=1,actions=resubmit(,0)'], ['2 loop']],
    [
      'a loop that a register ends',
      ['priority=9,reg0=1,actions=2', 'priority=8,actions=set_field:1->reg0,resubmit(,0)'],
      [],
    ],
    ['a field without its protocol', ['tp_dst=80,actions=2'], ['1 missing-prerequisite']],
    ['an address without its protocol', ['nw_dst=10.0.0.1,actions=2'], ['1 missing-prerequisite']],
    [
      'nothing can match',
      ['actions=set_field:5->reg0,resubmit(,1)', 'table=1,reg0=4,actions=2', 'table=1,reg0=6,actions=2'],
      ['1 cannot-match', '3 table-miss'],
    ],
    [
      'after an unknown write anything can',
      ['actions=move:reg1[]->reg0[],resubmit(,1)', 'table=1,reg0=4,actions=2', 'table=1,priority=0,actions=drop'],
      [],
    ],
    [
      'nothing can match the VLAN that is gone',
      ['priority=9,dl_vlan=5,actions=strip_vlan,resubmit(,1)', REST, 'table=1,dl_vlan=5,actions=2'],
      ['1 cannot-match', '3 table-miss'],
    ],
    ['after exit', ['actions=exit,output:2'], ['1 dead-action']],
    ['a change after the last output', ['actions=output:2,mod_dl_src:00:00:00:00:00:01'], ['1 dead-action']],
    ['a VLAN that no frame has', ['vlan_vid=10,actions=2', REST], ['1 vlan-trap']],
    ['VLAN 0', ['dl_vlan=0,actions=2', REST], ['1 vlan-trap']],
    ['a tag without a VLAN', ['actions=push_vlan:0x8100,output:2'], ['1 vlan-trap']],
    ['a tag that is set', ['actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:2'], []],
    ['no tag to strip', ['priority=9,vlan_tci=0,actions=strip_vlan,output:2', REST], ['1 vlan-trap']],
  ])('%s', async (_name, lines, expected) => {
    expect(await found(...lines)).toEqual(expected);
  });

  test('what is no flow', async () => {
    await expect(subjectOf('in_port=1,actions=2\nin_prot=1,actions=2')).rejects.toMatchObject({
      file: 'flows',
      line: 2,
    });
  });
});

describe('a setup script', () => {
  const script = (...flows: readonly string[]): string =>
    [BRIDGES, ...flows.map((flow) => `ovs-ofctl add-flow br0 "${flow}"`)].join('\n');
  const BEFORE = BRIDGES.split('\n').length;

  test.each<[string, readonly string[], readonly string[]]>([
    ['a tag to an access port', ['actions=mod_vlan_vid:5,output:3'], ['1 vlan-trap']],
    ['without its tag', ['actions=strip_vlan,output:3'], []],
    ['a tag from an access port', ['in_port=3,dl_vlan=10,actions=2', REST], ['1 vlan-trap']],
    ['ports that are not there', ['in_port=55,actions=output:66', REST], ['1 no-such-port', '1 no-such-port']],
  ])('%s', async (_name, flows, expected) => {
    const subject = await subjectOf(script(...flows), 'br0');
    expect(lint(subject).map((finding) => `${placeOf(subject, finding).line! - BEFORE} ${finding.check}`)).toEqual(
      expected,
    );
  });

  test('of flows that come by here-document, the lines are known', async () => {
    const text = `${BRIDGES}\novs-ofctl add-flows br0 - <<END\npriority=9,ip,actions=2\npriority=8,tcp,actions=3\n${REST}\nEND\n`;
    const subject = await subjectOf(text, 'br0');
    expect(lint(subject).map((finding) => placeOf(subject, finding).line)).toEqual([BEFORE + 3]);
  });

  test('text and JSON', async () => {
    const subject = await subjectOf(script('tp_dst=80,actions=2'), 'br0');
    const findings = lint(subject);
    expect(renderFindings(subject, findings, PLAIN)).toMatch(
      /^flows:\d+: missing-prerequisite: table 0: priority 32768, actions=output:p2\n {2}tp_dst is left out .*\n {2}name the protocol .*\n\n1 finding\n$/,
    );
    expect(findingsToJson(subject, findings)).toMatchObject({
      bridge: 'br0',
      findings: [{ file: 'flows', check: 'missing-prerequisite', table: 0 }],
    });
  });
});

const arbitraryFlow = fc
  .record({
    priority: fc.integer({ min: 1, max: 6 }),
    inPort: fc.option(fc.integer({ min: 1, max: 3 })),
    protocol: fc.constantFrom('', 'ip', 'tcp', 'udp', 'arp', 'ipv6'),
    prefix: fc.option(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.constantFrom(8, 14, 15, 16))),
    port: fc.option(fc.integer({ min: 0, max: 3 })),
    output: fc.integer({ min: 1, max: 4 }),
  })
  .map(({ priority, inPort, protocol, prefix, port, output }) =>
    [
      `priority=${priority}`,
      ...(inPort === null ? [] : [`in_port=${inPort}`]),
      ...(protocol === '' ? [] : [protocol]),
      ...(prefix === null || !['ip', 'tcp', 'udp'].includes(protocol)
        ? []
        : [`nw_dst=10.${prefix[0]}.0.0/${prefix[1]}`]),
      ...(port === null || !['tcp', 'udp'].includes(protocol) ? [] : [`tp_dst=${port}`]),
      `actions=output:${output}`,
    ].join(','),
  );

/** A packet of the match: the other bits as they come. */
function packetOf({ key, mask }: Match, random: readonly number[]): FlowKey {
  const packet = new FlowKey();
  for (let i = 0; i < KEY_WORDS; i++) packet.words[i] = key.words[i]! | (random[i]! & ~mask.words[i]!);
  return packet;
}

test('no packet hits a rule that is called shadowed', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(arbitraryFlow, { minLength: 2, maxLength: 14 }),
      fc.array(fc.array(fc.integer(), { minLength: KEY_WORDS, maxLength: KEY_WORDS }), { minLength: 8, maxLength: 8 }),
      async (flows, random) => {
        const subject = await subjectOf(flows.join('\n'));
        const { classifier } = subject.bridge.table(0);
        for (const { check, rule } of lint(subject)) {
          if (check !== 'shadowed') continue;
          for (const words of random) {
            const packet = packetOf(rule!.match, words);
            expect(rule!.match.matches(packet)).toBe(true);
            expect(classifier.lookup(packet, LATEST_VERSION, null)).not.toBe(rule);
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});
