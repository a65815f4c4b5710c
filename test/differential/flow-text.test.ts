/**
 * Flows read and written by the real ovs-ofctl and by ours: the same protocols, the same text, the same complaints.
 * OVS_SEED and OVS_CASES choose the flows.
 */
import { spawnSync } from 'node:child_process';
import { isDeepStrictEqual } from 'node:util';
import { describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { FlowTextGenerator } from '../openflow/random-flow-text.js';
import { requireOracle } from '../support/ovs-oracle.js';
import { suiteSettings } from './dice.js';

interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The real tool's output, without the lines that it logs with a time. */
function real(args: readonly string[], input = ''): Output {
  const done = spawnSync('ovs-ofctl', args, { input, encoding: 'utf8' });
  // Nor do we have the bytes that it shows in hexadecimal where a message cannot be decoded.
  const isLogged = (line: string): boolean => /^\d{4}-\d\d-\d\dT/.test(line) || /^[0-9a-f]{8} {2}/.test(line);
  const without = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !isLogged(line))
      .join('\n');
  const stderr = without(done.stderr);
  const stdout = without(done.stdout);
  return { stdout, stderr, exitCode: done.status ?? -1 };
}

function ours(args: readonly string[], stdin = ''): Promise<Output> {
  return runOfctl(args, {
    connection: () => undefined,
    readFile: () => Promise.reject(new Error('no files')),
    stdin,
  });
}

