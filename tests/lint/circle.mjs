// Circles in a graph: node → those that it needs.

/** For each need that closes a circle, the nodes on the way: the last is the first again. */
export function circlesOf(edges) {
  const circles = [];
  const done = new Set(); /* all that is behind these is known */
  const visit = (node, path) => {
    const at = path.indexOf(node);
    if (at >= 0) circles.push([...path.slice(at), node]);
    if (at >= 0 || done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...path, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return circles;
}
