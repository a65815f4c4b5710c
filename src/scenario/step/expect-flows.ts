/**
 * `expect: flows`: what the flow tables of a bridge hold (ovs-ofctl dump-flows) or the megaflows of a datapath
 * (ovs-appctl dpctl/dump-flows), as text and in number.
 *
 * What changes from moment to moment (duration, ages) is left out of the text, so that it can be compared as a whole.
 */
import { checkCount } from '../count-check.js';
import { countRange, deviceName, hostName, map, words } from '../file/values.js';
import { checkText, shownLines, textExpectations } from '../text-check.js';
import { defineExpectation } from './expectation.js';
import { type Check, failed, refer } from './step-kind.js';

const VOLATILE = / (duration|idle_age|hard_age)=[^,]*,/g;
/** Datapath flows: the time since the last packet. */
const USED = /used:(never|[\d.]+s)/g;

export const expectFlows = defineExpectation({
  name: 'flows',
  schema: map(
    {
      on: hostName.describe('The machine'),
      bridge: deviceName
        .optional()
        .describe("The bridge whose OpenFlow flows are looked at; without it the datapath's"),
      match: words('a flow').optional().describe('Only flows with this match: table=0,in_port=1'),
      count: countRange.optional().describe('How many flows there are'),
      packets: countRange.optional().describe('How many packets they have counted together'),
      ...textExpectations,
    },
    'a map of on, bridge and what to expect',
  ).describe('Flows of a bridge, or of the datapath'),
  references: ({ on }) => refer('machine', on, 'on'),
  async check({ on, bridge, match, count, packets, ...expectations }, { world }) {
    const what = bridge === undefined ? `datapath flows on ${on}` : `flows of ${bridge} on ${on}`;
    const quoted = match === undefined ? '' : ` '${match.replaceAll("'", "'\\''")}'`;
    const command =
      bridge === undefined
        ? `ovs-appctl dpctl/dump-flows --names${match === undefined ? '' : ` filter=${quoted.trim()}`}`
        : `ovs-ofctl dump-flows ${bridge}${quoted}`;
    // Statistics reach the tables by way of the revalidators.
    const output = await world.run(on, `ovs-appctl revalidator/wait && ${command}`, { errexit: true });
    if (output.exitCode !== 0) {
      return [failed(`${what}: ${command} failed`, shownLines(output.stdout + output.stderr))];
    }
    const text = output.stdout
      .split('\n')
      .map((line) => line.replace(VOLATILE, '').replace(USED, 'used:…').trim())
      .filter(
        (line) =>
          line !== '' &&
          !line.startsWith('NXST_FLOW') &&
          !line.startsWith('OFPST_FLOW') &&
          !line.startsWith('flow-dump from'),
      )
      .join('\n');
    const lines = text === '' ? [] : text.split('\n');
    const checks: Check[] = [];
    if (count !== undefined) checks.push(checkCount(what, lines.length, count, shownLines(text)));
    if (packets !== undefined) {
      const total = lines.reduce((sum, line) => sum + Number(/(?:n_packets=|packets:)(\d+)/.exec(line)?.[1] ?? 0), 0);
      checks.push(checkCount(`packets of ${what}`, total, packets, shownLines(text)));
    }
    return [...checks, ...checkText(what, text, expectations)];
  },
});
