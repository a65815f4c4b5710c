/** What `explain` says of single packets: the decision, the rules they nearly matched, and who asked for each bit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFlow } from '#src/openflow/match-parse.js';
import { explainPacket, ruleText } from '#src/explain/explain-packet.js';
import { blame, blamedText } from '#src/explain/blame.js';
import { causeText } from '#src/explain/cause-text.js';
import { packetToJson } from '#src/explain/packet-json.js';
import { renderPacket } from '#src/explain/packet-text.js';
import { paletteFor } from '#src/report/colour.js';
import { bridgeOf, runSetup } from '#src/explain/switch-setup.js';
import { extractFlow } from '#datapath/flow-extract.js';
import { FlowKey, KEY_WORDS } from '#flowtable/flow-key.js';
import { traceFlow } from '#src/vswitchd/trace-command.js';
import { eth } from '../support/packet-builder.js';
import { BRIDGES, plain } from './bridges.js';

async function explained(script: string, flow: string) {
  const prepared = await runSetup({ file: 'setup.sh', text: `${BRIDGES}\n${script}`, directory: '.', seed: 1 });
  const bridge = bridgeOf(prepared, 'br0', 'setup.sh');
  const key = parseFlow(flow, bridge.portNames);
  return { explanation: explainPacket(bridge, key), key, prepared };
}

const add = (flow: string): string => `ovs-ofctl add-flow br0 '${flow}'`;

describe('the decision that ended a packet', () => {
  test.each([
    ['no rule', add('in_port=2,actions=1'), 'in_port=1', 'no-match', 'No rule of table 0 matches.'],
    ['a rule without actions', add('actions=drop'), 'in_port=1', 'rule-drops', 'The rule has no actions: drop.'],
    ['no rule in a later table', add('actions=resubmit(,3)'), 'in_port=1', 'no-match', 'No rule of table 3 matches.'],
    [
      'actions without an output',
      add('actions=set_field:1->reg0'),
      'in_port=1',
      'no-output',
      'None of the actions sends the packet anywhere.',
    ],
    [
      'out of the port it came in by',
      add('actions=output:1'),
      'in_port=1',
      'output-to-input-port',
      'Skipping output to input port.',
    ],
    ['a port that is not there', add('actions=output:77'), 'in_port=1', 'no-such-port', 'Nonexistent output port.'],
    [
      'TTL',
      add('ip,actions=dec_ttl,output:2'),
      'in_port=1,ip,nw_ttl=1',
      'ttl-exceeded',
      'IPv4 decrement TTL exception.',
    ],
    [
      'an access port and a tag',
      add('actions=NORMAL'),
      'in_port=3,dl_vlan=7,dl_dst=00:00:00:00:00:09',
      'vlan-filtered',
      'Dropping VLAN 7 tagged packet received on port p3 configured as VLAN 10 access port.',
    ],
    ['alone in its VLAN', add('actions=NORMAL'), 'in_port=3,dl_dst=00:00:00:00:00:09', 'nobody-to-flood-to', undefined],
    ['BPDU', add('actions=NORMAL'), 'in_port=1,dl_vlan=1,dl_dst=01:80:c2:00:00:00', 'bpdu', undefined],
    ['a loop', add('actions=resubmit(,0)'), 'in_port=1', 'translation-error', undefined],
    [
      'a port that does not receive',
      `${add('actions=output:2')}\novs-ofctl mod-port br0 1 no-receive`,
      'in_port=1',
      'port-refuses',
      undefined,
    ],
  ])('%s', async (_name, script, flow, reason, text) => {
    const { explanation } = await explained(script, flow);
    expect(explanation.fate.kind).toBe(reason === 'ttl-exceeded' ? 'to-controller' : 'dropped');
    const last = explanation.decisions.at(-1);
    expect(last?.reason).toBe(reason);
    if (text !== undefined) expect(last?.text).toBe(text);
  });

  test('in the bridge behind a patch port', async () => {
    const { explanation } = await explained(`${add('actions=output:patch0')}\novs-ofctl del-flows br1`, 'in_port=1');
    expect(explanation.decisions.map(({ reason, bridge }) => [reason, bridge.name])).toEqual([['no-match', 'br1']]);
  });

  test('of a copy that comes back from the connection tracker', async () => {
    const script = [
      add('table=0,ip,ct_state=-trk,actions=ct(table=1)'),
      add('table=1,ip,ct_state=+trk+est,actions=output:2'),
    ].join('\n');
    const { explanation, key } = await explained(script, 'in_port=1,ip');
    expect(explanation.rounds.map(({ ctState }) => ctState)).toEqual([null, 0x21]);
    expect(explanation.decisions.map(({ reason, table }) => [table, reason])).toEqual([[1, 'no-match']]);
    expect(explanation.rounds[1]!.consulted[0]!.nearest[0]!.differences).toEqual([
      { field: 'ct_state', wanted: 'ct_state=+est+trk', found: 'ct_state=-est+trk' },
    ]);
    const established = explainPacket(explanation.bridge, key, { ctStates: [0x22] });
    expect(established.fate).toMatchObject({ kind: 'delivered', ports: ['p2'] });
  });

  test('none for a copy that comes back under headers that are not known', async () => {
    const { explanation } = await explained(
      add('mpls,actions=pop_mpls:0x0800,resubmit(,7)'),
      'in_port=1,mpls,mpls_bos=1',
    );
    expect([explanation.fate.kind, explanation.decisions]).toEqual(['recirculated', []]);
  });

  test.each([
    ['under labels that are taken off', 'mpls,actions=pop_mpls:0x0800,resubmit(,7)', 'ip,nw_dst=10.0.0.9,actions=drop'],
    ['behind a group that the datapath chooses from', 'ip,actions=group:1', 'ip,nw_dst=10.0.0.9,actions=drop'],
  ])('of a copy that comes back %s, where the bytes are known', async (_name, first, second) => {
    const script = [
      "ovs-ofctl -O OpenFlow15 add-group br0 'group_id=1,type=select,selection_method=dp_hash,bucket=bucket_id:1,actions=resubmit(,7),bucket=bucket_id:2,actions=resubmit(,7)'",
      add(first),
      add(`table=7,${second}`),
    ].join('\n');
    const { explanation, key } = await explained(script, 'in_port=1');
    const frame = first.startsWith('mpls')
      ? eth().mpls(100).ipv4('10.0.0.1', '10.0.0.9').udp(1, 2).bytes()
      : eth().ipv4('10.0.0.1', '10.0.0.9').udp(1, 2).bytes();
    const again = explainPacket(explanation.bridge, extractFlow(frame, key), { packet: frame });
    expect(again.fate.kind).toBe('dropped');
    expect(again.rounds.map(({ recircId }) => recircId !== null)).toEqual([false, true]);
    expect(again.decisions.map(({ reason, table }) => [table, reason])).toEqual([[7, 'rule-drops']]);
  });

  test('none for a packet that is delivered', async () => {
    const { explanation } = await explained(add('in_port=1,actions=output:2'), 'in_port=1');
    expect(explanation.fate).toEqual({ kind: 'delivered', ports: ['p2'], toController: false });
    expect(explanation.decisions).toEqual([]);
  });

  test('all that were taken, the last one last', async () => {
    const { explanation } = await explained(
      [add('actions=resubmit(,1),resubmit(,2)'), add('table=2,actions=drop')].join('\n'),
      'in_port=1',
    );
    expect(explanation.decisions.map(({ reason, table }) => [table, reason])).toEqual([
      [1, 'no-match'],
      [2, 'rule-drops'],
    ]);
  });
});

describe('the nearest rules', () => {
  const rules = [
    add('priority=10,tcp,nw_dst=10.0.0.0/24,tp_dst=80,actions=output:2'),
    add('priority=20,tcp,nw_dst=10.0.0.0/24,tp_dst=443,actions=output:2'),
    add('priority=30,udp,nw_dst=10.9.0.0/16,tp_dst=53,actions=output:2'),
    add('priority=5,dl_vlan=9,actions=output:2'),
    add('priority=4,arp,actions=output:2'),
  ].join('\n');

  test('by the number of fields that differ, then by priority', async () => {
    const { explanation } = await explained(rules, 'in_port=1,tcp,nw_dst=10.0.0.5,tp_dst=22');
    const [table] = explanation.rounds[0].consulted;
    expect(
      table!.nearest.map(({ rule, differences }) => [rule.priority, differences.map(({ field }) => field)]),
    ).toEqual([
      [20, ['tp_dst']],
      [10, ['tp_dst']],
      [5, ['vlan_tci']],
    ]);
    expect(table!.nearest[0]!.differences).toEqual([{ field: 'tp_dst', wanted: 'tp_dst=443', found: 'tp_dst=22' }]);
  });

  test('one that matches and was outranked', async () => {
    const { explanation } = await explained(
      `${add('priority=50,in_port=1,actions=drop')}\n${add('priority=40,ip,actions=output:2')}`,
      'in_port=1,ip',
    );
    const [near] = explanation.rounds[0].consulted[0]!.nearest;
    expect(near).toMatchObject({ differences: [], isOutranked: true });
    expect(ruleText(explanation.bridge, near!.rule)).toBe('ip, priority 40, actions=output:p2');
  });
});

describe('who asked for the bits of a megaflow', () => {
  test.each([
    [
      'the rule that matches',
      add('tcp,tp_dst=80,actions=output:2'),
      'in_port=1,tcp,tp_dst=80',
      'tp_dst=80',
      /stage L4: "tcp,tp_dst=80, .*" matches/,
    ],
    [
      'a rule that had to be ruled out',
      `${add('priority=9,tcp,tp_src=5,actions=2')}\n${add('priority=1,actions=2')}`,
      'in_port=1,tcp,tp_src=9',
      /^tp_src=/,
      /to rule out "tcp,tp_src=5/,
    ],
    [
      'an action',
      add('ip,actions=dec_ttl,output:2'),
      'in_port=1,ip,nw_ttl=9',
      'nw_ttl=9',
      /^action dec_ttl of "ip, priority 32768" in table 0 of br0/,
    ],
    [
      'NORMAL',
      add('actions=NORMAL'),
      'in_port=1,dl_src=00:00:00:00:00:01',
      'dl_src=00:00:00:00:00:01',
      /^action NORMAL/,
    ],
    ['nobody', add('actions=2'), 'in_port=1', 'in_port=p1', /^every megaflow/],
  ])('%s', async (_name, script, flow, bits, because) => {
    const { explanation, key, prepared } = await explained(script, flow);
    const entry = blame(explanation.rounds[0].watched).find((candidate) => {
      const text = blamedText(candidate, key, explanation.bridge.portNames);
      return typeof bits === 'string' ? text === bits : bits.test(text);
    });
    expect(entry).toBeDefined();
    expect(causeText(entry!, (name) => prepared.vswitchd.bridgeNamed(name))).toMatch(because);
  });

  test('every bit once, and nothing else', async () => {
    const script = [
      add('priority=9,ip,nw_dst=10.0.0.0/8,actions=dec_ttl,resubmit(,1)'),
      add('table=1,priority=7,tcp,tp_dst=80,actions=NORMAL'),
      add('table=1,priority=5,nw_src=10.1.0.0/16,ip,actions=output:patch0'),
    ].join('\n');
    const { explanation } = await explained(script, 'in_port=1,tcp,nw_dst=10.0.0.1,nw_ttl=5,tp_dst=81,nw_src=10.1.1.1');
    const all = new FlowKey();
    for (const { mask } of blame(explanation.rounds[0].watched)) {
      for (let i = 0; i < KEY_WORDS; i++) {
        expect(all.words[i]! & mask.words[i]!).toBe(0);
        all.words[i]! |= mask.words[i]!;
      }
    }
    expect(all.equals(explanation.rounds[0].watched.outcome.wc)).toBe(true);
  });
});

test('text and JSON tell the same', async () => {
  const { explanation } = await explained(add('tcp,tp_dst=80,actions=output:2'), 'in_port=1,tcp,tp_dst=22');
  expect(plain(renderPacket(explanation, paletteFor({ isTTY: false } as never, {})))).toContain(
    '  tcp,tp_dst=80, priority 32768, actions=output:p2\n    tp_dst: the rule wants tp_dst=80, the packet has tp_dst=22\n',
  );
  expect(packetToJson(explanation)).toMatchObject({
    fate: 'dropped',
    decisions: [{ reason: 'no-match', bridge: 'br0', table: 0 }],
    trace: [
      {
        kind: 'bridge',
        children: [{ kind: 'table', text: '0. No match.', children: [{ kind: 'action', text: 'drop' }] }],
      },
    ],
  });
});

test('every bit of every mask has one cause, whatever the rules', async () => {
  const match = fc.constantFrom(
    '',
    'ip',
    'tcp,tp_dst=80',
    'tcp,tp_dst=0x50/0xfff0',
    'ip,nw_dst=10.0.0.0/8',
    'ip,nw_dst=10.1.0.0/16',
    'ip,nw_src=10.0.0.0/9',
    'dl_vlan=5',
    'arp',
    'ipv6,ipv6_dst=fe80::/10',
    'reg0=1',
    'dl_src=02:00:00:00:00:00/fe:00:00:00:00:00',
  );
  const actions = fc.constantFrom(
    'drop',
    'output:2',
    'NORMAL',
    'resubmit(,1)',
    'resubmit(2,1)',
    'set_field:1->reg0,resubmit(,1)',
    'mod_vlan_vid:7,output:3',
    'strip_vlan,resubmit(,1)',
    'output:4',
    'move:eth_src[]->eth_dst[],NORMAL',
  );
  const rule = fc.record({ table: fc.constantFrom(0, 1), priority: fc.integer({ min: 1, max: 20 }), match, actions });
  const packet = fc.constantFrom(
    'in_port=1,tcp,nw_dst=10.1.2.3,nw_src=10.0.0.1,tp_dst=80',
    'in_port=2,tcp,nw_dst=10.2.2.3,nw_src=11.0.0.1,tp_dst=443',
    'in_port=3,dl_vlan=5,ip,nw_dst=192.168.0.1',
    'in_port=1,arp,dl_src=02:00:00:00:00:01',
    'in_port=1,ipv6,ipv6_dst=fe80::1',
    'in_port=1,ip,nw_frag=later',
  );
  await fc.assert(
    fc.asyncProperty(fc.array(rule, { maxLength: 12 }), packet, async (rules, flow) => {
      const script = rules
        .filter(({ table, actions }) => table === 0 || !actions.includes('resubmit'))
        .map((each) =>
          add(
            `table=${each.table},priority=${each.priority}${each.match === '' ? '' : `,${each.match}`},actions=${each.actions}`,
          ),
        )
        .join('\n');
      const { explanation, key } = await explained(script, flow);
      const { watched } = explanation.rounds[0];
      const all = new FlowKey();
      for (const { mask, cause } of blame(watched)) {
        for (let i = 0; i < KEY_WORDS; i++) {
          expect(all.words[i]! & mask.words[i]!).toBe(0);
          all.words[i]! |= mask.words[i]!;
        }
        if (cause.kind === 'lookup') expect(cause.rules.length).toBeGreaterThan(0);
      }
      expect(all.equals(watched.outcome.wc)).toBe(true);
      // Watching changes nothing.
      const plainOutcome = traceFlow(explanation.bridge, key, { packet: null, names: true });
      expect(watched.outcome.wc.equals(plainOutcome.wc)).toBe(true);
      expect(watched.outcome.trace).toEqual(plainOutcome.trace);
    }),
    { numRuns: 80 },
  );
});
