/**
 * dpctl/ct-set-maxconns, ct-get-maxconns, ct-get-nconns, ct-enable-tcp-seq-chk, ct-disable-tcp-seq-chk,
 * ct-get-tcp-seq-chk, ct-set-limits, ct-del-limits and ct-get-limits: what connection tracking allows. Mirrors the
 * functions of the same names in lib/dpctl.c.
 */

import { DEFAULT_LIMIT_ZONE } from '#datapath/conntrack/zone-limits.js';
import type { ConntrackControl } from '#datapath/dpif.js';
import { parseU16, parseU32 } from '#src/openflow/number-text.js';
import { UserError } from '#src/report/user-error.js';
import { keyValues } from './connection-match.js';
import type { DpctlCommand, DpctlSession } from './dpctl.js';
import { EINVAL } from './errno.js';

/** A command that asks connection tracking something and says the answer. maxArgs: what OVS counts up to. */
function query(name: string, ask: (conntrack: ConntrackControl) => string, maxArgs = 2): DpctlCommand {
  return {
    name,
    usage: '[dp]',
    minArgs: 0,
    maxArgs: 1,
    isReadOnly: !/enable|disable/.test(name),
    run(args, session) {
      const found = session.datapath(args, maxArgs);
      if (found === null) return false;
      session.print(ask(found.dpif.conntrack()));
      return true;
    },
  };
}

const ctSetMaxconns: DpctlCommand = {
  name: 'ct-set-maxconns',
  usage: '[dp] maxconns',
  minArgs: 1,
  maxArgs: 2,
  isReadOnly: false,
  run(args, session) {
    const found = session.datapath(args, 3);
    if (found === null) return false;
    const number = /^\s*(\d+)/.exec(args.at(-1)!)?.[1];
    if (number === undefined) return session.error('maxconns missing or malformed', EINVAL);
    found.dpif.conntrack().maxConnections = Number(BigInt(number) & 0xffffffffn);
    session.print('setting maxconns successful');
    return true;
  },
};

function setSequenceCheck(isChecked: boolean): (conntrack: ConntrackControl) => string {
  return (conntrack) => {
    conntrack.isTcpSequenceChecked = isChecked;
    return `${isChecked ? 'enabling' : 'disabling'} TCP sequence checking successful`;
  };
}

/** The datapath and the arguments behind its name. */
function openForLimits(
  args: readonly string[],
  session: DpctlSession,
  maxArgs: number,
): { readonly conntrack: ConntrackControl; readonly rest: readonly string[] } | null {
  const found = session.datapath(args, maxArgs);
  return found === null ? null : { conntrack: found.dpif.conntrack(), rest: found.rest };
}

const ctSetLimits: DpctlCommand = {
  name: 'ct-set-limits',
  usage: '[dp] [default=L] [zone=N,limit=L]...',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: true,
  run(args, session) {
    const found = openForLimits(args, session, Number.POSITIVE_INFINITY);
    if (found === null) return false;
    let { rest } = found;
    const wanted: (readonly [zone: number, limit: number])[] = [];
    if (rest[0]?.startsWith('default=')) {
      const number = /^default=(\d+)/.exec(rest[0])?.[1];
      if (number === undefined) return session.error('invalid default limit', EINVAL);
      wanted.push([DEFAULT_LIMIT_ZONE, Number(BigInt(number) & 0xffffffffn)]);
      rest = rest.slice(1);
    }
    try {
      for (const text of rest) wanted.push(readZoneLimit(text));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return session.error(error.message, EINVAL);
    }
    for (const [zone, limit] of wanted) found.conntrack.zoneLimits.set(zone, limit);
    return true;
  },
};

function readZoneLimit(text: string): readonly [zone: number, limit: number] {
  let zone: number | null = null;
  let limit: number | null = null;
  for (const [key, value] of keyValues(text)) {
    if (key !== 'zone' && key !== 'limit') throw new UserError(`invalid zone limit field: ${key}`);
    try {
      if (key === 'zone') zone = parseU16(value, key);
      else limit = parseU32(value);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      throw new UserError(`failed to parse field ${key}`);
    }
  }
  if (zone === null || limit === null) throw new UserError('failed to parse zone limit');
  return [zone, limit];
}

/** Zones of `zone=1,2,3`; null after saying what is wrong. */
function readZones(text: string, session: DpctlSession): readonly number[] | null {
  const parts = text
    .slice(5)
    .split(',')
    .filter((part) => part !== '');
  if (!text.startsWith('zone=')) session.error(`invalid argument ${text}`, EINVAL);
  else if (parts.length === 0 || parts.some((part) => !/^\s*\d/.test(part))) session.error('invalid zone', EINVAL);
  else return parts.map((part) => Number(BigInt(/\d+/.exec(part)![0]) & 0xffffn));
  return null;
}

const ctDelLimits: DpctlCommand = {
  name: 'ct-del-limits',
  usage: '[dp] zone=N1[,N2]...',
  minArgs: 1,
  maxArgs: 2,
  isReadOnly: true,
  run(args, session) {
    const found = openForLimits(args, session, 3);
    if (found === null) return false;
    const zones = found.rest[0] === undefined ? null : readZones(found.rest[0], session);
    if (zones === null) return false;
    for (const zone of zones) found.conntrack.zoneLimits.delete(zone);
    return true;
  },
};

const ctGetLimits: DpctlCommand = {
  name: 'ct-get-limits',
  usage: '[dp] [zone=N1[,N2]...]',
  minArgs: 0,
  maxArgs: 2,
  isReadOnly: true,
  run(args, session) {
    const found = openForLimits(args, session, 3);
    if (found === null) return false;
    const zones = found.rest[0] === undefined ? [] : readZones(found.rest[0], session);
    if (zones === null) return false;
    const { zoneLimits } = found.conntrack;
    const shown = zones.length === 0 ? zoneLimits.list() : zones.map((zone) => ({ ...zoneLimits.get(zone), zone }));
    session.print(`default limit=${zoneLimits.get(DEFAULT_LIMIT_ZONE).limit}`);
    for (const { zone, limit, count } of shown) session.print(`\nzone=${zone},limit=${limit},count=${count}`);
    session.print('\n');
    return true;
  },
};

export const DPCTL_CONNTRACK_SETTINGS: readonly DpctlCommand[] = [
  ctSetMaxconns,
  query('ct-get-maxconns', (conntrack) => `${conntrack.maxConnections}\n`),
  query('ct-get-nconns', (conntrack) => `${conntrack.count}\n`),
  query('ct-enable-tcp-seq-chk', setSequenceCheck(true), 3),
  query('ct-disable-tcp-seq-chk', setSequenceCheck(false), 3),
  query(
    'ct-get-tcp-seq-chk',
    (conntrack) => `TCP sequence checking: ${conntrack.isTcpSequenceChecked ? 'enabled' : 'disabled'}\n`,
  ),
  ctSetLimits,
  ctDelLimits,
  ctGetLimits,
];
