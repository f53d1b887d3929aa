// Every rule of docs/protocol.md stands in a test's title, and every id in a title is a rule.
import { existsSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { filesIn, inTop } from './paths.mjs';

const document = 'docs/protocol.md';

/**
 * The ids of the rules a document states: bold, at the start of a list item or of a paragraph, outside code.
 *
 * @param {string} markdown
 * @returns {string[]} In order; an id stated twice stands twice.
 */
export function statedIn(markdown) {
  const ids = [];
  let inCode = false;
  let startsParagraph = true;
  for (const text of markdown.split('\n')) {
    if (/^\s*(```|~~~)/.test(text)) inCode = !inCode;
    else if (!inCode) {
      const found = /^\s*([-*+]\s+|\d+[.)]\s+)?\*\*([A-Z]{1,2}\d+)\*\*/.exec(text);
      if (found?.[2] !== undefined && (found[1] !== undefined || startsParagraph)) ids.push(found[2]);
    }
    startsParagraph = /^\s*$|^#/.test(text);
  }
  return ids;
}

/**
 * The ids in square brackets in the strings of a source file: `[W1]` or `[W1, W2]`. The title of a test that is
 * skipped or still to be written does not count.
 *
 * @param {string} path
 * @param {string} source
 * @returns {Set<string>}
 */
export function testedIn(path, source) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  /** @type {Set<string>} */
  const ids = new Set();
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isCallExpression(node) && /\.(skip|todo|fixme)$/.test(node.expression.getText(file))) return;
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) {
      for (const [, list = ''] of node.text.matchAll(/\[([A-Z]{1,2}\d+(?:\s*,\s*[A-Z]{1,2}\d+)*)\]/g)) {
        for (const id of list.split(',')) ids.add(id.trim());
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return ids;
}

/** Whether a file's strings are titles of tests: tests, contract suites, end-to-end specs, the simulator's checkers. */
const hasTitles = (/** @type {string} */ path) =>
  /\.(test|contract|spec)\.ts$/.test(path) || (path.startsWith('protocol/sim/') && path.endsWith('.ts'));

function main() {
  if (!existsSync(inTop(document))) {
    process.stderr.write(`${document} is missing\n`);
    return 1;
  }
  const stated = statedIn(readFileSync(inTop(document), 'utf8'));
  /** @type {Map<string, string>} Id to the first file that has it. */
  const tested = new Map();
  for (const folder of ['protocol', 'client', 'root-server', 'web', 'e2e']) {
    for (const path of filesIn(folder, hasTitles)) {
      for (const id of testedIn(path, readFileSync(inTop(path), 'utf8'))) {
        if (!tested.has(id)) tested.set(id, path);
      }
    }
  }
  const problems = [
    ...stated.filter((id, at) => stated.indexOf(id) !== at).map((id) => `${id}: stated twice in ${document}`),
    ...[...new Set(stated)].filter((id) => !tested.has(id)).map((id) => `${id}: no test carries [${id}] in its title`),
    ...[...tested].filter(([id]) => !stated.includes(id)).map(([id, path]) => `${id}: in ${path}, not in ${document}`),
  ];
  if (stated.length === 0) problems.push(`${document} states no rule`);
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(`${new Set(stated).size} rules, ${problems.length} problems\n`);
  return problems.length > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
