/**
 * Takes an operation's JSON apart: each member must be there, of its kind, and no other may be. Mirrors
 * lib/ovsdb-parser.c, which words the errors.
 */
import { isId } from './datum-json.js';
import { OvsdbError, syntaxError } from './ovsdb-error.js';

interface Kinds {
  string: string;
  id: string;
  integer: number;
  boolean: boolean;
  array: readonly unknown[];
  object: Readonly<Record<string, unknown>>;
}

function isKind(value: unknown, kind: keyof Kinds): boolean {
  switch (kind) {
    case 'string':
    case 'boolean':
      return typeof value === kind;
    case 'id':
      return typeof value === 'string' && isId(value);
    case 'integer':
      return Number.isSafeInteger(value);
    case 'array':
      return Array.isArray(value);
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value);
  }
}

export class OperationReader {
  private readonly json: unknown;
  private readonly name: string;
  private readonly members: ReadonlyMap<string, unknown>;
  private readonly used = new Set<string>();
  /** The first thing found wrong. */
  private error: OvsdbError | undefined;

  constructor(json: unknown, name: string) {
    this.json = json;
    this.name = name;
    this.members = new Map(isKind(json, 'object') ? Object.entries(json as object) : []);
    if (!isKind(json, 'object')) this.error = new OvsdbError('syntax error', this.sentence('Object expected.'));
  }

  required<K extends keyof Kinds>(member: string, kind: K): Kinds[K] {
    const value = this.optional(member, kind);
    if (value === undefined) throw this.fail(`Required '${member}' member is missing.`);
    return value;
  }

  optional<K extends keyof Kinds>(member: string, kind: K): Kinds[K] | undefined {
    if (this.error !== undefined) throw this.error;
    const value = this.members.get(member);
    if (value === undefined) return undefined;
    if (!isKind(value, kind)) throw this.fail(`Type mismatch for member '${member}'.`);
    this.used.add(member);
    return value as Kinds[K];
  }

  fail(message: string): OvsdbError {
    this.error ??= this.complain(message);
    return this.error;
  }

  /** Throws the first thing found wrong, or what was said and not asked for. */
  finish(): void {
    if (this.error !== undefined) throw this.error;
    const unused = [...this.members.keys()].filter((member) => !this.used.has(member));
    if (unused.length === 0) return;
    const others = unused.length - 1;
    throw this.fail(
      others === 0
        ? `Member '${unused[0]}' is present but not allowed here.`
        : `Member '${unused[0]}' and ${others} other member${others > 1 ? 's' : ''} are present but not allowed here.`,
    );
  }

  private complain(message: string): OvsdbError {
    return syntaxError(this.json, this.sentence(message));
  }

  private sentence(message: string): string {
    return `Parsing ${this.name} failed: ${message}`;
  }
}
