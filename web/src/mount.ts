/** Puts the page into the document. */
import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { type Sdk } from './session/sdk.ts';
import { t } from './strings/index.ts';

export function mountPage(sdk: Sdk): void {
  const target = document.getElementById('app');
  if (target === null) throw new Error('index.html has no #app');
  document.documentElement.lang = t.language;
  document.documentElement.dir = new URLSearchParams(location.search).get('dir') === 'rtl' ? 'rtl' : t.direction;
  mount(App, { target, props: { sdk } });
}
