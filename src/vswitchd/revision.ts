/**
 * The next version of bridges' flow tables and groups, while it is being made. Mirrors tables_version of struct ofproto
 * and the phases of do_bundle_commit() in ofproto.c.
 *
 * The invariant: until it is published nobody who looks at the current version sees anything of it, and once it is
 * abandoned nothing of it is left. Its parts build on each other: who asks for the latest version sees it as far as it
 * has come, and so does a packet that is translated with its number.
 */
import type { Classifier } from '#flowtable/classifier.js';
import type { VersionedStore } from '#flowtable/versions.js';
import type { Bridge } from './bridge.js';
import type { FlowEvent } from './flow-monitor-set.js';
import type { Rule } from './openflow-table.js';

interface Placed<T> {
  readonly store: VersionedStore<T>;
  readonly item: T;
}

export class Revision {
  private readonly events = new Map<Bridge, FlowEvent[]>();
  // A store and its own item: the methods of a store take no other.
  private readonly added: Placed<unknown>[] = [];
  private readonly hidden: Placed<unknown>[] = [];
  private readonly steps: (() => void)[] = [];
  private readonly deferred = new Set<Classifier<Rule>>();

  /** The number that the bridge's next version will have. */
  versionOf(bridge: Bridge): number {
    if (!this.events.has(bridge)) this.events.set(bridge, []);
    return bridge.version + 1;
  }

  insert<T>(bridge: Bridge, store: VersionedStore<T>, item: T): void {
    store.insert(item, this.versionOf(bridge));
    this.added.push({ store, item });
  }

  hide<T>(bridge: Bridge, store: VersionedStore<T>, item: T): void {
    store.hide(item, this.versionOf(bridge));
    this.hidden.push({ store, item });
  }

  /** The classifier puts off sorting until sort(): a bundle has many changes. The order of a search follows from this. */
  defer(classifier: Classifier<Rule>): void {
    classifier.defer();
    this.deferred.add(classifier);
  }

  sort(): void {
    for (const classifier of this.deferred) classifier.publish();
  }

  /** What is left to do once the version is current, in this order. */
  afterwards(step: () => void): void {
    this.steps.push(step);
  }

  /** Tells of a rule of a bridge, when all steps are done. */
  report(bridge: Bridge, event: FlowEvent): void {
    this.events.get(bridge)!.push(event);
  }

  /** In a step: what it has changed of the bridge besides is current from now on. */
  advance(bridge: Bridge): void {
    bridge.version++;
  }

  /** Makes it the current version, and tells whoever watches. */
  publish(): void {
    this.sort();
    for (const bridge of this.events.keys()) bridge.version++;
    for (const step of this.steps) step();
    for (const { store, item } of this.hidden) store.remove(item);
    for (const [bridge, events] of this.events) {
      bridge.backer.noteChange();
      bridge.reportFlows(events);
    }
  }

  abandon(): void {
    this.sort();
    for (const classifier of this.deferred) classifier.defer();
    for (const { store, item } of this.hidden) store.restore(item);
    for (const { store, item } of this.added.reverse()) store.remove(item);
    this.sort();
  }
}

/** Carries out all of body, or nothing where it throws. */
export function revise(body: (revision: Revision) => void): void {
  const revision = new Revision();
  try {
    body(revision);
  } catch (error) {
    revision.abandon();
    throw error;
  }
  revision.publish();
}
