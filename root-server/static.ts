/** Serves the built page with the headers that keep it to itself. */
import { existsSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import sirv from 'sirv';
import { baseOf, policyPath, securityPolicy, securityText, securityTextPath } from './security-text.ts';

/**
 * Everything from this origin only, no inline script, and no string becomes code or markup without a policy. `blob:` and
 * `data:` are for pictures people send and QR codes.
 */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "font-src 'self'",
  "manifest-src 'self'",
  "worker-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  'trusted-types banyan dompurify svelte-trusted-html',
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': policy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
};

export type Handler = (request: IncomingMessage, response: ServerResponse) => void;

function plain(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'Content-Type': 'text/plain; charset=utf-8' });
  response.end(`${text}\n`);
}

export interface PageOptions {
  /** Folder of the built page. */
  readonly folder: string;
  /** What `/healthz` answers with. */
  readonly health: () => object;
  /** Whom security.txt names; `undefined` for the project's own policy. */
  readonly securityContact: string | undefined;
  /** Whether a request came by TLS, here or at a proxy. */
  readonly isSecure: (request: IncomingMessage) => boolean;
}

/** Serves the built page, `/healthz`, and security.txt with the policy it names. */
export function servePage({ folder, health, securityContact, isSecure }: PageOptions): Handler {
  const isBuilt = existsSync(join(folder, 'index.html'));
  const files = isBuilt
    ? sirv(folder, {
        etag: true,
        setHeaders: (response, path) => {
          // File names in these carry a hash of what is in them.
          const isHashed = path.startsWith('/assets/') || path.startsWith('/embed/');
          response.setHeader('Cache-Control', isHashed ? 'public, max-age=31536000, immutable' : 'no-cache');
          // The embedded room and the SDK are for other people's pages. Whether those may register is another question (`--origin`).
          if (path !== '/embed.js' && path !== '/banyan.js' && !path.startsWith('/embed/')) return;
          response.setHeader('Access-Control-Allow-Origin', '*');
          response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
        },
      })
    : undefined;
  return (request, response) => {
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      plain(response, 405, 'Only GET is served here.');
    } else if (request.url === '/healthz') {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' });
      response.end(JSON.stringify(health()));
    } else if (request.url === securityTextPath) {
      response.setHeader('Cache-Control', 'no-cache');
      plain(response, 200, securityText(baseOf(request, isSecure(request)), securityContact, Date.now()));
    } else if (request.url === policyPath) {
      plain(response, 200, securityPolicy());
    } else if (files === undefined) {
      plain(response, 503, 'The page is not built: run `npm run build`, or start with `npm start`.');
    } else {
      files(request, response, () => {
        plain(response, 404, 'There is nothing here.');
      });
    }
  };
}
