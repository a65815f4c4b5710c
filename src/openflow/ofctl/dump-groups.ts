/**
 * dump-groups, dump-group-stats and dump-group-features. Mirrors ofctl_dump_group_desc(), ofctl_dump_group_stats() and
 * ofctl_dump_group_features() of utilities/ovs-ofctl.c.
 */
import { formatGroup, formatGroupFeatures, formatGroupStats } from '../group-format.js';
import { OFPG_ALL, OFPG_ANY } from '../group-mod.js';
import { parseGroupMod } from '../group-mod-parse.js';
import { groupInVersion } from '../group-version.js';
import type { OpenFlowVersion } from '../protocol.js';
import { offering } from '../switch-connection.js';
import type { OfctlCommand } from './command.js';

/** OVS's extension gives OpenFlow 1.0 the messages of later versions. */
const statsName = (what: string, version: OpenFlowVersion): string =>
  `${version === 10 ? 'NXST' : 'OFPST'}_${what} reply`;

/** `any`, `all` or a number; anything else means all. */
function parseGroupName(text: string | undefined): number {
  if (text?.toLowerCase() === 'any') return OFPG_ANY;
  return text !== undefined && /^\d+$/.test(text) && Number(text) <= OFPG_ANY ? Number(text) : OFPG_ALL;
}

/** null: all. */
const orNull = (groupId: number): number | null => (groupId === OFPG_ALL ? null : groupId);
const orAll = (groupId: number): number | null => (groupId === OFPG_ALL || groupId === OFPG_ANY ? null : groupId);

export const dumpGroups: OfctlCommand = {
  name: 'dump-groups',
  usage: 'switch [group]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', group]) {
    const { connection, version } = invocation.open(name);
    // Before 1.5 the request cannot name a group.
    const groupId = version === 10 || version >= 15 ? orNull(parseGroupName(group)) : null;
    const head = invocation.header(statsName('GROUP_DESC', version), version, invocation.nextXid());
    // No group has the number that stands for any.
    const isAny = groupId === OFPG_ANY;
    const groups = isAny ? [] : offering(connection, 'groupDescriptions').groupDescriptions(groupId);
    const options = { ports: invocation.portsToShow(name), names: invocation.showsNames };
    const lines = groups.map((one) => `\n ${formatGroup(groupInVersion(one, version), version, options)}`);
    invocation.print(`${head}${lines.join('')}\n`);
  },
};

export const dumpGroupStats: OfctlCommand = {
  name: 'dump-group-stats',
  usage: 'switch [group]',
  minArgs: 1,
  maxArgs: 2,
  writes: false,
  run(invocation, [name = '', group = '']) {
    const { mod } = parseGroupMod(group, 'delete', invocation.namesToAccept(name));
    const { connection, version } = invocation.open(name);
    const head = invocation.header(statsName('GROUP', version), version, invocation.nextXid());
    const stats = offering(connection, 'groupStats').groupStats(orAll(mod.groupId));
    invocation.print(`${head}${stats.map((one) => `\n ${formatGroupStats(one, version)}`).join('')}\n`);
  },
};

export const dumpGroupFeatures: OfctlCommand = {
  name: 'dump-group-features',
  usage: 'switch',
  minArgs: 1,
  maxArgs: 1,
  writes: false,
  run(invocation, [name = '']) {
    const { connection, version } = invocation.open(name);
    // OpenFlow 1.1 has no such message either.
    const messageName = statsName('GROUP_FEATURES', version === 11 ? 10 : version);
    const head = invocation.header(messageName, version, invocation.nextXid());
    const features = offering(connection, 'groupFeatures').groupFeatures();
    invocation.print(`${head}${formatGroupFeatures(features, version)}`);
  },
};