const WRONG_FLOWS = [
  'in_port=1',
  'foo=1,actions=1',
  'foo,actions=1',
  'in_port=p1,actions=1',
  'in_port=65280x,actions=1',
  'dl_src=1:2:3,actions=1',
  'dl_src=00:11:22:33:44:55/ff,actions=1',
  'ip,nw_src=1.2.3,actions=1',
  'ip,nw_src=1.2.3.4/33,actions=1',
  'ip,nw_src=1.2.3.4/-1,actions=1',
  'ipv6,ipv6_src=1::2::3,actions=1',
  'ipv6,ipv6_src=::1/129,actions=1',
  'ipv6,ipv6_src=::1/0:1::,actions=1',
  'ipv6,ipv6_src=::1/2001::,actions=1',
  'ipv6,ipv6_src=::1/fg,actions=1',
  'reg0=0x123456789,actions=1',
  'reg0=4294967296,actions=1',
  'reg0=x,actions=1',
  'reg0=1/x,actions=1',
  'reg0=1/0x123456789,actions=1',
  'reg0=1/2/3,actions=1',
  'reg16=1,actions=1',
  'dl_vlan=1/2,actions=1',
  'ip,nw_tos=1/2,actions=1',
  'in_port=1/1,actions=1',
  'nw_frag=maybe,actions=1',
  'tcp,tcp_flags=+foo,actions=1',
  'tcp,tcp_flags=+syn+syn,actions=1',
  'tcp,tcp_flags=+syn*ack,actions=1',
  'tcp,tcp_flags=0x1000/0x1000,actions=1',
  'ct_state=+foo,actions=1',
  'ct_state=new|foo,actions=1',
  'tun_flags=+df,actions=1',
  'packet_type=(1),actions=1',
  'packet_type=1,actions=1',
  'packet_type=(x,1),actions=1',
  'dl_type=0x894f,nsh_spi=5/7,actions=1',
  'dl_type=0x894f,nsh_si=3/1,actions=1',
  'dl_type=0x894f,nsh_ttl=x,actions=1',
  'dl_type=0x894f,nsh_flags=256,actions=1',
  'actions=set_field:5->nsh_ttl',
  'dl_type=0x894f,actions=set_field:64->nsh_ttl',
  'dl_type=0x894f,actions=set_field:1->nsh_mdtype',
  'dl_type=0x894f,actions=set_field:0x1000000->nsh_spi',
  'dl_type=0x894f,actions=move:NXM_NX_REG0[]->nsh_spi',
  'reg0[0..40]=1,actions=1',
  'reg0[5..3]=1,actions=1',
  'reg0[40]=1,actions=1',
  'reg0[0..3]=16,actions=1',
  'reg0[0..3]=x,actions=1',
  'reg0[x]=1,actions=1',
  'foo[0]=1,actions=1',
  'table=foo,actions=1',
  'priority=65536,actions=1',
  'priority=x,actions=1',
  'idle_timeout=-1,actions=1',
  'hard_timeout=70000,actions=1',
  'importance=x,actions=1',
  'cookie=x,actions=1',
  'cookie=1/1,actions=1',
  'out_port=1,actions=1',
  'priority,actions=1',
  'actions=foo',
  'actions=foo:1',
  'actions=output:foo',
  'actions=output:NXM_NX_REG99[]',
  'actions=output(port=1,max_len=5)',
  'actions=output(port=foo,max_len=64)',
  'actions=output:65535',
  'actions=1,drop',
  'actions=apply_actions(1)',
  'actions=unroll_xlate',
  'actions=output_trunc:1',
  'actions=controller(foo=1)',
  'actions=controller(reason=foo)',
  'actions=controller(userdata=0x)',
  'actions=controller(max_len=70000)',
  'actions=enqueue:1',
  'actions=enqueue:foo:1',
  'actions=enqueue:65535:1',
  'actions=mod_vlan_vid:4096',
  'actions=mod_vlan_vid:x',
  'actions=mod_vlan_pcp:8',
  'actions=push_vlan:0x0800',
  'actions=push_vlan:x',
  'actions=mod_dl_src:1:2',
  'actions=mod_nw_src:1.2.3',
  'actions=mod_nw_tos:1',
  'actions=mod_nw_ecn:4',
  'actions=mod_nw_ttl:256',
  'actions=mod_tp_src:65536',
  'actions=set_field:1',
  'actions=set_field:1->',
  'actions=set_field:1->foo',
  'actions=set_field:1->NXM_NX_REG0[]',
  'actions=set_field:1->dl_type',
  'actions=set_field:0x2000->vlan_vid',
  'actions=set_field:5->ct_mark',
  'actions=set_field:1->tcp_src',
  'actions=set_field:5->vlan_vid',
  'actions=set_field:1.2.3.4->ip_src',
  'arp,actions=set_field:1.2.3.4->ip_src',
  'ip,actions=set_field:1.2.3.4/33->ip_src',
  'tcp,actions=set_field:1->udp_src',
  'actions=load:1',
  'actions=load:x->reg0[]',
  'actions=load:5->reg0[0..1]',
  'actions=load:5->NXM_OF_ETH_TYPE[]',
  'actions=load:5->NXM_OF_TCP_SRC[]',
  'actions=load:5->reg0[]x',
  'actions=move:reg0[]',
  'actions=move:reg0[]->reg1[0..15]',
  'actions=move:foo->reg1',
  'actions=move:NXM_OF_ETH_SRC[]->NXM_OF_ETH_TYPE[]',
  'actions=move:NXM_OF_IP_SRC[]->NXM_NX_REG0[]',
  'actions=move:reg0[]->NXM_OF_ETH_TYPE[0..31]',
  'actions=move:reg0[0..15]->NXM_OF_ETH_TYPE[]',
  'actions=push:foo',
  'actions=push:reg0[]x',
  'actions=pop:NXM_OF_ETH_TYPE[]',
  'actions=set_tunnel:x',
  'actions=set_queue:x',
  'actions=resubmit:foo',
  'actions=resubmit',
  'actions=resubmit(,)',
  'actions=resubmit(1,foo)',
  'actions=resubmit(1,2,xx)',
  'actions=resubmit(,2,ct)',
  'actions=goto_table:foo',
  'table=5,actions=goto_table:5',
  'table=5,actions=goto_table:3',
  'actions=goto_table:1,output:1',
  'actions=goto_table:1,goto_table:2',
  'actions=write_metadata:x',
  'actions=write_metadata:1/x',
  'actions=write_metadata:1,write_metadata:2',
  'actions=write_actions(goto_table:1)',
  'actions=write_actions(foo)',
  'actions=clone(goto_table:1)',
  'actions=clone(foo)',
  'actions=note:0',
  'actions=note:xx',
  'actions=note:01xx',
  'actions=push_vlan:0x8100,push_vlan:0x8100,push_vlan:0x8100',
];

