/** scenarios/scenario.schema.json is made from the schema that reads the files; UPDATE_SCHEMA=1 writes it anew. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { scenarioJsonSchema } from '#src/scenario/file/json-schema.js';
import { STEP_KINDS } from '#src/scenario/step/step-table.js';

const FOLDER = new URL('../../scenarios/', import.meta.url);
const FILE = new URL('scenario.schema.json', FOLDER);

test('the published schema is current', () => {
  const text = scenarioJsonSchema();
  if (process.env.UPDATE_SCHEMA === '1') writeFileSync(FILE, text);
  expect(readFileSync(FILE, 'utf8'), 'write it anew with UPDATE_SCHEMA=1 npx vitest run test/scenario').toBe(text);
});

test('the published schema has one alternative for each kind of step', () => {
  const schema = JSON.parse(scenarioJsonSchema());
  const words = schema.properties.steps.items.anyOf.map((step: { required: string[] }) => step.required);
  expect(words).toEqual(STEP_KINDS.map(({ name }) => [name]));
});

describe('the published schema, read by a validator,', () => {
  const validator = z.fromJSONSchema(JSON.parse(scenarioJsonSchema()));
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));

  test.each(names)('accepts %s', (name) => {
    expect(validator.safeParse(parse(readFileSync(new URL(name, FOLDER), 'utf8'))).error).toBeUndefined();
  });

  test('refuses a key that is misspelt', () => {
    expect(validator.safeParse({ name: 'x', machines: {}, step: [] }).success).toBe(false);
  });
});
