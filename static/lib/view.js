/* view — what a view module exports: mount(root, state) → {update, destroy}.
 * state: {path, params, query}. The component gets its params, the values of its PROPS and `set(patch, {push})`. */
import { html, render } from './html.js';
import { readProps, href, go } from './state.js';

export function defineView(props, View) {
  return {
    props,
    mount(root, state) {
      let current = state;
      const set = (patch, { push = false } = {}) => {
        const values = { ...readProps(props, current.query), ...patch };
        go(href(current.path, props, values), { replace: !push });
      };
      const draw = () => {
        render(html`<${View} key=${current.path} ...${current.params} ...${readProps(props, current.query)} set=${set} />`, root);
      };
      draw();
      return {
        update(next) { current = next; draw(); },
        destroy() { render(null, root); },
      };
    },
  };
}
