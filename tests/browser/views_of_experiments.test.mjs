// Every view of experiments is accessible and fits.
import { examineViews } from './examine.mjs';

await examineViews((path) => path.startsWith('/experiments'));
