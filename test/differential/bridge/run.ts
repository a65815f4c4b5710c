/** Runs a case on a switch: one answer for each step, in a form that two switches must agree on. */
import type { BridgeCase, Step } from './case.js';
import type { SwitchUnderTest } from './switch.js';

/** A trace's megaflow and datapath actions, or the frames that left by each port. */
export interface Answer {
  readonly step: Step;
  readonly lines: readonly string[];
}

export async function runCase(target: SwitchUnderTest, given: BridgeCase): Promise<readonly Answer[]> {
  await target.clear();
  await target.vsctl([...given.setup, ...given.settings.flat()]);
  await target.appctl('dpif/set-dp-features', 'br0', 'tnl_push_pop', 'false');
  const version = given.version === null ? [] : ['-O', given.version];
  for (const bridge of ['br0', 'br1']) {
    for (const entry of given.meters ?? []) {
      if (entry.bridge === bridge) await target.ofctl([...version, 'add-meter', bridge, entry.meter], '');
    }
    const groups = (given.groups ?? []).filter((entry) => entry.bridge === bridge).map(({ group }) => `${group}\n`);
    if (groups.length > 0) await target.ofctl([...version, 'add-groups', bridge, '-'], groups.join(''));
    const flows = given.flows.filter((flow) => flow.bridge === bridge).map(({ flow }) => `${flow}\n`);
    await target.ofctl([...version, 'add-flows', bridge, '-'], flows.join(''));
  }
  const answers: Answer[] = [];
  for (const step of given.steps) answers.push({ step, lines: await runStep(target, given, step) });
  return answers;
}

async function runStep(target: SwitchUnderTest, given: BridgeCase, step: Step): Promise<readonly string[]> {
  if (step.kind === 'trace') {
    const reply = await target.appctl('ofproto/trace', step.bridge, step.flow);
    return reply.ok ? summarizeTrace(reply.text) : [`error: ${reply.text.trimEnd()}`];
  }
  if (step.kind === 'command') {
    const { text } = await target.appctl(step.command, ...step.args);
    return text
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(step.ignore, ''));
  }
  const reply = await target.appctl('netdev-dummy/receive', step.port, step.flow);
  if (!reply.ok) return [`error: ${reply.text.trimEnd()}`];
  await target.settle();
  return given.dummies.flatMap((port) => target.transmitted(port).map((frame) => `${port} ${frame}`));
}

/** Recirculation numbers are given out in the order of use, so they are no part of the answer. */
export function summarizeTrace(text: string): readonly string[] {
  return text
    .split('\n')
    .filter((line) => /^(Megaflow|Datapath actions): |^Translation failed/.test(line))
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
  return [
    `ovs-vsctl ${vsctl.map(quote).join(' ').replaceAll(' -- ', ' \\\n  -- ')}`,
    'ovs-appctl dpif/set-dp-features br0 tnl_push_pop false',
    ...(given.meters ?? []).map(({ bridge, meter }) => `ovs-ofctl ${version}add-meter ${bridge} '${meter}'`),
    ...(given.groups ?? []).map(({ bridge, group }) => `ovs-ofctl ${version}add-group ${bridge} '${group}'`),
    ...given.flows.map(({ bridge, flow }) => `ovs-ofctl ${version}add-flow ${bridge} '${flow}'`),
    ...given.steps.map((step) =>
      step.kind === 'trace'
        ? `ovs-appctl ofproto/trace ${step.bridge} '${step.flow}'`
        : step.kind === 'command'
          ? `ovs-appctl ${step.command} ${step.args.join(' ')}`
          : `ovs-appctl netdev-dummy/receive ${step.port} '${step.flow}'`,
    ),
  ].join('\n');
}
