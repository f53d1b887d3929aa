/** Draws the page's icons as PNG from its SVG mark, with a browser: what home screens and task bars take. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { launch } from '../browsers.ts';

const inPublic = (name: string): string => fileURLToPath(new URL(`../../web/public/${name}`, import.meta.url));

interface Icon {
  readonly name: string;
  readonly pixels: number;
  /** Width of the mark, as a share of the icon's. A maskable icon may be cut to a circle of 0.8. */
  readonly mark: number;
  /** Radius of the corners, as a share of the icon's width: some systems round them by themselves. */
  readonly corner: number;
}

const icons: readonly Icon[] = [
  { name: 'icon-192.png', pixels: 192, mark: 0.64, corner: 0.22 },
  { name: 'icon-512.png', pixels: 512, mark: 0.64, corner: 0.22 },
  { name: 'icon-maskable-512.png', pixels: 512, mark: 0.5, corner: 0 },
  { name: 'apple-touch-icon.png', pixels: 180, mark: 0.6, corner: 0 },
];

/** The mark's colours on the icons' dark ground, whatever the system's theme. */
const colours =
  '.line { stroke: #c4e9cf; stroke-width: 2.4; stroke-linecap: round } .tip { fill: #c4e9cf } .light { fill: #ffc04d }';

/** Writes all icons into web/public. */
export async function drawIcons(): Promise<void> {
  const svg = readFileSync(inPublic('favicon.svg'), 'utf8').replace(/<style>.*<\/style>/s, `<style>${colours}</style>`);
  const browser = await launch('chromium');
  try {
    const page = await browser.newPage();
    for (const { name, pixels, mark, corner } of icons) {
      await page.setViewportSize({ width: pixels, height: pixels });
      await page.setContent(`<style>
        body { margin: 0; background: transparent; }
        div { display: grid; place-items: center; block-size: 100vh; border-radius: ${corner * 100}%; background: linear-gradient(#1f7a4d, #124a32); }
        svg { inline-size: ${mark * 100}%; }
      </style><div>${svg}</div>`);
      await page.screenshot({ path: inPublic(name), omitBackground: true });
    }
  } finally {
    await browser.close();
  }
}
