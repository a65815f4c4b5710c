/** A random case: two bridges with ports of every VLAN mode, a patch, a tunnel, flows, traces and packets. */
import { Dice } from '../dice.js';
import { FlowGenerator, TABLES } from './flow.js';
import { type Packet, VIDS, randomPacket } from './packet.js';

export interface BridgeCase {
  readonly seed: number;
  /** OpenFlow version for ovs-ofctl, or null for its default. */
  readonly version: string | null;
  /** Names of the dummy ports, whose transmitted frames are compared. */
  readonly dummies: readonly string[];
  /** Arguments of one ovs-vsctl call that sets everything up; {dir} stands for the folder of captures. */
  readonly setup: readonly string[];
  /** ovs-vsctl arguments that may be left out one group at a time, in the same call. */
  readonly settings: readonly (readonly string[])[];
  readonly meters?: readonly { readonly bridge: string; readonly meter: string }[];
  /** Tunnels, added in a call of their own: those without a number in their name take what is free. */
  readonly tunnels?: readonly string[];
  readonly groups?: readonly { readonly bridge: string; readonly group: string }[];
  readonly flows: readonly { readonly bridge: string; readonly flow: string }[];
  /** Flows may be refused, by both switches in the same words. */
  readonly mayRefuse?: true;
  readonly steps: readonly Step[];
}

export type Step = Trace | Receive | Ask;

export interface Trace {
  readonly kind: 'trace';
  /** Or `ovs-dummy`, when the flow is in the datapath's words. */
  readonly bridge: string;
  readonly flow: string;
  /** The same flow in the datapath's words. */
  readonly packet: string;
  /** A frame in hexadecimal, -generate, --ct-next and the like. */
  readonly options?: readonly string[];
  /** Makes it the trace of a packet-out with these actions. */
  readonly actions?: string;
}

export interface Receive {
  readonly kind: 'receive';
  readonly port: string;
  /** In the datapath's words, or a frame in hexadecimal. */
  readonly flow: string;
  /** What was cached for the packet stays cached, for an Ask to come. */
  readonly keeps?: true;
}

/** A list that is compared line by line, without order. */
export interface Ask {
  readonly kind: 'ask';
  readonly tool: 'appctl' | 'ofctl';
  readonly args: readonly string[];
  /** What does not count (ages, say). */
  readonly ignore?: RegExp;
}

/** A trace as a command of ovs-appctl. */
export const traceCommand = ({ bridge, flow, options, actions }: Trace): readonly string[] => [
  actions === undefined ? 'ofproto/trace' : 'ofproto/trace-packet-out',
  bridge,
  flow,
  ...(options ?? []),
  ...(actions === undefined ? [] : [actions]),
];

const BR0_PORTS = [1, 2, 3, 4, 5];
const BR1_PORTS = [11, 12];
const PATCH = 20;
const TUNNEL = 21;