/** Correct, and not written as it is printed. */
const ODD_FLOWS = [
  '',
  'actions=',
  'actions=drop',
  'action=1',
  'in_port=LOCAL actions=LOCAL',
  'in_port=any,actions=1',
  'in_port=4294967294,actions=1',
  'in_port=65281,actions=1',
  'dl_vlan=4095,actions=1',
  'dl_vlan=5000,actions=1',
  'dl_vlan=*,actions=1',
  'dl_vlan,actions=1',
  'reg0,actions=1',
  'reg0=*,actions=1',
  'reg0=010,actions=1',
  'reg0=-1,actions=1',
  'reg0=0x 1 2,actions=1',
  'reg0=5/0,actions=1',
  'reg0=7/1,reg0=2/2,actions=1',
  'reg0[0]=1,reg0[5..6]=2,actions=1',
  'NXM_NX_REG0[0..3]=5,actions=1',
  'xxreg1=0x123456789abcdef,actions=1',
  'tp_src=80,actions=1',
  'nw_src=1.2.3.4,actions=1',
  'nw_proto=6,tp_src=80,actions=1',
  'ip,nw_proto=6,tp_src=80,actions=1',
  'ip,tp_src=80,actions=1',
  'tcp,icmp_type=8,actions=1',
  'udp,tcp_flags=+syn,actions=1',
  'arp,nw_tos=4,nw_frag=yes,actions=1',
  'ipv6,nw_src=1.2.3.4,actions=1',
  'ip,ipv6_src=::1,actions=1',
  'ip,nw_tos=5,actions=1',
  'ip,ip_dscp=5,nw_ecn=1,actions=1',
  'ip,nw_src=10.1.2.3/255.0.255.0,actions=1',
  'ip,nw_src=10.1.2.3/0,actions=1',
  'ipv6,ipv6_dst=ff00::/8,actions=1',
  'ipv6,ipv6_dst=::ffff:1.2.3.4,actions=1',
  'ipv6,ipv6_src=::1.2.3.4,ipv6_dst=::5,actions=1',
  'ipv6,ipv6_src=1:0:0:2:0:0:0:3,actions=1',
  'ipv6,ipv6_src=1:0:2:3:4:5:6:7,actions=1',
  'ipv6,ipv6_label=0x12345,actions=1',
  'ipv6,ipv6_label=0x12345/0xff,actions=1',
  'icmp6,icmpv6_type=135,icmpv6_code=1,nd_target=::1,actions=1',
  'icmp6,icmp_type=1,actions=1',
  'icmp,icmpv6_type=1,actions=1',
  'tcp,tcp_flags=syn,actions=1',
  'tcp,tcp_flags=syn|ack,actions=1',
  'tcp,tcp_flags=0x12,actions=1',
  'tcp,tcp_flags=0x12/0x13,actions=1',
  'tcp,tcp_flags=+[200]-ns,actions=1',
  'ct_state=new|trk,actions=1',
  'ct_state=0x21/0x21,actions=1',
  'ct_state=0/0,actions=1',
  'ct_state=+trk,ct_zone=5,ip,ct_nw_src=1.2.3.4,actions=1',
  'ct_state=+trk+new,tcp,ct_nw_src=1.2.3.4,ct_nw_proto=6,ct_tp_dst=80,actions=1',
  'ct_state=+trk+est,ct_ipv6_src=::1,actions=1',
  'ip,ct_nw_dst=1.2.3.4,actions=1',
  'tun_flags=oam,actions=1',
  'tun_flags=+oam,actions=1',
  'tun_gbp_id=5/0xf,tun_gbp_flags=1,actions=1',
  'packet_type=(0,0),actions=1',
  'packet_type=(1,0x800),actions=1',
  'packet_type=(1,0x800),nw_src=1.2.3.4,actions=1',
  'packet_type=(1,0x800),nw_src=1.2.3.4,actions=encap(ethernet),set_field:00:00:00:00:00:01->eth_dst,1',
  'dl_type=0x894f,nsh_flags=1/3,nsp=0xffffff,nsi=7,nshc3=9,actions=1',
  'dl_type=0x894f,nsh_mdtype=1,nsh_np=3,nsh_ttl=63,nsh_c2=5/0xff,nshc3=9,actions=1',
  'dl_type=0x894f,nsh_spi=0,nsh_si=0,actions=1',
  'packet_type=(1,0x894f),nsh_si=3,nsh_mdtype=2,actions=1',
  'dl_type=0x894f,nsh_c1[3..5]=2,actions=2',
  'dl_type=0x894f,actions=set_field:2/3->nsh_flags,set_field:254->nsh_si,set_field:0xffffff->nsh_spi',
  'dl_type=0x894f,actions=load:5->nsh_ttl,load:0x12->nsh_spi[0..7],load:0x3->NXOXM_NSH_C1[4..9]',
  'dl_type=0x894f,actions=move:nsh_c1->nsh_c2,move:nsh_spi->reg0[0..23],push:nsh_c1,pop:nsh_c3[]',
  'conj_id=5,actions=1',
  'dp_hash=5/0xff,actions=1',
  'recirc_id=5,actions=1',
  'actset_output=1,actions=1',
  'in_port_oxm=5,actions=1',
  'eth,actions=1',
  'ip4,actions=1',
  'ip6,actions=1',
  'sctp,sctp_src=5,actions=1',
  'dl_type=0x800,actions=1',
  'dl_type=0x5ff,actions=1',
  'cookie=0,actions=1',
  'cookie=0xffffffffffffffff,actions=1',
  'table=255,actions=1',
  'priority=32768,actions=1',
  'reset_counts,actions=1',
  'no_packet_counts,no_byte_counts,actions=1',
  'duration=5s,n_packets=3,n_bytes=4,idle_age=1,hard_age=2,actions=1',
  'no_readonly_table,allow_hidden_fields,actions=1',
  'actions=OUTPUT:1,Drop',
  'actions=in_port,LOCAL,65534',
  'actions=output:5000,output:TABLE,table',
  'actions=CONTROLLER,controller:5,controller()',
  'actions=controller(max_len=5),controller(reason=action,id=0)',
  'actions=set_vlan_vid:5',
  'dl_vlan=1,actions=set_vlan_vid:5,set_vlan_pcp:3',
  'actions=pop_vlan',
  'vlan_tci=0x1000/0x1000,actions=pop_vlan,mod_vlan_vid:3',
  'dl_vlan=5,actions=strip_vlan,mod_vlan_vid:7',
  'actions=push_vlan:0x88a8,set_field:4100->vlan_vid,set_field:3->vlan_pcp',
  'dl_vlan=5,actions=set_field:0->vlan_tci,mod_vlan_pcp:1',
  'dl_vlan=5,actions=set_field:6->vlan_vid',
  'actions=set_nw_ttl:5',
  'ip,actions=mod_nw_ttl:5,mod_nw_ecn:1,dec_ttl,dec_ttl(5)',
  'ip,actions=mod_nw_src:1.2.3.4,set_field:1.2.3.4->ip_dst,set_field:5->nw_tos',
  'ip,actions=set_field:8->nw_tos,set_field:3->ip_dscp,set_field:1->nw_ecn,set_field:9->nw_ttl',
  'tcp,actions=mod_tp_src:5,mod_tp_dst:6,set_field:7->tcp_src,set_field:8/0xff->tcp_dst',
  'sctp,actions=mod_tp_src:5,set_field:7->sctp_dst',
  'udp6,actions=mod_tp_dst:5,set_field:::1->ipv6_src,set_field:1::/16->ipv6_dst,set_field:5->ipv6_label',
  'icmp,actions=set_field:3->icmp_type,mod_tp_src:5',
  'arp,actions=set_field:2->arp_op,set_field:1.2.3.4->arp_spa,load:0x2->NXM_OF_ARP_OP[]',
  'actions=set_field:1->in_port,load:5->NXM_OF_IN_PORT[],set_field:1->in_port_oxm',
  'actions=load:0xffff->OXM_OF_METADATA[],load:1->xreg0[],load:1->OXM_OF_PKT_REG1[3..40]',
  'actions=set_field:1->xreg0,set_field:2->xxreg1,set_field:3/7->xxreg2',
  'actions=load:0x1234567890abcdef1234567890abcdef->NXM_NX_XXREG0[],load:0x1ff->xxreg1[60..70]',
  'actions=set_field:5->tun_id,set_field:5/0xff->tun_id,set_field:::1->tun_ipv6_dst',
  'actions=set_field:1.2.3.4/24->tun_src,set_field:oam->tun_flags,set_field:3->tun_gbp_id',
  'actions=set_field:0x3->pkt_mark,load:1->pkt_mark[5],load:0->NXM_NX_REG1_W[]',
  'actions=move:NXM_NX_CT_STATE[]->reg0[],move:ct_mark[]->reg1[],move:NXM_NX_TUN_ID[0..31]->reg2',
  'ip,actions=move:NXM_OF_IP_SRC[]->NXM_OF_IP_DST[],move:nw_ttl[]->reg0[0..7]',
  'actions=push:NXM_OF_VLAN_TCI[],pop:NXM_NX_REG0[],push:reg1[3..9]',
  'actions=set_tunnel:0x1ffffffff,set_tunnel64:5,set_tunnel:5',
  'actions=resubmit(1,255),resubmit(in_port,3),resubmit(2),resubmit(,254)',
  'ct_state=+trk+new,ip,actions=resubmit(,2,ct)',
  'actions=goto_table:1',
  'actions=1,write_metadata:5/0xf,goto_table:7',
  'actions=write_metadata:0xffffffffffffffff',
  'actions=clear_actions,write_actions(output:1,mod_vlan_vid:5),write_metadata:1,goto_table:3',
  'actions=write_actions(drop)',
  'actions=write_actions()',
  'actions=clone(),clone(clone(output:1),set_field:1->reg0)',
  'actions=note:01.02.03,note:0102030405060708,note:',
  'actions=exit,1',
  'actions=enqueue(1,5),enqueue:LOCAL:7,enqueue:1q5',
  'actions=set_queue:0xffffffff,pop_queue',
  'actions=1,,2, 3\t4',
];

