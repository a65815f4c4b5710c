/**
 * ovs-ofctl monitor, and what else of ovs-ofctl is more than one request: scripts through real OVS's shell and through
 * ours. Masked is what each makes up for itself (addresses, the bridge's UUID, how long a removed flow was there), and
 * what takes real time. A wait (`sleep`) lets real OVS's threads come to rest.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshShell } from '../linux/shell-network.js';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';

const BRIDGE = `
ovs-vsctl add-br br0 -- set bridge br0 datapath-type=dummy fail-mode=secure -- \
  add-port br0 p1 -- set interface p1 type=dummy ofport_request=1 -- \
  add-port br0 p2 -- set interface p2 type=dummy ofport_request=2
`;
const frame = (rest: string): string =>
  `ovs-appctl netdev-dummy/receive p1 'in_port(1),eth(src=50:54:00:00:00:05,dst=50:54:00:00:00:07),${rest}'`;
const IPV4 = 'eth_type(0x0800),ipv4(src=192.168.0.1,dst=10.0.0.2,proto';
const TCP = frame(`${IPV4}=6,tos=0,ttl=64,frag=no),tcp(src=8,dst=9),tcp_flags(0x010)`);
const UDP = frame(`${IPV4}=17,tos=0,ttl=64,frag=no),udp(src=8,dst=9)`);
const OLD = frame(`${IPV4}=17,tos=0,ttl=1,frag=no),udp(src=8,dst=9)`);
const ICMP = frame(`${IPV4}=1,tos=0,ttl=64,frag=no),icmp(type=8,code=0)`);
const ARP = frame('eth_type(0x0806),arp(sip=1.2.3.4,tip=1.2.3.5,op=1,sha=50:54:00:00:00:05,tha=00:00:00:00:00:00)');

/** Runs the steps while a monitor listens, and prints what it heard. */
const monitored = (command: string, ...steps: readonly string[]): string => `
ovs-ofctl ${command} --detach --no-chdir --pidfile 2>heard
${steps.map((step) => `${step}\nsleep 0.05`).join('\n')}
ovs-appctl -t ovs-ofctl ofctl/barrier
ovs-appctl -t ovs-ofctl exit
cat heard
`;
/** All with OVS_CASES set; else each kind of message in two, so that runs stay short. */
const VERSIONS = ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15'];
const isLong = process.env.OVS_CASES !== undefined;
const flows = (text: string): string => `ovs-ofctl add-flow br0 '${text}'`;

const SCRIPTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    VERSIONS.flatMap((version) => [
      [
        `packets, ${version}`,
        [
          flows(
            'cookie=0x77,in_port=1,tcp,actions=load:5->NXM_NX_REG0[],set_tunnel:3,controller(userdata=01.02.03,max_len=20),output:2',
          ),
          flows('in_port=1,icmp,actions=resubmit(,2)'),
          flows(
            'table=2,cookie=5,ip,actions=controller(reason=no_match),controller(reason=group),controller(id=3),controller:9',
          ),
          flows('in_port=1,udp,actions=dec_ttl,2'),
          ...['standard', 'nxt_packet_in', 'nxt_packet_in2'].map((format) =>
            monitored(`-O ${version} -P ${format} monitor br0 65534`, TCP, ICMP, OLD, ARP),
          ),
          monitored(`-O ${version} -m monitor br0 1`, ICMP),
        ].join('\n'),
      ],
      [
        `flows that come, change and go, ${version}`,
        [
          flows('table=1,in_port=2,vlan_tci=0x1005,actions=drop'),
          flows('ip,nw_src=10.0.0.0/8,actions=2'),
          monitored(
            `-O ${version} monitor br0 watch:`,
            flows('cookie=0x5,priority=9,idle_timeout=5,hard_timeout=70,ip,nw_dst=10.0.0.1,actions=1'),
            flows('cookie=0x5,priority=9,ip,nw_dst=10.0.0.1,actions=2'),
            `ovs-ofctl mod-flows br0 'ip,actions=3'`,
            `ovs-ofctl mod-flows br0 'ip,actions=3'`,
            `ovs-ofctl --bundle add-flows br0 - <<EOF\nadd arp,actions=normal\nmodify ip,actions=4\ndelete in_port=2\nEOF`,
            'ovs-ofctl del-flows br0',
          ),
        ].join('\n'),
      ],
      [
        `why flows went, ${version}`,
        monitored(
          `-O ${version} monitor br0 100 watch:!own,!initial`,
          flows('send_flow_rem,cookie=3,priority=4,in_port=1,reg0=5,actions=2'),
          'ovs-ofctl del-flows br0 in_port=1',
          flows('send_flow_rem,idle_timeout=3,hard_timeout=9,ip,nw_src=1.2.3.4,actions=2'),
          'ovs-appctl time/warp 4000 1000',
          flows('send_flow_rem,hard_timeout=3,table=4,arp,actions=2'),
          'ovs-appctl time/warp 4000 1000',
          'ovs-ofctl -O OpenFlow13 add-group br0 group_id=5,type=all,bucket=output:2',
          'ovs-ofctl -O OpenFlow13 add-flow br0 send_flow_rem,udp,actions=group:5',
          'ovs-ofctl -O OpenFlow13 del-groups br0 group_id=5',
          'ovs-ofctl -O OpenFlow13 add-meter br0 meter=1,pktps,band=type=drop,rate=5',
          'ovs-ofctl -O OpenFlow13 add-flow br0 send_flow_rem,tcp,actions=meter:1,2',
          'ovs-ofctl -O OpenFlow13 del-meters br0',
          'ovs-vsctl -- --id=@t create Flow_Table flow_limit=1 overflow_policy=evict -- set bridge br0 flow_tables:0=@t >/dev/null',
          flows('send_flow_rem,hard_timeout=90,in_port=1,actions=2'),
          flows('send_flow_rem,hard_timeout=95,in_port=2,actions=2'),
        ),
      ],
      [
        `ports, ${version}`,
        monitored(
          `-O ${version} monitor br0 100`,
          'ovs-ofctl mod-port br0 p2 down',
          'ovs-ofctl mod-port br0 p2 up',
          'ovs-ofctl mod-port br0 p1 no-flood',
          'ovs-ofctl mod-port br0 p1 no-forward',
          'ovs-ofctl mod-port br0 p1 no-forward',
          'ovs-appctl netdev-dummy/set-admin-state p2 down',
          'ovs-appctl netdev-dummy/set-admin-state p2 up',
          'ovs-vsctl add-port br0 p3 -- set interface p3 type=dummy ofport_request=3',
          'ovs-vsctl del-port br0 p1',
        ),
      ],
    ]),
  ),
  'monitors that want less': [
    flows('table=1,in_port=1,actions=2'),
    flows('table=2,in_port=2,actions=group:7').replace('group:7', 'drop'),
    flows('table=2,tcp,actions=3,2'),
    'ovs-ofctl monitor br0 watch:table=2 -t 1 2>&1 | grep -v signal',
    'ovs-ofctl monitor br0 watch:out_port=2 watch:tcp,table=2 -t 1 2>&1 | grep -v signal',
    'ovs-ofctl monitor br0 watch:!actions,in_port=2 -t 1 2>&1 | grep -v signal',
    'ovs-ofctl -m monitor br0 watch:!initial,!add,out_port=2,out_group=5,table=3,udp -t 1 2>&1 | grep -v signal',
    'ovs-ofctl --names -m monitor br0 watch:!own,!delete,!modify,in_port=p1 -t 1 2>&1 | grep -v signal',
    monitored(
      'monitor br0 watch:!initial,!add,!modify,out_port=2',
      flows('arp,actions=2'),
      flows('arp,actions=3'),
      'ovs-ofctl del-flows br0',
    ),
    monitored(
      'monitor br0 watch:!initial,!delete,!add,out_port=2',
      flows('arp,actions=2'),
      "ovs-ofctl mod-flows br0 'arp,actions=1'",
      "ovs-ofctl mod-flows br0 'arp,actions=3'",
    ),
  ].join('\n'),
  'flows that are learned': [
    flows(
      'in_port=1,actions=learn(table=1,idle_timeout=9,cookie=5,send_flow_rem,NXM_OF_ETH_DST[]=NXM_OF_ETH_SRC[],output:NXM_OF_IN_PORT[]),2',
    ),
    monitored('monitor br0 100 watch:!initial', TCP, 'ovs-ofctl del-flows br0 table=1'),
  ].join('\n'),
  'packets that are paused and go on': [
    flows(
      'in_port=1,tcp,actions=load:3->NXM_NX_REG4[],push:NXM_NX_REG4[],load:4->NXM_NX_REG4[],push:NXM_NX_REG4[],controller(pause,userdata=aa),resubmit(,5)',
    ),
    flows('in_port=1,udp,actions=write_actions(output:2),controller(pause),goto_table:7').replace(
      'add-flow',
      '-O OpenFlow13 add-flow',
    ),
    flows('table=5,cookie=9,actions=pop:NXM_NX_REG1[],controller(pause),output:2,controller'),
    flows('table=7,actions=controller'),
    monitored('monitor br0 65535 resume', TCP, UDP),
    monitored('-O OpenFlow15 monitor br0 65535 resume', TCP, UDP),
    'ovs-ofctl dump-ports br0 p2 | sed "s/duration.*//"',
  ].join('\n'),
  'packets whose time is over': [
    flows('in_port=1,udp,actions=dec_ttl,2'),
    ...['OpenFlow10', 'OpenFlow11', 'OpenFlow12'].map((version) =>
      monitored(`-O ${version} monitor br0 invalid_ttl 9`, OLD),
    ),
    'ovs-ofctl -O OpenFlow13 monitor br0 invalid_ttl; echo $?',
  ].join('\n'),
  'commands of a monitor': `
ovs-ofctl --names monitor br0 65535 watch: --detach --no-chdir --pidfile 2>heard
ovs-appctl -t ovs-ofctl ofctl/block; ovs-appctl -t ovs-ofctl ofctl/block
${flows('in_port=1,actions=controller')}
sleep 0.2; cat heard
ovs-appctl -t ovs-ofctl ofctl/unblock; ovs-appctl -t ovs-ofctl ofctl/unblock
sleep 0.2
ovs-appctl -t ovs-ofctl ofctl/packet-out 'in_port=p1 packet=0000000000010000000000020800aabb actions=output:p2,controller'; echo $?
ovs-appctl -t ovs-ofctl ofctl/packet-out 'packet=0000000000010000000000020800aabb actions=outp:p2'; echo $?
ovs-appctl -t ovs-ofctl ofctl/packet-out 'packet=0000000000010000000000020800aabb actions=group:2'; echo $?
ovs-appctl -t ovs-ofctl ofctl/foo; echo $?
ovs-appctl -t ovs-ofctl ofctl/barrier 2; echo $?
ovs-appctl -t ovs-ofctl ofctl/send; echo $?
ovs-appctl -t ovs-ofctl version
ovs-appctl -t ovs-ofctl ofctl/barrier
ovs-appctl -t ovs-ofctl ofctl/set-output-file heard2
ovs-ofctl del-flows br0; sleep 0.2
ovs-appctl -t ovs-ofctl exit
cat heard; echo --; cat heard2`,
  'arguments of monitor': [
    'monitor br0 foo',
    'monitor br0 watch:foo',
    'monitor br0 watch:table=',
    'monitor br0 watch:foo=1',
    'monitor br9',
    'monitor br0 1 2 3',
    '-F OpenFlow10 monitor br0 watch:reg0=1',
    '-P foo monitor br0',
    '-t 1 monitor br0 watch:ipv6_dst=::1',
    'snoop br9',
  ]
    .map((command) => `ovs-ofctl ${command}; echo $?`)
    .join('\n'),
  'a time that ends a monitor': 'ovs-ofctl monitor br0 -t 1; echo $?; timeout 1 ovs-ofctl monitor br0; echo $?',
  'sets of flows compared': `
printf 'in_port=1,actions=2\\ntable=3,cookie=5,idle_timeout=9,ip,actions=drop\\npriority=7,arp,actions=normal\\n' > a.txt
printf 'in_port=1,actions=3\\ntable=3,cookie=6,idle_timeout=9,ip,actions=drop\\npriority=8,arp,actions=normal\\n' > b.txt
printf 'in_port=1,actions=foo\\n' > c.txt
ovs-ofctl add-flows br0 a.txt
${[
  'a.txt b.txt',
  'a.txt a.txt',
  'br0 a.txt',
  'br0 b.txt',
  './b.txt br0',
  'br0 br9',
  'br0 c.txt',
  'nope.txt a.txt',
  './nope a.txt',
]
  .flatMap((sources) =>
    ['', '-O OpenFlow13', '--names'].map((option) => `ovs-ofctl ${option} diff-flows ${sources}; echo $?`),
  )
  .join('\n')}`,
  'queues, tables and echoes': [
    ...VERSIONS.flatMap((version) =>
      ['', '1', '1 5', '77', 'any', 'local', 'pp', 'ANY ALL'].map(
        (args) => `ovs-ofctl -O ${version} queue-get-config br0 ${args}; echo $?`,
      ),
    ),
    ...VERSIONS.map((version) => `ovs-ofctl -O ${version} dump-table-features br0; echo $?`),
    'ovs-vsctl -- --id=@t create Flow_Table name=foo flow_limit=10 -- set bridge br0 flow_tables:2=@t > /dev/null',
    'ovs-ofctl -O OpenFlow13 dump-table-features br0; ovs-ofctl -O OpenFlow14 dump-table-features br0',
    "ovs-ofctl ping br0 | sed 's/time=.*//'; ovs-ofctl ping br0 5 | sed 's/time=.*//'; ovs-ofctl ping br0 70000; ovs-ofctl ping br9",
    "ovs-ofctl benchmark br0 10 5 | sed 's/Finished.*//'; ovs-ofctl benchmark br0 1000000 5",
    "ovs-ofctl parse-key-value 'a=b,c(d=e,f),g' 'x:y z' 'a[2..3]->b=c' ''",
  ].join('\n'),
};

