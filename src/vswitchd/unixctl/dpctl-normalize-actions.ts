/**
 * dpctl/normalize-actions: datapath actions by the VLAN tags that they apply to, so that two lists that do the same
 * read the same. Mirrors dpctl_normalize_actions() of lib/dpctl.c, which is there for tests; its `tpid=` has the two
 * bytes the wrong way round, and so does ours.
 */
import type { DpAction } from '#datapath/dpif.js';
import {
  type FlowKey,
  OFF_ETH_TYPE,
  OFF_MPLS,
  OFF_VLAN_TCI,
  OFF_VLAN_TPID,
  OFF_VLAN1_TCI,
  OFF_VLAN1_TPID,
  VLAN_CFI,
  VLAN_PCP_SHIFT,
  VLAN_VID_MASK,
} from '#flowtable/flow-key.js';
import type { PortNames } from '#src/openflow/ports.js';
import { UserError } from '#src/report/user-error.js';
import { formatOdpActions } from '../odp/odp-actions-format.js';
import { parseOdpActions } from '../odp/odp-actions-parse.js';
import { formatScannedOdpFlow, type OdpFitness, parseOdpFlow } from '../odp/odp-parse.js';
import type { DpctlCommand, DpctlSession } from './dpctl.js';
import { EINVAL, ENOENT, EPERM } from './errno.js';

const ETH_TYPE_VLAN = 0x8100;

interface Tag {
  readonly tpid: number;
  readonly tci: number;
}

export const dpctlNormalizeActions: DpctlCommand = {
  name: 'normalize-actions',
  usage: 'actions',
  minArgs: 2,
  maxArgs: Number.POSITIVE_INFINITY,
  isReadOnly: true,
  run([flowText, actionsText, ...ports], session) {
    const portNames = parsePortNames(ports, session);
    if (portNames === null) return false;
    const flow = readFlow(flowText!, portNames, session);
    if (flow === null) return false;
    let actions: readonly DpAction[];
    try {
      actions = parseOdpActions(actionsText!, { portNames });
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return session.error('odp_actions_from_string', error.message);
    }
    if (session.options.verbose) session.print(`input actions: ${formatOdpActions(actions)}\n`);
    const mpls = formatMplsHeading(flow);
    for (const { tags, actions: list } of byTags(flow, actions)) {
      session.print(`${tags.length === 0 ? 'no vlan: ' : tags.map(formatTag).join('')}${mpls}`);
      session.print(formatOdpActions(sortOutputs(list)));
    }
    return true;
  },
};

function parsePortNames(texts: readonly string[], session: DpctlSession): PortNames | null {
  const numbers = new Map<string, number>();
  for (const text of texts) {
    const found = /^([^=]{1,15})=\s*([-+]?\d+)/.exec(text);
    if (found === null) {
      session.error(`${text}: expected NAME=NUMBER`);
      return null;
    }
    numbers.set(found[1]!, Number(found[2]!) >>> 0);
  }
  return { nameOf: () => undefined, numberOf: (name) => numbers.get(name) };
}

/** What is wrong with a flow's attributes, as the error number that OVS takes it for. */
const FITNESS_ERRORS: Readonly<Record<OdpFitness, string | null>> = {
  perfect: null,
  'too-much': EPERM,
  'too-little': ENOENT,
};

function readFlow(text: string, portNames: PortNames, session: DpctlSession): FlowKey | null {
  try {
    session.print(`input flow: ${formatScannedOdpFlow(text, portNames)}\n`);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    session.error(`odp_flow_key_from_string (${error.message})`, EINVAL);
    return null;
  }
  try {
    const { key, keyFitness } = parseOdpFlow(text, { portNames, wantMask: false });
    const problem = FITNESS_ERRORS[keyFitness];
    if (problem === null) return key;
    session.error('odp_flow_key_to_flow failed (reason unknown)', problem);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    session.error(`odp_flow_key_to_flow failed (${error.message})`, 'No such process');
  }
  return null;
}

function tagsOf(flow: FlowKey): readonly Tag[] {
  const tags: Tag[] = [];
  for (const [tpid, tci] of [
    [OFF_VLAN_TPID, OFF_VLAN_TCI],
    [OFF_VLAN1_TPID, OFF_VLAN1_TCI],
  ] as const) {
    if (flow.u16(tci) === 0) break;
    tags.push({ tpid: flow.u16(tpid), tci: flow.u16(tci) });
  }
  return tags;
}

/** Actions but pushes and pops, by the tags that are on the packet, in the order of the tags' bytes. */
function byTags(
  flow: FlowKey,
  actions: readonly DpAction[],
): readonly { readonly tags: readonly Tag[]; readonly actions: readonly DpAction[] }[] {
  const groups = new Map<string, { readonly tags: readonly Tag[]; readonly actions: DpAction[] }>();
  let tags = tagsOf(flow);
  for (const action of actions) {
    if (action.kind === 'pop_vlan') tags = tags.slice(1);
    else if (action.kind === 'push_vlan') {
      // A key has room for two.
      tags = [{ tpid: action.tpid, tci: action.tci | VLAN_CFI }, ...tags].slice(0, 2);
    } else {
      const key = tags
        .map(({ tpid, tci }) => ((tpid << 16) | tci) >>> 0)
        .map((tag) => tag.toString(16).padStart(8, '0'));
      const name = key.join('').padEnd(16, '0');
      const group = groups.get(name);
      if (group === undefined) groups.set(name, { tags, actions: [action] });
      else group.actions.push(action);
    }
  }
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function formatTag({ tpid, tci }: Tag): string {
  const swapped = ((tpid << 8) | (tpid >>> 8)) & 0xffff;
  const tpidText = tpid === ETH_TYPE_VLAN ? '' : `tpid=0x${swapped.toString(16).padStart(4, '0')},`;
  return `vlan(${tpidText}vid=${tci & VLAN_VID_MASK},pcp=${tci >>> VLAN_PCP_SHIFT}): `;
}

function formatMplsHeading(flow: FlowKey): string {
  const type = flow.u16(OFF_ETH_TYPE);
  if (type !== 0x8847 && type !== 0x8848) return 'no mpls: ';
  const lse = flow.u32(OFF_MPLS);
  return `mpls(label=${lse >>> 12},tc=${(lse >>> 9) & 7},ttl=${lse & 0xff}): `;
}

/** Outputs that follow each other in the order of their ports. */
function sortOutputs(actions: readonly DpAction[]): readonly DpAction[] {
  const sorted: DpAction[] = [];
  let run: Extract<DpAction, { kind: 'output' }>[] = [];
  const flush = (): void => {
    sorted.push(...run.sort((a, b) => a.port - b.port));
    run = [];
  };
  for (const action of actions) {
    if (action.kind === 'output') run.push(action);
    else {
      flush();
      sorted.push(action);
    }
  }
  flush();
  return sorted;
}
