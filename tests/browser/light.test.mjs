// Every view in light colours is accessible and fits.
import { testViews } from './accessible.mjs';
import { stage } from './browser.mjs';

await testViews(await stage(), { dark: false });
