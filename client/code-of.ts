/** Which error a call throws. For tests only. */
import { BanyanError } from './api.ts';

export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof BanyanError ? error.code : 'not a BanyanError';
  }
  return 'none';
}
