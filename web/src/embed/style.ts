/** The look of the embedded room: the page's own style sheet, fitted to a shadow root. */

/** How the room is lit: as the reader's system is (`auto`), or always the same. */
export type Theme = 'light' | 'dark' | 'auto';

/** Total: what is no theme counts as `auto`. */
export function themeOf(attribute: string | null): Theme {
  return attribute === 'light' || attribute === 'dark' ? attribute : 'auto';
}

const darkQuery = /@media\s*\(prefers-color-scheme:\s*dark\)/g;
const media: Readonly<Record<Theme, string>> = {
  auto: '@media (prefers-color-scheme:dark)',
  dark: '@media all',
  light: '@media not all',
};
const schemes: Readonly<Record<Theme, string>> = { auto: 'light dark', dark: 'dark', light: 'light' };

/**
 * The page's style sheet for a theme, as the text of a shadow root's. Dark colours stand in one media query: it is made to match always
 * or never. Lengths in rem follow the font size of a page that is not ours, so they become pixels.
 */
export function themedText(pageCss: string, theme: Theme): string {
  const text = pageCss
    .replace(darkQuery, media[theme])
    .replace(/(\d*\.?\d+)rem\b/g, (_, size: string) => `${Number(size) * 16}px`);
  return `${text}
:host { display: block; block-size: 600px; overflow: hidden; color-scheme: ${schemes[theme]}; }
:host([hidden]) { display: none; }`;
}
