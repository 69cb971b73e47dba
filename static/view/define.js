/* define — what a view module exports: mount(root, state) → {update, destroy}.
 * state: {path, params, query}. The component gets its params, the values of its PROPS and
 * `set(patch, {push})`. */
import { html, render, useErrorBoundary } from '../lib/html.js';
import { Failure } from '../part/basic.js';
import { readLocation, readProps, href, go } from '../lib/state.js';

/* Shows what went wrong in a view in place of the view. */
function Guarded({ View, ...properties }) {
  const [error, reset] = useErrorBoundary((thrown) => console.error(thrown));
  if (error)
    return html`<${Failure} problem=${error} title="This page met an error" retry=${reset} />`;
  return html`<${View} ...${properties} />`;
}

export function defineView(props, View) {
  return {
    props,
    mount(root, state) {
      let current = state;
      const set = (patch, { push = false } = {}) => {
        if (readLocation().path !== current.path)
          return; /* it has been left, and what comes next is being loaded */
        const values = { ...readProps(props, current.query), ...patch };
        go(href(current.path, props, values), { replace: !push });
      };
      const draw = () => {
        render(
          html`
            <${Guarded} View=${View} key=${current.path} ...${current.params}
                ...${readProps(props, current.query)} set=${set} />
          `,
          root,
        );
      };
      draw();
      return {
        update(next) {
          current = next;
          draw();
        },
        destroy() {
          render(null, root);
        },
      };
    },
  };
}
