/** How `ip link` and `ip addr` write a device (iproute2's ip/ipaddress.c). */
import type { NetDevice } from '../../device/net-device.js';
import { Veth } from '../../device/veth.js';
import { formatMac } from '../../ip/address.js';
import type { NetworkNamespace } from '../../namespace.js';

/** The device at the other end of a veth pair, where it lies in the same namespace. */
function peerOf(device: NetDevice): NetDevice | null {
  return device instanceof Veth ? device.peer : null;
}

export function flagsText(device: NetDevice): string {
  const flags: string[] = [];
  if (device.up && !device.carrier) flags.push('NO-CARRIER');
  if (device.kind === 'loopback') flags.push('LOOPBACK');
  else flags.push('BROADCAST', 'MULTICAST');
  if (device.up) flags.push('UP');
  if (device.running) flags.push('LOWER_UP');
  const peer = peerOf(device);
  if (peer !== null && peer.owner === device.owner && !peer.up) flags.push('M-DOWN');
  return `<${flags.join(',')}>`;
}

export function stateText(device: NetDevice): string {
  if (!device.up) return 'DOWN';
  if (device.kind === 'loopback' || device.kind === 'internal' || device.kind === 'tap')
    return device.carrier ? 'UNKNOWN' : 'DOWN';
  if (device.carrier) return 'UP';
  return device.kind === 'veth' ? 'LOWERLAYERDOWN' : 'DOWN';
}

/** `veth0@veth1`; a peer in another namespace is known by its number only. */
export function nameText(device: NetDevice): string {
  const peer = peerOf(device);
  if (peer === null) return device.name;
  return `${device.name}@${peer.owner === device.owner ? peer.name : `if${peer.ifindex}`}`;
}

function queueText(device: NetDevice): string {
  if (!device.wasUp) return 'noop';
  return device.kind === 'nic' || device.kind === 'tap' ? 'fq_codel' : 'noqueue';
}

/** The first line: `2: eth0: <…> mtu 1500 …`. */
export function headText(device: NetDevice, withMode: boolean): string {
  const master = device.enslaved && device.kind !== 'internal' ? 'master ovs-system ' : '';
  const mode = withMode ? 'mode DEFAULT ' : '';
  return `${device.ifindex}: ${nameText(device)}: ${flagsText(device)} mtu ${device.mtu} qdisc ${queueText(device)} ${master}state ${stateText(device)} ${mode}group default qlen 1000`;
}

/** The first line of `ip -6 addr`, for which the kernel tells less. */
export const briefHeadText = (device: NetDevice): string =>
  `${device.ifindex}: ${nameText(device)}: ${flagsText(device)} mtu ${device.mtu} state ${stateText(device)} qlen 1000`;

/** The second line: the Ethernet address, and where the peer is. */
export function linkText(device: NetDevice, namespace: NetworkNamespace): string {
  const isLoopback = device.kind === 'loopback';
  const broadcast = isLoopback ? '00:00:00:00:00:00' : 'ff:ff:ff:ff:ff:ff';
  const peer = peerOf(device);
  let where = '';
  if (peer?.owner != null && peer.owner !== namespace) {
    where = peer.owner.name === '' ? ' link-netnsid 0' : ` link-netns ${peer.owner.name}`;
  }
  return `    link/${isLoopback ? 'loopback' : 'ether'} ${formatMac(device.mac)} brd ${broadcast}${where}`;
}

export function briefLinkText(device: NetDevice): string {
  return `${nameText(device).padEnd(16)} ${stateText(device).padEnd(14)} ${formatMac(device.mac)} ${flagsText(device)} `;
}

/** Four lines of counters (`ip -s`). A column is as wide as its heading and grows with what it holds. */
export function countersText(device: NetDevice): readonly string[] {
  const { counters } = device;
  const table = (label: string, headings: readonly string[], values: readonly number[]): readonly string[] => {
    const first = Math.max(FIRST_COLUMN_SIZE, String(values[0]).length);
    const widths = headings.map((heading, index) => Math.max(heading.length, String(values[index]).length));
    const heads = headings.map((heading, index) =>
      index === 0 ? label + heading.padStart(first - label.length) : heading.padStart(widths[index]!),
    );
    const numbers = values.map((value, index) => String(value).padStart(index === 0 ? first : widths[index]!));
    return [`    ${heads.join(' ')}           `, `    ${numbers.join(' ')} `];
  };
  return [
    ...table(
      'RX:',
      ['bytes', 'packets', 'errors', 'dropped', ' missed', '  mcast'],
      [counters.rxBytes, counters.rxPackets, counters.rxErrors, counters.rxDropped, 0, counters.multicast],
    ),
    ...table(
      'TX:',
      ['bytes', 'packets', 'errors', 'dropped', 'carrier', 'collsns'],
      [counters.txBytes, counters.txPackets, counters.txErrors, counters.txDropped, 0, 0],
    ),
  ];
}

const FIRST_COLUMN_SIZE = 10;
