/** The `VALUE->FIELD` of set_field and load. Mirrors set_field_split_str() of lib/ofp-actions.c. */
import { UserError } from '../../report/user-error.js';

export interface ValueAndDestination {
  readonly value: string;
  readonly destination: string;
}

export function splitDestination(argument: string): ValueAndDestination {
  const arrow = argument.indexOf('->');
  if (arrow < 0) throw new UserError(`${argument}: missing \`->'`);
  const destination = argument.slice(arrow + 2);
  if (destination === '') throw new UserError(`${argument}: missing field name following \`->'`);
  return { value: argument.slice(0, arrow), destination };
}
