/**
 * Datapath flows and actions, read and written by real OVS and by us: the same text out of the same text in, and the
 * same frame out of the same flow.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UserError } from '#src/report/user-error.js';
import { composeFrame } from '#src/vswitchd/odp/compose-frame.js';
import { formatOdpActions } from '#src/vswitchd/odp/odp-actions-format.js';
import { parseOdpActions } from '#src/vswitchd/odp/odp-actions-parse.js';
import { formatOdpKey } from '#src/vswitchd/odp/odp-format.js';
import { parseOdpFlow } from '#src/vswitchd/odp/odp-parse.js';
import { OvsOracle, requireOracle } from '../support/ovs-oracle.js';
import { Dice, suiteSettings } from './dice.js';
import { OdpGenerator } from './odp-generator.js';

describe.skipIf(!requireOracle())('datapath text', () => {
  let oracle: OvsOracle;
  const { seed, cases } = suiteSettings('datapath text', 300);

  beforeAll(async () => {
    oracle = await OvsOracle.start();
    oracle.must('ovs-vsctl', ['add-br', 'br0', '--', 'set', 'bridge', 'br0', 'datapath-type=dummy']);
    oracle.must('ovs-vsctl', [
      ...[
        'add-port',
        'br0',
        'p1',
        '--',
        'set',
        'interface',
        'p1',
        'type=dummy',
        `options:rxq_pcap=${oracle.dir}/p1.pcap`,
      ],
    ]);
  });
  afterAll(() => oracle.stop());

  /** What real OVS writes for a flow. A revalidator may delete it before it is dumped: then it is put again. */
  async function installAndDump(text: string, options: readonly string[]): Promise<string> {
    for (let tries = 0; tries < 20; tries++) {
      await oracle.appctl('dpctl/add-flow', text, '1');
      const line = (await oracle.appctl('dpctl/dump-flows', ...options)).text.split('\n')[1];
      if (line !== undefined) return line.replace(/^ufid:[^ ]*, /, '').replace(/, packets:.*/, '');
    }
    throw new Error(`real OVS does not keep ${text}`);
  }

  test('actions are read and written the same', async () => {
    const generator = new OdpGenerator(new Dice(seed), true);
    for (let i = 0; i < cases; i++) {
      const text = generator.actions();
      const theirs = await oracle.appctl('dpctl/parse-actions', text);
      let ours: string;
      try {
        ours = `${formatOdpActions(parseOdpActions(text))}\n`;
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        ours = `ovs-vswitchd: odp_actions_from_string (${error.message})\n`;
      }
      expect(ours, text).toBe(theirs.text);
    }
  });

  test('flows are installed and written the same', async () => {
    const generator = new OdpGenerator(new Dice(seed), true);
    let installed = 0;
    for (let i = 0; i < cases; i++) {
      const text = generator.flow();
      await oracle.appctl('dpctl/del-flows');
      const theirs = await oracle.appctl('dpctl/add-flow', text, '1');
      let ours: ReturnType<typeof parseOdpFlow> | null = null;
      try {
        ours = parseOdpFlow(text);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
      }
      if (ours !== null && (ours.keyFitness !== 'perfect' || ours.maskFitness !== 'perfect')) ours = null;
      expect(ours !== null, `${text}: ${theirs.text}`).toBe(theirs.ok);
      if (ours === null) continue;
      installed++;
      for (const options of [[], ['-m', '--no-names']]) {
        const line = await installAndDump(text, options);
        expect(formatOdpKey(ours.key, ours.mask, { verbose: options.length > 0 }), text).toBe(line);
      }
    }
    expect(installed).toBeGreaterThan(cases / 4);
  });

  test('a flow composes the same frame', async () => {
    const generator = new OdpGenerator(new Dice(seed), false);
    const path = join(oracle.dir, 'p1.pcap');
    let end = readFileSync(path).length;
    for (let i = 0; i < cases; i++) {
      const text = generator.flow();
      const sizes = i % 3 === 0 ? ['--len', String(200 + i)] : [];
      const theirs = await oracle.appctl('netdev-dummy/receive', 'p1', text, ...sizes);
      if (!theirs.ok) {
        expect(() => parseOdpFlow(text, { masks: false }), `${text}: ${theirs.text}`).toThrow(theirs.text.trimEnd());
        continue;
      }
      const file = readFileSync(path);
      const frame = composeFrame(parseOdpFlow(text, { masks: false }).key, sizes.length > 0 ? { size: 200 + i } : {});
      expect(Buffer.from(frame!).toString('hex'), text).toBe(file.subarray(end + 16).toString('hex'));
      end = file.length;
    }
  });
});
