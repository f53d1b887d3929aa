/** Files that somebody chose and has not sent yet. */
import { fileSizeMax } from '../../../client/api.ts';
import { memoryStoreBytesMax } from '../../../client/file-store.ts';

/** Files in one go; a room carries 32. */
const trayMax = 16;

export class Tray {
  files: readonly File[] = $state.raw([]);

  get hasTooLarge(): boolean {
    return this.files.some((file) => file.size > fileSizeMax);
  }

  /** Whether a file is too large for who has nothing but memory to keep it in. */
  get isBeyondMemory(): boolean {
    return this.files.some((file) => file.size > memoryStoreBytesMax);
  }

  add(files: Iterable<File>): void {
    this.files = [...this.files, ...files].slice(0, trayMax);
  }

  remove(file: File): void {
    this.files = this.files.filter((other) => other !== file);
  }

  /** What is in it, which is empty then. */
  take(): readonly File[] {
    const { files } = this;
    this.files = [];
    return files;
  }
}

/** The files of a drop or a paste, without folders, which cannot be read as one. */
export function filesOf(data: DataTransfer | null): File[] {
  if (data === null) return [];
  return [...data.items].flatMap((item) => {
    if (item.kind !== 'file' || item.webkitGetAsEntry()?.isDirectory === true) return [];
    return item.getAsFile() ?? [];
  });
}
