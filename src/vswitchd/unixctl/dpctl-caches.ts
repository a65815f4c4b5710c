/**
 * dpctl/cache-get-size, cache-set-size and offload-stats-show: what a datapath of the userspace kind has none of, in
 * the words that OVS has for it. Mirrors the functions of the same names in lib/dpctl.c.
 *
 * Deliberately different: a kernel of today has a cache of masks whose size can be set; ours has none.
 */
import type { DpctlCommand } from './dpctl.js';
import { EINVAL, EOPNOTSUPP } from './errno.js';

const cacheGetSize: DpctlCommand = {
  name: 'cache-get-size',
  usage: '[dp]',
  minArgs: 0,
  maxArgs: 1,
  isReadOnly: true,
  run([name], session) {
    if (name === undefined) {
      for (const each of session.datapaths.keys()) session.print(`${each}:\n`);
      return true;
    }
    const dpif = session.named(name);
    if (dpif === undefined) return session.error(`Opening datapath ${name} failed`, session.openError(name));
    session.print(`${dpif.name}:\n`);
    return true;
  },
};

const cacheSetSize: DpctlCommand = {
  name: 'cache-set-size',
  usage: 'dp cache <size>',
  minArgs: 3,
  maxArgs: 3,
  isReadOnly: false,
  run([name, , size], session) {
    if (!/^\s*[-+]?\d/.test(size!)) return session.error('size is malformed', EINVAL);
    if (session.named(name!) === undefined) {
      return session.error(`Opening datapath ${name} failed`, session.openError(name!));
    }
    return session.error('Setting caches not supported', EOPNOTSUPP);
  },
};

export const dpctlOffloadStatsShow: DpctlCommand = {
  name: 'offload-stats-show',
  usage: '[dp]',
  minArgs: 0,
  maxArgs: 1,
  isReadOnly: true,
  run(args, session) {
    if (session.datapath(args, 2) === null) return false;
    return session.error('retrieving offload statistics', EINVAL);
  },
};

export const DPCTL_CACHES: readonly DpctlCommand[] = [cacheGetSize, cacheSetSize];
