/**
 * mdb/show, mdb/flush: a bridge's multicast database. Mirrors the ofproto_unixctl_mcast_snooping_*() functions of
 * ofproto-dpif.c.
 */
import { formatPort } from '#src/openflow/port-text.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { formatIpv4, formatIpv6 } from '../odp/address-text.js';
import { reply, replyError, type UnixctlCommand } from './command.js';
import { bridgeNamed, NO_SUCH_BRIDGE } from './fdb.js';

const DISABLED = replyError('multicast snooping is disabled');

const portText = (ofPort: number, vlan: number): string =>
  `${formatPort(ofPort, NO_PORT_NAMES).padStart(5)}  ${String(vlan).padStart(4)}  `;

const ageText = (age: number): string => String(age).padStart(3);

/** An IPv4 address that is mapped is written as one. */
function groupText(group: Uint8Array): string {
  const isIpv4 = group.subarray(0, 10).every((byte) => byte === 0) && group[10] === 0xff && group[11] === 0xff;
  return isIpv4 ? formatIpv4(group, 12) : formatIpv6(group, 0);
}

const show: UnixctlCommand = {
  name: 'mdb/show',
  usage: 'bridge',
  minArgs: 1,
  maxArgs: 1,
  run(args, context) {
    if (bridgeNamed(context, args[0]!) === undefined) return NO_SUCH_BRIDGE;
    const table = context.mdb(args[0]!);
    if (table === null) return DISABLED;
    const members = table.members().map(({ ofPort, vlan, group, age }) => {
      return `${portText(ofPort, vlan)}${groupText(group)}         ${ageText(age)}\n`;
    });
    const routers = table.routers().map(({ ofPort, vlan, age }) => {
      return `${portText(ofPort, vlan)}querier             ${ageText(age)}\n`;
    });
    return reply(` port  VLAN  GROUP                Age\n${members.join('')}${routers.join('')}`);
  },
};

const flush: UnixctlCommand = {
  name: 'mdb/flush',
  usage: '[bridge]',
  minArgs: 0,
  maxArgs: 1,
  run(args, context) {
    const name = args[0];
    if (name !== undefined) {
      if (bridgeNamed(context, name) === undefined) return NO_SUCH_BRIDGE;
      if (context.mdb(name) === null) return DISABLED;
    }
    const names = name === undefined ? context.bridges().map((bridge) => bridge.name) : [name];
    for (const one of names) context.mdb(one)?.flush();
    return reply('table successfully flushed');
  },
};

export const MDB_COMMANDS: readonly UnixctlCommand[] = [show, flush];
