/**
 * The areas of the switch that random cases are about, each with its mix of frames, flows and settings. A case of an
 * area is a BridgeCase as those of the other kinds; its traces come in every form that OVS takes: a flow in OpenFlow's
 * words, one in the datapath's, a frame in hexadecimal, a packet-out.
 */
import { type Ask, type BridgeCase, bridgeSetup, dummyPort, type Step, vlanSettings } from '../bridge/case.js';
import { group, mirror, sendToGroup } from '../bridge/group.js';
import { VIDS } from '../bridge/packet.js';
import { Dice } from '../dice.js';
import { type Frame, type FrameMix, hexOf, odpOf, odpOfOpenflow, openflowOf, randomFrame, USUAL_MIX } from './frame.js';
import { EXTRAS, type FlowMix, randomActions, randomConjunctions, randomFlow, USUAL_KINDS } from './writer.js';

export interface Area {
  readonly name: string;
  readonly defaultCases: number;
  readonly frames: FrameMix;
  readonly flows: FlowMix;
  /** How often a port has a VLAN mode. */
  readonly vlanModes: number;
  /** How often a table without a match is NORMAL. */
  readonly normal: number;
  readonly has: readonly (
    | 'groups'
    | 'mirror'
    | 'tunnels'
    | 'conjunctions'
    | 'packets'
    | 'conntrack'
    | 'meters'
    | 'learning'
  )[];
}

const PORTS = [1, 2, 3, 4, 5, 6];
const OTHER_PORTS: Readonly<Record<string, readonly number[]>> = { br1: [11, 12], br2: [21] };
const PATCHES: readonly (readonly [string, string, number, string, string])[] = [
  // bridge, port, number, its peer's bridge, its peer
  ['br0', 'pa', 30, 'br1', 'pb'],
  ['br1', 'pc', 31, 'br2', 'pd'],
];
const TUNNELS = [41, 42, 43];
const GROUPS = [1, 2, 3, 4, 5];
const METERS = ['meter=1,kbps,band=type=drop,rate=100000', 'meter=2,pktps,stats,band=type=drop,rate=10000'];

const flows = (more: Partial<FlowMix>): FlowMix => ({
  kinds: USUAL_KINDS,
  tables: 4,
  density: 0.12,
  changes: 4,
  outputs: 3,
  extras: [],
  cuts: true,
  ...more,
});

const frames = (more: Partial<FrameMix>): FrameMix => ({ ...USUAL_MIX, ...more });

