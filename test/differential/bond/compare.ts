/**
 * Runs commands on two switches with bonds and compares what they say and send. Where OVS's choice of a member is a
 * matter of addresses in its memory (the first enabled one of its hash table becomes active), both are told to agree.
 */
import { summarizeTrace } from '../bridge/run.js';
import type { SwitchUnderTest } from '../bridge/switch.js';
import type { Command } from '../native-tunnel/setup.js';

/** The number of a bond in the datapath, which depends on how many there have been. */
const id = (text: string): string => (Number(text) > 0 ? 'N' : text);

/**
 * What is left out of texts: addresses and numbers that were given out in another order, the order of members that is
 * one of addresses in memory, and (loose) what hangs on the moment.
 */
function normalize(text: string, isLoose: boolean): string {
  const kept = text
    .replace(/active member mac: [0-9a-f:]{17}/g, 'active member mac:')
    .replace(/(Recirc-ID : |bond-id: |lb_output\()(-?\d+)/g, (_, words: string, number: string) => words + id(number))
    .replace(/^(\S+\tbalance-\w+\t)(\d+)/gm, (_, words: string, number: string) => words + id(number))
    .replace(/^(\S+\t\S+\t\S+\t)(.*)$/gm, (line, words: string, members: string) =>
      members === 'members' ? line : words + members.split(', ').sort().join(', '),
    );
  return isLoose ? kept.replace(/^(next rebalance: | {2}hash \d+: ).*\n/gm, '') : kept;
}

export interface Difference {
  readonly command: Command;
  readonly theirs: string;
  readonly ours: string;
}

export class BondComparison {
  /** Commands that both were given, and those after which the active member had to be agreed on. */
  commands = 0;
  arbitrary = 0;
  private readonly theirs: SwitchUnderTest;
  private readonly ours: SwitchUnderTest;
  private readonly ports: readonly string[];
  private readonly isLoose: boolean;

  /** ports: those whose frames count. isLoose: loads and the time of the next rebalancing do not. */
  constructor(theirs: SwitchUnderTest, ours: SwitchUnderTest, ports: readonly string[], isLoose: boolean) {
    this.theirs = theirs;
    this.ours = ours;
    this.ports = ports;
    this.isLoose = isLoose;
  }

  async run(commands: readonly Command[]): Promise<Difference | null> {
    let enabled = 0;
    for (const command of commands) {
      this.commands++;
      const [real, own] = [await this.answer(this.theirs, command), await this.answer(this.ours, command)];
      const shown = (await this.theirs.appctl('bond/show')).text;
      const agreed = await this.agreeOnActiveMember(shown);
      // Another member than theirs did not have to wait for its updelay, since none was left: nothing is certain.
      if (agreed === 'never') break;
      // Learning packets leave by the active member, whichever it is.
      const blur = (text: string): string => (agreed === 'at once' ? text : text.replace(/^sent \S+/gm, 'sent'));
      if (blur(real) !== blur(own)) return { command, theirs: real, ours: own };
      // Members that come up at once get their hash values in an order of addresses: from here on nothing is certain.
      const count = enabledCount(shown);
      if (count > enabled + 1 && command.args[0] !== 'add-bond') break;
      enabled = count;
    }
    return null;
  }

  private async answer(target: SwitchUnderTest, { tool, args }: Command): Promise<string> {
    let said = '';
    if (tool === 'vsctl') {
      await target.vsctl(args);
    } else if (tool === 'ofctl') {
      const [verb, bridge, flow] = args;
      await target.ofctl([verb!, bridge!, ...(flow === undefined ? [] : ['-'])], flow === undefined ? '' : `${flow}\n`);
    } else {
      const [name, ...rest] = args;
      const { ok, text } = await target.appctl(name!, ...rest);
      said = ok ? text : `error: ${text.trimEnd()}`;
      if (name === 'ofproto/trace' && ok) {
        const reasons = text.split('\n').filter((line) => /^ +(->|>>)|^ {2}- Consists/.test(line));
        said = [...reasons.map((line) => line.trim()), ...summarizeTrace(text)].join('\n');
      }
    }
    await target.settle();
    // A flow that is looked at again may take a hash value, and with it the next member's turn.
    await target.appctl('revalidator/purge');
    const sent = this.ports.flatMap((port) => target.transmitted(port).map((frame) => `sent ${port} ${frame}`));
    return [normalize(said, this.isLoose), ...sent].join('\n');
  }

  /** Do both have the same active member, or after ours was told? */
  private async agreeOnActiveMember(shown: string): Promise<'at once' | 'when told' | 'never'> {
    const real = activeMembers(shown);
    const ownShown = (await this.ours.appctl('bond/show')).text;
    const own = activeMembers(ownShown);
    let agreed: 'at once' | 'when told' = 'at once';
    for (const [bond, member] of real) {
      if (member === own.get(bond) || !own.has(bond)) continue;
      agreed = 'when told';
      this.arbitrary++;
      const { ok } = await this.ours.appctl('bond/set-active-member', bond, member);
      if (!ok && enabledCount(shown) === 1 && enabledCount(ownShown) === 1) return 'never';
      await this.ours.settle();
      for (const port of this.ports) this.ours.transmitted(port);
    }
    return agreed;
  }
}

const enabledCount = (text: string): number => text.match(/^member \S+: enabled$/gm)?.length ?? 0;

/** By bond, the active member where there is one. */
function activeMembers(text: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const block of text.split(/^---- /m).slice(1)) {
    const member = /^member (\S+): \w+\n {2}active member$/m.exec(block)?.[1];
    if (member !== undefined) found.set(block.slice(0, block.indexOf(' ')), member);
  }
  return found;
}
