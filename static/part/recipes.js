/* recipes — ready-made experiments, one press away. */
import { html, useEffect, useState } from '../lib/html.js';
import { getAll, request, newKey } from '../lib/api.js';
import { go } from '../lib/state.js';
import { attempt } from './basic.js';

/* Those that only ask; lessons have pages of their own. */
export function useRecipes() {
  const [recipes, setRecipes] = useState([]);
  useEffect(() => {
    const abort = new AbortController();
    getAll('/recipes', {}, abort.signal).then(
      (all) => setRecipes(all.filter((one) => !one.is_lesson)),
      () => {},
    );
    return () => abort.abort();
  }, []);
  return recipes;
}

const start = (recipe) =>
  attempt(async () => {
    const made = await request('POST', `/recipes/${encodeURIComponent(recipe.name)}`, {
      headers: { 'Idempotency-Key': newKey() },
    });
    go(`#/experiments/${made.id}`);
  });

const Recipe = ({ recipe }) => html`
  <li class="card">
    <h3>${recipe.title}</h3>
    <p>${recipe.description}</p>
    <div class="row">
      <button type="button" class="button" onClick=${() => start(recipe)}
          data-testid="recipe-${recipe.name}" aria-label="Start ${recipe.title}">
        Start
      </button>
      <a class="button quiet" href="#/new?recipe=${recipe.name}"
          aria-label="Look at ${recipe.title} and change it">
        Look and change
      </a>
    </div>
  </li>
`;

export function Recipes() {
  const recipes = useRecipes();
  return html`
    <ul class="recipes">
      ${recipes.map((recipe) => html`<${Recipe} key=${recipe.name} recipe=${recipe} />`)}
    </ul>
  `;
}
