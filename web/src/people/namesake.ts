/** Who goes by a name that looks like another's: a key tells them apart, so people are told to look at it. */
import { type Member, type NodeId } from '../../../client/api.ts';

/** Letters of other scripts that look like Latin ones, lower case. */
const lookalikes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ...{ а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'l', ј: 'j', к: 'k', ӏ: 'l', м: 'm', н: 'h', о: 'o' },
    ...{ р: 'p', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x', ı: 'l' },
    ...{ α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'l', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u', χ: 'x' },
    ...{ '0': 'o', '1': 'l', i: 'l', '|': 'l', ß: 'b' },
  }),
);

/** What is left of a name for somebody who glances at it: equal for names that look alike. */
export function lookOf(name: string): string {
  const plain = name
    .normalize('NFKD')
    .replaceAll(/[\p{M}\p{Z}\p{P}\p{C}]/gu, '')
    .toLowerCase();
  return Array.from(plain, (letter) => lookalikes.get(letter) ?? letter).join('');
}

/** Members whose name looks like that of another one, oneself included; `own` are oneself's, by all tabs. */
export function namesakesOf(members: Iterable<Member>, own: ReadonlySet<NodeId>): Map<NodeId, 'other' | 'own'> {
  const byLook = new Map<string, Member[]>();
  for (const member of members) {
    const look = lookOf(member.name);
    if (look === '') continue;
    const known = byLook.get(look);
    if (known) known.push(member);
    else byLook.set(look, [member]);
  }
  const found = new Map<NodeId, 'other' | 'own'>();
  for (const alike of byLook.values()) {
    const others = alike.filter(({ id }) => !own.has(id));
    if (others.length === 0 || alike.length < 2) continue;
    const usesOwn = others.length < alike.length;
    for (const { id } of others) found.set(id, usesOwn ? 'own' : 'other');
  }
  return found;
}
