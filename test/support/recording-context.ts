/** A bridge for actions in translation that only writes down what it is asked for. */
import { FlowKey } from '#flowtable/flow-key.js';
import type { TranslateContext } from '#src/openflow/translate-context.js';

export interface Recording {
  readonly context: TranslateContext;
  /** `output(2,0)`: the method and its arguments, each as `show` writes it. */
  readonly calls: readonly string[];
}

/**
 * The packet is in table 3. Methods of `answers` are called instead; what they return is the answer, and what they write
 * into `calls` is kept. All others say yes.
 */
export function recordingContext(
  flow: FlowKey,
  show: (argument: unknown) => string,
  answers: (calls: string[]) => object = () => ({}),
): Recording {
  const calls: string[] = [];
  const known: Record<string, unknown> = { flow, wc: new FlowKey(), tableId: 3, ...answers(calls) };
  const context = new Proxy(known, {
    get: (target, name: string) =>
      name in target
        ? target[name]
        : (...args: readonly unknown[]): true => {
            calls.push(`${name}(${args.map(show).join(',')})`);
            return true;
          },
  }) as unknown as TranslateContext;
  return { context, calls };
}
