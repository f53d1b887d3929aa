/** `<banyan-room link="..." name="..." theme="light|dark|auto">`: a room inside somebody else's page. */
import { mount, unmount } from 'svelte';
import { type Room } from '../../../client/api.ts';
import { type Sdk } from '../session/sdk.ts';
import EmbedView from './EmbedView.svelte';
import { EmbedVisit } from './embed-visit.svelte.ts';
import { themedText, themeOf, type Theme } from './style.ts';

/** Name of the element. */
export const elementName = 'banyan-room';

/** An attribute's text; empty counts as absent. */
function textOf(element: HTMLElement, attribute: string): string | undefined {
  const text = element.getAttribute(attribute)?.trim();
  return text === '' ? undefined : text;
}

/**
 * Defines the element. Its style sheets are constructed, not written into the document: a page whose Content-Security-Policy allows no
 * inline style may embed it.
 */
export function defineBanyanRoom(sdk: Sdk, pageCss: string): void {
  if (customElements.get(elementName) !== undefined) return;
  const sheets = new Map<Theme, CSSStyleSheet>();
  const sheetFor = (theme: Theme): CSSStyleSheet => {
    let sheet = sheets.get(theme);
    if (sheet === undefined) {
      sheet = new CSSStyleSheet();
      sheet.replaceSync(themedText(pageCss, theme));
      sheets.set(theme, sheet);
    }
    return sheet;
  };

  class BanyanRoom extends HTMLElement {
    static readonly observedAttributes = ['link', 'name', 'theme'];
    readonly #visit = new EmbedVisit(sdk, (room) => this.#tell(room));
    readonly #shadow = this.attachShadow({ mode: 'open' });
    #view: Record<string, unknown> | undefined;
    #room: Room | undefined;

    /** The room, from the event `joined` until the event `left`. */
    get room(): Room | undefined {
      return this.#room;
    }

    connectedCallback(): void {
      if (this.#view !== undefined) return;
      this.#dress();
      this.#view = mount(EmbedView, { target: this.#shadow, props: { visit: this.#visit } });
      this.#look();
    }

    disconnectedCallback(): void {
      // An element that is only moved is back before this runs.
      queueMicrotask(() => {
        if (this.isConnected || this.#view === undefined) return;
        this.#visit.leave();
        if (this.#room !== undefined) this.#tell(undefined);
        void unmount(this.#view);
        this.#view = undefined;
      });
    }

    attributeChangedCallback(attribute: string, before: string | null, after: string | null): void {
      if (before === after || this.#view === undefined) return;
      if (attribute === 'theme') this.#dress();
      else this.#look();
    }

    #dress(): void {
      this.#shadow.adoptedStyleSheets = [sheetFor(themeOf(this.getAttribute('theme')))];
    }

    #look(): void {
      this.#visit.show(textOf(this, 'link'), textOf(this, 'name'));
    }

    #tell(room: Room | undefined): void {
      this.#room = room;
      this.dispatchEvent(new Event(room === undefined ? 'left' : 'joined'));
    }
  }

  customElements.define(elementName, BanyanRoom);
}
