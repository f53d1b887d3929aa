import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { isContact, policyPath, securityTextPath } from './security-text.ts';
import { startRootServer, type RootServer, type RootServerOptions } from './server.ts';

const roots: RootServer[] = [];

async function serve(options: Partial<RootServerOptions> = {}): Promise<RootServer> {
  const root = await startRootServer({ port: 0, host: '127.0.0.1', pageFolder: '/nowhere', ...options });
  roots.push(root);
  return root;
}

function ask(root: RootServer, path: string, headers: Record<string, string> = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port: root.port, path, headers }, (response) => {
      let body = `${response.statusCode} ${response.headers['content-type']}\n`;
      response.setEncoding('utf8').on('data', (part: string) => (body += part));
      response.on('end', () => {
        resolve(body);
      });
    })
      .on('error', reject)
      .end();
  });
}

/** Fields of a security.txt by their name. */
function fieldsOf(text: string): Record<string, string> {
  const [first, ...lines] = text.trimEnd().split('\n');
  expect(first).toBe('200 text/plain; charset=utf-8');
  return Object.fromEntries(lines.map((line) => /^([A-Za-z-]+): (.+)$/.exec(line)?.slice(1, 3) as [string, string]));
}

afterEach(async () => {
  for (const root of roots.splice(0)) await root.close();
});

describe('security.txt', () => {
  it('names a contact, a policy that is there, and an end that is computed', async () => {
    const root = await serve({ securityContact: 'mailto:security@example.org' });
    const fields = fieldsOf(await ask(root, securityTextPath));
    expect(fields).toMatchObject({
      Contact: 'mailto:security@example.org',
      Policy: `${root.url}${policyPath}`,
      Canonical: `${root.url}${securityTextPath}`,
    });
    expect(fields['Expires']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const days = (Date.parse(fields['Expires'] ?? '') - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29);
    expect(days).toBeLessThan(31);
    expect(await ask(root, policyPath)).toContain('# Security policy');
  });

  it('without a contact names the policy, and repeats no host that is none', async () => {
    const root = await serve();
    expect(fieldsOf(await ask(root, securityTextPath))['Contact']).toBe(`${root.url}${policyPath}`);
    const forged = await ask(root, securityTextPath, { host: 'a.example/x y' });
    expect(fieldsOf(forged)['Contact']).toBe(`http://localhost${policyPath}`);
  });

  it('speaks of https behind a proxy that is trusted to say so, and of it only', async () => {
    const headers = { host: 'room.example', 'x-forwarded-proto': 'https' };
    const fields = fieldsOf(await ask(await serve({ trustProxy: 1 }), securityTextPath, headers));
    expect(fields['Policy']).toBe(`https://room.example${policyPath}`);
    const plain = fieldsOf(await ask(await serve(), securityTextPath, headers));
    expect(plain['Policy']).toBe(`http://room.example${policyPath}`);
  });

  it('takes as a contact what RFC 9116 does', () => {
    const good = ['mailto:a@b.example', 'https://a.example/report', 'tel:+1-201-555-0123'];
    const bad = ['a@b.example', 'http://a.example', 'mailto:', 'https://', 'mailto:a@b\nExpires: x', 'tel:12'];
    expect([...good, ...bad].filter(isContact)).toEqual(good);
  });
});
