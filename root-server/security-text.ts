/** `/.well-known/security.txt` (RFC 9116) and the policy it names. */
import { readFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { packageFolder } from './package-folder.ts';

/** Where a root says how to report a weakness. */
export const securityTextPath = '/.well-known/security.txt';
/** Where the root serves this project's SECURITY.md, so that the policy is that of the version that runs. */
export const policyPath = '/.well-known/security-policy.md';

/** How long a security.txt says it is good for, ms: RFC 9116 advises less than a year; it is made anew for each reader. */
const validMs = 30 * 86_400_000;

/** A contact as RFC 9116 wants it: a URI for mail, a page or a telephone. */
export function isContact(text: string): boolean {
  return /^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s/]\S*|tel:\+[\d-]+)$/.test(text);
}

/**
 * The text of security.txt. `contact`: of whoever runs this root; without one the policy itself, which names the project's way.
 * `base`: scheme and host under which the reader came.
 */
export function securityText(base: string, contact: string | undefined, nowMs: number): string {
  const expires = new Date(nowMs + validMs).toISOString().replace(/\.\d+Z$/, 'Z');
  return [
    `Contact: ${contact ?? `${base}${policyPath}`}`,
    `Expires: ${expires}`,
    `Policy: ${base}${policyPath}`,
    `Canonical: ${base}${securityTextPath}`,
    'Preferred-Languages: en',
  ].join('\n');
}

/** Scheme and host a request names. A host that is none is not repeated. */
export function baseOf(request: IncomingMessage, isSecure: boolean): string {
  const { host = '' } = request.headers;
  return `${isSecure ? 'https' : 'http'}://${/^[\w.-]+(:\d+)?$|^\[[\da-f:]+\](:\d+)?$/i.test(host) ? host : 'localhost'}`;
}

/** SECURITY.md as it came with this version. */
export function securityPolicy(): string {
  return readFileSync(join(packageFolder(), 'SECURITY.md'), 'utf8');
}
