/** What actions do to a packet in translation, and which bits of it they make the outcome depend on. */
import { describe, expect, test } from 'vitest';
import { OFF_ETH_TYPE, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { parseActions } from '#src/openflow/action/action-list.js';
import { kindOf } from '#src/openflow/action/action.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { parseFlow } from '#src/openflow/match-parse.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { ControllerRequest } from '#src/openflow/translate-context.js';
import { type Recording, recordingContext } from '../support/recording-context.js';

/** Lists of actions by their length, fields by name. */
function show(argument: unknown): string {
  if (Array.isArray(argument) && argument.some((part) => typeof part === 'object')) return String(argument.length);
  if (typeof argument === 'object' && argument !== null && 'name' in argument) return JSON.stringify(argument.name);
  return JSON.stringify(argument);
}

function translate(flow: string, actions: string): Recording {
  const recording = recordingContext(parseFlow(flow, NO_PORT_NAMES), show, (calls) => ({
    controller: ({ maxLen, controllerId }: ControllerRequest) => calls.push(`controller(${maxLen},${controllerId})`),
  }));
  for (const action of parseActions(actions, { ports: NO_PORT_NAMES })) {
    kindOf(action).translate(action, recording.context);
  }
  return recording;
}

/** The bits that count, besides the packet's type, as a match. */
function dependsOn({ context: { flow, wc } }: Recording): string {
  const mask = wc.clone();
  mask.setU32(OFF_PACKET_TYPE, 0);
  mask.setU16(OFF_ETH_TYPE, 0);
  const match = new Match(flow.clone(), mask);
  match.normalize();
  return formatMatch(match, { ports: NO_PORT_NAMES });
}

const TCP = 'in_port=1,tcp,nw_src=10.0.0.1,nw_ttl=64,tcp_src=5';

describe('an action in translation', () => {
  // Whether a packet is Ethernet and of which type every translation depends on anyway.
  test.each<[string, string, string]>([
    [TCP, 'mod_dl_src:00:00:00:00:00:01', 'dl_src=00:00:00:00:00:01'],
    // Whoever writes an IP header depends on there being one, which its protocol says.
    [TCP, 'mod_nw_src:1.2.3.4', 'nw_src=1.2.3.4,nw_proto=6'],
    ['in_port=1,arp', 'mod_nw_src:1.2.3.4', ''],
    ['in_port=1,ipv6', 'mod_nw_src:1.2.3.4', ''],
    [TCP, 'mod_nw_tos:8', 'nw_proto=6,nw_tos=8'],
    [TCP, 'mod_nw_ecn:1', 'nw_proto=6,nw_ecn=1'],
    ['in_port=1,arp', 'mod_nw_tos:8', ''],
    [TCP, 'mod_nw_ttl:9', 'nw_proto=6,nw_ttl=9'],
    [TCP, 'mod_tp_src:9', 'nw_proto=6,tp_src=9'],
    [`${TCP.replace(',tcp_src=5', '')},nw_frag=later`, 'mod_tp_src:9', ''],
    ['in_port=1,arp', 'mod_tp_src:9', ''],
    [TCP, 'mod_vlan_vid:5', 'dl_vlan=5'],
    [TCP, 'set_vlan_vid:5', 'vlan_tci=0x0000/0x1fff'],
    ['in_port=1,dl_vlan=7', 'set_vlan_vid:5', 'dl_vlan=5'],
    [TCP, 'mod_vlan_pcp:3', 'dl_vlan_pcp=3'],
    [TCP, 'set_field:1.2.3.4->ip_dst', 'nw_dst=1.2.3.4,nw_proto=6'],
    [TCP, 'set_field:0.0.0.4/0.0.0.255->ip_dst', 'nw_dst=0.0.0.4/0.0.0.255,nw_proto=6'],
    ['in_port=1,arp', 'set_field:1.2.3.4->ip_dst', ''],
    [TCP, 'set_field:80->tcp_dst', 'nw_proto=6,tp_dst=80'],
    [TCP, 'set_field:80->udp_dst', 'nw_proto=6'],
    [TCP, 'set_field:5->reg0', 'reg0=0x5'],
    [TCP, 'load:5->reg0[0..7]', 'reg0=0x5/0xff'],
    [TCP, 'load:5->tun_id[]', 'tun_id=0x5'],
    [TCP, 'set_tunnel:5', ''],
    [TCP, 'write_metadata:5', ''],
    [TCP, 'move:NXM_OF_IP_SRC[]->reg1[]', 'reg1=0xa000001,nw_src=10.0.0.1'],
    [TCP, 'move:NXM_OF_IP_SRC[0..7]->NXM_OF_IP_DST[8..15]', 'nw_src=0.0.0.1/0.0.0.255,nw_dst=0.0.1.0/0.0.255.0'],
    ['in_port=1,arp', 'move:NXM_OF_IP_SRC[]->reg1[]', ''],
    [TCP, 'output:reg0[]', 'reg0=0'],
    [TCP, 'dec_ttl', 'nw_ttl=64'],
    [TCP, 'set_queue:5', 'skb_priority=0'],
    [TCP, 'note:01,exit', ''],
  ])('%s: %s depends on %s', (flow, actions, expected) => {
    expect(dependsOn(translate(flow, actions))).toBe(expected);
  });

  test.each<[string, string, readonly string[]]>([
    [TCP, '2,LOCAL,controller:5', ['output(2,0)', 'output(65534,0)', 'output(65533,5)']],
    [`${TCP},reg0=7`, 'output:reg0[0..15]', ['note("output port is 7")', 'output(7,65535)']],
    [`${TCP},reg0=0x10000`, 'output:reg0[]', ['warn("output port 65536 is out of range")']],
    [TCP, 'resubmit:2', ['resubmit({"inPort":2,"table":null,"withCtOrig":false})']],
    [TCP, 'resubmit(,5)', ['resubmit({"inPort":null,"table":5,"withCtOrig":false})']],
    [TCP, 'dec_ttl(1,2)', ['decrementTtl([1,2])']],
    [TCP, 'push_vlan:0x8100,pop_vlan', ['pushVlan(33024)', 'popVlan()']],
    [TCP, 'push:reg0[0..7],pop:reg1', ['push("reg0",0,8)', 'pop("reg1",0,32)']],
    [TCP, 'enqueue:2:7', ['setQueue(7)', 'output(2,0)']],
    [TCP, 'enqueue:1:7', []],
    [TCP, 'pop_queue', ['popQueue()']],
    [TCP, 'clone(1,2)', ['clone(2)']],
    [TCP, 'clear_actions,write_actions(1),goto_table:9', ['clearActions()', 'writeActions(1)', 'gotoTable(9)']],
    [TCP, 'controller(id=4,max_len=9)', ['controller(9,4)']],
    [TCP, 'move:NXM_OF_IP_SRC[]->reg1[]', ['note("NXM_NX_REG1[] is now 0xa000001")']],
    [TCP, 'move:NXM_OF_IP_SRC[0..7]->reg1[8..15]', ['note("NXM_NX_REG1[8..15] is now 0x1")']],
    ['in_port=1,arp', 'set_field:5->tcp_src', ['warn("unmet prerequisites for tcp_src, set_field ignored")']],
  ])('%s: %s asks for %j', (flow, actions, expected) => {
    expect(translate(flow, actions).calls).toEqual(expected);
  });
});
