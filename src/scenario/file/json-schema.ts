/** The JSON Schema of scenario files, made from the one schema that reads them: for editors, and for people. */
import { z } from 'zod';
import { scenarioSchema } from './schema.js';

export function scenarioJsonSchema(): string {
  const schema = z.toJSONSchema(scenarioSchema, { io: 'input' });
  return `${JSON.stringify({ title: 'An Upcall scenario', ...schema }, null, 2)}\n`;
}
