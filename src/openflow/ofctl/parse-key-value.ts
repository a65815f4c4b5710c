/** ovs-ofctl parse-key-value TEXT…: how flows' text falls into keys and values. Mirrors ofctl_parse_key_value(). */
import { splitKeyValues } from '../key-value.js';
import type { OfctlCommand } from './command.js';

export const parseKeyValue: OfctlCommand = {
  name: 'parse-key-value',
  usage: 'text...',
  minArgs: 1,
  maxArgs: Number.POSITIVE_INFINITY,
  writes: true,
  run(invocation, texts) {
    for (const text of texts) {
      const pairs = splitKeyValues(text).map(({ key, value }) => (value === '' ? key : `${key}=${value}`));
      invocation.print(`${pairs.join(', ')}\n`);
    }
  },
};
