/** Runs commands on two switches and compares what they say, or the lines of traces that matter. */
import { summarizeTrace } from '../bridge/run.js';
import type { SwitchUnderTest } from '../bridge/switch.js';
import type { Command } from './setup.js';

const REPORTS = /tunnel|neighbor/;
/** A port, and the Ethernet header of a broadcast of ARP without a tag. */
const ARP_REQUEST = /^\S+ f{12}[0-9a-f]{12}0806/;

async function answer(target: SwitchUnderTest, { tool, args }: Command): Promise<readonly string[]> {
  if (tool === 'vsctl') {
    await target.vsctl(args);
    return [];
  }
  if (tool === 'ofctl') {
    const [verb, bridge, flow] = args;
    await target.ofctl([verb!, bridge!, ...(flow === undefined ? [] : ['-'])], flow === undefined ? '' : `${flow}\n`);
    return [];
  }
  const [name, ...rest] = args;
  const { ok, text } = await target.appctl(name!, ...rest);
  if (name === 'netdev-dummy/receive') {
    await target.settle();
    // A flow that stays cached does not ask for a neighbour again.
    await target.appctl('revalidator/purge');
    const frames = ['p0', 'v1'].flatMap((port) => target.transmitted(port).map((frame) => `${port} ${frame}`));
    // Where revalidation happens to look before the answer comes, real OVS asks for a neighbour once more; we never do.
    if (target.name !== 'real OVS') return frames;
    return frames.filter((frame, i) => !ARP_REQUEST.test(frame) || frames.indexOf(frame) === i);
  }
  if (name === 'ofproto/trace' && ok) {
    const reports = text.split('\n').filter((line) => REPORTS.test(line) && /^ *(->|>>)/.test(line));
    // Behind a tunnel a trace of OVS forgets that it is a mere trace.
    const summary = summarizeTrace(text).map((line) => line.replace('dont_send=1', 'dont_send=0'));
    return [...reports.map((line) => line.trim()), ...summary];
  }
  // Lists in the order of OVS's hash tables.
  const lines = text.trimEnd().split('\n');
  return [`${ok ? '' : 'error: '}${lines.slice(0, 1).join('')}`, ...lines.slice(1).sort()];
}

/** What both say to each command; the differences as text. */
export async function differences(
  theirs: SwitchUnderTest,
  ours: SwitchUnderTest,
  commands: readonly Command[],
): Promise<readonly string[]> {
  const found: string[] = [];
  for (const command of commands) {
    const real = (await answer(theirs, command)).join('\n');
    const own = (await answer(ours, command)).join('\n');
    if (real !== own) found.push(`${command.tool} ${command.args.join(' ')}\nreal OVS:\n${real}\nUpcall:\n${own}`);
  }
  return found;
}
