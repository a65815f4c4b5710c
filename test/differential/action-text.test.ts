/** OVS's own actions read and written by the real ovs-ofctl and by ours, by every version of OpenFlow. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { REFUSED, TAKEN } from '../openflow/action-texts.js';
import { requireOracle } from '../support/ovs-oracle.js';

/** Output without the lines that the real tool logs with a time, and without messages in hexadecimal. */
function real(args: readonly string[]): unknown {
  const { stdout, stderr, status } = spawnSync('ovs-ofctl', args, { encoding: 'utf8' });
  const plain = (text: string): string =>
    text
      .split('\n')
      .filter((line) => !/^\d{4}-\d\d-\d\dT/.test(line) && !/^[0-9a-f]{8} {2}/.test(line))
      .join('\n');
  return { stdout: plain(stdout), stderr: plain(stderr), exitCode: status ?? -1 };
}

const ours = (args: readonly string[]): Promise<unknown> =>
  runOfctl(args, { connection: () => undefined, readFile: () => Promise.reject(new Error('no files')), stdin: '' });

describe.skipIf(!requireOracle())('ovs-ofctl parse-flow', () => {
  test.each(TAKEN)('%s is read and written in the same way', async (flow) => {
    for (const version of ['OpenFlow10', 'OpenFlow11', 'OpenFlow12', 'OpenFlow13', 'OpenFlow14', 'OpenFlow15']) {
      const args = ['-O', version, 'parse-flow', flow];
      expect(await ours(args)).toEqual(real(args));
    }
  });

  test.each(REFUSED)('%s is refused in the same words', async (flow) => {
    for (const version of ['OpenFlow10', 'OpenFlow13', 'OpenFlow15']) {
      const args = ['-O', version, 'parse-flow', flow];
      expect(await ours(args)).toEqual(real(args));
    }
  });
});
