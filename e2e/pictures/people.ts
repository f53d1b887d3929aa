/** Who is in the pictures, and what they say. */

export const names: readonly string[] =
  'Ana Ben Chidi Dana Elif Femi Gita Hugo Inés Jun Kofi Lena Mara Nils Olu Priya Quentin Rosa Sofía Tariq Uma Viktor Wanjiru Ximena Yusuf Zoë Amir Bea Carlos Dalia Emre Farah Goran Hana Ivo Jana Kwame Leila Milo Noor Otto Paz Ravi Selma Theo Umut Vera Wen Yara Zain'.split(
    ' ',
  );

/** In the order in which they are said; the number is the speaker's place among the headless peers, or the page's owner. */
export const talk: readonly { readonly who: number | 'owner'; readonly text: string }[] = [
  { who: 0, text: 'Good morning everyone! Task 1: why do the **aerial roots** of a banyan become trunks?' },
  { who: 7, text: 'Because the branch would break under its own weight?' },
  {
    who: 3,
    text: 'Yes, and each new trunk feeds the part above it, so the tree *survives* losing the first one.',
  },
  { who: 'owner', text: 'Like this room: if somebody in the middle closes the laptop, we just hang somewhere else.' },
  { who: 12, text: 'And it never asks who owns the ground.' },
  { who: 5, text: 'For the programmers:\n\n```js\nconst room = await joinRoom(link);\nroom.on("message", show);\n```' },
  { who: 20, text: 'Did that reach the back row?' },
  { who: 31, text: 'It did: three hops for me.' },
];
