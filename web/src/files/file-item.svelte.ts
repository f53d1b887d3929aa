/** A file of the conversation as the page shows it: the SDK's transfer gathered into values that Svelte can watch. */
import {
  type BanyanErrorCode,
  type FileProgress,
  type FileTransfer,
  type IncomingFile,
  type NodeId,
} from '../../../client/api.ts';

/** Kinds of pictures that any browser shows and that hold no script. */
const pictureTypes: ReadonlySet<string> = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif']);
/** Pictures beyond this are not shown unasked, in bytes. */
const pictureBytesMax = 20_000_000;
/** How long an address of a saved file is kept, in ms: browsers take a moment to begin. */
const saveMs = 60_000;

/** Why there is no file; `declined`: by this page's own reader. */
export type EndReason = BanyanErrorCode | 'declined';

export class FileItem {
  readonly id: string;
  readonly from: NodeId;
  readonly self: boolean;
  readonly name: string;
  readonly onlyToYou: boolean;
  /** The sender's clock, and this page's when it was announced, ms since 1970. */
  readonly sentAt: number;
  readonly receivedAt = Date.now();
  progress: FileProgress = $state.raw({ bytes: 0, size: 0 });
  /** Sender: others who have all of it, and who are to have it. */
  have = $state(0);
  of = $state(0);
  /** Sender: everybody has it who was there. Receiver: all of it is here. */
  isComplete = $state(false);
  /** Sender: those who come get it, so it can be taken back. */
  isGivenOut = $state(true);
  ended: EndReason | undefined = $state();
  /** A picture that can be shown. */
  picture: Blob | undefined = $state.raw();
  readonly #file: FileTransfer | IncomingFile;

  private constructor(file: FileTransfer | IncomingFile, from: NodeId, sentAt: number, self: boolean) {
    this.#file = file;
    this.id = file.id;
    this.from = from;
    this.self = self;
    this.name = file.name;
    this.onlyToYou = !self && file.to !== undefined;
    this.sentAt = sentAt;
    this.#look();
    file.onProgress(() => this.#look());
  }

  static sent(transfer: FileTransfer, self: NodeId, source: Blob): FileItem {
    const item = new FileItem(transfer, self, Date.now(), true);
    item.#showIfPicture(source);
    void transfer.done.then(
      () => (item.isComplete = true),
      () => item.#look(),
    );
    return item;
  }

  static received(file: IncomingFile): FileItem {
    const item = new FileItem(file, file.from, file.sentAt, false);
    void file.done.then(
      (blob) => {
        item.#look();
        item.isComplete = true;
        item.#showIfPicture(blob);
      },
      () => item.#look(),
    );
    return item;
  }

  #look(): void {
    const { progress, error } = this.#file;
    this.progress = progress;
    if ('have' in progress) {
      this.have = progress.have;
      this.of = progress.of;
    }
    if (error) {
      this.isGivenOut = false;
      // What everybody has is no loss to its sender when it is kept no longer.
      if (!this.self || !this.isComplete || error.code === 'cancelled') this.ended ??= error.code;
    }
    if (this.ended !== undefined) this.picture = undefined;
  }

  #showIfPicture(blob: Blob): void {
    if (this.ended === undefined && pictureTypes.has(this.#file.type) && blob.size <= pictureBytesMax)
      this.picture = blob;
  }

  /** Sender: takes it back from everybody. Receiver: does not want it. */
  cancel(): void {
    if (!this.self) this.ended = 'declined';
    this.#file.cancel();
  }

  /** Hands the file to the browser's downloads. */
  save(): void {
    const blob = 'blob' in this.#file ? this.#file.blob() : undefined;
    if (blob === undefined) return;
    // Its sender's word for its type decides nothing here.
    const url = URL.createObjectURL(blob.slice(0, blob.size, 'application/octet-stream'));
    const link = document.createElement('a');
    link.href = url;
    link.download = this.name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), saveMs);
  }
}
