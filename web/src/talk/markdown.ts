/**
 * Markdown made safe. A chunk of its own, loaded when the first message needs it (see MessageText.svelte).
 * What comes out is DOM nodes, never a string of HTML: nothing here assigns to a Trusted Types sink of the page.
 */
import createDOMPurify, { type Config } from 'dompurify';
import { Marked } from 'marked';

const marked = new Marked({ gfm: true, breaks: true, async: false });
// HTML in a message is the text it is: no rule makes anything else of it.
marked.use({ tokenizer: { html: () => undefined, tag: () => undefined } });

/** What a message may contain. No images: they would ask servers for something. */
const allowedTags =
  'p br strong em del code pre blockquote ul ol li a hr h1 h2 h3 h4 h5 h6 table thead tbody tr th td'.split(' ');
const allowedAttributes = ['href', 'start'];

/** Trusted Types as far as this file uses them: TypeScript's DOM does not know them yet. */
type Policy = NonNullable<Config['TRUSTED_TYPES_POLICY']>;
interface PolicyFactory {
  createPolicy(name: string, rules: Record<'createHTML' | 'createScriptURL', (input: string) => string>): Policy;
}
function trustedTypesOf(owner: object): PolicyFactory | undefined {
  return 'trustedTypes' in owner ? (owner.trustedTypes as PolicyFactory) : undefined;
}

const purify = createDOMPurify(window);
/** DOMPurify parses what marked made in an inert document; this policy lets it, where Trusted Types are enforced. */
const policy = trustedTypesOf(window)?.createPolicy('banyan', {
  createHTML: (html) => html,
  createScriptURL: (url) => url,
});

purify.addHook('afterSanitizeAttributes', (node) => {
  // Long lines scroll: by keyboard too.
  if (node.tagName === 'PRE') node.setAttribute('tabindex', '0');
  if (node.tagName !== 'A') return;
  if (!/^https?:\/\//i.test(node.getAttribute('href') ?? '')) {
    node.removeAttribute('href');
    return;
  }
  node.setAttribute('target', '_blank');
  node.setAttribute('rel', 'noopener noreferrer nofollow');
});

/** The nodes of a message written in Markdown. */
export function renderMarkdown(text: string): DocumentFragment {
  return purify.sanitize(marked.parse(text, { async: false }).trim(), {
    ALLOWED_TAGS: allowedTags,
    ALLOWED_ATTR: allowedAttributes,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
    ...(policy === undefined ? {} : { TRUSTED_TYPES_POLICY: policy }),
  });
}
