// The laws of what was compiled: which file needs a symbol of which other, and what can be changed
// while the program runs.
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { circlesOf } from './circle.mjs';
import { folderOf, linesOf } from './tree.mjs';

const unbuilt = (tree) =>
  tree.sources
    .filter((source) => !existsSync(resolve(tree.top, tree.object(source))))
    .map((source) => `${source}: no ${tree.object(source)}: build first`);

const sourceOf = (tree, object) => object.slice(tree.build.length + 1).replace(/\.o$/, '.c');

/* What each file defines for others, and what it needs of them. */
async function symbolsOf(tree) {
  const { out } = await tree.run('nm', ['-AP', ...tree.sources.map((path) => tree.object(path))]);
  const owners = new Map();
  const needs = [];
  for (const line of linesOf(out)) {
    const [, object, symbol, kind] = /^(.*): (\S+) (\S)/.exec(line);
    const source = sourceOf(tree, object);
    if (kind === 'U') needs.push({ source, symbol });
    else if (kind === kind.toUpperCase()) owners.set(symbol, source);
  }
  return { owners, needs };
}

async function callCircles(tree) {
  const { owners, needs } = await symbolsOf(tree);
  const edges = new Map(tree.sources.map((source) => [source, new Set()]));
  const reasons = new Map();
  for (const { source, symbol } of needs) {
    const owner = owners.get(symbol);
    if (!owner || owner === source || folderOf(owner) !== folderOf(source)) continue;
    edges.get(source).add(owner);
    reasons.set(`${source} ${owner}`, symbol);
  }
  return circlesOf(edges).map((circle) => {
    const stepTo = (to, i) => ` → ${to} (${reasons.get(`${circle[i]} ${to}`)})`;
    return circle[0] + circle.slice(1).map(stepTo).join('');
  });
}

/* Constant tables of pointers lie in .data.rel.ro and are no mutable statics. */
async function mutableStatics(tree) {
  const sources = tree.sources.filter((source) => source.startsWith('core/'));
  const objects = sources.map((source) => tree.object(source));
  const { out } = await tree.run('objdump', ['-t', ...objects]);
  let source = '';
  return linesOf(out).flatMap((line) => {
    const heading = /^(.*\.o): +file format/.exec(line);
    if (heading) source = sourceOf(tree, heading[1]);
    const found =
      / O (?:\.data(?!\.rel\.ro)|\.bss|\.tdata|\.tbss|\*COM\*)[.\w]*\s+\S+\s+(\S+)$/.exec(line);
    return found ? [`${source}: ${found[1]}`] : [];
  });
}

const whenBuilt = (breaches) => (tree) => {
  const missing = unbuilt(tree);
  return missing.length ? missing : breaches(tree);
};

export const LAWS = [
  { law: 'sibling files do not call each other in a circle', breaches: whenBuilt(callCircles) },
  { law: 'core/ has no mutable static', breaches: whenBuilt(mutableStatics) },
];
