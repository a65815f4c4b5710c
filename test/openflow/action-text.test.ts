import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { actionsInVersion, formatActions, outputsToPort, parseActions } from '#src/openflow/action/action-list.js';
import { ACTION_KINDS } from '#src/openflow/action/action.js';
import { parseMatch } from '#src/openflow/match-parse.js';
import { NO_PORT_NAMES, OFPP_CONTROLLER, type PortNames } from '#src/openflow/ports.js';
import type { OpenFlowVersion } from '#src/openflow/protocol.js';
import { UserError } from '#src/report/user-error.js';
import { FlowTextGenerator } from './random-flow-text.js';

const ports: PortNames = {
  nameOf: (port) => (port === 1 ? 'p1' : undefined),
  numberOf: (name) => (name === 'p1' ? 1 : undefined),
};
const canonical = (text: string): string => formatActions(parseActions(text, { ports }), { ports });

/** As written, and as OVS 3.1.0 prints it. */
const ACTIONS: readonly (readonly [string, string])[] = [
  ['', 'drop'],
  ['drop', 'drop'],
  ['1,p1,LOCAL', 'output:1,output:1,LOCAL'],
  ['output:2,in_port,flood,all,normal', 'output:2,IN_PORT,FLOOD,ALL,NORMAL'],
  ['output:NXM_NX_REG0[0..15]', 'output:NXM_NX_REG0[0..15]'],
  ['output(port=1,max_len=100)', 'output(port=1,max_len=100)'],
  ['controller', 'CONTROLLER:65535'],
  ['controller:128', 'CONTROLLER:128'],
  ['controller(max_len=5,id=3)', 'controller(max_len=5,id=3)'],
  ['controller(reason=invalid_ttl,userdata=0102,pause)', 'controller(reason=invalid_ttl,userdata=01.02,pause)'],
  ['enqueue(1,7)', 'enqueue:1:7'],
  ['set_queue:5,pop_queue', 'set_queue:5,pop_queue'],
  ['mod_vlan_vid:10,set_vlan_vid:11,mod_vlan_pcp:3', 'mod_vlan_vid:10,set_vlan_vid:11,mod_vlan_pcp:3'],
  ['strip_vlan,pop_vlan,push_vlan:0x8100', 'strip_vlan,pop_vlan,push_vlan:0x8100'],
  ['mod_dl_src:0:1:2:3:4:5', 'mod_dl_src:00:01:02:03:04:05'],
  ['mod_nw_src:1.2.3.4,mod_nw_tos:184,mod_nw_ecn:1', 'mod_nw_src:1.2.3.4,mod_nw_tos:184,mod_nw_ecn:1'],
  ['set_nw_ttl:5,mod_tp_dst:0x50', 'mod_nw_ttl:5,mod_tp_dst:80'],
  ['dec_ttl,dec_ttl(1,2)', 'dec_ttl,dec_ttl(1,2)'],
  ['set_field:10.0.0.1->ip_dst', 'set_field:10.0.0.1->ip_dst'],
  ['set_field:10.0.0.1->nw_dst', 'set_field:10.0.0.1->ip_dst'],
  ['set_field:5/0xf->reg1', 'set_field:0x5/0xf->reg1'],
  ['set_field:00:00:00:00:00:01/00:00:00:00:00:ff->eth_src', 'set_field:00:00:00:00:00:01/00:00:00:00:00:ff->eth_src'],
  ['load:1->reg0[]', 'load:0x1->NXM_NX_REG0[]'],
  ['load:1->NXM_NX_REG0[3..7]', 'load:0x1->NXM_NX_REG0[3..7]'],
  ['load:0->tun_id[5]', 'load:0->NXM_NX_TUN_ID[5]'],
  ['load:0x10000000000000002->xxreg0[]', 'load:0x2->NXM_NX_XXREG0[0..63],load:0x1->NXM_NX_XXREG0[64..127]'],
  ['move:eth_src[]->eth_dst[]', 'move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_DST[]'],
  ['push:reg0[0..7],pop:metadata[]', 'push:NXM_NX_REG0[0..7],pop:OXM_OF_METADATA[]'],
  ['set_tunnel:5,set_tunnel64:5,set_tunnel:0x100000000', 'set_tunnel:0x5,set_tunnel64:0x5,set_tunnel64:0x100000000'],
  ['resubmit:1,resubmit(1,2),resubmit(,2),resubmit(in_port,2)', 'resubmit:1,resubmit(1,2),resubmit(,2),resubmit(,2)'],
  ['resubmit(,2,ct)', 'resubmit(,2,ct)'],
  [
    '1,clear_actions,write_actions(output:2),write_metadata:5/0xf,goto_table:7',
    'output:1,clear_actions,write_actions(output:2),write_metadata:0x5/0xf,goto_table:7',
  ],
  ['clone(output:1,clone()),note:0102,exit', 'clone(output:1,clone(drop)),note:01.02,exit'],
];

