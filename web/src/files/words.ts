/** Why there is no file, in words. */
import { t } from '../strings/index.ts';
import { type EndReason } from './file-item.svelte.ts';

export function endInWords(reason: EndReason, isOwn: boolean): string {
  switch (reason) {
    case 'cancelled':
    case 'aborted':
      return isOwn ? t.files.ended.byYou : t.files.ended.takenBack;
    case 'declined':
      return t.files.ended.declined;
    case 'file-gone':
      return t.files.ended.gone;
    case 'storage':
      return t.files.ended.storage;
    case 'file-damaged':
      return t.files.ended.damaged;
    case 'file-unreadable':
      return t.files.ended.unreadable;
    case 'left-room':
      return t.files.ended.left;
    default:
      return t.files.ended.other;
  }
}