const SHORT: Readonly<Record<string, readonly string[]>> = {
  packets: ['OpenFlow10', 'OpenFlow14'],
  'flows that come': ['OpenFlow12', 'OpenFlow15'],
  'why flows': ['OpenFlow11', 'OpenFlow13'],
  ports: ['OpenFlow10', 'OpenFlow15'],
};

function isShort(name: string): boolean {
  const [, kind, version] = /^(.*), (OpenFlow\d+)$/.exec(name) ?? [];
  if (kind === undefined || version === undefined) return true;
  return Object.entries(SHORT).some(([start, versions]) => kind.startsWith(start) && versions.includes(version));
}

const UUID = /\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g;

/** The lines, without what is made up and the words of a real shell. */
const masked = (text: string): readonly string[] =>
  text
    .replace(UUID, 'UUID')
    .replace(/addr:\S+/g, 'addr:MAC')
    .replace(/(FLOW_REMOVED.*) duration\S+/g, '$1 duration')
    .replace(/^\d{4}-\S+Z\|/gm, 'TIME|')
    .split('\n')
    .filter((line) => !/^bash: line|Alarm clock +ovs-ofctl/.test(line));

describe.skipIf(!requireOracle())('what ovs-ofctl hears of a switch', () => {
  let oracle: OvsOracle;
  beforeAll(async () => {
    oracle = await OvsOracle.start();
  });
  afterAll(() => oracle?.stop());

  test.each(Object.entries(SCRIPTS).filter(([name]) => isLong || isShort(name)))('%s', async (_, script) => {
    oracle.clear();
    const whole = `exec 2>&1\n${BRIDGE}${script}`;
    const real = oracle.run('bash', ['-c', whole]);
    let ours = '';
    await freshShell().run(`${BRIDGE}${script}`, {
      onOutput: (_stream, bytes) => {
        ours += Buffer.from(bytes).toString('utf8');
      },
      keepsOutput: false,
    });
    expect(masked(ours)).toEqual(masked(real.stdout));
  });
});
