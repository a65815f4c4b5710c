/** Names of hosts: /etc/hosts is all there is (hosts(5)). */
import { familyOf, type IpAddress, parseAddress } from '../ip/address.js';
import type { CommandContext } from './command.js';

export async function resolveHost(
  name: string,
  family: 4 | 6 | null,
  context: CommandContext,
): Promise<IpAddress | null> {
  let text: string;
  try {
    text = Buffer.from(await context.readFile('/etc/hosts')).toString('utf8');
  } catch {
    return null;
  }
  let other: IpAddress | null = null;
  for (const line of text.split('\n')) {
    const [addressText, ...names] = line.replace(/#.*/, '').trim().split(/\s+/);
    const address = addressText === undefined ? null : parseAddress(addressText);
    if (address === null || !names.includes(name)) continue;
    if (family === null ? familyOf(address) === 4 : familyOf(address) === family) return address;
    if (family === null) other ??= address;
  }
  return other;
}
