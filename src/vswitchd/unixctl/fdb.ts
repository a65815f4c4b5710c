/**
 * fdb/show, flush, stats-show, stats-clear, add, del: a bridge's table of learned MAC addresses.
 * Mirrors the ofproto_unixctl_fdb_*() functions of ofproto-dpif.c.
 */
import { formatPort } from '#src/openflow/port-text.js';
import { NO_PORT_NAMES } from '#src/openflow/ports.js';
import { parseLeadingDecimal } from '#src/openflow/number-text.js';
import { formatMac, scanMac } from '../odp/address-text.js';
import { type UnixctlCommand, reply, replyError } from './command.js';
import type { FdbEntry, FdbTable, UnixctlBridge, UnixctlContext } from './unixctl-context.js';

export const NO_SUCH_BRIDGE = replyError('no such bridge');

export function bridgeNamed(context: UnixctlContext, name: string): UnixctlBridge | undefined {
  return context.bridges().find((bridge) => bridge.name === name);
}

/** The tables of the bridge that is named, or of all; null for a name that no bridge has. */
function tables(args: readonly string[], context: UnixctlContext): readonly FdbTable[] | null {
  const names = args[0] === undefined ? context.bridges().map((bridge) => bridge.name) : [args[0]];
  const found = names.map((name) => context.fdb(name));
  return found.some((table) => table === null) ? null : found.filter((table) => table !== null);
}

function portText(entry: FdbEntry): string {
  return formatPort(entry.ofPort, NO_PORT_NAMES);
}

const show: UnixctlCommand = {
  name: 'fdb/show',
  usage: 'bridge',
  minArgs: 1,
  maxArgs: 1,
  run(args, context) {
    const table = context.fdb(args[0]!);
    if (table === null) return NO_SUCH_BRIDGE;
    const lines = table.entries().map((entry) => {
      const age = entry.age === 'static' ? 'static' : String(entry.age).padStart(3);
      return `${portText(entry).padStart(5)}  ${String(entry.vlan).padStart(4)}  ${formatMac(entry.mac, 0)}  ${age}\n`;
    });
    return reply(` port  VLAN  MAC                Age\n${lines.join('')}`);
  },
};

const flush: UnixctlCommand = {
  name: 'fdb/flush',
  usage: '[bridge]',
  minArgs: 0,
  maxArgs: 1,
  run(args, context) {
    const found = tables(args, context);
    if (found === null) return NO_SUCH_BRIDGE;
    for (const table of found) table.flush();
    return reply('table successfully flushed');
  },
};

const statsShow: UnixctlCommand = {
  name: 'fdb/stats-show',
  usage: 'bridge',
  minArgs: 1,
  maxArgs: 1,
  run(args, context) {
    const stats = context.fdb(args[0]!)?.statistics();
    if (stats === undefined) return NO_SUCH_BRIDGE;
    return reply(
      [
        `Statistics for bridge "${args[0]}":`,
        `  Current/maximum MAC entries in the table: ${stats.entries}/${stats.maxEntries}`,
        `  Current static MAC entries in the table : ${stats.staticEntries}`,
        `  Total number of learned MAC entries     : ${stats.learned}`,
        `  Total number of expired MAC entries     : ${stats.expired}`,
        `  Total number of evicted MAC entries     : ${stats.evicted}`,
        `  Total number of port moved MAC entries  : ${stats.moved}`,
      ].join('\n'),
    );
  },
};

const statsClear: UnixctlCommand = {
  name: 'fdb/stats-clear',
  usage: '[bridge]',
  minArgs: 0,
  maxArgs: 1,
  run(args, context) {
    const found = tables(args, context);
    if (found === null) return NO_SUCH_BRIDGE;
    for (const table of found) table.clearStatistics();
    return reply('statistics successfully cleared');
  },
};

/** Six bytes, or null when the text is not one whole address. */
function wholeMac(text: string): Uint8Array | null {
  const scanned = scanMac(text);
  return scanned !== null && scanned.length === text.length ? scanned.bytes : null;
}

const add: UnixctlCommand = {
  name: 'fdb/add',
  usage: 'bridge port vlan mac',
  minArgs: 4,
  maxArgs: 4,
  run(args, context) {
    const [name, port, vlanText, macText] = args as [string, string, string, string];
    const table = context.fdb(name);
    if (table === null) return NO_SUCH_BRIDGE;
    const mac = wholeMac(macText);
    if (mac === null) return replyError('bad MAC address');
    const ports = bridgeNamed(context, name)?.ports ?? [];
    if (!ports.some((candidate) => candidate.name === port)) {
      return replyError('software error, odp port is present but no ofp port');
    }
    const vlan = parseLeadingDecimal(vlanText) & 0xffff;
    const old = table.entries().find((entry) => entry.vlan === vlan && entry.mac.every((byte, i) => byte === mac[i]));
    const oldPort = ports.find((candidate) => candidate.ofPort === old?.ofPort)?.name;
    let text = '';
    if (old !== undefined && (oldPort !== port || old.age !== 'static')) {
      text = `Overriding already existing ${old.age === 'static' ? 'static' : 'dynamic'} entry on ${portText(old)}`;
    }
    return table.addStatic(port, vlan, mac) ? reply(text) : replyError('could not add static mac entry');
  },
};

const del: UnixctlCommand = {
  name: 'fdb/del',
  usage: 'bridge vlan mac',
  minArgs: 3,
  maxArgs: 3,
  run(args, context) {
    const [name, vlanText, macText] = args as [string, string, string];
    const table = context.fdb(name);
    if (table === null) return NO_SUCH_BRIDGE;
    const mac = wholeMac(macText);
    if (mac === null) return replyError('bad MAC address');
    const deleted = table.deleteStatic(parseLeadingDecimal(vlanText) & 0xffff, mac);
    return deleted ? reply() : replyError('could not find static mac entry');
  },
};

export const FDB_COMMANDS: readonly UnixctlCommand[] = [show, flush, statsShow, statsClear, add, del];