export function randomCase(seed: number): BridgeCase {
  const dice = new Dice(seed);
  const modern = dice.chance(0.5);
  const settings: string[][] = [];
  const setup = [
    ...bridgeSetup('br0', modern ? MODERN : null),
    ...BR0_PORTS.flatMap((port) => dummyPort('br0', port)),
    ...bridgeSetup('br1', modern ? MODERN : null),
    ...BR1_PORTS.flatMap((port) => dummyPort('br1', port)),
    ...['--', 'add-port', 'br0', 'pa', '--', 'set', 'Interface', 'pa', 'type=patch', 'options:peer=pb'],
    `ofport_request=${PATCH}`,
    ...['--', 'add-port', 'br1', 'pb', '--', 'set', 'Interface', 'pb', 'type=patch', 'options:peer=pa'],
    `ofport_request=${PATCH}`,
  ].slice(1);
  for (const port of [...BR0_PORTS, ...BR1_PORTS].map((number) => `p${number}`).concat('pa', 'pb')) {
    if (dice.chance(0.4)) settings.push(['--', 'set', 'Port', port, ...vlanSettings(dice)]);
  }
  const hasTunnel = dice.chance(0.4);
  if (hasTunnel) settings.push(tunnelPort(dice));

  const ports = [...BR0_PORTS, PATCH, ...(hasTunnel ? [TUNNEL] : [])];
  const flows: { bridge: string; flow: string }[] = [];
  const br0 = new FlowGenerator(dice, { ports, modern });
  const br1 = new FlowGenerator(dice, { ports: [...BR1_PORTS, PATCH], modern });
  for (let i = dice.between(2, 25); i > 0; i--) flows.push({ bridge: 'br0', flow: br0.flow() });
  for (let i = dice.between(0, 4); i > 0; i--) flows.push({ bridge: 'br1', flow: br1.flow() });
  for (let table = 0; table < TABLES; table++) {
    if (dice.chance(0.6)) flows.push({ bridge: 'br0', flow: br0.fallback(table) });
  }
  if (dice.chance(0.8)) flows.push({ bridge: 'br1', flow: br1.fallback(0) });

  const steps: Step[] = [];
  const packet = (): Packet => randomPacket(dice, dice.chance(0.8) ? BR0_PORTS : BR1_PORTS);
  const bridgeOf = ({ inPort }: Packet): string => (inPort > 10 ? 'br1' : 'br0');
  for (let i = 0; i < 12; i++) {
    const traced = packet();
    if (dice.chance(0.06)) {
      const local = traced.openflow.replace(/in_port=\d+/, 'in_port=LOCAL');
      steps.push({ kind: 'trace', bridge: bridgeOf(traced), flow: local, packet: traced.odp });
    }
    if (i % 3 === 2) {
      const sent = dice.chance(0.5) ? traced : packet();
      steps.push({ kind: 'receive', port: `p${sent.inPort}`, flow: sent.odp });
    }
    steps.push({ kind: 'trace', bridge: bridgeOf(traced), flow: traced.openflow, packet: traced.odp });
    if (hasTunnel && i % 4 === 3) {
      const carried = packet();
      const inner = carried.openflow.replace(/in_port=\d+/, `in_port=${TUNNEL}`);
      const tunnel = `tun_id=${dice.pick([1, 5])},tun_src=${dice.pick(['1.1.1.1', '1.1.1.2'])},tun_dst=2.2.2.2,tun_ttl=64`;
      steps.push({ kind: 'trace', bridge: 'br0', flow: `${tunnel},${inner}`, packet: carried.odp });
    }
  }
  return {
    seed,
    version: modern ? 'OpenFlow13' : null,
    dummies: [...BR0_PORTS, ...BR1_PORTS].map((port) => `p${port}`),
    setup,
    settings,
    flows,
    steps,
  };
}

const MODERN = 'OpenFlow10,OpenFlow13';

/** ovs-vsctl arguments for a bridge that speaks these versions of OpenFlow, or (null) the usual ones. */
export function bridgeSetup(name: string, protocols: string | null): string[] {
  return [
    ...['--', 'add-br', name, '--', 'set', 'Bridge', name, 'datapath-type=dummy', 'fail-mode=secure'],
    ...(protocols === null ? [] : [`protocols=${protocols}`]),
  ];
}

export function dummyPort(bridgeName: string, number: number): string[] {
  const name = `p${number}`;
  return [
    ...['--', 'add-port', bridgeName, name, '--', 'set', 'Interface', name, 'type=dummy'],
    `ofport_request=${number}`,
    `options:tx_pcap={dir}/${name}.pcap`,
  ];
}

export function vlanSettings(dice: Dice): string[] {
  const tag = dice.pick(VIDS.slice(0, 4));
  const trunks = `trunks=${dice.some(VIDS.slice(0, 4), 1, 3).join(',')}`;
  return dice.pick([
    [`tag=${tag}`],
    [`tag=${tag}`, 'vlan_mode=access'],
    [trunks],
    [`tag=${tag}`, 'vlan_mode=native-tagged', trunks],
    [`tag=${tag}`, 'vlan_mode=native-tagged'],
    [`tag=${tag}`, 'vlan_mode=native-untagged', trunks],
    [`tag=${tag}`, 'vlan_mode=native-untagged'],
    [`tag=${tag}`, 'vlan_mode=dot1q-tunnel'],
    [
      `tag=${tag}`,
      'vlan_mode=dot1q-tunnel',
      `cvlans=${dice.pick(VIDS.slice(0, 4))}`,
      'other_config:qinq-ethtype=802.1q',
    ],
    [`tag=${tag}`, 'other_config:priority-tags=true'],
  ]);
}

function tunnelPort(dice: Dice): string[] {
  const options = dice.pick([
    ['options:remote_ip=1.1.1.1'],
    ['options:remote_ip=1.1.1.1', 'options:key=5'],
    ['options:remote_ip=flow', 'options:key=flow'],
    ['options:remote_ip=1.1.1.1', 'options:key=flow', 'options:tos=inherit', 'options:df_default=false'],
    ['options:remote_ip=1.1.1.2', 'options:key=1', 'options:ttl=10', 'options:csum=true'],
  ]);
  return [
    ...['--', 'add-port', 'br0', 'vx', '--', 'set', 'Interface', 'vx', 'type=vxlan', `ofport_request=${TUNNEL}`],
    ...options,
  ];
}