const WRONG_COMMAND_LINES = [
  '',
  'foo',
  'add-flow',
  'add-flow br9',
  'add-flow br9 actions=1',
  'del-flows br9 a b',
  'dump-flows',
  'dump-flows br9',
  'dump-flows br9 foo=1',
  'dump-ports br9',
  'show br9 x',
  'mod-port br9 p1',
  'packet-out br9 LOCAL output:1',
  '--foo',
  '--stric=1 show br9',
  '--s show br9',
  '--time show br9',
  '-x',
  '-O',
  '-O OpenFlow99 show br9',
  '-O OpenFlow13,foo show br9',
  '-F foo show br9',
  '-F OXM show br9',
  '-t 0 show br9',
  '-t x show br9',
  '--sort=foo dump-flows br9',
  '--read-only add-flow br9 actions=1',
  '--no-names add-flow br9 in_port=p1,actions=1',
  '--no-names add-flow br9 actions=p1',
  '--no-names add-flow br9 actions=push_vlan:0x8100',
  '--no-names del-flows br9 cookie=5',
  '--no-names del-flows br9 priority=5',
  '--no-names --strict del-flows br9 importance=5',
  '--no-names mod-flows br9 in_port=1',
  '--no-names dump-flows br9 out_port=foo',
  '--no-names dump-flows br9 priority=5',
  '--no-names dump-flows br9 out_group=1',
  '--version',
];

