/** A random case about multicast snooping: a bridge that learns from IGMP and MLD, reports, queries, leaves and traffic. */
import { writeU16 } from '#datapath/packet/byte-order.js';
import { checksum } from '#datapath/packet/checksum.js';
import { eth, hex, ip4, ip6, type PacketBuilder, toHex } from '../../support/packet-builder.js';
import { Dice } from '../dice.js';
import { type BridgeCase, bridgeSetup, dummyPort, type Step, vlanSettings } from './case.js';

const PORTS = [1, 2, 3, 4, 5];
const GROUPS = ['224.0.0.5', '224.1.1.1', '239.1.2.3', '225.0.0.9'];
const GROUPS6 = ['ff02::1', 'ff02::5', 'ff05::1:3', 'ff3e::8000:1'];
const VLANS = [null, null, 10, 20];

/** Ages are those of a clock that runs. */
const SHOW = { kind: 'ask', tool: 'appctl', args: ['mdb/show', 'br0'], ignore: / +\d+$/ } as const;
/** As much of a trace's packet as it takes to tell whether two floods differ in more than their order. */
const ETHERNET = 'in_port(1),eth(src=02:00:00:00:00:01,dst=01:00:5e:01:01:01)';
const PLAIN = `${ETHERNET},eth_type(0x1234)`;
const TAGGED = `${ETHERNET},eth_type(0x8100),vlan(vid=10,pcp=0),encap(eth_type(0x1234))`;

export function randomMulticastCase(seed: number): BridgeCase {
  const dice = new Dice(seed);
  const setup = [
    ...bridgeSetup('br0', null),
    'mcast_snooping_enable=true',
    ...(dice.chance(0.5) ? ['other_config:mcast-snooping-disable-flood-unregistered=true'] : []),
    ...(dice.chance(0.2) ? ['other_config:mcast-snooping-table-size=10'] : []),
    ...PORTS.flatMap((port) => dummyPort('br0', port)),
    ...bridgeSetup('br1', null),
  ].slice(1);
  const settings: string[][] = [];
  // Among several such ports real OVS chooses the order by the addresses of its memory.
  const flagged = dice.pick([null, 'mcast-snooping-flood', 'mcast-snooping-flood-reports']);
  if (flagged !== null) settings.push(['--', 'set', 'Port', 'p5', `other_config:${flagged}=true`]);
  for (const port of PORTS) {
    if (dice.chance(0.25)) settings.push(['--', 'set', 'Port', `p${port}`, ...vlanSettings(dice)]);
  }
  const steps: Step[] = [];
  for (let i = 0; i < 16; i++) {
    const port = `p${dice.pick(PORTS)}`;
    steps.push({ kind: 'receive', port, flow: toHex(dice.chance(0.5) ? message(dice) : message6(dice)) });
    if (i % 4 === 3) steps.push(SHOW);
    if (i === 9 && dice.chance(0.3)) steps.push({ ...SHOW, args: ['mdb/flush'] });
    steps.push({ kind: 'receive', port: `p${dice.pick(PORTS)}`, flow: toHex(traffic(dice)) });
    const flow = dice.pick([
      `udp,nw_dst=${dice.pick(GROUPS)}`,
      `ip,nw_proto=2,nw_dst=${dice.pick(GROUPS)}`,
      `udp6,ipv6_dst=${dice.pick(GROUPS6)}`,
      `icmp6,ipv6_dst=${dice.pick(GROUPS6)},icmp_type=${dice.pick([130, 131, 132, 143, 128])}`,
    ]);
    const vlan = dice.pick(['', ',dl_vlan=10']);
    const text = `in_port=${dice.pick(PORTS)},dl_dst=01:00:5e:01:01:01${vlan},${flow}`;
    steps.push({ kind: 'trace', bridge: 'br0', flow: text, packet: vlan === '' ? PLAIN : TAGGED });
  }
  steps.push(SHOW);
  return {
    seed,
    version: null,
    dummies: PORTS.map((port) => `p${port}`),
    setup,
    settings,
    flows: [{ bridge: 'br0', flow: 'actions=NORMAL' }],
    steps,
  };
}

function ethernet(dice: Dice, destination: string): PacketBuilder {
  const frame = eth(`02:00:00:00:00:0${dice.between(1, 5)}`, destination);
  const vlan = dice.pick(VLANS);
  return vlan === null ? frame : frame.vlan(vlan);
}

/** A message of IGMP, its checksum now and then wrong. */
function message(dice: Dice): Uint8Array {
  const type = dice.pick([0x11, 0x12, 0x16, 0x16, 0x17, 0x22, 0x22, 0x99]);
  const body =
    type === 0x22
      ? records(dice, (group) => ip4(group), GROUPS, 0x22)
      : Uint8Array.of(type, 0, 0, 0, ...ip4(dice.pick(GROUPS)));
  writeU16(body, 2, dice.chance(0.9) ? checksum(body, 0, body.length) : 0x1234);
  const cut = dice.chance(0.05) ? body.subarray(0, dice.between(0, body.length)) : body;
  const source = dice.chance(0.9) ? '10.0.0.1' : '0.0.0.0';
  return ethernet(dice, '01:00:5e:01:01:01').ipv4(source, dice.pick(GROUPS), { protocol: 2 }).payload(cut).bytes();
}

/** Group records behind a header of type and count. */
function records(
  dice: Dice,
  address: (text: string) => Uint8Array,
  groups: readonly string[],
  type: number,
): Uint8Array {
  const count = dice.between(0, 3);
  const bytes = [type, 0, 0, 0, 0, 0, 0, count];
  const size = address(groups[0]!).length;
  for (let i = 0; i < count; i++) {
    const sources = dice.pick([0, 0, 1, 2]);
    const kind = dice.pick([1, 2, 3, 4, 5, 6, 4, 4, 9]);
    bytes.push(kind, 0, 0, sources, ...address(dice.pick(groups)), ...new Array<number>(sources * size).fill(7));
  }
  return Uint8Array.from(bytes);
}

/** A message of MLD, with and without the router alert that hosts send. */
function message6(dice: Dice): Uint8Array {
  const type = dice.pick([130, 131, 131, 132, 143, 143, 128]);
  const body =
    type === 143
      ? records(dice, ip6, GROUPS6, 143)
      : Uint8Array.of(type, 0, 0, 0, 0, 0, 0, 0, ...ip6(dice.pick(GROUPS6)));
  const source = dice.chance(0.9) ? 'fe80::1' : '::';
  const destination = dice.pick(GROUPS6);
  const pseudo = Uint8Array.of(...ip6(source), ...ip6(destination), 0, 0, 0, body.length, 0, 0, 0, 58, ...body);
  writeU16(body, 2, dice.chance(0.9) ? checksum(pseudo, 0, pseudo.length) : 0x1234);
  const ip = ethernet(dice, '33:33:00:00:00:01').ipv6(source, destination, { nextHeader: 58 });
  return (dice.chance(0.3) ? ip.extension(0) : ip).payload(body).bytes();
}

function traffic(dice: Dice): Uint8Array {
  const frame = ethernet(dice, dice.pick(['01:00:5e:01:01:01', '33:33:00:00:00:05', 'ff:ff:ff:ff:ff:ff']));
  const ip = dice.chance(0.5)
    ? frame.ipv4('10.0.0.9', dice.pick(GROUPS))
    : frame.ipv6('2001:db8::9', dice.pick(GROUPS6));
  return ip.udp(1, 2).payload(hex('0102')).bytes();
}
