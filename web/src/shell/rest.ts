/**
 * The parts of the page that come when they are first needed. A room goes on while its root is away, and the root is where they come
 * from: so they are loaded anyway, some time after joining.
 */
const parts: readonly (() => Promise<unknown>)[] = [
  () => import('../files/FileRow.svelte'),
  () => import('../files/FileTray.svelte'),
  () => import('../talk/markdown.ts'),
  () => import('../tree/PeerCard.svelte'),
  () => import('../invite/InviteDialog.svelte'),
  () => import('../invite/Projector.svelte'),
  () => import('../people/desk.ts'),
  () => import('../tree/TreeOutline.svelte'),
  () => import('../inspect/Hood.svelte'),
];

/** Loads the rest of the page, one part after the other, unless its reader wants to save data. */
export async function loadTheRest(): Promise<void> {
  const { connection } = navigator as { readonly connection?: { readonly saveData?: boolean } };
  if (connection?.saveData === true) return;
  // What cannot be had now is asked for again when it is needed.
  for (const load of parts) await load().catch(() => undefined);
}
