/** Files that are not there: they come and go by the clock. Development only. */
import {
  BanyanError,
  type FileOptions,
  type FileProgress,
  type FileTransfer,
  type IncomingFile,
  type NodeId,
  type TransferProgress,
} from '../../../client/api.ts';

/** Made-up speed, in bytes a second. */
const bytesPerSecond = 2_000_000;

class Clockwork<P extends FileProgress> {
  error: BanyanError | undefined;
  readonly #listeners = new Set<(progress: P) => void>();
  readonly #timer = setInterval(() => this.#tick(), 100);
  readonly #read: (bytes: number) => P;
  readonly #size: number;
  readonly #ended: () => void;
  #bytes = 0;

  constructor(size: number, read: (bytes: number) => P, ended: () => void) {
    this.#size = size;
    this.#read = read;
    this.#ended = ended;
  }

  get progress(): P {
    return this.#read(this.#bytes);
  }

  on(listener: (progress: P) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  stop(): void {
    this.error ??= new BanyanError('cancelled', 'made up');
    clearInterval(this.#timer);
    this.#tell();
  }

  #tick(): void {
    this.#bytes = Math.min(this.#size, this.#bytes + bytesPerSecond / 10);
    if (this.#bytes === this.#size) {
      clearInterval(this.#timer);
      this.#ended();
    }
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.progress);
  }
}

export function fakeTransfer(
  id: string,
  file: Blob | ReadableStream<Uint8Array>,
  options: FileOptions,
  others: number,
): FileTransfer {
  const size = file instanceof Blob ? file.size : (options.size ?? 0);
  const read = (bytes: number): TransferProgress => {
    const have = size === 0 ? others : Math.floor((bytes / size) * others);
    return { bytes, size, have, of: others };
  };
  let done = (): void => undefined;
  const clockwork = new Clockwork(size, read, () => {
    if (others > 0) done();
  });
  return {
    id,
    name: options.name ?? (file instanceof File ? file.name : 'file'),
    type: options.type ?? (file instanceof Blob ? file.type : ''),
    get progress() {
      return clockwork.progress;
    },
    get error() {
      return clockwork.error;
    },
    done: new Promise<void>((resolve) => (done = resolve)),
    onProgress: (listener) => clockwork.on(listener),
    cancel: () => clockwork.stop(),
  };
}

export function fakeIncoming(id: string, from: NodeId, name: string, content: Blob): IncomingFile {
  const { size, type } = content;
  let done = (_blob: Blob): void => undefined;
  const clockwork = new Clockwork<FileProgress>(
    size,
    (bytes) => ({ bytes, size }),
    () => done(content),
  );
  const promise = new Promise<Blob>((resolve) => (done = resolve));
  return {
    id,
    from,
    name,
    type,
    size,
    sentAt: Date.now(),
    get progress() {
      return clockwork.progress;
    },
    get error() {
      return clockwork.error;
    },
    done: promise,
    blob: () => (clockwork.error === undefined && clockwork.progress.bytes === size ? content : undefined),
    accept: () => promise,
    cancel: () => clockwork.stop(),
    onProgress: (listener) => clockwork.on(listener),
  };
}