export const AREAS: readonly Area[] = [
  {
    name: 'matches and sets',
    defaultCases: 6,
    frames: USUAL_MIX,
    flows: flows({ changes: 8, density: 0.1 }),
    vlanModes: 0.1,
    normal: 0.3,
    has: [],
  },
  {
    name: 'vlans and qinq',
    defaultCases: 6,
    frames: frames({ vlan: 0.85, qinq: 0.4, mpls: 0.02 }),
    flows: flows({ kinds: ['any', 'any', 'any', 'ip', 'tcp', 'arp'], changes: 4, outputs: 4 }),
    vlanModes: 0.7,
    normal: 0.7,
    has: [],
  },
  {
    name: 'tables and registers',
    defaultCases: 6,
    frames: frames({ vlan: 0.2 }),
    flows: flows({
      changes: 3,
      outputs: 3,
      extras: [
        EXTRAS.clone,
        EXTRAS.nestedClone,
        EXTRAS.load,
        EXTRAS.writeActions,
        EXTRAS.stackOfMany,
        EXTRAS.resubmitBack,
        EXTRAS.exit,
        EXTRAS.meter,
        EXTRAS.enqueue,
        EXTRAS.checkLarger,
      ],
    }),
    vlanModes: 0.1,
    normal: 0.3,
    has: ['meters'],
  },
  {
    name: 'chosen buckets',
    defaultCases: 6,
    frames: USUAL_MIX,
    flows: flows({
      changes: 2,
      outputs: 2,
      extras: [({ dice }) => sendToGroup(dice), ({ dice }) => sendToGroup(dice), EXTRAS.bundle, EXTRAS.multipath],
    }),
    vlanModes: 0.1,
    normal: 0.3,
    has: ['groups'],
  },
  {
    name: 'normal switching',
    defaultCases: 6,
    frames: frames({ vlan: 0.6, qinq: 0.15 }),
    flows: flows({
      kinds: ['any', 'any', 'ip', 'arp', 'ipv6'],
      density: 0.04,
      changes: 1,
      outputs: 1,
      extras: [() => 'NORMAL', () => 'NORMAL'],
    }),
    vlanModes: 0.8,
    normal: 1,
    has: ['mirror', 'packets'],
  },
  {
    name: 'connections',
    defaultCases: 6,
    frames: frames({ weights: { ipv4: 7, ipv6: 3, arp: 1, other: 1 }, vlan: 0.15 }),
    flows: flows({
      kinds: ['any', 'ip', 'ip', 'tcp', 'tcp', 'udp', 'udp', 'icmp', 'sctp', 'ipv6', 'tcp6', 'udp6', 'icmp6'],
      changes: 2,
      outputs: 2,
      extras: [
        EXTRAS.ct,
        EXTRAS.ct,
        EXTRAS.ct,
        EXTRAS.ctClear,
        EXTRAS.ctResubmit,
        EXTRAS.clone,
        EXTRAS.finTimeout,
        EXTRAS.checkLarger,
      ],
    }),
    vlanModes: 0.1,
    normal: 0.4,
    has: ['conntrack'],
  },
  {
    name: 'learning and conjunctions',
    defaultCases: 6,
    frames: frames({ vlan: 0.3, weights: { ipv4: 7, ipv6: 2, arp: 1, other: 1 } }),
    flows: flows({
      density: 0.05,
      changes: 2,
      outputs: 2,
      extras: [EXTRAS.learn, EXTRAS.learn, EXTRAS.load, EXTRAS.writeActions],
    }),
    vlanModes: 0.1,
    normal: 0.3,
    has: ['conjunctions', 'learning', 'packets'],
  },
  {
    name: 'labels and neighbours',
    defaultCases: 6,
    frames: frames({ mpls: 0.45, vlan: 0.25, weights: { ipv4: 3, ipv6: 5, arp: 2, other: 1 }, fragments: 0.2 }),
    flows: flows({
      kinds: ['any', 'any', 'arp', 'rarp', 'ip', 'ipv6', 'icmp6', 'solicit', 'advert', 'mpls', 'mpls', 'mpls', 'mplsm'],
      changes: 5,
      outputs: 2,
      extras: [EXTRAS.pushMpls, EXTRAS.popMpls, EXTRAS.popMpls, EXTRAS.manyLabels, EXTRAS.clone],
    }),
    vlanModes: 0.15,
    normal: 0.3,
    has: [],
  },
  {
    name: 'tunnelled flows',
    defaultCases: 6,
    frames: USUAL_MIX,
    flows: flows({
      changes: 3,
      outputs: 3,
      extras: [EXTRAS.setTunnel, EXTRAS.setTunnel, EXTRAS.setTunnel, EXTRAS.clone],
    }),
    vlanModes: 0.1,
    normal: 0.3,
    has: ['tunnels'],
  },
  {
    name: 'frames and counters',
    defaultCases: 6,
    frames: frames({ broken: 0.1, mpls: 0.12, qinq: 0.2 }),
    flows: flows({
      changes: 4,
      outputs: 3,
      extras: [EXTRAS.pushMpls, EXTRAS.popMpls, EXTRAS.clone, EXTRAS.checkLarger, EXTRAS.enqueue],
    }),
    vlanModes: 0.25,
    normal: 0.4,
    has: ['packets'],
  },
];

