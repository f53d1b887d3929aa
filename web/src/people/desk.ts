/** What only an owner needs to see, loaded when somebody is one: few are, and nobody else should wait for it. */
export { default as MemberMenu } from './MemberMenu.svelte';
export { default as RemoveDialog } from './RemoveDialog.svelte';
export { default as Removed } from './Removed.svelte';
export { default as Switches } from './Switches.svelte';
