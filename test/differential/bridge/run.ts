/** Runs a case on a switch: one answer for each step, in a form that two switches must agree on. */
import { type BridgeCase, type Step, traceCommand } from './case.js';
import { linesOfList } from './lists.js';
import type { SwitchUnderTest } from './switch.js';

/** A trace's megaflow and datapath actions, or the frames that left by each port. */
export interface Answer {
  readonly step: Step;
  readonly lines: readonly string[];
}

const BRIDGES = ['br0', 'br1', 'br2'] as const;

export async function runCase(target: SwitchUnderTest, given: BridgeCase): Promise<readonly Answer[]> {
  await target.clear();
  await target.vsctl([...given.setup, ...given.settings.flat()]);
  if (given.tunnels !== undefined) await target.vsctl(given.tunnels);
  await target.appctl('dpif/set-dp-features', 'br0', 'tnl_push_pop', 'false');
  const version = given.version === null ? [] : ['-O', given.version];
  for (const bridge of BRIDGES) {
    for (const entry of given.meters ?? []) {
      if (entry.bridge === bridge) await target.ofctl([...version, 'add-meter', bridge, entry.meter], '');
    }
    const groups = (given.groups ?? []).filter((entry) => entry.bridge === bridge).map(({ group }) => `${group}\n`);
    if (groups.length > 0) await target.ofctl([...version, 'add-groups', bridge, '-'], groups.join(''));
  }
  const refusals = await addFlows(target, given, version);
  const answers: Answer[] = [];
  for (const step of given.steps) answers.push({ step, lines: await runStep(target, given, step) });
  if (refusals.length > 0 && answers.length > 0) {
    answers[0] = { step: answers[0]!.step, lines: [...answers[0]!.lines, ...refusals] };
  }
  return answers;
}

/** Refused flows, each with the reason. */
async function addFlows(target: SwitchUnderTest, given: BridgeCase, version: readonly string[]): Promise<string[]> {
  const refusals: string[] = [];
  for (const bridge of BRIDGES) {
    const flows = given.flows.filter((flow) => flow.bridge === bridge).map(({ flow }) => `${flow}\n`);
    if (flows.length === 0) continue;
    try {
      await target.ofctl([...version, 'add-flows', bridge, '-'], flows.join(''));
      continue;
    } catch (error) {
      if (given.mayRefuse !== true) throw error;
    }
    // One that is refused keeps those after it out.
    await target.ofctl([...version, 'del-flows', bridge], '');
    for (const flow of flows) {
      try {
        await target.ofctl([...version, 'add-flows', bridge, '-'], flow);
      } catch (error) {
        refusals.push(`${flow.trimEnd()}: ${refusalOf(error)}`);
      }
    }
  }
  return refusals;
}

/** OpenFlow's name of the error, or what the tool says; a switch's log and its dump of the message do not count. */
function refusalOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const name = /\bOFP[A-Z]+_[A-Z_]+\b(?![^\n]*reply)/.exec(text.replace(/OFPT_ERROR|OFPT_FLOW_MOD/g, ''))?.[0];
  return name ?? text.replace(/^.*?ovs-ofctl: /s, '').trim();
}

async function runStep(target: SwitchUnderTest, given: BridgeCase, step: Step): Promise<readonly string[]> {
  if (step.kind === 'trace') {
    const [command, ...args] = traceCommand(step);
    const reply = await target.appctl(command!, ...args);
    return reply.ok ? summarizeTrace(reply.text) : [`error: ${reply.text.trimEnd()}`];
  }
  if (step.kind === 'ask') {
    const [command, ...args] = step.args;
    if (step.tool === 'ofctl') return linesOfList(await target.ofctl(step.args, ''), step.ignore);
    const reply = await target.appctl(command!, ...args);
    return reply.ok ? linesOfList(reply.text, step.ignore) : [`error: ${reply.text.trimEnd()}`];
  }
  const reply = await target.appctl('netdev-dummy/receive', step.port, step.flow);
  if (!reply.ok) return [`error: ${reply.text.trimEnd()}`];
  await target.settle(step.keeps === true);
  return given.dummies.flatMap((port) => target.transmitted(port).map((frame) => `${port} ${frame}`));
}

/** Recirculation numbers are given out in the order of use, so they are no part of the answer. */
export function summarizeTrace(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => /^(Final flow|Megaflow|Datapath actions): |^Translation failed/.test(line))
    .map((line) =>
      line
        .replace(/recirc_id=\d+(?=,rule_cookie)/g, 'recirc_id=0')
        .replace(/recirc_id=0x[1-9a-f][0-9a-f]*/g, 'recirc_id=0x1')
        .replace(/recirc\(0x[0-9a-f]+\)/g, 'recirc(0x1)')
        .trimEnd(),
    );
}

/** The case as commands that a person can paste. */
export function caseAsScript(given: BridgeCase): string {
  const quote = (text: string): string => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text}'`);
  const version = given.version === null ? '' : `-O ${given.version} `;
  const vsctl = [...given.setup, ...given.settings.flat()].filter((arg) => !arg.startsWith('options:tx_pcap'));
  const call = (args: readonly string[]): string =>
    `ovs-vsctl ${args.map(quote).join(' ').replaceAll(' -- ', ' \\\n  -- ')}`;
  return [
    call(vsctl),
    ...(given.tunnels === undefined ? [] : [call(given.tunnels)]),
    'ovs-appctl dpif/set-dp-features br0 tnl_push_pop false',
    ...(given.meters ?? []).map(({ bridge, meter }) => `ovs-ofctl ${version}add-meter ${bridge} '${meter}'`),
    ...(given.groups ?? []).map(({ bridge, group }) => `ovs-ofctl ${version}add-group ${bridge} '${group}'`),
    ...given.flows.map(({ bridge, flow }) => `ovs-ofctl ${version}add-flow ${bridge} '${flow}'`),
    ...given.steps.map((step) => {
      if (step.kind === 'trace') return `ovs-appctl ${traceCommand(step).map(quote).join(' ')}`;
      if (step.kind === 'ask') return `ovs-${step.tool} ${step.args.map(quote).join(' ')}`;
      return `ovs-appctl netdev-dummy/receive ${step.port} '${step.flow}'`;
    }),
  ].join('\n');
}
