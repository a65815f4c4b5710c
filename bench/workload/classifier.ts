/**
 * The OpenFlow classifier at the sizes of real rule sets: how long a rule takes to insert, what it takes of memory, and
 * how long a lookup takes that tracks wildcards, as each translation makes it.
 *
 * Checked before anything is timed: for a sample of the packets the rule found is one that a scan of all rules finds.
 */
import { Classifier } from '#flowtable/classifier.js';
import { FlowKey } from '#flowtable/flow-key.js';
import { FIRST_VERSION } from '#flowtable/versions.js';
import { usedBytes } from '../heap.js';
import { makeKeys, makeRules, type NumberedRule, RULE_SET_STYLES, type RuleSetStyle } from '../rule-sets.js';
import { Stopwatch } from '../stopwatch.js';
import { OWN_FRAMES, type Round, SelfCheckError, type Workload, type WorkloadKind } from './workload.js';

const KEY_COUNT = 4096;
const CHECKED_KEYS = 200;
const SEED = 7;

export function classifierWorkload(name: string, ruleCount: number, isLong = false): WorkloadKind {
  return {
    name,
    summary: `lookups among ${ruleCount.toLocaleString('en-US')} OpenFlow rules: access list, firewall, IP chain`,
    frames: OWN_FRAMES,
    isLong,
    prepare: () => RULE_SET_STYLES.map((style) => new Lookups(`${name}/${style}`, style, ruleCount)),
  };
}

class Lookups implements Workload {
  readonly name: string;
  readonly unit = 'lookup';
  readonly settings;
  readonly setSize = KEY_COUNT;
  readonly roundLimit = Number.MAX_SAFE_INTEGER;
  readonly step = KEY_COUNT;
  readonly figures: Readonly<Record<string, number>>;
  readonly peer = null;
  private readonly classifier = new Classifier<NumberedRule>();
  private readonly keys: readonly FlowKey[];
  private readonly expectedSum: number;

  constructor(name: string, style: RuleSetStyle, ruleCount: number) {
    this.name = name;
    const rules = makeRules(style, ruleCount, SEED);
    this.keys = makeKeys(rules, KEY_COUNT, SEED + 1);
    const bytesBefore = usedBytes();
    const stopwatch = new Stopwatch();
    for (const rule of rules) this.classifier.insert(rule);
    const { onCpuNs } = stopwatch.stop();
    const bytes = usedBytes() - bytesBefore;
    this.settings = { style, rules: ruleCount, subtables: this.classifier.subtableCount };
    this.figures = { insertNsPerRule: onCpuNs / ruleCount, bytesPerRule: bytes / ruleCount };
    this.check(rules);
    this.expectedSum = this.lookUpAll(KEY_COUNT);
  }

  warmUp(count: number): Round {
    return this.round(count);
  }

  round(count: number): Round {
    const times = Math.max(1, Math.floor(count / KEY_COUNT));
    const stopwatch = new Stopwatch();
    const sum = this.lookUpAll(times * KEY_COUNT);
    const timing = stopwatch.stop();
    if (sum !== times * this.expectedSum) throw new SelfCheckError(this.name, ['lookups find other rules than before']);
    return { ...timing, counts: { lookups: times * KEY_COUNT, rules: this.classifier.ruleCount } };
  }

  /** Looks packets up and adds the numbers of the rules found. */
  private lookUpAll(count: number): number {
    const wildcards = new FlowKey();
    let sum = 0;
    for (let i = 0; i < count; i++) {
      wildcards.clear();
      sum += this.classifier.lookup(this.keys[i % KEY_COUNT]!, FIRST_VERSION, wildcards)!.number;
    }
    return sum;
  }

  private check(rules: readonly NumberedRule[]): void {
    for (const key of this.keys.slice(0, CHECKED_KEYS)) {
      const found = this.classifier.lookup(key, FIRST_VERSION, new FlowKey());
      const best = rules.find((rule) => rule.match.matches(key));
      if (found === null || best === undefined || found.priority !== best.priority || !found.match.matches(key)) {
        throw new SelfCheckError(this.name, [
          `rule ${found?.number} was found where ${best?.number} is the first to match`,
        ]);
      }
    }
  }
}
