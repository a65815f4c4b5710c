/**
 * Connections that are expected because another one announced them: the data connections of FTP and TFTP.
 *
 * Mirrors `struct alg_exp_node` and expectation_*() of lib/conntrack.c. An expectation leaves the source port open, is
 * not used up, and lives as long as the connection that made it.
 *
 * Deliberately different: the number of expectations is bounded, because a hostile control connection can announce
 * every port.
 */
import { type Connection, NAT_DST } from './connection.js';
import {
  areKeysEqual,
  type ConnectionKey,
  copyAddress,
  hashKey,
  KEY_DST,
  KEY_DST_ENDPOINT,
  KEY_SRC,
  KEY_SRC_ENDPOINT,
  makeKey,
  setPort,
} from './connection-key.js';

export const MAX_EXPECTATIONS = 65536;

export interface Expectation {
  /** The key of the connection to come, with source port 0. */
  readonly key: ConnectionKey;
  readonly parentKey: ConnectionKey;
  readonly parentMark: number;
  readonly parentLabel: Int32Array;
  /** The address that NAT puts in; it replaces the reply's destination, or else the reply's source. */
  readonly natAddress: Int32Array;
  readonly isReplyDestinationReplaced: boolean;
}

export class ExpectationTable {
  private readonly salt: number;
  private readonly byKey = new Map<number, Expectation[]>();
  private readonly byParent = new Map<number, Expectation[]>();
  private readonly wanted = makeKey();
  private total = 0;

  constructor(salt: number) {
    this.salt = salt;
  }

  get count(): number {
    return this.total;
  }

  /** The expectation that a packet with this key fulfils. */
  lookup(key: ConnectionKey): Expectation | null {
    if (this.total === 0) return null;
    this.wanted.set(key);
    setPort(this.wanted, KEY_SRC_ENDPOINT, 0);
    const found = this.byKey.get(hashKey(this.wanted, this.salt));
    return found?.find((expectation) => areKeysEqual(expectation.key, this.wanted)) ?? null;
  }

  /** Expects a connection to `port`; isReply says which end of the parent announced it. */
  add(port: number, parent: Connection, isReply: boolean): void {
    const key = parent.key.slice();
    const isDestinationNat = (parent.natAction & NAT_DST) !== 0;
    const natAddress = new Int32Array(4);
    if (isReply) {
      if (isDestinationNat) copyAddress(parent.reverseKey, KEY_SRC, natAddress, 0);
      else copyAddress(parent.reverseKey, KEY_DST, natAddress, 0);
    } else {
      copyAddress(parent.reverseKey, KEY_SRC, key, KEY_SRC);
      copyAddress(parent.reverseKey, KEY_DST, key, KEY_DST);
      copyAddress(parent.key, isDestinationNat ? KEY_DST : KEY_SRC, natAddress, 0);
    }
    key[KEY_SRC_ENDPOINT] = 0;
    key[KEY_DST_ENDPOINT] = port << 16;
    if (this.total >= MAX_EXPECTATIONS || this.lookup(key) !== null) return;
    const expectation: Expectation = {
      key,
      parentKey: parent.key,
      parentMark: parent.mark,
      parentLabel: parent.label.slice(),
      natAddress,
      isReplyDestinationReplaced: isReply !== isDestinationNat,
    };
    append(this.byKey, hashKey(key, this.salt), expectation);
    append(this.byParent, hashKey(parent.key, this.salt), expectation);
    this.total++;
  }

  /** Forgets what a connection has announced. */
  removeOf(parentKey: ConnectionKey): void {
    const hash = hashKey(parentKey, this.salt);
    const announced = this.byParent.get(hash);
    if (announced === undefined) return;
    const others = announced.filter((expectation) => !areKeysEqual(expectation.parentKey, parentKey));
    for (const expectation of announced) {
      if (others.includes(expectation)) continue;
      const keyHash = hashKey(expectation.key, this.salt);
      const left = (this.byKey.get(keyHash) ?? []).filter((other) => other !== expectation);
      if (left.length === 0) this.byKey.delete(keyHash);
      else this.byKey.set(keyHash, left);
      this.total--;
    }
    if (others.length === 0) this.byParent.delete(hash);
    else this.byParent.set(hash, others);
  }
}

function append(map: Map<number, Expectation[]>, hash: number, expectation: Expectation): void {
  const list = map.get(hash);
  if (list === undefined) map.set(hash, [expectation]);
  else list.push(expectation);
}
