/**
 * What the database says when it refuses: a tag of RFC 7047 §3.1, details for a person, and the JSON at fault.
 * Mirrors lib/ovsdb-error.c. It is thrown inside this room and turned into a result or a message at its edges.
 */
import { sortedJson } from './json.js';

export class OvsdbError extends Error {
  readonly tag: string;
  readonly details: string;
  readonly syntax: string | undefined;

  constructor(tag: string, details: string, syntax?: string) {
    super(`${tag}: ${details}`);
    this.name = 'OvsdbError';
    this.tag = tag;
    this.details = details;
    this.syntax = syntax;
  }

  /** The <error> object of RFC 7047; `syntax` is an extension that ovsdb-server sends too. */
  toResult(): Readonly<Record<string, unknown>> {
    return this.syntax === undefined
      ? { details: this.details, error: this.tag }
      : { details: this.details, error: this.tag, syntax: this.syntax };
  }

  /** The text in which tools report it. */
  toText(): string {
    const text = `${this.tag}: ${this.details}`;
    return this.syntax === undefined ? text : `syntax "${this.syntax}": ${text}`;
  }
}

/** An error about a piece of JSON, which it quotes. */
export const syntaxError = (json: unknown, details: string, tag = 'syntax error'): OvsdbError =>
  new OvsdbError(tag, details, sortedJson(json));

export const constraintViolation = (details: string): OvsdbError => new OvsdbError('constraint violation', details);