describe.skipIf(!requireOracle())('ovs-ofctl parse-flow', () => {
  const { seed, cases } = suiteSettings('flow text', 60);

  for (const version of ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15']) {
    test(`random flows in ${version} come out as the real tool's`, async () => {
      const generator = new FlowTextGenerator(seed * 100 + Number(version.slice(-2)));
      const differences: unknown[] = [];
      for (let i = 0; i < cases; i++) {
        const args = ['-O', version, 'parse-flow', generator.flow()];
        const expected = real(args);
        const received = await ours(args);
        if (!isDeepStrictEqual(expected, received)) differences.push({ args: args.join(' '), expected, received });
      }
      expect(differences).toEqual([]);
    });
  }

  test.each(WRONG_FLOWS)('%s is refused in the same words', async (flow) => {
    for (const version of ['OpenFlow10', 'OpenFlow13']) {
      const args = ['-O', version, 'parse-flow', flow];
      expect(await ours(args)).toEqual(real(args));
    }
  });

  test.each(ODD_FLOWS)('%s is read in the same way', async (flow) => {
    for (const version of ['OpenFlow10', 'OpenFlow13', 'OpenFlow15']) {
      const args = ['-O', version, 'parse-flow', flow];
      expect(await ours(args)).toEqual(real(args));
    }
  });

  test('a file of flows', async () => {
    const file = '# a comment\n\nin_port=1,actions=2 # another\n  table=3 priority=7 ip actions=drop\n';
    const args = ['parse-flows', '-'];
    expect(await ours(args, file)).toEqual(real(args, file));
    const wrong = 'in_port=1,actions=2\n\nin_port=1,foo=3,actions=2\n';
    expect(await ours(args, wrong)).toEqual(real(args, wrong));
  });

  test.each(WRONG_COMMAND_LINES)('ovs-ofctl %s', async (line) => {
    const args = line === '' ? [] : line.split(' ');
    expect(await ours(args)).toEqual(real(args));
  });
});