/** A case of an area. */
export function randomAreaCase(area: Area, seed: number): BridgeCase {
  const dice = new Dice(seed);
  const has = (what: Area['has'][number]): boolean => area.has.includes(what);
  const version = has('groups')
    ? 'OpenFlow15'
    : dice.pick(['OpenFlow13', 'OpenFlow13', 'OpenFlow15', has('meters') ? 'OpenFlow15' : 'OpenFlow10']);
  const protocols = 'OpenFlow10,OpenFlow13,OpenFlow15';
  const setup = [
    ...['br0', 'br1', 'br2'].flatMap((bridge) => bridgeSetup(bridge, protocols)),
    ...PORTS.flatMap((port) => dummyPort('br0', port)),
    ...Object.entries(OTHER_PORTS).flatMap(([bridge, ports]) => ports.flatMap((port) => dummyPort(bridge, port))),
    ...PATCHES.flatMap(([bridge, port, number, otherBridge, other]) => [
      ...patchPort(bridge, port, number, other),
      ...patchPort(otherBridge, other, number, port),
    ]),
    ...['--', 'set', 'Open_vSwitch', '.', `other_config:vlan-limit=${dice.pick([1, 2, 2, 0])}`],
  ].slice(1);

  const mix: FlowMix = { ...area.flows, cuts: dice.chance(0.6 - area.vlanModes) };
  const settings: string[][] = [];
  for (const port of [...PORTS.map((number) => `p${number}`), 'p11', 'p12', 'pa', 'pb']) {
    if (!mix.cuts && dice.chance(area.vlanModes)) settings.push(['--', 'set', 'Port', port, ...portSettings(dice)]);
  }
  if (has('mirror') && dice.chance(0.5)) settings.push(mirror(dice, 1));
  if (dice.chance(0.1))
    settings.push(['--', 'set', 'Port', 'p1', 'protected=true', '--', 'set', 'Port', 'p2', 'protected=true']);

  const ports = [...PORTS, 30, ...(has('tunnels') ? TUNNELS : [])];
  const flowsOf: { bridge: string; flow: string }[] = [];
  // A tunnel sets what the next one takes: with some in a flood, its order would show.
  const add = (bridge: string, flow: string): number =>
    flowsOf.push({
      bridge,
      flow: has('tunnels') && bridge === 'br0' ? flow.replaceAll(/\b(NORMAL|flood|all)\b/g, 'output:2') : flow,
    });
  for (let i = dice.between(4, 18); i > 0; i--) add('br0', randomFlow(dice, ports, mix));
  if (has('conjunctions') && dice.chance(0.7)) {
    for (const flow of randomConjunctions(dice, PORTS, mix.tables)) add('br0', flow);
  }
  for (let table = 0; table < mix.tables; table++) {
    if (!dice.chance(0.75)) continue;
    const fallback = dice.chance(area.normal)
      ? 'NORMAL'
      : randomActions(dice, ports, mix, { table, kind: 'any', isTagged: false });
    add('br0', `table=${table},priority=0,actions=${fallback}`);
  }
  for (let i = dice.between(0, 3); i > 0; i--)
    add('br1', randomFlow(dice, [11, 12, 30, 31], { ...mix, tables: 2, extras: [] }));
  add('br1', 'priority=0,actions=NORMAL');
  add('br2', 'priority=0,actions=NORMAL');

  return {
    seed,
    version,
    dummies: [...PORTS, 11, 12, 21].map((port) => `p${port}`),
    setup,
    settings,
    ...(has('tunnels') ? { tunnels: TUNNELS.flatMap((number) => tunnelPort(dice, number)).slice(1) } : {}),
    ...(has('groups') ? { groups: GROUPS.map((id) => ({ bridge: 'br0', group: group(dice, id) })) } : {}),
    ...(has('meters') ? { meters: METERS.map((meter) => ({ bridge: 'br0', meter })) } : {}),
    flows: flowsOf,
    mayRefuse: true,
    steps: steps(dice, { ...area, flows: mix }, version).filter(
      (step) => !flowsOf.some(({ flow }) => NAT_RANGE.test(flow)) || !isOfFrame(step),
    ),
  };
}

/** Of a range of addresses or ports real OVS takes what a secret of the process says: no frame may pass it. */
const NAT_RANGE = /nat\((src|dst)=[^),]*-/;

