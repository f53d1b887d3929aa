/** What people in the made-up room say. Development only. */

export interface Line {
  readonly who: number | 'me';
  readonly text: string;
  readonly minutesAgo: number;
  /** Which line of these it answers. */
  readonly answers?: number;
  /** For whom alone. */
  readonly to?: number | 'me';
}

export const history: readonly Line[] = [
  {
    who: 0,
    text: 'Good morning everyone. The sheet for today is at https://example.org/biology/banyan',
    minutesAgo: 60 * 19,
  },
  { who: 0, text: 'Task 1: why do the **aerial roots** of a banyan become trunks?', minutesAgo: 60 * 19 },
  { who: 2, text: 'Because the branch would break under its own weight?', minutesAgo: 12 },
  {
    who: 1,
    answers: 2,
    text: 'Yes, and each new trunk feeds the part above it, so the tree *survives* losing the first one.',
    minutesAgo: 11,
  },
  {
    who: 'me',
    text: 'Like this room: if somebody in the middle closes the laptop, we just hang somewhere else.',
    minutesAgo: 10,
  },
  { who: 3, text: '🌳🌳', minutesAgo: 9 },
  {
    who: 1,
    text: 'For the programmers:\n\n```js\nconst room = await joinRoom(link, { name: "Ben" });\nroom.on("message", (m) => console.log(m.hops, m.text));\n```',
    minutesAgo: 4,
  },
  {
    who: 4,
    text: 'Things to bring on Friday:\n\n- magnifying glass\n- rain jacket\n- `biology-notes.pdf`',
    minutesAgo: 2,
  },
  { who: 2, to: 'me', text: 'I have no rain jacket. Could you lend me one?', minutesAgo: 1 },
  { who: 'me', to: 2, answers: 8, text: 'Of course, I have two.', minutesAgo: 1 },
  { who: 'me', answers: 1, text: 'And if the first trunk dies, the tree does not even notice.', minutesAgo: 0 },
];

export const lines: readonly string[] = [
  'Did that reach the back row?',
  'Yes! three hops for me',
  'Same here, **two**',
  'Look at the picture while I type',
  'My train is in a tunnel, I may drop out for a moment',
  '👍',
  'The light goes along the branches, nice',
  'Ist hier jemand, der auch Deutsch spricht? Ich suche eine Gruppe für das Projekt am Freitag, am liebsten zu dritt.',
  'I can hear the fan of my laptop, but it only holds four of you',
  'Where does it store this? nowhere, right?',
];
