/** What OVS's own actions ask of the bridge in translation, and which bits of the packet that depends on. */
import { describe, expect, test } from 'vitest';
import { Match } from '#flowtable/match.js';
import { parseActions } from '#src/openflow/action/action-list.js';
import { kindOf } from '#src/openflow/action/action.js';
import { formatLearnedFlow } from '#src/openflow/learned-flow-text.js';
import { formatMatch } from '#src/openflow/match-format.js';
import { parseFlow } from '#src/openflow/match-parse.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import type { LearnRequest } from '#src/openflow/translate-context.js';
import { recordingContext } from '../support/recording-context.js';

interface Translated {
  readonly calls: readonly string[];
  /** The bits that count, as a match. */
  readonly match: string;
}

/** Values as JSON, with fields by name. */
const show = (value: unknown): string =>
  JSON.stringify(value, (key, part: unknown) => {
    if (typeof part === 'bigint') return String(part);
    return key === 'field' ? (part as { readonly name: string }).name : part;
  });

function translate(flowText: string, actions: string): Translated {
  const flow = parseFlow(flowText, NO_PORT_NAMES);
  const { context, calls } = recordingContext(flow.clone(), show, (calls) => ({
    portIsLive: (port: number) => port > 1,
    learn: ({ mod, limit }: LearnRequest) => calls.push(`learn(${formatLearnedFlow(mod)},${limit})`),
  }));
  for (const action of parseActions(actions, { ports: NO_PORT_NAMES })) kindOf(action).translate(action, context);
  const match = new Match(flow.clone(), context.wc);
  match.normalize();
  return { calls, match: formatMatch(match, { ports: NO_PORT_NAMES }) };
}

const TCP = 'in_port=1,tcp,nw_src=10.0.0.1,tcp_src=5';
const NO_NAT = '"nat":null';

describe('an action of OVS in translation', () => {
  test.each<[string, string, readonly string[], string]>([
    [TCP, 'group:5', ['group(5)'], ''],
    [TCP, 'meter:5', ['meter(5)'], ''],
    [TCP, 'ct_clear', ['ctClear()'], ''],
    [
      TCP,
      'ct(commit,zone=7,table=3,exec(set_field:1->ct_mark))',
      [
        `conntrack({"commit":true,"force":false,"zone":7,"recircTable":3,"alg":null,${NO_NAT},` +
          '"actions":[{"kind":"set_field","field":"ct_mark","value":"1","mask":"4294967295"}]})',
      ],
      '',
    ],
    [
      TCP,
      'ct(zone=reg0[0..15],commit,nat(src=10.0.0.1-10.0.0.9:5,random),alg=ftp)',
      [
        'conntrack({"commit":true,"force":false,"zone":{"field":"reg0","offset":0,"bits":16},"recircTable":null,' +
          '"alg":"ftp","nat":{"kind":"nat","type":"src","addresses":{"family":4,"min":"167772161","max":"167772169"},' +
          '"ports":{"min":5,"max":5},"persistent":false,"selection":"random"},"actions":[]})',
      ],
      '',
    ],
    [TCP, 'output(port=2,max_len=64)', ['outputTruncated(2,64)'], ''],
    [
      TCP,
      'push_mpls:0x8847,pop_mpls:0x800,dec_mpls_ttl',
      ['pushMpls(34887)', 'popMpls(2048)', 'decrementMplsTtl()'],
      '',
    ],
    ['in_port=1,mpls,mpls_label=5', 'set_mpls_label:7', [], 'mpls_label=5'],
    ['in_port=1,mpls,mpls_ttl=5', 'set_mpls_ttl:7', [], 'mpls_ttl=5'],
    [TCP, 'set_mpls_tc:7', [], ''],
    [
      TCP,
      'encap(mpls),decap,dec_nsh_ttl',
      ['encap({"packetType":100423,"properties":[]})', 'decap(null)', 'decrementNshTtl()'],
      '',
    ],
    [TCP, 'fin_timeout(idle_timeout=5)', ['finTimeout(5,0)'], 'nw_proto=6'],
    [TCP, 'debug_recirc,debug_slow', ['debugRecirc()', 'slowPath("action")'], ''],
    [TCP, 'check_pkt_larger(99)->reg0[1]', ['checkPacketLarger(99,{"field":"reg0","offset":1,"bits":1})'], ''],
    [TCP, 'conjunction(1,1/2)', ['warn("executing no-op conjunction action")'], ''],
    [TCP, 'bundle(eth_src,0,active_backup,ofport,members:1,2,3)', ['output(2,0)'], ''],
    [TCP, 'bundle(eth_src,0,active_backup,ofport,members:1)', ['output(65535,0)'], ''],
    [
      TCP,
      'learn(table=7,idle_timeout=9,cookie=5,limit=3,dl_type=0x800,NXM_OF_IP_DST[]=NXM_OF_IP_SRC[],load:5->reg1[3..7],output:NXM_OF_IN_PORT[])',
      [
        'learn(table=7 ip,nw_dst=10.0.0.1 priority=32768 cookie=0x5 idle=9 actions=load:0x5->NXM_NX_REG1[3..7],output:1,3)',
      ],
      'in_port=1,nw_src=10.0.0.1',
    ],
    [TCP, 'learn(table=7,output:reg0[])', ['learn(table=7 priority=32768 actions=output:0,0)'], 'reg0=0'],
    [
      TCP,
      'learn(table=7,fin_idle_timeout=2,reg5[0..3]=7)',
      ['learn(table=7 reg5=0x7/0xf priority=32768 actions=fin_timeout(idle_timeout=2),0)'],
      '',
    ],
  ])('%s: %s', (flow, actions, calls, match) => {
    const translated = translate(flow, actions);
    expect(translated.calls).toEqual(calls);
    expect(translated.match).toBe(match);
  });
});
