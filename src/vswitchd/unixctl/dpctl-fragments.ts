/**
 * dpctl/ipf-set-enabled, ipf-set-disabled, ipf-set-min-frag, ipf-set-max-nfrags and ipf-get-status: how connection
 * tracking gathers fragments. Mirrors the functions of the same names in lib/dpctl.c and lib/ipf.c.
 */
import type { FragmentControl } from '#datapath/dpif.js';
import { scanInteger } from '#src/openflow/number-text.js';
import { formatFragmentList, formatFragmentStatus } from '../odp/conntrack-text.js';
import type { DpctlCommand } from './dpctl.js';
import { EINVAL, EPERM } from './errno.js';

/** A smaller fragment than this is never taken. */
const LEAST_MIN_SIZE = 400;
const MOST_FRAGMENTS = 5000;

/** The family that a text begins with, after white space. */
function familyOf(text: string, fragments: FragmentControl): FragmentControl['ipv4'] | null {
  const version = /^\s*v([46])/.exec(text)?.[1];
  if (version === undefined) return null;
  return version === '6' ? fragments.ipv6 : fragments.ipv4;
}

/** The 32-bit number that a text begins with, as scanf() takes it. */
function leadingNumber(text: string): number | null {
  const { value, length } = scanInteger(text, 10);
  return length === 0 ? null : Number(BigInt.asUintN(32, value));
}

function setEnabled(isEnabled: boolean): DpctlCommand {
  return {
    name: isEnabled ? 'ipf-set-enabled' : 'ipf-set-disabled',
    usage: '[dp] v4|v6',
    minArgs: 1,
    maxArgs: 2,
    isReadOnly: false,
    run(args, session) {
      const found = session.datapath(args, 4);
      if (found === null) return false;
      const family = familyOf(args.at(-1)!, found.dpif.fragments());
      if (family === null) return session.error("parameter missing: 'v4' for IPv4 or 'v6' for IPv6", EINVAL);
      family.isEnabled = isEnabled;
      session.print(`${isEnabled ? 'enabling' : 'disabling'} fragmentation reassembly successful`);
      return true;
    },
  };
}

const setMinFrag: DpctlCommand = {
  name: 'ipf-set-min-frag',
  usage: '[dp] v4|v6 minfragment',
  minArgs: 2,
  maxArgs: 3,
  isReadOnly: false,
  run(args, session) {
    const found = session.datapath(args, 4);
    if (found === null) return false;
    const family = familyOf(args.at(-2)!, found.dpif.fragments());
    if (family === null) return session.error('parameter missing: v4 for IPv4 or v6 for IPv6', EINVAL);
    const size = leadingNumber(args.at(-1)!);
    if (size === null) return session.error('parameter missing for minimum fragment size', EINVAL);
    if (size < LEAST_MIN_SIZE) {
      return session.error('requested minimum fragment size too small; see documentation', EPERM);
    }
    family.minSize = size;
    session.print('setting minimum fragment size successful');
    return true;
  },
};

const setMaxNfrags: DpctlCommand = {
  name: 'ipf-set-max-nfrags',
  usage: '[dp] maxfrags',
  minArgs: 1,
  maxArgs: 2,
  isReadOnly: false,
  run(args, session) {
    const found = session.datapath(args, 3);
    if (found === null) return false;
    const count = leadingNumber(args.at(-1)!);
    if (count === null) return session.error('parameter missing for maximum fragments', EINVAL);
    if (count > MOST_FRAGMENTS) return session.error('setting maximum fragments failed', EPERM);
    found.dpif.fragments().maxFragments = count;
    session.print('setting maximum fragments successful');
    return true;
  },
};

const getStatus: DpctlCommand = {
  name: 'ipf-get-status',
  usage: '[dp]',
  minArgs: 0,
  maxArgs: 1,
  isReadOnly: true,
  run(args, session) {
    const found = session.datapath(args, 2);
    if (found === null) return false;
    const fragments = found.dpif.fragments();
    session.print(formatFragmentStatus(fragments));
    if (!session.options.verbose) return true;
    session.print('\n        Fragment Lists:\n\n');
    for (const list of fragments.gathering()) session.print(`${formatFragmentList(list)}\n`);
    return true;
  },
};

export const DPCTL_FRAGMENTS: readonly DpctlCommand[] = [
  setEnabled(true),
  setEnabled(false),
  setMinFrag,
  setMaxNfrags,
  getStatus,
];
