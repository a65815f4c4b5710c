/** The datapaths that are processes of OVS itself (dpif-netdev): all but the kernel's. */
import type { Dpif } from '#datapath/dpif.js';
import type { UnixctlContext } from './unixctl-context.js';

export interface UserspaceDatapath {
  /** Without the type. */
  readonly name: string;
  readonly dpif: Dpif;
}

export function userspaceDatapaths(context: UnixctlContext): readonly UserspaceDatapath[] {
  return [...context.datapaths()]
    .filter(([full]) => !full.startsWith('system@'))
    .map(([full, dpif]) => ({ name: full.slice(full.indexOf('@') + 1), dpif }));
}

/** The one of that name, or where no name is given the only one; null where that leaves a choice. */
export function userspaceDatapath(context: UnixctlContext, name: string | undefined): UserspaceDatapath | null {
  const all = userspaceDatapaths(context);
  if (name !== undefined) return all.find((each) => each.name === name) ?? null;
  return all.length === 1 ? all[0]! : null;
}
