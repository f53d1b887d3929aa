import { describe, expect, it } from 'vitest';
import { themedText, themeOf } from './style.ts';

const css =
  ':root,:host{--ink:black}@media (prefers-color-scheme:dark){:root,:host{--ink:white}}.a{padding:.5rem 2rem}';

describe('themedText', () => {
  it('follows the system, or is always light or dark', () => {
    expect(themedText(css, 'auto')).toContain('@media (prefers-color-scheme:dark){:root,:host{--ink:white}}');
    expect(themedText(css, 'dark')).toContain('@media all{:root,:host{--ink:white}}');
    expect(themedText(css, 'dark')).toContain('color-scheme: dark;');
    expect(themedText(css, 'light')).toContain('@media not all{:root,:host{--ink:white}}');
    expect(themedText(css, 'light')).toContain('color-scheme: light;');
  });

  it('does not depend on the font size of the page around it', () => {
    expect(themedText(css, 'auto')).toContain('.a{padding:8px 32px}');
  });
});

describe('themeOf', () => {
  it('takes what is no theme for auto', () => {
    expect(['light', 'dark', 'auto', 'pink', '', null].map(themeOf)).toEqual([
      'light',
      'dark',
      'auto',
      'auto',
      'auto',
      'auto',
    ]);
  });
});
