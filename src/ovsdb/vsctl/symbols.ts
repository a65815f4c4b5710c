/**
 * The names `@x` by which commands of one transaction refer to rows: --id=@x defines one, a value of a reference column
 * uses it. Mirrors the ovsdb_symbol_table of lib/ovsdb-data.c and how db-ctl-base.c uses it.
 */
import { UserError } from '#src/report/user-error.js';
import type { BaseType } from '../schema.js';

export interface RowSymbol {
  uuid: string;
  /** Some command defines it. */
  isCreated: boolean;
  hasStrongReference: boolean;
  hasWeakReference: boolean;
}

export class Symbols {
  private readonly symbols = new Map<string, RowSymbol>();
  private readonly makeUuid: () => string;

  constructor(makeUuid: () => string) {
    this.makeUuid = makeUuid;
  }

  /** The symbol of a value `@name` in a column of type `base`. */
  reference(name: string, base: BaseType): string {
    const symbol = this.get(name);
    if (base.refTable !== undefined) {
      if (base.refType === 'weak') symbol.hasWeakReference = true;
      else symbol.hasStrongReference = true;
    }
    return symbol.uuid;
  }

  /** Defines a symbol for --id. */
  create(name: string): { readonly symbol: RowSymbol; readonly isNew: boolean } {
    if (!name.startsWith('@')) throw new UserError(`row id "${name}" does not begin with "@"`);
    const isNew = !this.symbols.has(name);
    const symbol = this.get(name);
    if (symbol.isCreated) throw new UserError(`row id "${name}" may only be specified on one --id option`);
    symbol.isCreated = true;
    return { symbol, isNew };
  }

  /** Throws for a name that nothing defines; gives warnings about rows that nothing holds. */
  check(): readonly string[] {
    const warnings: string[] = [];
    for (const [name, symbol] of this.symbols) {
      if (!symbol.isCreated) {
        throw new UserError(
          `row id "${name}" is referenced but never created (e.g. with "-- --id=${name} create ...")`,
        );
      }
      if (symbol.hasStrongReference) continue;
      const reason = symbol.hasWeakReference
        ? 'only a weak reference to it was inserted'
        : 'no reference to it was inserted';
      warnings.push(`row id "${name}" was created but ${reason}, so it will not actually appear in the database`);
    }
    return warnings;
  }

  private get(name: string): RowSymbol {
    let symbol = this.symbols.get(name);
    if (symbol === undefined) {
      symbol = { uuid: this.makeUuid(), isCreated: false, hasStrongReference: false, hasWeakReference: false };
      this.symbols.set(name, symbol);
    }
    return symbol;
  }
}
