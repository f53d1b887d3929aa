/** The key that a root signs with (rule U7), and the file that keeps it from one start to the next. */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import type { RootSigner } from '../protocol/ports.ts';

function signerOf(privateKey: KeyObject): RootSigner {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return {
    publicKey: Uint8Array.from(Buffer.from(x, 'base64url')),
    sign: (bytes) => Uint8Array.from(sign(null, bytes, privateKey)),
  };
}

/** A fresh one. */
export function newRootKey(): RootSigner {
  return signerOf(generateKeyPairSync('ed25519').privateKey);
}

/** The key in a file (PKCS #8, PEM), made there on first use and readable by its owner only. Throws for a file of anything else. */
export function loadRootKey(file: string): RootSigner {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    pem = generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
    // Two roots that start together on one file must not end with a key each.
    writeFileSync(file, pem, { mode: 0o600, flag: 'wx' });
  }
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('the key in the file given by --key is not an Ed25519 key');
  return signerOf(key);
}
