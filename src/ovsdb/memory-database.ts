/**
 * The configuration database of one switch, in memory: ovsdb-server's part for those in the same process. It begins
 * with the one row of Open_vSwitch, as after `ovs-vsctl init`.
 * Properties: a transaction that fails changes nothing; listeners hear of each commit that changed something, after it;
 * the same seed and the same transactions give the same UUIDs.
 */
import type { Rng } from '#datapath/environment.js';
import { prepareCommit } from './commit.js';
import type { Database, Operation, OperationResult, Row, TransactionResult } from './database.js';
import { openVSwitchSchema } from './open-vswitch-schema.js';
import { executeOperation } from './operations.js';
import { OvsdbError } from './ovsdb-error.js';
import type { DatabaseSchema } from './schema.js';
import { Store } from './store.js';
import { Transaction } from './transaction.js';

type CommitListener = (changedTables: ReadonlySet<string>) => void;

export class MemoryDatabase implements Database {
  readonly schema: DatabaseSchema = openVSwitchSchema;
  private readonly rng: Rng;
  private readonly store = new Store(openVSwitchSchema);
  private readonly listeners = new Set<CommitListener>();
  private readonly lookup = (table: string, uuid: string): Row | undefined => this.row(table, uuid);

  constructor(rng: Rng) {
    this.rng = rng;
    this.transact([{ op: 'insert', table: 'Open_vSwitch', row: {} }]);
  }

  rows(table: string): readonly Row[] {
    return [...this.store.rows(table).values()];
  }

  row(table: string, uuid: string): Row | undefined {
    return this.store.rows(table).get(uuid);
  }

  transact(operations: readonly Operation[]): TransactionResult {
    const transaction = new Transaction(this.store, this.rng, this.lookup);
    const results: OperationResult[] = [];
    let isChanged: boolean;
    try {
      for (const [i, operation] of operations.entries()) {
        results.push(executeOperation(transaction, operation, `${i + 1} of ${operations.length}`));
      }
      isChanged = prepareCommit(transaction);
    } catch (error) {
      if (!(error instanceof OvsdbError)) throw error;
      results.push(error.toResult());
      // Operations after the one that failed were not run: RFC 7047 gives null for them, here it is an empty object.
      while (results.length < operations.length) results.push({});
      return { results, committed: false };
    }
    if (isChanged) this.commit(transaction);
    return { results, committed: true };
  }

  onCommit(listener: CommitListener): () => void {
    // A wrapper of its own lets one function listen twice.
    const entry: CommitListener = (changedTables) => listener(changedTables);
    this.listeners.add(entry);
    return () => {
      this.listeners.delete(entry);
    };
  }

  private commit(transaction: Transaction): void {
    const changedTables = new Set(transaction.changedTables());
    this.store.apply(transaction.allChanges());
    for (const listener of [...this.listeners]) listener(changedTables);
  }
}
