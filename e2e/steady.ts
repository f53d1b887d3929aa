/** Pages that talk all the time and write down what they hear, for tests of what happens meanwhile. */
import { expect, type RoomPage } from './fixtures.ts';
import type { Room } from '../client/api.ts';

/** What a page wrote down: texts by sender in order of arrival, and gaps. */
export interface Heard {
  readonly texts: Record<string, string[]>;
  readonly gaps: number;
  readonly sent: number;
  readonly healMs: number | undefined;
  readonly heals: number;
}

interface Notebook {
  texts: Record<string, string[]>;
  gaps: number;
  sent: number;
  timer: ReturnType<typeof setInterval> | undefined;
}

type PageWindow = Window & { banyan: { room: Room }; notebook: Notebook };

/** Starts writing down; from now on the page says a numbered line every `periodMs`. */
export async function startTalking(page: RoomPage, periodMs: number): Promise<void> {
  await page.page.evaluate((period) => {
    const here = window as never as PageWindow;
    const { room } = here.banyan;
    const notebook: Notebook = { texts: {}, gaps: 0, sent: 0, timer: undefined };
    here.notebook = notebook;
    room.on('message', (message) => {
      (notebook.texts[message.from] ??= []).push(message.text ?? '');
    });
    room.on('gap', () => notebook.gaps++);
    notebook.timer = setInterval(() => {
      void room.send(`${++notebook.sent}`);
    }, period);
  }, periodMs);
}

export async function stopTalking(page: RoomPage): Promise<void> {
  await page.page.evaluate(() => {
    clearInterval((window as never as PageWindow).notebook.timer);
  });
}

export async function heard(page: RoomPage): Promise<Heard> {
  return page.page.evaluate(() => {
    const { notebook, banyan } = window as never as PageWindow;
    const stats = banyan.room.stats();
    return {
      texts: notebook.texts,
      gaps: notebook.gaps,
      sent: notebook.sent,
      healMs: stats.lastHealMs,
      heals: stats.heals,
    };
  });
}

/** Whether lines are consecutive numbers: nothing missed, nothing doubled, in order. */
export function isRun(lines: readonly string[], from = Number(lines[0])): boolean {
  return lines.every((line, i) => Number(line) === from + i);
}

/** Waits until every page heard every line that every page said, and checks each exactly once and in order. */
export async function expectAllHeard(pages: readonly RoomPage[], ids: readonly string[]): Promise<Heard[]> {
  let books: Heard[] = [];
  await expect
    .poll(
      async () => {
        books = await Promise.all(pages.map(heard));
        return books.flatMap((book, i) =>
          ids.flatMap((id, j) => {
            const last = Number(book.texts[id]?.at(-1) ?? 0);
            return last >= (books[j]?.sent ?? 0) ? [] : [`${i} heard ${last} of ${books[j]?.sent ?? 0} from ${j}`];
          }),
        );
      },
      { timeout: 30_000 },
    )
    .toEqual([]);
  for (const book of books) {
    for (const [j, id] of ids.entries()) {
      const lines = book.texts[id] ?? [];
      expect(isRun(lines), `lines of ${id}: ${lines.join(' ')}`).toBe(true);
      expect(Number(lines.at(-1))).toBe(books[j]?.sent);
    }
  }
  return books;
}
