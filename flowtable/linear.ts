/**
 * The naive table: a list of rules, scanned. The oracle of every property test; nothing else uses it.
 */
import type { ClassifierRule } from './classifier.js';
import type { FlowKey } from './flow-key.js';

export class LinearTable<R extends ClassifierRule> {
  private readonly list: R[] = [];

  /** Adds a rule; a rule with the same match and priority is replaced and returned. */
  insert(rule: R): R | null {
    const at = this.list.findIndex((other) => other.priority === rule.priority && other.match.equals(rule.match));
    if (at >= 0) {
      const old = this.list[at]!;
      this.list[at] = rule;
      return old;
    }
    this.list.push(rule);
    return null;
  }

  remove(rule: R): boolean {
    const at = this.list.indexOf(rule);
    if (at < 0) return false;
    this.list.splice(at, 1);
    return true;
  }

  /** All rules of the highest priority that match: a lookup may return any of them. */
  lookupAll(key: FlowKey): R[] {
    const matching = this.list.filter((rule) => rule.match.matches(key));
    const best = Math.max(...matching.map((rule) => rule.priority));
    return matching.filter((rule) => rule.priority === best);
  }
}
