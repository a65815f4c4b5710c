/** The classifier finds what a scan finds, and its mask is never too wide. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Classifier } from '#flowtable/classifier.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { LinearTable } from '#flowtable/linear.js';
import { Match } from '#flowtable/match.js';
import { LATEST_VERSION } from '#flowtable/versions.js';
import {
  fieldNumbers as values,
  testPacket as packet,
  type TestRule,
  testRule,
  withOtherBits,
} from '../support/test-rules.js';

const rules = fc.array(testRule, { maxLength: 14 });

function fill(list: readonly TestRule[]): { classifier: Classifier<TestRule>; linear: LinearTable<TestRule> } {
  const classifier = new Classifier<TestRule>();
  const linear = new LinearTable<TestRule>();
  for (const entry of list) {
    expect(classifier.insert(entry)?.name).toBe(linear.insert(entry)?.name);
  }
  return { classifier, linear };
}

/** What a lookup may return: OVS picks any of several rules of one priority. */
function isRight(found: TestRule | null, linear: LinearTable<TestRule>, key: FlowKey): boolean {
  const candidates = linear.lookupAll(key);
  return found === null ? candidates.length === 0 : candidates.includes(found);
}

describe('Classifier', () => {
  it('finds the rule that a scan finds', () => {
    fc.assert(
      fc.property(rules, values, (list, numbers) => {
        const { classifier, linear } = fill(list);
        const key = packet(numbers);
        expect(isRight(classifier.lookup(key, LATEST_VERSION, null), linear, key)).toBe(true);
        expect(isRight(classifier.lookup(key, LATEST_VERSION, new FlowKey()), linear, key)).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('un-wildcards enough: a packet that agrees on the mask gets the same rule', () => {
    fc.assert(
      fc.property(rules, values, values, (list, numbers, others) => {
        const { classifier } = fill(list);
        const key = packet(numbers);
        const wc = new FlowKey();
        const found = classifier.lookup(key, LATEST_VERSION, wc);
        const other = withOtherBits(key, wc, packet(others));
        expect(classifier.lookup(other, LATEST_VERSION, null)?.priority).toBe(found?.priority);
      }),
      { numRuns: 600 },
    );
  });

  it('is the same after rules came and went', () => {
    fc.assert(
      fc.property(rules, rules, values, (kept, gone, numbers) => {
        const classifier = new Classifier<TestRule>();
        const linear = new LinearTable<TestRule>();
        for (const entry of [...gone, ...kept]) {
          classifier.insert(entry);
          linear.insert(entry);
        }
        for (const entry of gone) expect(classifier.remove(entry)).toBe(linear.remove(entry));
        const key = packet(numbers);
        expect(isRight(classifier.lookup(key, LATEST_VERSION, new FlowKey()), linear, key)).toBe(true);
        expect(classifier.ruleCount).toBe([...classifier.rules()].length);
      }),
      { numRuns: 300 },
    );
  });

  const found = (rulesText: readonly (readonly [Record<string, [bigint, bigint?]>, number])[], key: FlowKey) => {
    const classifier = new Classifier<TestRule>();
    rulesText.forEach(([fields, priority], i) => {
      const match = new Match();
      for (const [name, [fieldValue, mask]] of Object.entries(fields)) match.set(name, fieldValue, mask);
      classifier.insert({ match, priority, name: `rule ${i}` });
    });
    const wc = new FlowKey();
    const hit = classifier.lookup(key, LATEST_VERSION, wc);
    return { name: hit?.name, wc };
  };

  it('does not look at L4 when L3 rules the subtable out', () => {
    const key = packet([1, 0, 0, 0, 0, 0, 5, 5]);
    const { wc } = found([[{ eth_type: [0x0800n], nw_proto: [17n], udp_dst: [53n] }, 10]], key);
    expect(wc.u16(42)).toBe(0);
  });

  it('needs only the prefix of an address that tells it from the rules', () => {
    const key = packet([0, 0, 0, 0, 0, 0, 0, 0]);
    key.setU32(36, 0x0b000001);
    const { wc, name } = found([[{ eth_type: [0x0800n], ip_dst: [0x0a000000n, 0xff000000n] }, 10]], key);
    expect(name).toBeUndefined();
    // 10 and 11 differ in the eighth bit.
    expect(wc.u32(36)).toBe(0xff000000);
    key.setU32(36, 0x80000001);
    expect(found([[{ eth_type: [0x0800n], ip_dst: [0x0a000000n, 0xff000000n] }, 10]], key).wc.u32(36)).toBe(0x80000000);
  });

  it('needs only as many bits of a port as tell it from the rules', () => {
    const key = packet([0, 0, 0, 0, 0, 0, 0, 0]);
    key.setU16(42, 0x8000);
    const { wc } = found([[{ eth_type: [0x0800n], nw_proto: [6n], tcp_dst: [80n] }, 10]], key);
    expect(wc.u16(42)).toBe(0x8000);
  });
});
