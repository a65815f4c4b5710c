/** Where in a YAML file something stands: from a path of keys and indexes to line and column. */
import { isAlias, isMap, isPair, isScalar, isSeq, type Document, type LineCounter, type Node, type Pair } from 'yaml';

export type Path = readonly (string | number)[];

export interface Position {
  readonly line: number;
  readonly column: number;
}

const START: Position = { line: 1, column: 1 };

export class Positions {
  private readonly document: Document;
  private readonly lines: LineCounter;

  constructor(document: Document, lines: LineCounter) {
    this.document = document;
    this.lines = lines;
  }

  /** Of the value at a path; of the nearest thing around it where there is none. */
  ofValue(path: Path): Position {
    const found = this.find(path);
    return this.at(found.value ?? found.key) ?? START;
  }

  /** Of the key that a path ends with. */
  ofKey(path: Path): Position {
    const found = this.find(path);
    return this.at(found.key ?? found.value) ?? START;
  }

  private find(path: Path): { readonly key: Node | null; readonly value: Node | null } {
    let key: Node | null = null;
    let value: Node | null = this.document.contents as Node | null;
    for (const part of path) {
      const container = isAlias(value) ? (value.resolve(this.document) ?? null) : value;
      if (isMap(container)) {
        const pair = container.items.find((item) => isPair(item) && keyText(item) === String(part)) as
          | Pair<Node, Node | null>
          | undefined;
        if (pair === undefined) break;
        key = pair.key;
        value = pair.value ?? pair.key;
      } else if (isSeq(container) && typeof part === 'number') {
        const item = container.items[part] as Node | undefined;
        if (item === undefined) break;
        key = null;
        value = item;
      } else break;
    }
    return { key, value };
  }

  private at(node: Node | null): Position | null {
    const offset = node?.range?.[0];
    if (offset === undefined) return null;
    const { line, col } = this.lines.linePos(offset);
    return { line, column: col };
  }
}

const keyText = (pair: Pair<unknown, unknown>): string =>
  isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