const isOfFrame = (step: Step): boolean =>
  step.kind === 'receive' ||
  (step.kind === 'trace' && step.options?.some((option) => /^(-generate|[0-9a-f]{28,})$/.test(option)) === true);

function patchPort(bridge: string, port: string, number: number, peer: string): string[] {
  return [
    ...['--', 'add-port', bridge, port, '--', 'set', 'Interface', port, 'type=patch', `options:peer=${peer}`],
    `ofport_request=${number}`,
  ];
}

function portSettings(dice: Dice): string[] {
  const settings = vlanSettings(dice);
  const is = (word: string): boolean => settings.some((setting) => setting.includes(word));
  if (is('dot1q') && !is('qinq') && dice.chance(0.5))
    settings.push(`other_config:qinq-ethtype=${dice.pick(['802.1ad', '802.1q'])}`);
  if (is('dot1q') && !is('cvlans') && dice.chance(0.4))
    settings.push(`cvlans=${dice.some(VIDS.slice(0, 4), 1, 3).join(',')}`);
  if (!is('priority-tags') && dice.chance(0.15)) {
    settings.push(`other_config:priority-tags=${dice.pick(['true', 'always', 'if-nonzero', 'never'])}`);
  }
  return settings;
}

function tunnelPort(dice: Dice, number: number): string[] {
  const type = dice.pick(['vxlan', 'gre', 'geneve', 'vxlan']);
  const remote = dice.pick(['flow', 'flow', '1.1.1.1', '1.1.1.2', 'fc00::2']);
  const options = [`options:remote_ip=${remote}`];
  options.push(`options:in_key=${dice.pick(['flow', String(number)])}`);
  if (dice.chance(0.5)) options.push(`options:out_key=${dice.pick(['flow', '7'])}`);
  if (dice.chance(0.2))
    options.push(`options:local_ip=${remote === 'fc00::2' ? 'fc00::1' : remote === 'flow' ? 'flow' : '2.2.2.2'}`);
  if (dice.chance(0.3)) options.push(`options:tos=${dice.pick(['inherit', '0x28'])}`);
  if (dice.chance(0.3)) options.push(`options:ttl=${dice.pick(['inherit', '9'])}`);
  if (dice.chance(0.2)) options.push('options:csum=true');
  if (dice.chance(0.2)) options.push('options:df_default=false');
  if (type === 'vxlan' && dice.chance(0.3)) options.push('options:exts=gbp');
  if (type === 'vxlan') options.push(`options:dst_port=${4789 + number}`);
  return [
    ...['--', 'add-port', 'br0', `t${number}`, '--', 'set', 'Interface', `t${number}`, `type=${type}`],
    `ofport_request=${number}`,
    ...options,
  ];
}

const CT_NEXT = ['trk|new', 'trk|est', 'trk|est|rpl', 'trk|rel', 'trk|inv', 'trk|est|dnat', 'trk|new|snat'];

function steps(dice: Dice, area: Area, version: string): Step[] {
  const has = (what: Area['has'][number]): boolean => area.has.includes(what);
  const list: Step[] = [];
  for (let i = 0; i < 14; i++) {
    const frame = randomFrame(dice, [...PORTS, ...PORTS, 11], area.frames);
    list.push(trace(dice, area, frame));
    if (i % 4 !== 3) continue;
    const sent = randomFrame(dice, PORTS, { ...area.frames, dei: 0 });
    list.push({ kind: 'receive', port: `p${sent.inPort}`, flow: hexOf(sent) });
  }
  if (has('packets')) list.push(...packets(dice, area, version));
  return list;
}

