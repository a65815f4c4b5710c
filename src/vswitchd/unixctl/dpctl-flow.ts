/**
 * dpctl/add-flow, mod-flow and del-flow: flows put into the datapath by hand. A revalidator that did not
 * install a flow deletes it, as in OVS. Mirrors dpctl_put_flow() and dpctl_del_flow() of lib/dpctl.c.
 */
import type { DpFlow, Dpif, FlowPut, FlowPutResult } from '#datapath/dpif.js';
import { applyMask } from '#flowtable/flow-mask.js';
import { UserError } from '#src/report/user-error.js';
import { formatFlowStats } from '../odp/flow-stats-format.js';
import { parseOdpActions } from '../odp/odp-actions-parse.js';
import { type OdpFlow, parseOdpFlow } from '../odp/odp-parse.js';
import { scanUfid } from '../odp/odp-scan.js';
import { type DpctlCommand, type DpctlSession, dpifPortNames } from './dpctl.js';
import { EEXIST, EFBIG, EINVAL, ENOENT } from './errno.js';

export const dpctlAddFlow: DpctlCommand = {
  name: 'add-flow',
  usage: '[dp] flow actions',
  minArgs: 2,
  maxArgs: 3,
  isReadOnly: false,
  run: (args, session) => putFlow(args, session, 'create'),
};

export const dpctlModFlow: DpctlCommand = {
  name: 'mod-flow',
  usage: '[dp] flow actions',
  minArgs: 2,
  maxArgs: 3,
  isReadOnly: false,
  run: (args, session) => putFlow(args, session, session.options.mayCreate ? 'put' : 'modify'),
};

export const dpctlDelFlow: DpctlCommand = {
  name: 'del-flow',
  usage: '[dp] flow',
  minArgs: 1,
  maxArgs: 2,
  isReadOnly: false,
  run: delFlow,
};

/** The flow of a text (null when it contradicts itself) and the ufid that may stand before it; null after an error. */
function readFlow(
  text: string,
  dpif: Dpif,
  session: DpctlSession,
  describe: (message: string) => string,
): { readonly flow: OdpFlow | null; readonly ufid: string | null } | null {
  const ufid = scanUfid(text);
  if (ufid === 'invalid') {
    session.error('parsing flow ufid', EINVAL);
    return null;
  }
  try {
    const flow = parseOdpFlow(text, { portNames: dpifPortNames(dpif) });
    return { flow, ufid: ufid?.ufid ?? null };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    // What cannot be read is named; what contradicts itself the datapath refuses without a word.
    if (error.message.includes('; the flow ')) return { flow: null, ufid: ufid?.ufid ?? null };
    session.error(describe(error.message), EINVAL);
    return null;
  }
}

function putFlow(args: readonly string[], session: DpctlSession, mode: FlowPut['mode']): boolean {
  const found = session.datapath(args, 4);
  return found !== null && putFlowText(found.dpif, args.at(-2)!, args.at(-1)!, session, mode);
}

export function putFlowText(
  dpif: Dpif,
  flowText: string,
  actionsText: string,
  session: DpctlSession,
  mode: FlowPut['mode'],
): boolean {
  const read = readFlow(flowText, dpif, session, (message) => `parsing flow key (${message})`);
  if (read === null) return false;
  let actions: ReturnType<typeof parseOdpActions>;
  try {
    actions = parseOdpActions(actionsText);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return session.error('parsing actions', error.message);
  }
  if (read.flow === null) return session.error('updating flow table', EINVAL);
  const { key, mask, keyFitness, maskFitness } = read.flow;
  if (keyFitness !== 'perfect' || maskFitness !== 'perfect') return session.error('updating flow table', EINVAL);
  const result = dpif.flowPut({ key, mask, actions, mode });
  const why = PUT_ERRORS[result];
  if (why !== null) return session.error('updating flow table', why);
  if (session.options.statistics) {
    const stats = findFlow(dpif, read.flow)?.stats;
    if (stats !== undefined) session.print(`${formatFlowStats(stats, session.nowNs)}\n`);
  }
  return true;
}

const PUT_ERRORS: Readonly<Record<FlowPutResult, string | null>> = {
  ok: null,
  exists: EEXIST,
  missing: ENOENT,
  'table-full': EFBIG,
  overlaps: EINVAL,
};

function delFlow(args: readonly string[], session: DpctlSession): boolean {
  const found = session.datapath(args, 3);
  return found !== null && deleteFlowText(found.dpif, args.at(-1)!, session);
}

export function deleteFlowText(dpif: Dpif, text: string, session: DpctlSession): boolean {
  const read = readFlow(text, dpif, session, (message) => message);
  if (read === null) return false;
  const ufid = read.ufid ?? (read.flow === null ? undefined : findFlow(dpif, read.flow)?.ufid);
  const deleted = ufid === undefined ? null : dpif.flowDelete(ufid);
  if (deleted === null) {
    session.error('deleting flow', ENOENT);
    if (read.ufid === null) session.print('Perhaps you need to specify a UFID?\n');
    return false;
  }
  if (session.options.statistics) session.print(`${formatFlowStats(deleted.stats, session.nowNs)}\n`);
  return true;
}

/** The installed flow with the same mask and the same key on it. */
function findFlow(dpif: Dpif, { key, mask }: OdpFlow): DpFlow | null {
  const masked = key.clone();
  applyMask(masked, mask);
  for (const flow of dpif.flowDump()) {
    if (!flow.mask.equals(mask)) continue;
    const installed = flow.key.clone();
    applyMask(installed, flow.mask);
    if (installed.equals(masked)) return flow;
  }
  return null;
}
