/** What runs inside the pages of `transfer`: functions that are sent there as they are, so they use nothing of this module. */
import type { IncomingFile, Room } from '../client/api.ts';

/** What a page wrote down so far. */
export interface PageRecord {
  /** Of the talker's messages since the last look, in ms. */
  readonly latenciesMs: number[];
  /** Of the file. */
  readonly bytes: number;
  readonly done: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

interface RecorderWindow {
  readonly banyan: { readonly room: Room };
  recorder: {
    latenciesMs: number[];
    file: IncomingFile | undefined;
    done: boolean;
    timer: ReturnType<typeof setInterval> | undefined;
  };
}

/** Begins to write down what arrives. */
export function installRecorder(): void {
  const here = window as never as RecorderWindow;
  const recorder: RecorderWindow['recorder'] = { latenciesMs: [], file: undefined, done: false, timer: undefined };
  here.recorder = recorder;
  here.banyan.room.on('message', ({ text, self }) => {
    // All pages are on one machine and have its clock.
    if (!self && text?.startsWith('tick ') === true)
      recorder.latenciesMs.push(performance.timeOrigin + performance.now() - Number(text.slice(5)));
  });
  here.banyan.room.on('file', (file) => {
    recorder.file = file;
    file.done.then(
      () => {
        recorder.done = true;
      },
      () => undefined,
    );
  });
}

export function startTicking(periodMs: number): void {
  const here = window as never as RecorderWindow;
  here.recorder.timer = setInterval(() => {
    void here.banyan.room.send(`tick ${performance.timeOrigin + performance.now()}`);
  }, periodMs);
}

export function stopTicking(): void {
  clearInterval((window as never as RecorderWindow).recorder.timer);
}

/** What was written down; latencies are given once. */
export function readRecord(): PageRecord {
  const { banyan, recorder } = window as never as RecorderWindow;
  const { bytesIn, bytesOut } = banyan.room.stats();
  return {
    latenciesMs: recorder.latenciesMs.splice(0),
    bytes: recorder.file?.progress.bytes ?? 0,
    done: recorder.done,
    bytesIn,
    bytesOut,
  };
}

/** SHA-256 of the file that came, in hexadecimal; empty when none did. */
export async function hashIn(): Promise<string> {
  const blob = (window as never as RecorderWindow).recorder.file?.blob();
  if (blob === undefined) return '';
  const hash = await crypto.subtle.digest('SHA-256', await blob.arrayBuffer());
  return Array.from(new Uint8Array(hash), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