function trace(dice: Dice, area: Area, frame: Frame): Step {
  const has = (what: Area['has'][number]): boolean => area.has.includes(what);
  const bridge = frame.inPort > 10 ? 'br1' : 'br0';
  const packet = odpOf(frame);
  const options: string[] = [];
  if (has('conntrack') && dice.chance(0.4)) {
    for (let i = dice.between(1, 3); i > 0; i--) options.push('--ct-next', dice.pick(CT_NEXT));
  }
  const metadata = randomMetadata(dice, area);
  const flow = openflowOf(frame, metadata);
  const form = dice.below(10);
  if (form < 5 && flow !== null) {
    if (dice.chance(0.12)) {
      const actions = randomActions(dice, PORTS, area.flows, { table: 0, kind: 'any', isTagged: false });
      // What may not be in a packet-out is said of flows.
      if (!/goto_table|write_actions|clear_actions|meter/.test(actions))
        return { kind: 'trace', bridge, flow, packet: odpOfOpenflow(frame), options, actions };
    }
    if (dice.chance(0.1)) options.push('-generate');
    return { kind: 'trace', bridge, flow, packet: odpOfOpenflow(frame), options };
  }
  if (form < 7) return { kind: 'trace', bridge: 'ovs-dummy', flow: packet, packet, options };
  const port = [`in_port=${frame.inPort}`, ...metadata].join(',');
  return { kind: 'trace', bridge, flow: port, packet, options: [...options, hexOf(frame)] };
}

function randomMetadata(dice: Dice, area: Area): string[] {
  const list: string[] = [];
  if (dice.chance(0.1)) list.push(`pkt_mark=${dice.pick([1, 5])}`);
  if (area.has.includes('groups') && dice.chance(0.4)) list.push(`dp_hash=${dice.between(1, 0x7fffffff)}`);
  if (area.has.includes('tunnels') && dice.chance(0.5)) {
    list.push(`tun_id=${dice.pick([1, 5, 41, 42])}`);
    list.push(
      ...dice.pick([
        ['tun_src=1.1.1.1', 'tun_dst=2.2.2.2'],
        ['tun_ipv6_src=fc00::2', 'tun_ipv6_dst=fc00::1'],
      ]),
    );
  }
  if (area.has.includes('conntrack') && dice.chance(0.2)) {
    list.push(`ct_state=${dice.pick(CT_NEXT)}`, `ct_zone=${dice.pick([5, 7])}`);
    if (dice.chance(0.5)) list.push('ct_mark=0x3', 'ct_label=0x10000000000000001');
  }
  if (dice.chance(0.05)) list.push('metadata=5');
  if (dice.chance(0.05)) list.push(`reg${dice.below(4)}=0x5`);
  return list;
}

/** Frames, the second of each kind by the megaflow of the first, and then every counter. */
function packets(dice: Dice, area: Area, version: string): Step[] {
  const ask = (tool: Ask['tool'], ...args: string[]): Ask => ({ kind: 'ask', tool, args });
  const sent = Array.from({ length: 5 }, () => randomFrame(dice, PORTS, { ...area.frames, dei: 0 }));
  const receive = (frame: Frame, keeps: boolean): Step => ({
    kind: 'receive',
    port: `p${frame.inPort}`,
    flow: hexOf(frame),
    ...(keeps ? { keeps: true } : {}),
  });
  return [
    // What is learned is learned first: changing it would have real OVS look its flows over when it pleases.
    ...sent.map((frame) => receive(frame, false)),
    ask('appctl', 'revalidator/purge'),
    // Flows that learn the same learn it again whenever they are looked over, in an order of chance: then none stays.
    ...(area.has.includes('learning')
      ? sent.map((frame) => receive(frame, false))
      : [
          ...[...sent, ...dice.some(sent, 1, 3)].map((frame) => receive(frame, true)),
          ask('appctl', 'dpctl/dump-flows'),
        ]),
    ask('appctl', 'revalidator/purge'),
    ...['br0', 'br1', 'br2'].flatMap((bridge) => [
      ask('ofctl', '-O', version, 'dump-flows', bridge),
      // OpenFlow 1.4 and later add counters of single queues, which dummy devices of ours do not have.
      ask('ofctl', '-O', 'OpenFlow13', 'dump-ports', bridge),
      ask('appctl', 'fdb/show', bridge),
    ]),
    ...(area.has.includes('groups') ? [ask('ofctl', '-O', version, 'dump-group-stats', 'br0')] : []),
  ];
}
