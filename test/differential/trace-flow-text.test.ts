/** A packet as ofproto/trace takes it and shows it: the `Flow:` line of the real tool and ours. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formatFlow } from '#src/openflow/flow-format.js';
import { parseFlow } from '#src/openflow/match-parse.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';

const FLOWS = [
  'in_port=1',
  'in_port=LOCAL,dl_src=00:11:22:33:44:55,dl_dst=66:77:88:99:aa:bb',
  'in_port=1,dl_type=0x88cc',
  'in_port=1,dl_vlan=5,dl_vlan_pcp=3,dl_type=0x1234',
  'in_port=1,vlan_tci=0x5123,ip,nw_proto=89',
  'in_port=1,vlan_vid=0x1005,ip',
  'in_port=1,ip,nw_src=10.0.0.1,nw_dst=10.0.0.2,nw_tos=8,nw_ecn=1,nw_ttl=64',
  'in_port=1,ip,ip_dscp=2,nw_frag=first',
  'in_port=1,tcp,nw_src=10.0.0.1,tcp_src=5,tcp_dst=80,tcp_flags=syn|ack',
  'in_port=1,tcp,tcp_flags=0x800',
  'in_port=1,tcp,nw_frag=later',
  'in_port=1,udp,udp_src=5,udp_dst=6',
  'in_port=1,sctp,sctp_src=5,sctp_dst=6',
  'in_port=1,icmp,icmp_type=8,icmp_code=3',
  'in_port=1,ip,nw_proto=2',
  'in_port=1,arp,arp_spa=1.2.3.4,arp_tpa=5.6.7.8,arp_op=2,arp_sha=00:00:00:00:00:01,arp_tha=00:00:00:00:00:02',
  'in_port=1,rarp,arp_op=3',
  'in_port=1,ipv6,ipv6_src=fe80::1,ipv6_dst=ff02::1,ipv6_label=0x12345,nw_proto=59',
  'in_port=1,tcp6,ipv6_src=fe80::1,tcp_dst=443',
  'in_port=1,icmp6,icmpv6_type=128',
  'in_port=1,icmp6,icmpv6_type=135,nd_target=fe80::1,nd_sll=00:00:00:00:00:01',
  'in_port=1,icmp6,icmpv6_type=136,nd_target=fe80::1,nd_tll=00:00:00:00:00:01',
  'in_port=1,mpls,mpls_label=5,mpls_tc=2,mpls_ttl=7,mpls_bos=1',
  'in_port=1,tun_id=5',
  'in_port=1,tun_id=5,tun_src=1.1.1.1,tun_dst=2.2.2.2,tun_ttl=5,tun_tos=16,tun_flags=oam,tun_gbp_id=7,ip',
  'in_port=1,tun_ipv6_dst=::5,tun_ipv6_src=::6,udp6',
  'in_port=1,pkt_mark=5,skb_priority=6,metadata=7,reg0=8,reg15=9,ct_mark=1,ct_zone=2,ct_label=3,ct_state=est|trk,ip',
  'in_port=1,ct_state=est|trk,ip,ct_nw_src=1.1.1.1,ct_nw_dst=2.2.2.2,ct_nw_proto=6,ct_tp_src=5,ct_tp_dst=6',
  'in_port=1,xreg0=0x100000002,xxreg1=0x50000000600000007',
  'in_port=1,packet_type=(1,0x1234)',
  'in_port=1,packet_type=(1,0x800),nw_src=1.2.3.4',
  'in_port=1,packet_type=(1,0x86dd),ipv6_src=::1,nw_proto=6,tcp_src=5',
  'in_port=1,packet_type=(1,0x894f),nsh_ttl=5',
  'in_port=1,dl_type=0x894f,nsh_flags=1,nsh_ttl=63,nsh_mdtype=1,nsh_np=3,nsp=0xffffff,nsi=255,nshc1=1,nsh_c4=2',
  'in_port=1,dl_type=0x894f,nsh_mdtype=2,nsh_np=3',
  'dp_hash=5,in_port=1',
];

const WRONG_FLOWS = [
  'foo=1',
  'in_port=1,tcp,udp',
  'in_port=1,ip,tcp',
  'in_port=1,tcp_src=5',
  'in_port=1,icmp,tcp_src=5',
  'in_port=1,in_port=2',
  'in_port=p9',
  'in_port=1,ip,nw_src=1.2.3.0/24',
  'in_port=1,ip,nw_src=1.2.3',
  'in_port=1,reg0=x',
  'in_port=1,tcp,tp_src=5,tp_src=6',
  'in_port=1,arp,nw_src=1.2.3.4',
  'in_port=1,ip,nd_target=::1',
  'in_port=1,tcp,tcp_flags=+syn',
  'in_port=1,nsh_si=5',
  'in_port=1,dl_type=0x894f,nsh_si=5,nsh_si=6',
  'in_port=1,packet_type=(1,0x800),dl_vlan=5',
];

describe.skipIf(!requireOracle())('ofproto/trace', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
    oracle.must('ovs-vsctl', ['add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy']);
  });
  afterAll(() => oracle.stop());

  test.each(FLOWS)('shows the packet %s as the real one', async (flow) => {
    const { text } = await oracle.appctl('ofproto/trace', 'br0', flow);
    const line = text.split('\n').find((candidate) => candidate.startsWith('Flow: '));
    expect(`Flow: ${formatFlow(parseFlow(flow, NO_PORT_NAMES))}`).toBe(line);
  });

  test.each(WRONG_FLOWS)('refuses %s in the same words', async (flow) => {
    const { ok, text } = await oracle.appctl('ofproto/trace', 'br0', flow);
    expect(ok).toBe(false);
    let message = '';
    try {
      parseFlow(flow, NO_PORT_NAMES);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      message = error.message;
    }
    expect(text).toContain(message);
    expect(message).not.toBe('');
  });
});
