/** What multipath and bundle_load choose for a packet, and which of its bits that depends on: real OVS and ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FlowKey, OFF_ETH_TYPE, OFF_NW_FRAG, OFF_PACKET_TYPE } from '#flowtable/flow-key.js';
import { Match } from '#flowtable/match.js';
import { parseActions } from '#src/openflow/action/action-list.js';
import { kindOf } from '#src/openflow/action/action.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { parseFlow } from '#src/openflow/match-parse.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { TranslateContext } from '#src/openflow/translate-context.js';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';

const FLOWS = [
  'in_port=1,dl_src=00:11:22:33:44:55,dl_dst=66:77:88:99:aa:bb,dl_type=0x88cc',
  'in_port=1,dl_src=00:11:22:33:44:55,dl_vlan=77,dl_vlan_pcp=3,ip,nw_src=10.1.2.3,nw_dst=10.9.8.7,nw_proto=89',
  'in_port=1,dl_src=00:11:22:33:44:55,tcp,nw_src=10.1.2.3,nw_dst=10.9.8.7,tcp_src=1234,tcp_dst=80',
  'in_port=1,dl_src=00:11:22:33:44:56,udp,nw_src=10.1.2.3,nw_dst=10.9.8.7,udp_src=1234,udp_dst=53',
  'in_port=1,icmp,nw_src=10.1.2.3,nw_dst=10.9.8.7,icmp_type=8,icmp_code=0',
  'in_port=1,tcp6,ipv6_src=fe80::1:2:3:4,ipv6_dst=2001:db8::5,tcp_src=5,tcp_dst=6',
  'in_port=1,icmp6,ipv6_src=fe80::1:2:3:4,ipv6_dst=2001:db8::5,icmpv6_type=128',
  'in_port=1,sctp,nw_src=1.2.3.4,nw_frag=first,sctp_src=9',
];

const FIELDS = ['eth_src', 'symmetric_l4', 'symmetric_l3l4', 'symmetric_l3l4+udp', 'nw_src', 'nw_dst', 'symmetric_l3'];

const ACTIONS = [
  ...FIELDS.map((fields, i) => `multipath(${fields},${i * 77},modulo_n,60000,0,NXM_NX_REG0[])`),
  'multipath(symmetric_l4,5,hash_threshold,1000,0,NXM_NX_REG0[0..15])',
  'multipath(symmetric_l4,5,hrw,64,0,NXM_NX_REG0[3..20])',
  'multipath(symmetric_l4,5,hrw,65,0,NXM_NX_REG0[])',
  'multipath(symmetric_l4,5,iter_hash,100,128,NXM_NX_REG0[])',
  'multipath(symmetric_l4,5,iter_hash,100,7,NXM_NX_REG0[])',
  'bundle_load(symmetric_l4,9,hrw,ofport,NXM_NX_REG0[],members:1,2,LOCAL,77)',
  'bundle_load(nw_src,9,active_backup,ofport,NXM_NX_REG0[],members:77,2,1)',
  'bundle_load(eth_src,9,hrw,ofport,NXM_NX_REG0[0..15],members:2)',
];

/** The line of the trace that says what was chosen, and the bits that count, without those that always do. */
function ours(flow: string, action: string): { readonly note: string; readonly match: string } {
  const key = parseFlow(flow, NO_PORT_NAMES);
  const wc = new FlowKey();
  const notes: string[] = [];
  const context = {
    flow: key.clone(),
    wc,
    tableId: 0,
    note: (text: string) => notes.push(text),
    portIsLive: (port: number) => port < 3 || port === 65534,
  };
  for (const parsed of parseActions(action, { ports: NO_PORT_NAMES })) {
    kindOf(parsed).translate(parsed, context as unknown as TranslateContext);
  }
  wc.setU32(OFF_PACKET_TYPE, 0);
  wc.setU16(OFF_ETH_TYPE, 0xffff);
  wc.setU8(OFF_NW_FRAG, 0);
  wc.words.fill(0, 70);
  const match = new Match(key.clone(), wc);
  match.normalize();
  return { note: notes.join('\n'), match: formatMatch(match, { ports: NO_PORT_NAMES }) };
}

describe.skipIf(!requireOracle())('a choice by hash', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
    oracle.must('ovs-vsctl', ['add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy']);
    for (const [number, name] of ['p1', 'p2'].entries()) {
      const settings = ['type=dummy', `ofport_request=${number + 1}`];
      oracle.must('ovs-vsctl', ['add-port', 'br0', name, '--', 'set', 'Interface', name, ...settings]);
      oracle.must('ovs-ofctl', ['mod-port', 'br0', name, 'up']);
    }
    oracle.must('ovs-ofctl', ['mod-port', 'br0', 'br0', 'up']);
  });
  afterAll(() => oracle.stop());

  test.each(ACTIONS)('%s is that of real OVS', async (action) => {
    oracle.must('ovs-ofctl', ['--strict', 'mod-flows', 'br0', `priority=9,actions=${action},2`]);
    for (const flow of FLOWS) {
      const { text } = await oracle.appctl('ofproto/trace', 'br0', flow);
      const note = /-> (NXM_NX_REG0\S* is now \S+)/.exec(text)?.[1];
      const megaflow = /Megaflow: (.*)/.exec(text)?.[1] ?? '';
      const mine = ours(flow, action);
      expect(`${flow}: ${mine.note}`).toBe(`${flow}: ${note}`);
      for (const term of mine.match.split(',').filter((word) => /^(dl_|nw_[sdp]|ipv6|tp_)/.test(word))) {
        expect(`${flow}: ${megaflow}`).toContain(term);
      }
    }
  });
});
