/**
 * A map that iterates in the order of OVS's `struct hmap`, and OVS's hash functions for its usual keys.
 *
 * The order in which OVS floods (and lists many things) is the order of its hash tables: bucket by bucket, newest
 * first within a bucket, as the table has grown so far. To give the same datapath actions the order must be the same.
 * Mirrors lib/hmap.[ch] and hash_int() and hash_string() of lib/hash.[ch].
 */
import { hash2Words, hashAdd, hashFinish } from '#flowtable/murmur-hash.js';

/** hash_int(): port numbers. */
export const hashInteger = (x: number, basis = 0): number => hash2Words(x | 0, basis);

const encoder = new TextEncoder();

/** hash_string(): names. */
export function hashString(text: string, basis = 0): number {
  const bytes = encoder.encode(text);
  let hash = basis;
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    hash = hashAdd(hash, bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24));
  }
  if (i < bytes.length) {
    let rest = 0;
    for (let shift = 0; i < bytes.length; i++, shift += 8) rest |= bytes[i]! << shift;
    hash = hashAdd(hash, rest);
  }
  return hashFinish(hash, bytes.length);
}

interface Entry<K, V> {
  readonly key: K;
  readonly hash: number;
  value: V;
}

/** Buckets for n elements: a power of two, at most two elements each on average. */
function bucketMask(count: number): number {
  let mask = count >>> 1;
  mask |= mask >>> 1;
  mask |= mask >>> 2;
  mask |= mask >>> 4;
  mask |= mask >>> 8;
  mask |= mask >>> 16;
  return mask | ((mask & 1) << 1);
}

export class OvsHmap<K, V> {
  private readonly hashOf: (key: K) => number;
  /** Each bucket newest first. */
  private buckets: Entry<K, V>[][] = [[]];
  private readonly index = new Map<K, Entry<K, V>>();

  constructor(hashOf: (key: K) => number) {
    this.hashOf = hashOf;
  }

  get size(): number {
    return this.index.size;
  }

  get(key: K): V | undefined {
    return this.index.get(key)?.value;
  }

  has(key: K): boolean {
    return this.index.has(key);
  }

  /** Adds a key that is not there, or changes the value of one that is (its place stays). */
  set(key: K, value: V): void {
    const old = this.index.get(key);
    if (old !== undefined) {
      old.value = value;
      return;
    }
    const entry: Entry<K, V> = { key, hash: this.hashOf(key), value };
    this.index.set(key, entry);
    this.bucketOf(entry).unshift(entry);
    if (this.index.size >>> 1 > this.buckets.length - 1) this.resize(bucketMask(this.index.size));
  }

  delete(key: K): boolean {
    const entry = this.index.get(key);
    if (entry === undefined) return false;
    this.index.delete(key);
    const bucket = this.bucketOf(entry);
    bucket.splice(bucket.indexOf(entry), 1);
    return true;
  }

  clear(): void {
    this.buckets = [[]];
    this.index.clear();
  }

  *values(): IterableIterator<V> {
    for (const bucket of this.buckets) for (const entry of bucket) yield entry.value;
  }

  *keys(): IterableIterator<K> {
    for (const bucket of this.buckets) for (const entry of bucket) yield entry.key;
  }

  private bucketOf(entry: Entry<K, V>): Entry<K, V>[] {
    return this.buckets[entry.hash & (this.buckets.length - 1)]!;
  }

  private resize(mask: number): void {
    if (mask <= this.buckets.length - 1) return;
    const old = this.buckets;
    this.buckets = Array.from({ length: mask + 1 }, () => []);
    for (const bucket of old) for (const entry of bucket) this.bucketOf(entry).unshift(entry);
  }
}