describe('actions as text', () => {
  test.each(ACTIONS)('%s is printed as %s', (text, expected) => {
    expect(canonical(text)).toBe(expected);
  });

  test('ports have names where they are asked for', () => {
    const actions = parseActions('output:p1,resubmit(p1,3),clone(enqueue:1:2)', { ports });
    expect(formatActions(actions, { ports, names: true })).toBe('output:p1,resubmit(p1,3),clone(enqueue:p1:2)');
  });

  test('what is printed is read back as the same actions', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const text = canonical(new FlowTextGenerator(seed).actions());
        expect(canonical(text)).toBe(text);
      }),
      { numRuns: 300 },
    );
  });

  test('any text is a list of actions or a complaint', () => {
    const characters = [...'abcdefgilmnoprstuvxz_0123456789=/,:.[]()+->'];
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...characters), maxLength: 60 }), fc.integer(), (noise, seed) => {
        const valid = new FlowTextGenerator(seed).actions();
        const cut = Math.abs(seed) % (valid.length + 1);
        for (const text of [noise, valid.slice(0, cut) + noise + valid.slice(cut)]) {
          try {
            canonical(text);
          } catch (error) {
            expect(error).toBeInstanceOf(UserError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  test('nesting has an end', () => {
    expect(() => canonical('clone('.repeat(5000))).toThrow('Action nested too deeply');
  });

  test('each name stands for one kind of action', () => {
    const names = ACTION_KINDS.flatMap((kind) => kind.names);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(ACTION_KINDS.map((kind) => kind.kind)).size).toBe(ACTION_KINDS.length);
  });
});

describe('actions by version of OpenFlow', () => {
  const carried = (version: OpenFlowVersion, flow: string, actions: string): string =>
    formatActions(actionsInVersion(parseActions(actions, { ports }), version, parseMatch(flow, { ports })), {
      ports: NO_PORT_NAMES,
    });

  test.each<[OpenFlowVersion, string, string, string]>([
    [10, 'ip', 'set_field:10.0.0.1->ip_dst', 'mod_nw_dst:10.0.0.1'],
    [10, '', 'set_field:5->reg0', 'load:0x5->NXM_NX_REG0[]'],
    [10, '', 'set_field:0x505/0xf0f->reg0', 'load:0x5->NXM_NX_REG0[0..3],load:0x5->NXM_NX_REG0[8..11]'],
    [10, '', 'push_vlan:0x8100,set_field:4101->vlan_vid', 'mod_vlan_vid:5'],
    [10, '', 'goto_table:5', 'resubmit(,5)'],
    [10, 'ip', 'mod_nw_ttl:5', 'load:0x5->NXM_NX_IP_TTL[]'],
    [11, '', 'mod_vlan_vid:5', 'push_vlan:0x8100,set_vlan_vid:5'],
    [13, '', 'mod_vlan_vid:5', 'push_vlan:0x8100,set_field:4101->vlan_vid'],
    [13, 'dl_vlan=3', 'mod_vlan_vid:5,strip_vlan', 'set_field:4101->vlan_vid,pop_vlan'],
    [13, '', 'mod_vlan_vid:5,mod_vlan_pcp:3', 'push_vlan:0x8100,set_field:4101->vlan_vid,set_field:3->vlan_pcp'],
    [13, 'tcp', 'mod_tp_dst:80,mod_nw_tos:8', 'set_field:80->tcp_dst,set_field:2->ip_dscp'],
    [13, '', 'set_field:5/0xf->reg0', 'load:0x5->NXM_NX_REG0[0..3]'],
    [13, '', 'enqueue:1:5', 'set_queue:5,output:1,pop_queue'],
    [15, '', 'load:5->reg0[0..3]', 'set_field:0x5/0xf->reg0'],
    [13, '', 'note:01', 'note:01.00.00.00.00.00'],
  ])('OpenFlow %i, %s: %s becomes %s', (version, flow, actions, expected) => {
    expect(carried(version, flow, actions)).toBe(expected);
  });

  test('outputs are found wherever they are nested', () => {
    const outputs = (text: string, port: number): boolean => outputsToPort(parseActions(text, { ports }), port);
    expect(outputs('clone(output:3),1', 1)).toBe(true);
    expect(outputs('clone(clone(output:2))', 2)).toBe(true);
    expect(outputs('controller(id=5)', OFPP_CONTROLLER)).toBe(true);
    expect(outputs('resubmit:1', 1)).toBe(false);
  });
});
