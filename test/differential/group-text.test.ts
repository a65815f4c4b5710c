/** Groups, meters and tuples of connections read by the real ovs-ofctl and by ours. */
import { spawnSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { runOfctl } from '#src/openflow/ofctl/ofctl.js';
import { REFUSED_GROUPS, REFUSED_METERS, TAKEN_GROUPS } from '../openflow/group-texts.js';
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

describe.skipIf(!requireOracle())('ovs-ofctl parse-group', () => {
  test.each([...TAKEN_GROUPS, ...REFUSED_GROUPS])('%s is read in the same way', async (group) => {
    for (const version of ['OpenFlow10', 'OpenFlow11', 'OpenFlow13', 'OpenFlow15']) {
      const args = ['-O', version, 'parse-group', group];
      expect(await ours(args)).toEqual(real(args));
    }
  });

  test.each([
    'group_id=1,type=all,bucket=1',
    'group_id=1,bucket=1',
    'group_id=1,command_bucket_id=5,bucket=1',
    'group_id=1,command_bucket_id=foo',
    'group_id=all',
    'foo=1',
    'group_id=1,selection_method=hash',
    'group_id=1,selection_method_param=5',
    'group_id=1,fields=ip_src',
    'command_bucket_id=all,group_id=1,bucket=1',
    'command_bucket_id=4294967290,group_id=1,bucket=1',
  ])('%s is refused in the same words by the commands that change groups', async (group) => {
    for (const command of ['del-groups', 'insert-buckets', 'remove-buckets']) {
      const args = ['--no-names', '-O', 'OpenFlow15', command, 'br9', group];
      expect(await ours(args)).toEqual(real(args));
    }
  });

  test.each(REFUSED_METERS)('the meter %s is refused in the same words', async (meter) => {
    const args = ['-O', 'OpenFlow13', 'add-meter', 'br9', meter];
    expect(await ours(args)).toEqual(real(args));
  });

  test.each([
    ['zone=x'],
    ['foo=1'],
    ['ct_nw_src'],
    ['ct_nw_src=1.2.3'],
    ['ct_nw_src=1.2.3.4,ct_nw_src=1.2.3.4'],
    ['ct_nw_src=1.2.3.4,ct_ipv6_dst=::1'],
    ['ct_ipv6_src=x'],
    ['ct_nw_proto=256'],
    ['ct_tp_src=80'],
    ['ct_nw_proto=6,ct_tp_dst=x'],
    ['ct_nw_proto=6,icmp_type=8'],
    ['ct_nw_proto=1,icmp_type=256'],
    ['zone=5', 'ct_nw_src=1.2.3.4', 'ct_ipv6_src=::1'],
  ])('ct-flush %s %s %s is refused in the same words', async (...rest) => {
    const args = ['ct-flush', 'br9', ...rest.filter((word) => word !== undefined)];
    expect(await ours(args)).toEqual(real(args));
  });

  test('meters need OpenFlow 1.3', async () => {
    for (const args of [
      ['add-meter', 'br9', 'meter=1 kbps band=type=drop rate=1'],
      ['dump-meters', 'br9'],
      ['meter-features', 'br9'],
    ]) {
      expect(await ours(args)).toEqual(real(args));
    }
  });
});
