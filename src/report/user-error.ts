/** An error in what the user gave us: it names the place, what was expected and what was found. Never a stack trace. */
export class UserError extends Error {
  readonly file: string | undefined;
  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly hint: string | undefined;

  constructor(message: string, place: { file?: string; line?: number; column?: number; hint?: string } = {}) {
    super(message);
    this.name = 'UserError';
    this.file = place.file;
    this.line = place.line;
    this.column = place.column;
    this.hint = place.hint;
  }

  /** `file:line:column: message` with the hint on a line of its own. */
  override toString(): string {
    const place = [this.file, this.line, this.column].filter((part) => part !== undefined).join(':');
    const head = place === '' ? this.message : `${place}: ${this.message}`;
    return this.hint === undefined ? head : `${head}\n  ${this.hint}`;
  }
}
