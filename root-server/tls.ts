/** `--https`: a certificate of this machine's own, made on first use, so that LAN pages are secure contexts. */
import { X509Certificate } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { lanAddresses } from './addresses.ts';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

/** Days a certificate is good for: browsers refuse longer ones. */
const validDays = 397;

interface AltName {
  readonly type: 2 | 7;
  readonly value?: string;
  readonly ip?: string;
}

/** A stored certificate is made anew when it ends within this time, ms. */
const renewBeforeMs = 7 * 86_400_000;

/** The stored certificate, while it is good for at least a week and for each of these addresses. */
function stored(keyFile: string, certFile: string, addresses: readonly string[]): Certificate | undefined {
  try {
    const [key, cert] = [readFileSync(keyFile, 'utf8'), readFileSync(certFile, 'utf8')];
    const read = new X509Certificate(cert);
    const isLasting = Date.parse(read.validTo) - Date.now() > renewBeforeMs;
    return isLasting && addresses.every((ip) => read.checkIP(ip) !== undefined) ? { key, cert } : undefined;
  } catch {
    return undefined;
  }
}

/** The stored certificate, or a new one for localhost and this machine's addresses. The key is readable by its owner only. */
export async function loadCertificate(
  folder = '.banyan',
  addresses = ['127.0.0.1', '::1', ...lanAddresses()],
): Promise<Certificate> {
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const old = stored(keyFile, certFile, addresses);
  if (old) return old;
  const altNames: AltName[] = [{ type: 2, value: 'localhost' }, ...addresses.map((ip): AltName => ({ type: 7, ip }))];
  const now = Date.now();
  const pems = await generate([{ name: 'commonName', value: 'Banyan on this machine' }], {
    algorithm: 'sha256',
    keyType: 'ec',
    notBeforeDate: new Date(now - 3_600_000),
    notAfterDate: new Date(now + validDays * 86_400_000),
    extensions: [{ name: 'subjectAltName', altNames }],
  } as unknown as Parameters<typeof generate>[1]);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeFileSync(keyFile, pems.private, { mode: 0o600 });
  chmodSync(keyFile, 0o600);
  writeFileSync(certFile, pems.cert);
  return { key: pems.private, cert: pems.cert };
}
