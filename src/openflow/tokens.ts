/** Words of a text between delimiters, as C's strtok_r() takes them: the delimiters may change from word to word. */
export class Tokens {
  private rest: string;

  constructor(text: string) {
    this.rest = text;
  }

  /** The next word; undefined at the end. */
  next(delimiters: string): string | undefined {
    let start = 0;
    while (start < this.rest.length && delimiters.includes(this.rest[start]!)) start++;
    if (start === this.rest.length) {
      this.rest = '';
      return undefined;
    }
    let end = start;
    while (end < this.rest.length && !delimiters.includes(this.rest[end]!)) end++;
    const word = this.rest.slice(start, end);
    this.rest = this.rest.slice(end + 1);
    return word;
  }
}
